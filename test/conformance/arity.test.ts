/**
 * Every command with every number of arguments, from none to one more than it takes.
 *
 * The words mean nothing, so most answers are errors: which one, and before which other, is what is
 * compared. Ones instead of words get further: they are numbers too.
 */

import { expect, it } from 'vitest';
import { type Answer, RespClient } from '../support/resp-client.ts';
import { comparison, flush } from './harness.ts';

/** Not called with enough arguments, and why. With too few they are: that is refused at the gate. */
const NOT_RUN: Record<string, string> = {
  acl: 'the users of both would differ, and with them who may do what',
  'acl|genpass': 'random',
  'acl|log': 'tells of addresses and ages',
  auth: 'may lock the connection out',
  bgrewriteaof: 'starts another process',
  bgsave: 'starts another process',
  blmove: 'blocks',
  blmpop: 'blocks',
  blpop: 'blocks',
  brpop: 'blocks',
  brpoplpush: 'blocks',
  bzmpop: 'blocks',
  bzpopmax: 'blocks',
  bzpopmin: 'blocks',
  'client|id': 'counts connections',
  'client|info': 'tells of addresses and ages',
  'client|kill': 'ends connections',
  'client|list': 'tells of addresses and ages',
  'client|pause': 'holds back what follows',
  'client|reply': 'may mute the connection',
  command: 'lists what each knows',
  'command|count': 'counts what each knows',
  'command|docs': 'lists what each knows',
  'command|info': 'lists what each knows',
  'command|list': 'lists what each knows',
  'config|rewrite': 'writes a file',
  'config|set': 'changes the server for what follows',
  debug: 'may stop the server',
  failover: 'needs replicas',
  'function|dump': 'carries the version',
  'function|stats': 'lists engines',
  hello: 'tells of versions and connections',
  info: 'tells of the machine',
  lastsave: 'tells the time',
  latency: 'tells the time',
  lolwut: 'draws what it likes',
  'memory|doctor': 'looks at the machine',
  'memory|malloc-stats': 'looks at the machine',
  'memory|stats': 'looks at the machine',
  'memory|usage': 'depends on the allocator',
  migrate: 'connects elsewhere',
  module: 'loads code',
  monitor: 'never ends',
  psubscribe: 'changes what the connection may do',
  psync: 'makes a replica of the connection',
  quit: 'ends the connection',
  replconf: 'makes a replica of the connection',
  replicaof: 'makes a replica of the server',
  reset: 'changes the protocol',
  save: 'writes a file',
  script: 'may debug',
  shutdown: 'ends the server',
  slaveof: 'makes a replica of the server',
  slowlog: 'tells the time',
  ssubscribe: 'changes what the connection may do',
  subscribe: 'changes what the connection may do',
  sync: 'makes a replica of the connection',
  time: 'tells the time',
  wait: 'blocks',
  waitaof: 'blocks',
};

/** What changed from 7.0 to 7.2, the version we follow: compared when the oracle is that new. */
const CHANGED_IN_7_2 = ['command|getkeys', 'command|getkeysandflags', 'zrank', 'zrevrank'];

/** Words that mean nothing to any command, and ones. */
const FLAVOURS = {
  words: (i: number): string => `word${i}`,
  ones: (): string => '1',
};

comparison('arity', (pair) => {
  for (const [flavour, word] of Object.entries(FLAVOURS)) {
    it(`every command answers the same to any number of ${flavour}`, async () => {
      const { oracle, subject } = pair();
      const [theirs, ours] = await Promise.all(
        [oracle, subject].map(({ address }) => RespClient.connect(address)),
      );
      const isOld = oracle.version.startsWith('7.0.');
      const findings: string[] = [];
      let compared = 0;
      for (const [name, arity] of await commonCommands(theirs, ours)) {
        if (isOld && CHANGED_IN_7_2.includes(name)) continue;
        const words = name.split('|');
        const isRun = NOT_RUN[name] === undefined && NOT_RUN[words[0]] === undefined;
        const last = isRun ? Math.abs(arity) + 1 : Math.abs(arity) - 1;
        for (let count = words.length; count <= last; count++) {
          const argv = [...words];
          for (let i = words.length; i < count; i++) argv.push(word(i));
          await flush({ oracle, subject });
          const [a, b] = await Promise.all([ours.call(...argv), theirs.call(...argv)]);
          compared++;
          if (normal(a) !== normal(b)) {
            findings.push(`${argv.join(' ')}: ${a.raw.slice(0, 150)} for ${b.raw.slice(0, 150)}`);
          }
        }
      }
      ours.close();
      theirs.close();
      expect(findings).toEqual([]);
      expect(compared).toBeGreaterThan(0);
    });
  }

  it('gives a reason only for commands that there are', async () => {
    const client = await RespClient.connect(pair().oracle.address);
    const known = new Set((await client.call('COMMAND', 'LIST')).tree.items?.map((it) => it.text));
    client.close();
    const isOld = pair().oracle.version.startsWith('7.0.');
    const unknown = Object.keys(NOT_RUN).filter((name) => !known.has(name));
    expect(unknown).toEqual(isOld ? ['waitaof'] : []);
  });
});

/** Help texts differ from version to version; that it is help is enough here. */
function normal({ raw }: Answer): string {
  return /^\*\d+\r\n\+[A-Z]+ <subcommand>/.test(raw) ? 'help' : raw;
}

/** Names and arities, as the subject says, of what both know; containers after their own. */
async function commonCommands(
  theirs: RespClient,
  ours: RespClient,
): Promise<readonly (readonly [name: string, arity: number])[]> {
  const names = async (client: RespClient): Promise<string[]> =>
    (await client.call('COMMAND', 'LIST')).tree.items?.map(({ text }) => text ?? '') ?? [];
  const known = new Set(await names(theirs));
  const common = (await names(ours)).filter((name) => known.has(name)).sort();
  const infos = (await ours.call('COMMAND', 'INFO', ...common)).tree.items ?? [];
  return common.map((name, i) => [name, Number(infos[i].items?.[1].text)]);
}
