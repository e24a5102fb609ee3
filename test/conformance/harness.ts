/**
 * Conformance: the real redis-server is the oracle.
 *
 *   test body ──declares──▶ steps ──▶ oracle  ─┐
 *                              └────▶ subject ─┴─▶ the verb of the step judges the two answers
 *
 * A body is not a program, it is a list: its verbs only write down what to send and how to judge
 * it. So one body runs in every mode (RESP2, RESP3), and the differences it declares can be
 * collected without running anything, which is what docs/compatibility.md is made from.
 *
 * The oracle is Debian's redis-server, 7.0; we follow 7.2. Where the two part, a line either waits
 * for a newer oracle (`since`) or says in full what 7.2 answers (`expects`), which a newer oracle
 * then confirms. ZONIS_ORACLE names another redis-server.
 *
 * ZONIS_CONFORMANCE_SUBJECT puts something else in our place: host:port (then with
 * --no-file-parallelism, since tests flush), or the path of a redis-server. Comparing two versions
 * of Redis shows which lines need `since`.
 */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { findRedis, isAtLeast, type Running, startRedis, versionAt } from '../support/redis.ts';
import {
  type Answer,
  type Arg,
  encode,
  NoAnswer,
  RespClient,
  type Tree,
  textOf,
} from '../support/resp-client.ts';

/** A request: one string, split as redis-cli splits it, or argument by argument. */
export type Line = readonly [line: string | readonly Arg[]] | readonly [name: string, ...Arg[]];

export interface Difference {
  /** Why we do otherwise, for the reader of docs/compatibility.md. A sentence without its period. */
  readonly because: string;
  /** Our reply, where it is always the same: then it must be exactly this. */
  readonly ours?: string;
}

/** What a test body says. Each verb declares one step. */
export interface Verbs {
  /** Version of the protocol this run speaks: 2 or 3. */
  readonly resp: number;
  /** The same bytes, and no error. */
  same(...line: Line): void;
  /** The same error, to the byte. */
  fails(...line: Line): void;
  /** The same bytes, error or not: for lines made by a loop, where redis knows which are wrong. */
  agrees(...line: Line): void;
  /** The same, but an oracle before 7.2 may print doubles in its own, longer way. */
  sameDoubles(...line: Line): void;
  /** The same lines of help. Before 7.2 the last of them was "Prints this help.". */
  help(...line: Line): void;
  /** The same elements in any order, at any depth; of maps, the same pairs. */
  unordered(...line: Line): void;
  /** The same, but for numbers within `tolerance` of each other. */
  near(tolerance: number, ...line: Line): void;
  /** The same types all the way down, and numbers where there are numbers; any contents. */
  shape(...line: Line): void;
  /** An intended difference: declared, checked to be one still, and published. */
  differs(line: string | readonly Arg[], difference: Difference): void;
  /** What Redis 7.2 answers, in full, for lines where the oracle may be older. */
  expects(line: string | readonly Arg[], raw: string | { resp2: string; resp3: string }): void;
  /** For what no other verb can judge: returns what is wrong, or undefined. */
  judge(
    line: string | readonly Arg[],
    judge: (ours: Tree, theirs: Tree) => string | undefined,
  ): void;
  /** Keeps what each side answers: an argument {name} of a later line stands for it. */
  keeps(name: string, line: string | readonly Arg[]): void;
  /** Sends without reading, for replies that come later or never. */
  sends(...line: Line): void;
  /** The same next messages, of any kind. */
  receives(count?: number): void;
  /** The same next messages, but for what a pattern matches in them. */
  receivesBut(pattern: RegExp, count?: number): void;
  /** Writes raw bytes and reads that many messages, which are the same. */
  wire(raw: string, count?: number): void;
  /** Both hang up, after the same bytes. */
  closes(): void;
  /** What follows is for oracles of that version; others skip it on both sides. */
  since(version: string): Verbs;
  /** Another connection, opened when first used. '' is the one of the test. */
  on(client: string): Verbs;
}

export interface Suite {
  test(sentence: string, body: (verbs: Verbs) => void, only?: { resp: number }): void;
}

/** Both sides of a comparison. */
export interface Pair {
  readonly oracle: Running;
  readonly subject: Running;
}

/** A way to send every line. MULTI and scripts will be modes: they ask in another way. */
export interface Mode {
  readonly name: string;
  readonly resp: number;
  ask(client: RespClient, argv: readonly Arg[]): Promise<Answer>;
}

const plain = (client: RespClient, argv: readonly Arg[]): Promise<Answer> => client.call(...argv);

export const modes: readonly Mode[] = [
  { name: 'RESP2', resp: 2, ask: plain },
  { name: 'RESP3', resp: 3, ask: plain },
];

// ── Declaring ───────────────────────────────────────────────────────────────────────────────────

/** One side of a running test: its server, and its connections by name. */
interface Side {
  readonly server: Running;
  readonly clients: Map<string, RespClient>;
  readonly kept: Kept;
}

/** What replies said that later lines of the same side need, by name. */
type Kept = Map<string, string>;

type Verdict = string | undefined;

interface Step {
  readonly client: string;
  readonly shown: string;
  readonly since: string | undefined;
  /** Where the verb was called: a failure points there. */
  readonly at: { stack?: string };
  /** Plays the step on one side; undefined when there is nothing to read. */
  play(client: RespClient, mode: Mode, kept: Kept): Promise<Answer | undefined>;
  /** What is wrong with the two answers. */
  verdict(ours: Answer, theirs: Answer, run: Pair): Verdict;
}

export interface DeclaredDifference extends Difference {
  readonly family: string;
  readonly line: string;
}

/** Splits a line as redis-cli does: spaces, "double quotes" with escapes, 'single quotes'. */
export function splitLine(line: string): string[] {
  const argv: string[] = [];
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
  for (let at = 0; ; ) {
    while (/\s/.test(line[at] ?? '')) at++;
    if (at >= line.length) return argv;
    let arg = '';
    const quote = line[at] === '"' || line[at] === "'" ? line[at] : undefined;
    if (quote !== undefined) at++;
    for (; ; at++) {
      const char = line[at];
      if (char === undefined) {
        if (quote !== undefined) throw new Error(`unbalanced quotes: ${line}`);
        break;
      }
      if (quote === undefined ? /\s/.test(char) : char === quote) break;
      const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at, at + 4));
      if (quote === '"' && hex !== null) {
        arg += String.fromCharCode(Number.parseInt(hex[1], 16));
        at += 3;
      } else if (quote === '"' && char === '\\' && at + 1 < line.length) {
        const escaped = line[++at];
        arg += escapes[escaped] ?? escaped;
      } else if (quote === "'" && line.startsWith("\\'", at)) {
        arg += "'";
        at++;
      } else {
        arg += char;
      }
    }
    if (quote !== undefined && /\S/.test(line[++at] ?? ' ')) {
      throw new Error(`a closing quote is followed by a space: ${line}`);
    }
    argv.push(arg);
  }
}

function argvOf(line: Line): readonly Arg[] {
  const [first, ...others] = line;
  if (typeof first !== 'string') return first;
  return others.length === 0 ? splitLine(first) : [first, ...(others as Arg[])];
}

/** The request as one would type it. */
export function shownArgv(argv: readonly Arg[]): string {
  return argv
    .map((arg) => {
      const text = textOf(arg);
      return /^[^\s"'\\\x00-\x1f\x7f-\xff]+$/.test(text) ? text : escaped(text);
    })
    .map((text) => (text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text))
    .join(' ');
}

export function escaped(text: string): string {
  return `"${text.replace(/[\\"\x00-\x1f\x7f-\xff]/g, (char) => {
    const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
    return known[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  })}"`;
}

/** Runs a body for its list of steps, and the differences among them. */
function declare(
  body: (verbs: Verbs) => void,
  resp: number,
): { steps: Step[]; differences: Omit<DeclaredDifference, 'family'>[] } {
  const steps: Step[] = [];
  const differences: Omit<DeclaredDifference, 'family'>[] = [];

  const verbsFor = (client: string, since: string | undefined): Verbs => {
    const add = (
      shown: string,
      play: Step['play'],
      verdict: Step['verdict'],
      verb: (...args: never[]) => unknown,
    ): void => {
      const at: { stack?: string } = {};
      Error.captureStackTrace(at, verb);
      steps.push({ client, shown, since, at, play, verdict });
    };
    const ask = (
      line: Line,
      verdict: Step['verdict'],
      verb: (...args: never[]) => unknown,
    ): void => {
      const argv = argvOf(line);
      const play: Step['play'] = (peer, mode, kept) => mode.ask(peer, filledIn(argv, kept));
      add(shownArgv(argv), play, verdict, verb);
    };
    const verbs: Verbs = {
      resp,
      same(...line) {
        ask(line, (ours, theirs) => unequal(ours, theirs) ?? ifError(theirs), verbs.same);
      },
      fails(...line) {
        ask(line, (ours, theirs) => unequal(ours, theirs) ?? unlessError(theirs), verbs.fails);
      },
      agrees(...line) {
        ask(line, unequal, verbs.agrees);
      },
      sameDoubles(...line) {
        const verdict: Step['verdict'] = (ours, theirs, { oracle, subject }) => {
          const isSameText = isAtLeast(oracle.version, '7.2') === isAtLeast(subject.version, '7.2');
          return (
            ifError(theirs) ?? (isSameText ? unequal(ours, theirs) : far(ours.tree, theirs.tree, 0))
          );
        };
        ask(line, verdict, verbs.sameDoubles);
      },
      help(...line) {
        const verdict: Step['verdict'] = (ours, theirs) =>
          ifError(theirs) ?? unequal(asPrinted(ours), asPrinted(theirs));
        ask(line, verdict, verbs.help);
      },
      unordered(...line) {
        ask(line, (ours, theirs) => ifError(theirs) ?? unequalSets(ours, theirs), verbs.unordered);
      },
      near(tolerance, ...line) {
        const verdict: Step['verdict'] = (ours, theirs) =>
          ifError(theirs) ?? far(ours.tree, theirs.tree, tolerance);
        ask(line, verdict, verbs.near);
      },
      shape(...line) {
        ask(line, (ours, theirs) => ifError(theirs) ?? misshapen(ours, theirs), verbs.shape);
      },
      differs(line, difference) {
        differences.push({ line: shownArgv(argvOf([line])), ...difference });
        ask(
          [line],
          (ours, theirs, run) => undiffering(ours, theirs, run, difference),
          verbs.differs,
        );
      },
      expects(line, raw) {
        const wanted = typeof raw === 'string' ? raw : resp === 3 ? raw.resp3 : raw.resp2;
        const verdict: Step['verdict'] = (ours, theirs, { oracle, subject }) => {
          if (isAtLeast(oracle.version, '7.2') && theirs.raw !== wanted) {
            return `expected of redis 7.2 ${escaped(wanted)}`;
          }
          const isBound = subject.name === OURS || isAtLeast(subject.version, '7.2');
          if (isBound && ours.raw !== wanted) {
            return `expected ${escaped(wanted)}`;
          }
          return undefined;
        };
        ask([line], verdict, verbs.expects);
      },
      judge(line, judge) {
        ask([line], (ours, theirs) => judge(ours.tree, theirs.tree), verbs.judge);
      },
      keeps(name, line) {
        const argv = argvOf([line]);
        const play: Step['play'] = async (peer, mode, kept) => {
          const answer = await mode.ask(peer, filledIn(argv, kept));
          kept.set(`{${name}}`, answer.tree.text ?? '');
          return answer;
        };
        const verdict: Step['verdict'] = (ours, theirs) =>
          ifError(theirs) ?? misshapen(ours, theirs);
        add(shownArgv(argv), play, verdict, verbs.keeps);
      },
      sends(...line) {
        const argv = argvOf(line);
        const send: Step['play'] = async (peer, _, kept) =>
          void peer.write(encode(filledIn(argv, kept)));
        add(`${shownArgv(argv)} (unread)`, send, () => undefined, verbs.sends);
      },
      receives(count = 1) {
        add(`(${count} more)`, (peer) => messages(peer, count), unequal, verbs.receives);
      },
      receivesBut(pattern, count = 1) {
        const rest = ({ raw, tree }: Answer): Answer => ({ raw: raw.replace(pattern, ''), tree });
        const verdict: Step['verdict'] = (ours, theirs) => unequal(rest(ours), rest(theirs));
        add(`(${count} more)`, (peer) => messages(peer, count), verdict, verbs.receivesBut);
      },
      wire(raw, count = 1) {
        const write: Step['play'] = (peer) => {
          peer.write(raw);
          return messages(peer, count);
        };
        add(`bytes ${escaped(raw)}`, write, unequal, verbs.wire);
      },
      closes() {
        const rest: Step['play'] = async (peer) => ({ raw: await peer.rest(), tree: NOTHING });
        add('(until it hangs up)', rest, unequal, verbs.closes);
      },
      since: (version) => verbsFor(client, version),
      on: (name) => verbsFor(name, since),
    };
    return verbs;
  };

  body(verbsFor('', undefined));
  return { steps, differences };
}

function filledIn(argv: readonly Arg[], kept: Kept): readonly Arg[] {
  return kept.size === 0 ? argv : argv.map((arg) => kept.get(String(arg)) ?? arg);
}

const NOTHING: Tree = { type: '', text: null, items: null };

async function messages(peer: RespClient, count: number): Promise<Answer | undefined> {
  if (count === 0) return undefined;
  let raw = '';
  const items: Tree[] = [];
  for (let i = 0; i < count; i++) {
    const message = await peer.message();
    raw += message.raw;
    items.push(message.tree);
  }
  return { raw, tree: { type: '', text: null, items } };
}

// ── Judging ─────────────────────────────────────────────────────────────────────────────────────

function unequal(ours: Answer, theirs: Answer): Verdict {
  return ours.raw === theirs.raw ? undefined : 'not the same';
}

function asPrinted({ raw, tree }: Answer): Answer {
  return { raw: raw.replace('Prints this help.', 'Print this help.'), tree };
}

function isError(tree: Tree): boolean {
  return tree.type === '-' || tree.type === '!';
}

function ifError({ tree }: Answer): Verdict {
  return isError(tree) ? 'an error: if that is what the line is for, say fails' : undefined;
}

function unlessError({ tree }: Answer): Verdict {
  return isError(tree) ? undefined : 'no error: say same';
}

/** Text with the same contents for the same tree. */
function textOfTree(tree: Tree): string {
  if (tree.items === null) return `${tree.type}${tree.text === null ? '' : `"${tree.text}"`}`;
  return `${tree.type}[${tree.items.map(textOfTree).join(' ')}]`;
}

export function unequalSets(ours: Answer, theirs: Answer): Verdict {
  const sorted = ({ type, items, text }: Tree): string => {
    if (items === null) return `${type}${text === null ? '' : `"${text}"`}`;
    const elements = items.map(sorted);
    if (type !== '%') return `${type}[${elements.sort().join(' ')}]`;
    const pairs = elements.filter((_, i) => i % 2 === 0).map((key, i) => key + elements[i * 2 + 1]);
    return `${type}[${pairs.sort().join(' ')}]`;
  };
  return sorted(ours.tree) === sorted(theirs.tree) ? undefined : 'not the same elements';
}

const NUMBER = /^-?(\d+(\.\d+)?(e[-+]?\d+)?|inf)$/i;

export function far(ours: Tree, theirs: Tree, tolerance: number): Verdict {
  const [a, b] = [ours.text ?? '', theirs.text ?? ''];
  if (ours.type === theirs.type && NUMBER.test(a) && NUMBER.test(b)) {
    // Infinities are told apart by their text.
    const distance = a === b ? 0 : Math.abs(Number(a) - Number(b));
    return distance <= tolerance ? undefined : `${distance} apart, more than ${tolerance}`;
  }
  const pairs = pairsOf(ours, theirs);
  if (pairs === undefined) {
    return textOfTree(ours) === textOfTree(theirs) ? undefined : 'not the same';
  }
  return pairs.map(([left, right]) => far(left, right, tolerance)).find((it) => it !== undefined);
}

function misshapen(ours: Answer, theirs: Answer): Verdict {
  const walk = (a: Tree, b: Tree): Verdict => {
    if (a.type !== b.type) return `a ${a.type} where there is a ${b.type}`;
    const pairs = pairsOf(a, b);
    if (pairs !== undefined) {
      return pairs.map(([left, right]) => walk(left, right)).find((it) => it !== undefined);
    }
    if (a.items?.length !== b.items?.length) {
      return `${a.items?.length} elements where there are ${b.items?.length}`;
    }
    if ((a.text === null) !== (b.text === null)) return 'one is null';
    if (NUMBER.test(a.text ?? '') !== NUMBER.test(b.text ?? '')) return 'one is a number';
    return undefined;
  };
  return walk(ours.tree, theirs.tree);
}

/** The elements of two aggregates of the same form, side by side. */
function pairsOf(ours: Tree, theirs: Tree): [Tree, Tree][] | undefined {
  const [left, right] = [ours.items, theirs.items];
  if (left === null || right === null) return undefined;
  if (ours.type !== theirs.type || left.length !== right.length) return undefined;
  return left.map((item, i) => [item, right[i]]);
}

function undiffering(
  ours: Answer,
  theirs: Answer,
  run: Pair,
  { ours: wanted }: Difference,
): Verdict {
  // Only we differ on purpose.
  if (run.subject.name !== OURS) return undefined;
  if (ours.raw === theirs.raw) return 'no longer differs: say same, and make docs';
  if (wanted !== undefined && ours.raw !== wanted) return `expected of us ${escaped(wanted)}`;
  return undefined;
}

// ── Running ─────────────────────────────────────────────────────────────────────────────────────

const OURS = 'zonis';
const SHOWN_STEPS = 12;
const SHOWN_FAILURES = 10;

/** What a failed test throws: every line that went wrong, and the lines before the first. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(message: string, at: { stack?: string }) {
    super(message);
    // Of the test alone, not of the machinery here.
    const frames = at.stack?.split('\n').filter((line) => /^\s+at .*\.test\.ts/.test(line)) ?? [];
    this.stack = `${this.name}: ${message}\n${frames.join('\n')}`;
  }
}

/** Runs one body in one mode against both. Throws a Mismatch that tells every wrong line. */
export async function perform(
  body: (verbs: Verbs) => void,
  mode: Mode,
  pair: Pair,
): Promise<{ played: number; waiting: number }> {
  const { steps } = declare(body, mode.resp);
  const sides: Side[] = [pair.oracle, pair.subject].map((server) => ({
    server,
    clients: new Map(),
    kept: new Map(),
  }));
  const played: string[] = [];
  const failures: { step: Step; text: string }[] = [];
  let waiting = 0;
  try {
    for (const step of steps) {
      if (step.since !== undefined && !isAtLeast(pair.oracle.version, step.since)) {
        waiting++;
        continue;
      }
      const answers = await Promise.all(sides.map((side) => play(step, side, mode)));
      const [theirs, ours] = answers;
      const shown = step.client === '' ? step.shown : `[${step.client}] ${step.shown}`;
      played.push(shown);
      const lost = answers.some((answer) => typeof answer === 'string');
      let verdict: Verdict;
      if (typeof theirs === 'string' || typeof ours === 'string') verdict = 'no answer';
      else if (theirs !== undefined && ours !== undefined) {
        verdict = step.verdict(ours, theirs, pair);
      }
      if (verdict !== undefined) {
        const text = [
          `${shown}: ${verdict}`,
          `    ${pair.oracle.name.padEnd(14)} ${shownAnswer(theirs, ours)}`,
          `    ${pair.subject.name.padEnd(14)} ${shownAnswer(ours, theirs)}`,
        ].join('\n');
        failures.push({ step, text: `${text}${before(played, failures.length)}` });
      }
      // After that the two sides are no longer in step.
      if (lost) break;
    }
  } finally {
    for (const { clients } of sides) for (const client of clients.values()) client.close();
  }
  if (failures.length > 0) {
    const shown = failures.slice(0, SHOWN_FAILURES).map(({ text }) => text);
    const more = failures.length - shown.length;
    if (more > 0) shown.push(`and ${more} lines more`);
    throw new Mismatch(`in ${mode.name}\n${shown.join('\n')}`, failures[0].step.at);
  }
  return { played: played.length, waiting };
}

/** The lines that led to the first failure. */
function before(played: readonly string[], failureCount: number): string {
  if (failureCount > 0 || played.length < 2) return '';
  const lines = played.slice(Math.max(0, played.length - 1 - SHOWN_STEPS), -1);
  return `\n    after: ${lines.join('\n           ')}`;
}

/** An answer, or why there is none. */
async function play(step: Step, side: Side, mode: Mode): Promise<Answer | string | undefined> {
  try {
    let client = side.clients.get(step.client);
    if (client === undefined) {
      client = await RespClient.connect(side.server.address);
      side.clients.set(step.client, client);
      if (mode.resp === 3) await client.call('HELLO', '3');
    }
    return await step.play(client, mode, side.kept);
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
}

/** An answer from where it begins to differ, not too much of it. */
export function shownAnswer(
  answer: Answer | string | undefined,
  other: Answer | string | undefined,
): string {
  if (answer === undefined) return '(nothing)';
  if (typeof answer === 'string') return answer;
  if (typeof other !== 'object' || answer.raw.length <= 300) return escaped(answer.raw);
  let first = 0;
  while (first < answer.raw.length && answer.raw[first] === other.raw[first]) first++;
  const start = Math.max(0, first - 100);
  return `${start > 0 ? `…${start} bytes… ` : ''}${escaped(answer.raw.slice(start, start + 300))}`;
}

let collected: DeclaredDifference[] | undefined;

/** What conformance files declare as different, in order, without running them. */
export async function collectDifferences(
  load: () => Promise<void>,
): Promise<readonly DeclaredDifference[]> {
  collected = [];
  try {
    await load();
    return collected;
  } finally {
    collected = undefined;
  }
}

/** Tests of one family: every test in every mode, on an empty keyspace. */
export function conformance(family: string, define: (suite: Suite) => void): void {
  if (collected !== undefined) {
    const record = collected;
    define({
      test(_, body, only) {
        for (const { resp } of modes.filter(({ resp }) => resp === (only?.resp ?? resp))) {
          for (const difference of declare(body, resp).differences) {
            const isKnown = record.some(
              ({ line, because }) => line === difference.line && because === difference.because,
            );
            if (!isKnown) record.push({ family, ...difference });
          }
        }
      },
    });
    return;
  }
  comparison(family, (pair) => {
    let waiting = 0;
    define({
      test(sentence, body, only) {
        for (const mode of modes.filter(({ resp }) => resp === (only?.resp ?? resp))) {
          it(`${sentence} (${mode.name})`, async () => {
            await flush(pair());
            waiting += (await perform(body, mode, pair())).waiting;
          });
        }
      },
    });
    afterAll(() => {
      if (waiting > 0) {
        process.stdout.write(`${family}: ${waiting} lines wait for a later oracle than `);
        process.stdout.write(`${pair().oracle.name}\n`);
      }
    });
  });
}

/**
 * For comparisons made otherwise: starts both servers around the tests that `define` makes. The
 * pair can be asked for only inside a test.
 */
export function comparison(name: string, define: (pair: () => Pair) => void): void {
  if (collected !== undefined) return;
  const binary = findRedis();
  if (binary === undefined) {
    process.stdout.write(`${name}: not compared, there is no redis-server in the PATH\n`);
    describe.skipIf(true)(`${name} as redis does`, () => it('needs a redis-server', () => {}));
    return;
  }
  describe(`${name} as redis does`, () => {
    let pair: Pair | undefined;
    beforeAll(async () => {
      const oracle = await startRedis(binary);
      try {
        pair = { oracle, subject: await startSubject() };
      } catch (error) {
        await oracle.close();
        throw error;
      }
    });
    afterAll(async () => {
      await pair?.subject.close();
      await pair?.oracle.close();
    });
    define(() => pair as Pair);
  });
}

async function startSubject(): Promise<Running> {
  const named = process.env.ZONIS_CONFORMANCE_SUBJECT ?? '';
  if (named.includes('/')) return await startRedis(named);
  if (named !== '') {
    const [host, port] = named.split(':');
    const address = { host, port: Number(port) };
    const version = await versionAt(address);
    return { name: named, version, address, close: async () => {} };
  }
  // Not at the top: comparing two redis-servers needs nothing of ours.
  const { startOurs } = await import('../support/server.ts');
  // As the oracle is started.
  return await startOurs({ config: { save: '', 'enable-debug-command': 'yes' } });
}

/** Empties both, on connections of their own: a test may have left its own in any state. */
export async function flush({ oracle, subject }: Pair): Promise<void> {
  for (const { address, name } of [oracle, subject]) {
    const client = await RespClient.connect(address);
    const { raw } = await client.call('FLUSHALL');
    client.close();
    if (raw !== '+OK\r\n') throw new Error(`${name} cannot be flushed: ${raw}`);
  }
}
