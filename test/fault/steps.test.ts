/**
 * A process that is killed at each step of its work with files: before each file is opened, put in its
 * place or removed, before each fsync, and in the middle of each write (die-at.mjs).
 *
 * A client asks for that work and writes meanwhile, until it is answered no more. The next start finds
 * everything that was promised. A few of the steps each time; all with ZONIS_KILL_ROUNDS.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SeededRandom, systemSeed } from '../../src/std/random.ts';
import type { StartedProgram, StartOptions } from '../support/built.ts';
import { NoAnswer, RespClient } from '../support/resp-client.ts';
import { useBuild } from '../support/restarts.ts';

const HOOK = join(import.meta.dirname, 'die-at.mjs');
const EVERY_STEP = process.env.ZONIS_KILL_ROUNDS !== undefined;
/** Steps that are tried where not all are, among the first so many. */
const FEW = 2;
const FIRST = 12;
/** What is written before the work begins. */
const BEFORE = 3;
const STEPS_MAX = 300;

const build = useBuild();

interface Work {
  readonly name: string;
  readonly options: readonly string[];
  /** What is asked for; nothing: starting is the work. */
  readonly request?: readonly string[];
  /** Options of the start that follows. */
  readonly after: readonly string[];
  /** Files that are there before. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether all that was answered must be there: otherwise all of some moment, in each zone. */
  readonly keepsAll: boolean;
}

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

const works: readonly Work[] = [
  { name: 'BGREWRITEAOF', options: AOF, request: ['BGREWRITEAOF'], after: AOF, keepsAll: true },
  {
    name: 'BGREWRITEAOF without a snapshot',
    options: [...AOF, '--aof-use-rdb-preamble', 'no'],
    request: ['BGREWRITEAOF'],
    after: AOF,
    keepsAll: true,
  },
  { name: 'BGSAVE beside it', options: AOF, request: ['BGSAVE'], after: AOF, keepsAll: true },
  { name: 'BGSAVE', options: [], request: ['BGSAVE'], after: [], keepsAll: false },
  { name: 'SAVE', options: [], request: ['SAVE'], after: [], keepsAll: false },
  { name: 'the first start', options: AOF, after: AOF, keepsAll: true },
  {
    name: 'the start with a file of before Redis 7',
    options: AOF,
    after: AOF,
    files: { 'appendonly.aof': '*3\r\n$3\r\nSET\r\n$3\r\nold\r\n$1\r\n1\r\n' },
    keepsAll: true,
  },
];

/** Asks for something, and writes over databases and zones until nobody answers or `isEnough`. */
async function write(
  client: RespClient,
  request: readonly string[],
  from: number,
  isEnough: () => Promise<boolean>,
): Promise<number> {
  let answered = from;
  try {
    await client.call(...request);
    do {
      const n = answered + 1;
      const requests = [
        ['MULTI'],
        ['SET', 'first', n],
        ['SELECT', 1],
        ['RPUSH', 'aside', n],
        ['SELECT', 16],
        ['SET', 'far', n],
        ['SET', 'further', n],
        ['SELECT', 0],
        ['SET', 'second', n],
        ['EXEC'],
      ] as const;
      for (const { tree } of await client.pipeline(requests)) {
        if (tree.type === '-') throw new Error(`${tree.text}`);
      }
      answered = n;
    } while (!(await isEnough()));
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
  return answered;
}

/** What is there: the number written last in each zone, -1 where it differs within one. */
async function found(program: StartedProgram): Promise<{ near: number; far: number; old: number }> {
  const client = await RespClient.connect(program.address);
  const ask = async (...request: string[]): Promise<number> =>
    Number((await client.call(...request)).tree.text);
  const old = await ask('GET', 'old');
  const near = [await ask('GET', 'first'), await ask('GET', 'second')];
  await client.call('SELECT', '1');
  near.push(await ask('LLEN', 'aside'));
  await client.call('SELECT', '16');
  const far = [await ask('GET', 'far'), await ask('GET', 'further')];
  for (const zone of ['default', 'sessions']) {
    expect((await client.call('ZONE', 'AUDIT', zone)).raw).toBe('+OK\r\n');
  }
  client.close();
  const same = (all: number[]): number => (all.every((each) => each === all[0]) ? all[0] : -1);
  return { near: same(near), far: same(far), old };
}

/** A folder in which something was written before. */
async function prepared({ options, files = {}, request }: Work): Promise<string> {
  const dir = mkdtempSync(join(build.folder, 'before-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  if (request === undefined) return dir;
  const program = await start(dir, options);
  const client = await RespClient.connect(program.address);
  let rounds = 0;
  await write(client, ['PING'], 0, async () => ++rounds === BEFORE);
  await client.call('SAVE');
  client.close();
  await program.kill();
  return dir;
}

async function start(
  dir: string,
  options: readonly string[],
  how: StartOptions = {},
): Promise<StartedProgram> {
  return build.start(['--save', '', '--dir', dir, ...options], how);
}

/** Dies at a step. Answers what was answered before, or undefined when it had nothing more to do. */
async function dies(work: Work, dir: string, step: number): Promise<number | undefined> {
  const env: Record<string, string> = {
    NODE_OPTIONS: `--import=${HOOK}`,
    ZONIS_DIE_AT: String(step),
  };
  if (work.request === undefined) env.ZONIS_DIE_SOON = '1';
  let program: StartedProgram;
  try {
    program = await start(dir, work.options, { env });
  } catch (error) {
    if (!/ended with SIGKILL/.test(String(error))) throw error;
    return 0;
  }
  const { request } = work;
  if (request === undefined) {
    await program.kill();
    return undefined;
  }
  const client = await RespClient.connect(program.address);
  program.signal('SIGUSR2');
  while (!program.log.includes('counting')) await client.call('PING');
  let isOver = false;
  const answered = await write(client, request, BEFORE, async () => {
    const text = (await client.call('INFO', 'persistence')).tree.text ?? '';
    isOver = /rdb_bgsave_in_progress:0/.test(text) && /aof_rewrite_in_progress:0/.test(text);
    return isOver;
  });
  client.close();
  await program.kill();
  return isOver ? undefined : answered;
}

it.each(works)(
  'killed at each step of: $name',
  async (work) => {
    const random = new SeededRandom(systemSeed());
    const before = await prepared(work);
    const few = Array.from({ length: FEW }, () => 1 + random.below(FIRST));
    const steps = EVERY_STEP ? Array.from({ length: STEPS_MAX }, (_, i) => i + 1) : few;
    let count = 0;
    for (const step of steps) {
      const dir = `${before}-${step}`;
      cpSync(before, dir, { recursive: true });
      const answered = await dies(work, dir, step);
      if (answered === undefined) break;
      count++;
      const program = await start(dir, work.after);
      const there = await found(program);
      await program.kill();
      const least = work.request === undefined ? 0 : work.keepsAll ? answered : BEFORE;
      const note = `${work.name}, step ${step}: ${JSON.stringify({ answered, ...there })}`;
      expect(there.near, note).toBeGreaterThanOrEqual(least);
      expect(there.far, note).toBeGreaterThanOrEqual(least);
      if (work.keepsAll) expect(there.near, note).toBe(there.far);
      expect(there.old, note).toBe(work.files === undefined ? 0 : 1);
      rmSync(dir, { recursive: true });
    }
    if (EVERY_STEP) process.stdout.write(`${work.name}: ${count} steps\n`);
  },
  EVERY_STEP ? 300_000 : 60_000,
);

/** What rewrites a file of settings, what it is to say then, and how that is asked for. */
const rewrites = [
  {
    request: ['CONFIG', 'REWRITE'],
    change: ['CONFIG', 'SET', 'maxmemory', '60mb'],
    question: ['CONFIG', 'GET', 'maxmemory'],
    answers: [
      '*2\r\n$9\r\nmaxmemory\r\n$8\r\n52428800\r\n',
      '*2\r\n$9\r\nmaxmemory\r\n$8\r\n62914560\r\n',
    ],
  },
  {
    request: ['ACL', 'SAVE'],
    change: ['ACL', 'SETUSER', 'bob', 'on', 'nopass', '+@all'],
    question: ['ACL', 'USERS'],
    answers: [
      '*2\r\n$3\r\nann\r\n$7\r\ndefault\r\n',
      '*3\r\n$3\r\nann\r\n$3\r\nbob\r\n$7\r\ndefault\r\n',
    ],
  },
] as const;

it.each(rewrites)('killed at each step of: $request', async (rewrite) => {
  const { request, change, question, answers } = rewrite;
  const seen = new Set<string>();
  let isOver = false;
  for (let step = 1; !isOver; step++) {
    const dir = mkdtempSync(join(build.folder, 'settings-'));
    const config = join(dir, 'zonis.conf');
    const users = join(dir, 'users.acl');
    writeFileSync(config, `maxmemory 50mb\naclfile ${users}\n`);
    writeFileSync(users, 'user ann on nopass ~* +@all\n');
    const env = { NODE_OPTIONS: `--import=${HOOK}`, ZONIS_DIE_AT: String(step) };
    const program = await start(dir, [], { env, config });
    const client = await RespClient.connect(program.address);
    expect((await client.call(...change)).raw).toBe('+OK\r\n');
    program.signal('SIGUSR2');
    while (!program.log.includes('counting')) await client.call('PING');
    // It dies, or has nothing more to do that it could die of.
    isOver = await client.call(...request).then(
      ({ raw }) => raw === '+OK\r\n',
      () => false,
    );
    client.close();
    if (isOver) await program.kill();
    else expect(await program.ended).toBe('SIGKILL');
    const next = await start(dir, [], { config });
    const again = await RespClient.connect(next.address);
    const { raw } = await again.call(...question);
    again.close();
    await next.kill();
    expect(isOver ? answers.slice(1) : answers).toContain(raw);
    seen.add(raw);
    rmSync(dir, { recursive: true });
  }
  // It was killed before and after the file took its place.
  expect(seen.size).toBe(2);
});
