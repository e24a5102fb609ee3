/**
 * What COMMAND says of the commands we have is what Redis says of them: arity, flags, keys,
 * categories, tips, and with an oracle of our version the documentation too.
 */

import { expect, it } from 'vitest';
import { redisCommands, redisSubcommands } from '../../docs/generate/redis-commands.ts';
import { isAtLeast } from '../support/redis.ts';
import { RespClient, type Tree } from '../support/resp-client.ts';
import { comparison, type Pair } from './harness.ts';

/** Commands that COMMAND INFO describes otherwise since 7.2, the version we follow. */
const CHANGED_IN_7_2 = [
  ...['acl|deluser', 'acl|save', 'acl|setuser', 'blmove', 'blpop', 'brpop', 'brpoplpush'],
  ...['bzpopmax', 'bzpopmin', 'client|setname', 'cluster|shards', 'cluster|slots'],
  ...['command|getkeys', 'command|getkeysandflags', 'config|resetstat', 'config|rewrite'],
  ...['latency|reset', 'msetnx', 'randomkey', 'scan', 'wait', 'zrank', 'zrevrank'],
];

/** Commands that are new in 7.2. */
const LATER_NAMES = ['client|setinfo', 'client|no-touch', 'waitaof', 'cluster|myshardid'];

/** Elements of COMMAND INFO. Subcommands come in no order, and are compared by their own names. */
const PARTS = [
  ...['name', 'arity', 'flags', 'first key', 'last key', 'step', 'categories', 'tips', 'keys'],
];

comparison('command-info', (pair) => {
  it('COMMAND INFO of every command both know', async () => {
    const isOld = !isAtLeast(pair().oracle.version, '7.2');
    const names = (await commonNames(pair())).filter(
      (name) => !isOld || !CHANGED_IN_7_2.includes(name),
    );
    const [theirs, ours] = await ask(pair(), ['COMMAND', 'INFO', ...names]);
    const findings = names.flatMap((name, at) =>
      PARTS.flatMap((part, i) => {
        const [a, b] = [ours, theirs].map(({ items }) => text(items?.[at].items?.[i]));
        return a === b ? [] : [`${name}: ${part}: ${a} for ${b}`];
      }),
    );
    expect(findings).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });

  it('COMMAND DOCS of every command both know', async () => {
    if (!isAtLeast(pair().oracle.version, '7.2')) return;
    const names = await commonNames(pair());
    const findings: string[] = [];
    for (const name of names) {
      const [a, b] = (await ask(pair(), ['COMMAND', 'DOCS', name])).map(facts);
      if (a !== b) findings.push(`${name}: ${b} for ${a}`);
    }
    expect(findings).toEqual([]);
  });

  it('the names that docs/commands.md measures us by are those of redis', async () => {
    const [theirs] = await ask(pair(), ['COMMAND', 'LIST']);
    const known = (theirs.items ?? []).map((it) => it.text ?? '');
    const tops = Object.entries(redisCommands).filter(([group]) => group !== 'sentinel');
    const named = [
      ...tops.flatMap(([, line]) => line.split(' ')),
      ...Object.entries(redisSubcommands)
        .filter(([container]) => container !== 'SENTINEL')
        .flatMap(([container, line]) => [
          `${container}|HELP`,
          ...line.split(' ').map((name) => `${container}|${name}`),
        ]),
    ].map((name) => name.toLowerCase());
    const isOld = !isAtLeast(pair().oracle.version, '7.2');
    expect(named.filter((name) => !isOld || !LATER_NAMES.includes(name)).sort()).toEqual(
      known.sort(),
    );
  });

  it('our commands are those of redis and our own', async () => {
    const [theirs, ours] = await ask(pair(), ['COMMAND', 'LIST']);
    const known = new Set(theirs.items?.map((it) => it.text));
    const extra = (ours.items ?? [])
      .map((it) => it.text ?? '')
      .filter((name) => !known.has(name) && !/^(session\.|zone)/.test(name))
      .filter((name) => !LATER_NAMES.includes(name));
    expect(extra).toEqual([]);
  });
});

/** The same request to both: what the oracle answers, and what the subject does. */
async function ask({ oracle, subject }: Pair, argv: string[]): Promise<Tree[]> {
  return await Promise.all(
    [oracle, subject].map(async ({ address }) => {
      const client = await RespClient.connect(address);
      const { tree } = await client.call(...argv);
      client.close();
      return tree;
    }),
  );
}

async function commonNames(pair: Pair): Promise<string[]> {
  const [theirs, ours] = await ask(pair, ['COMMAND', 'LIST']);
  const known = new Set(theirs.items?.map((it) => it.text));
  return (ours.items ?? [])
    .map((it) => it.text ?? '')
    .filter((name) => known.has(name))
    .sort();
}

function text(tree: Tree | undefined): string {
  if (tree === undefined) return '(missing)';
  if (tree.items === null) return `${tree.type}${tree.text}`;
  return `${tree.type}[${tree.items.map(text).join(' ')}]`;
}

/** Summaries are our own; subcommands come in no order, and are compared by their own names. */
const OWN_FIELDS = ['summary', 'subcommands'];

/** What is compared of the documentation of one command: name, then a flat array of fields. */
function facts(docs: Tree): string {
  const fields = docs.items?.[1]?.items ?? [];
  const compared: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (OWN_FIELDS.includes(fields[i].text ?? '')) continue;
    compared.push(`${fields[i].text} ${text(fields[i + 1])}`);
  }
  return compared.join('\n');
}
