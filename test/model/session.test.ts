/**
 * Sessions against what spec/session-commands says, told with Maps.
 *
 * Requests are lists of words, run by a server without sockets and by a model. With plenty of room
 * replies and keys agree exactly. In a small zone that evicts, the model is told which keys have
 * gone; all else must still agree: a session is there with all its memberships, or not at all.
 *
 * FUZZ_RUNS and FUZZ_SEED make for longer and for other runs.
 */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { ask, type Value, type Visible, visible } from '../support/visible.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const RUNS = process.env.FUZZ_RUNS;
const TIMEOUT = RUNS === undefined ? 30_000 : 3_600_000;
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.";
const NAME = 'n';
const STALE_DEFAULT = 10;

// ── The model ───────────────────────────────────────────────────────────────────────────────────

interface Text {
  readonly kind: 'string';
  value: string;
  /** Unix milliseconds, -1 for none. */
  deadline: number;
  /** Names of the indexes it is in, as far as it knows. */
  indexes: Set<string>;
}

interface Members {
  readonly kind: 'set';
  readonly scores: Map<string, number>;
  deadline: number;
  /** It may also end as early as this: whether a shortened session shortens it at once is open. */
  earliest: number;
  /** Whether a session has entered it: it then ends with its last member. */
  isIndex: boolean;
}

class Refusal extends Error {}

/** Options of SESSION.SET and SESSION.DEL. */
interface Options {
  now: number;
  old: string | undefined;
  stale: number;
  except: string | undefined;
  /** Names of indexes. */
  indexes: string[];
}

class SessionModel {
  keys = new Map<string, Text | Members>();
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  copy(): SessionModel {
    const copy = new SessionModel(this.now);
    copy.keys = structuredClone(this.keys);
    return copy;
  }

  /** Runs a request and answers what the server must reply. */
  run(words: readonly string[]): Value {
    try {
      const reply = this.#run(words);
      return typeof reply === 'number' ? String(reply) : reply;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }

  #run([command, ...words]: readonly string[]): Value | number {
    const [first, second] = words;
    switch (command) {
      case 'SESSION.SET':
        return this.#sessionSet(first, second, words[2], this.#ttl(words[3]), words.slice(4));
      case 'SESSION.GET':
        return this.#text(`${first}:${second}`)?.value ?? null;
      case 'SESSION.DEL':
        return this.#sessionDel(first, second, words.slice(2));
      case 'SESSION.META':
        return this.#sessionMeta(first, `${first}:${second}:${words[2]}`, words.slice(3));
      case 'SESSION.TOUCH':
        return this.#sessionTouch(first, second, this.#ttl(words[2]));
      case 'SESSION.DELALL':
        return this.#sessionDelall(first, `${first}:${second}:${words[2]}`, words.slice(3));
      case 'SET':
        return this.#set(first, second, words.slice(2));
      case 'DEL':
        return words.filter((key) => this.#peek(key) && this.remove(key)).length;
      case 'EXPIRE':
        return this.#expire(first, Number(second));
      case 'PERSIST':
        return this.#persist(first);
      case 'RENAME':
        return this.#rename(first, second);
      case 'ZADD':
        return this.#zadd(first, Number(second), words[2]);
      case 'ZREM':
        return this.#zrem(first, second);
      case 'FLUSHDB':
        this.keys.clear();
        return 'OK';
      default:
        throw new Error(`the model does not know ${command}`);
    }
  }

  /** Removes what has ended. */
  expire(): void {
    for (let found = true; found; ) {
      found = false;
      for (const [key, { deadline }] of this.keys) {
        if (deadline < 0 || deadline > this.now) continue;
        this.remove(key);
        found = true;
      }
    }
  }

  /** A key leaves, and with a session its memberships. */
  remove(key: string): boolean {
    const held = this.keys.get(key);
    if (held === undefined) return false;
    this.keys.delete(key);
    if (held.kind === 'string') this.#leave(key, held);
    return true;
  }

  #leave(key: string, { indexes }: Text): void {
    for (const index of indexes) {
      const set = this.keys.get(index);
      if (set?.kind === 'set' && set.scores.delete(memberOf(key))) this.#settle(index, set);
    }
    indexes.clear();
  }

  #peek(key: string): Text | Members | undefined {
    const held = this.keys.get(key);
    if (held === undefined || held.deadline < 0 || held.deadline > this.now) return held;
    this.remove(key);
    return undefined;
  }

  #text(key: string): Text | undefined {
    const held = this.#peek(key);
    if (held !== undefined && held.kind !== 'string') throw new Refusal(WRONG_TYPE);
    return held;
  }

  #members(key: string): Members | undefined {
    const held = this.#peek(key);
    if (held !== undefined && held.kind !== 'set') throw new Refusal(WRONG_TYPE);
    return held;
  }

  /** An index without members goes; another one ends no later than its last member. */
  #settle(key: string, set: Members, isOpen = false): void {
    if (set.scores.size === 0) {
      this.keys.delete(key);
      return;
    }
    if (!set.isIndex || set.deadline < 0) return;
    const last = Math.ceil(Math.max(...set.scores.values()) * 1000);
    if (last <= this.now || last >= set.deadline) return;
    set.earliest = last;
    if (!isOpen) set.deadline = last;
  }

  #enter(set: Members, member: string, score: number, deadline: number): void {
    set.scores.set(member, score);
    set.isIndex = true;
    if (deadline > set.deadline) set.deadline = deadline;
    set.earliest = set.deadline;
  }

  #ttl(seconds: string): number {
    return Math.max(1, Math.round(Number(seconds) * 1000));
  }

  #options(name: string, words: readonly string[]): Options {
    const options: Options = {
      now: this.now / 1000,
      old: undefined,
      stale: STALE_DEFAULT,
      except: undefined,
      indexes: [],
    };
    let remembers = false;
    for (let i = 0; i < words.length; i++) {
      const value = words[i + 1];
      if (words[i] === 'REMEMBER') remembers = true;
      else if (words[i] === 'META') {
        const pairs = words.slice(i + 2, i + 2 + Number(value) * 2);
        for (let at = 0; at < pairs.length; at += 2) {
          options.indexes.push(`${name}:${pairs[at]}:${pairs[at + 1]}`);
        }
        i += 1 + pairs.length;
      } else {
        if (words[i] === 'NOW') options.now = Number(value);
        else if (words[i] === 'STALE') options.stale = Number(value);
        else if (words[i] === 'OLD') options.old = value;
        else options.except = value;
        i++;
      }
    }
    if (remembers) options.stale = 0;
    return options;
  }

  #sessionSet(name: string, key: string, value: string, ttl: number, words: string[]): Value {
    const { now, old, stale, indexes } = this.#options(name, words);
    const session = `${name}:${key}`;
    for (const index of indexes) this.#members(index);
    if (old !== undefined) this.#text(`${name}:${old}`);
    const before = this.#text(session);
    const deadline = this.now + ttl;
    const score = now + ttl / 1000;
    const others = [...(before?.indexes ?? [])].filter((index) => !indexes.includes(index));
    this.keys.set(session, {
      kind: 'string',
      value,
      deadline,
      indexes: new Set([...indexes, ...others]),
    });
    for (const index of indexes) {
      const set = this.#setAt(index);
      this.#enter(set, key, score, deadline);
      if (old !== undefined) set.scores.delete(old);
      for (const [member, ends] of set.scores) if (ends <= now) set.scores.delete(member);
      this.#settle(index, set);
    }
    for (const index of others) this.#move(index, key, score, deadline);
    if (old !== undefined) this.#retire(`${name}:${old}`, stale);
    return 'OK';
  }

  #setAt(key: string): Members {
    const held = this.keys.get(key);
    if (held?.kind === 'set') return held;
    const set: Members = {
      kind: 'set',
      scores: new Map(),
      deadline: -1,
      earliest: -1,
      isIndex: false,
    };
    this.keys.set(key, set);
    return set;
  }

  /** Gives a session another score in an index it is in by what it knows. */
  #move(index: string, member: string, score: number, deadline: number): void {
    const set = this.keys.get(index);
    if (set?.kind !== 'set' || (set.deadline >= 0 && set.deadline <= this.now)) return;
    this.#enter(set, member, score, deadline);
    this.#settle(index, set, true);
  }

  #retire(session: string, stale: number): void {
    const held = this.keys.get(session);
    if (held?.kind !== 'string') return;
    this.#leave(session, held);
    const deadline = this.now + stale * 1000;
    if (stale <= 0) this.remove(session);
    else if (held.deadline < 0 || held.deadline > deadline) held.deadline = deadline;
  }

  #sessionDel(name: string, key: string, words: string[]): number {
    const { now, indexes } = this.#options(name, words);
    for (const index of indexes) this.#members(index);
    const wasThere = this.#text(`${name}:${key}`) !== undefined;
    this.remove(`${name}:${key}`);
    for (const index of indexes) {
      const set = this.#members(index);
      if (set === undefined) continue;
      set.scores.delete(key);
      for (const [member, ends] of set.scores) if (ends <= now) set.scores.delete(member);
      this.#settle(index, set);
    }
    return wasThere ? 1 : 0;
  }

  #sessionMeta(name: string, index: string, words: string[]): Value {
    const { now } = this.#options(name, words);
    const set = this.#members(index);
    if (set === undefined) return [];
    return inOrder(set.scores)
      .filter(([, score]) => score > now)
      .flatMap(([member, score]) => [member, String(score)]);
  }

  #sessionTouch(name: string, key: string, ttl: number): number {
    const session = this.#text(`${name}:${key}`);
    if (session === undefined) return 0;
    const deadline = this.now + ttl;
    session.deadline = deadline;
    for (const index of session.indexes) this.#move(index, key, deadline / 1000, deadline);
    return 1;
  }

  #sessionDelall(name: string, index: string, words: string[]): number {
    const { except } = this.#options(name, words);
    let count = 0;
    for (const [member] of inOrder(this.#members(index)?.scores ?? new Map())) {
      if (member === except) continue;
      const session = `${name}:${member}`;
      if (this.#peek(session)?.kind === 'string' && this.remove(session)) count++;
      const set = this.#members(index);
      if (set === undefined) continue;
      set.scores.delete(member);
      this.#settle(index, set);
    }
    return count;
  }

  #set(key: string, value: string, words: string[]): Value {
    const before = this.#peek(key);
    // Another value is no reason to leave: a session stays in its indexes.
    const indexes = before?.kind === 'string' ? before.indexes : new Set<string>();
    let deadline = words[0] === 'EX' ? this.now + Number(words[1]) * 1000 : -1;
    if (words[0] === 'KEEPTTL' && before !== undefined) deadline = before.deadline;
    this.keys.set(key, { kind: 'string', value, deadline, indexes });
    return 'OK';
  }

  #expire(key: string, seconds: number): number {
    const held = this.#peek(key);
    if (held === undefined) return 0;
    held.deadline = this.now + seconds * 1000;
    if (held.kind === 'set') held.earliest = held.deadline;
    if (seconds <= 0) this.remove(key);
    return 1;
  }

  #persist(key: string): number {
    const held = this.#peek(key);
    if (held === undefined || held.deadline < 0) return 0;
    held.deadline = -1;
    if (held.kind === 'set') held.earliest = -1;
    return 1;
  }

  #rename(from: string, to: string): Value {
    const held = this.#peek(from);
    if (held === undefined) throw new Refusal('-ERR no such key');
    if (from === to) return 'OK';
    this.#peek(to);
    this.remove(from);
    this.remove(to);
    if (held.kind === 'set') held.isIndex = false;
    this.keys.set(to, held);
    return 'OK';
  }

  #zadd(key: string, score: number, member: string): number {
    const set = this.#members(key) ?? this.#setAt(key);
    const isNew = !set.scores.has(member);
    set.scores.set(member, score);
    return isNew ? 1 : 0;
  }

  #zrem(key: string, member: string): number {
    const set = this.#members(key);
    if (set === undefined || !set.scores.delete(member)) return 0;
    if (set.scores.size === 0) this.keys.delete(key);
    return 1;
  }
}

/** The session key in a session's name. */
function memberOf(key: string): string {
  return key.slice(NAME.length + 1);
}

function inOrder(scores: Map<string, number>): [string, number][] {
  return [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : a > b ? 1 : 0));
}

// ── Requests ────────────────────────────────────────────────────────────────────────────────────

interface Step {
  /** Milliseconds that pass before. */
  readonly after: number;
  /** Whether what ended meanwhile is still there when the request comes. */
  readonly isLazy: boolean;
  /** One request after the other, given the time in milliseconds. */
  readonly requests: (now: number) => string[][];
  readonly [fc.toStringMethod]: () => string;
}

interface Vocabulary {
  readonly keys: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
  readonly values: fc.Arbitrary<string>;
  /** Of the commands of others, those that the run can stand. */
  readonly others: readonly string[];
}

type Late = (now: number) => string[];

const always =
  (...words: string[]): Late =>
  () =>
    words;
const flat =
  (...parts: (Late | string)[]): Late =>
  (now) =>
    parts.flatMap((part) => (typeof part === 'string' ? [part] : part(now)));

function stepsOf({ keys, pairs, values, others }: Vocabulary): fc.Arbitrary<Step> {
  const key = fc.constantFrom(...keys);
  const pair = fc.constantFrom(...pairs);
  const sessionName = key.map((k) => `${NAME}:${k}`);
  const indexName = pair.map(([a, s]) => `${NAME}:${a}:${s}`);
  const anyName = fc.oneof(sessionName, indexName, fc.constant('elsewhere'));
  const ttl = fc.oneof(
    fc.integer({ min: 1, max: 60 }).map(String),
    fc.constantFrom('0.5', '0.0001', '12.345', '1e3'),
  );
  const orNone = (option: fc.Arbitrary<Late>, freq = 1): fc.Arbitrary<Late> =>
    fc.oneof({ weight: freq, arbitrary: fc.constant(always()) }, { weight: 1, arbitrary: option });
  const nowOption = fc.constantFrom(-40, -3.5, 0, 0.25, 7, 40).map(
    (by): Late =>
      (now) => ['NOW', String(now / 1000 + by)],
  );
  const meta = fc
    .array(pair, { minLength: 1, maxLength: 4 })
    .map((list) => always('META', String(list.length), ...list.flat()));
  const old = fc
    .tuple(
      key,
      fc.constantFrom(
        always(),
        always('STALE', '0'),
        always('STALE', '-1'),
        always('STALE', '5'),
        always('STALE', '0.25'),
        always('STALE', '1000'),
        always('REMEMBER'),
        always('REMEMBER', 'STALE', '5'),
      ),
    )
    .map(([k, rest]) => flat(always('OLD', k), rest));

  const request: Record<string, fc.Arbitrary<Late>> = {
    'SESSION.SET': fc
      .tuple(key, values, ttl, orNone(nowOption, 6), orNone(old), orNone(meta))
      .map(([k, v, t, ...options]) => flat(always('SESSION.SET', NAME, k, v, t), ...options)),
    'SESSION.GET': key.map((k) => always('SESSION.GET', NAME, k)),
    'SESSION.DEL': fc
      .tuple(key, orNone(nowOption, 4), orNone(meta))
      .map(([k, ...options]) => flat(always('SESSION.DEL', NAME, k), ...options)),
    'SESSION.META': fc
      .tuple(pair, orNone(nowOption))
      .map(([p, option]) => flat(always('SESSION.META', NAME, ...p), option)),
    'SESSION.TOUCH': fc.tuple(key, ttl).map(([k, t]) => always('SESSION.TOUCH', NAME, k, t)),
    'SESSION.DELALL': fc
      .tuple(pair, orNone(key.map((k) => always('EXCEPT', k))))
      .map(([p, option]) => flat(always('SESSION.DELALL', NAME, ...p), option)),
    SET: fc
      .tuple(
        fc.oneof({ weight: 6, arbitrary: sessionName }, { weight: 1, arbitrary: anyName }),
        values,
        fc.constantFrom(always(), always('EX', '20'), always('KEEPTTL')),
      )
      .map(([k, v, option]) => flat(always('SET', k, v), option)),
    DEL: fc.oneof(sessionName, sessionName, anyName).map((k) => always('DEL', k)),
    EXPIRE: fc
      .tuple(anyName, fc.constantFrom('-1', '0', '1', '15', '90'))
      .map(([k, seconds]) => always('EXPIRE', k, seconds)),
    PERSIST: sessionName.map((k) => always('PERSIST', k)),
    RENAME: fc.tuple(anyName, anyName).map(([from, to]) => always('RENAME', from, to)),
    ZADD: fc.tuple(indexName, key, fc.constantFrom(-5, 0, 3.5, 30, 500)).map(
      ([index, member, by]): Late =>
        (now) => ['ZADD', index, String(now / 1000 + by), member],
    ),
    ZREM: fc.tuple(indexName, key).map(([index, k]) => always('ZREM', index, k)),
    FLUSHDB: fc.constant(always('FLUSHDB')),
  };
  const weights: Record<string, number> = {
    'SESSION.SET': 16,
    'SESSION.TOUCH': 4,
    'SESSION.DEL': 3,
    FLUSHDB: 0.2,
  };
  const names = ['SET', 'GET', 'DEL', 'META', 'TOUCH', 'DELALL'].map((n) => `SESSION.${n}`);
  const chosen = [...names, ...others].map((name) => ({
    weight: Math.round((weights[name] ?? 1) * 10),
    arbitrary: request[name],
  }));
  return fc
    .record({
      after: fc.oneof(
        { weight: 5, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
        { weight: 1, arbitrary: fc.constantFrom(1000, 10_000, 60_000) },
      ),
      isLazy: fc.boolean(),
      words: fc.oneof(...chosen),
    })
    .map(({ after, isLazy, words }) => {
      const requests = (now: number): string[][] => {
        const request = words(now);
        // As lua-resty-session's redis storage does it, an index gets a deadline with its members.
        return request[0] === 'ZADD' ? [request, ['EXPIRE', request[1], '3600']] : [request];
      };
      const text = (): string =>
        `+${after}${isLazy ? ' lazily' : ''} ${requests(1.7e12).map(shown).join('; ')}`;
      return { after, isLazy, requests, [fc.toStringMethod]: text };
    });
}

function shown(words: readonly string[]): string {
  return words.map((w) => (w.length > 40 ? `${w.slice(0, 8)}…${w.length}` : w)).join(' ');
}

// ── Running both ────────────────────────────────────────────────────────────────────────────────

/** Says in a few words where the keys of the server and of the model differ, or adopts what is open. */
function compare(keys: ReadonlyMap<string, Visible>, model: SessionModel): string | undefined {
  for (const key of model.keys.keys()) if (!keys.has(key)) return `${key} has gone`;
  for (const [key, { deadline, content }] of keys) {
    const held = model.keys.get(key);
    if (held === undefined) return `${key} is there`;
    const wanted = held.kind === 'string' ? held.value : inOrder(held.scores);
    if (typeof content === 'string' || typeof wanted === 'string') {
      if (content !== wanted) return `${key} holds ${String(content).slice(0, 100)}`;
    } else if (JSON.stringify(content) !== JSON.stringify(wanted)) {
      return `${key} holds ${JSON.stringify(content)}, not ${JSON.stringify(wanted)}`;
    }
    if (held.kind === 'set' && deadline >= held.earliest && deadline < held.deadline) {
      held.deadline = deadline;
    }
    if (deadline !== held.deadline) return `${key} ends ${deadline}, not ${held.deadline}`;
    if (held.kind === 'set') held.earliest = held.deadline;
  }
  return undefined;
}

class Run {
  readonly server: Offline;
  readonly model: SessionModel;

  constructor(directives: Record<string, string>) {
    this.server = openOffline({
      'session-zone': 'default',
      zone: 'sessions 256kb',
      'zset-max-listpack-entries': '4',
      ...directives,
    });
    this.model = new SessionModel(this.server.clock.now());
  }

  expire(): void {
    const { clock, instance } = this.server;
    instance.keyspace.tick(clock.now());
    instance.keyspace.expireDue(Number.POSITIVE_INFINITY);
    this.model.expire();
  }

  /** Lets time pass. Answers the requests to run then. */
  begin({ after, isLazy, requests }: Step): string[][] {
    const { server, model } = this;
    server.clock.set(server.clock.now() + after);
    model.now = server.clock.now();
    const list = requests(model.now);
    // An index renamed to its last session is not looked at while that has ended and is there.
    if (!isLazy || list[0][0] === 'RENAME') this.expire();
    return list;
  }

  /** Asks the server. Scores come as JavaScript writes them. */
  ask(words: readonly string[]): Value {
    const reply = ask(this.server, ...words);
    if (words[0] !== 'SESSION.META' || !Array.isArray(reply)) return reply;
    return reply.map((text, i) => (i % 2 === 1 ? String(Number(text)) : text));
  }

  audit(): void {
    const fault = this.server.audit();
    if (fault !== undefined) throw new Error(fault);
  }
}

function checkSteps(
  steps: fc.Arbitrary<Step>,
  length: number,
  runs: number,
  run: (s: Step[]) => void,
) {
  fc.assert(fc.property(fc.array(steps, { minLength: 1, maxLength: length, size: 'max' }), run), {
    seed: SEED,
    numRuns: RUNS === undefined ? runs : Number(RUNS),
  });
}

const KEYS = ['a', 'b', 'c', 'd', 'e', '', `with:colon:${'k'.repeat(70)}`];
const PAIRS = [
  ['aud', 'sub'],
  ['aud', 'ject'],
  ['', ''],
] as const;

describe('with plenty of room', () => {
  test('sessions, their ends and their indexes are what the model says', {
    timeout: TIMEOUT,
  }, () => {
    const steps = stepsOf({
      keys: KEYS,
      pairs: PAIRS,
      values: fc.constantFrom('', 'v', '12345', 'w'.repeat(300), 'x'.repeat(5000)),
      others: ['SET', 'DEL', 'EXPIRE', 'PERSIST', 'RENAME', 'ZADD', 'ZREM', 'FLUSHDB'],
    });
    checkSteps(steps, 60, 80, (list) => {
      const run = new Run({ maxmemory: '1mb' });
      for (const step of list) {
        for (const words of run.begin(step)) {
          const wanted = run.model.run(words);
          expect(run.ask(words), shown(words)).toEqual(wanted);
          run.audit();
        }
        run.expire();
        const fault = compare(visible(run.server), run.model);
        if (fault !== undefined) throw new Error(fault);
      }
    });
  });
});

/** Whether META of a request names an index. */
function isNamed(words: readonly string[], key: string): boolean {
  const pairs = words.slice(words.indexOf('META') + 2);
  return pairs.some((a, i) => i % 2 === 0 && key === `${NAME}:${a}:${pairs[i + 1]}`);
}

const EMPTY: Visible = { encoding: '', deadline: -1, content: [] };

/** The keys there are, and those that only the model has as if they were empty. */
function* withLost(
  keys: ReadonlyMap<string, Visible>,
  model: SessionModel,
): Generator<[string, Visible]> {
  for (const key of [...model.keys.keys()]) yield [key, keys.get(key) ?? EMPTY];
}

/** Runs a request that may evict. Answers what is wrong then, or undefined. */
function runCrowded(run: Run, words: readonly string[]): string | undefined {
  const { server, model } = run;
  const before = model.copy();
  const { evicted } = server.zone.counts;
  const wanted = model.run(words);
  const reply = run.ask(words);
  run.audit();
  const hasEvicted = server.zone.counts.evicted > evicted;
  if (reply === OOM) {
    if (hasEvicted) return 'refused, and evicted';
    model.keys = before.keys;
  }
  run.expire();
  const keys = visible(server);
  const written = /^(SESSION\.)?(SET|TOUCH)$/.test(words[0])
    ? words[0] === 'SET'
      ? words[1]
      : `${NAME}:${words[2]}`
    : '';
  for (const [key, held] of [...model.keys]) {
    if (keys.has(key) || held.kind === 'set') continue;
    if (!hasEvicted) return `${key} has gone`;
    if (key === written && reply !== '0') return `${key} was written and has gone`;
    model.remove(key);
  }
  // A key that was evicted on the way is not there for what follows.
  if (reply !== OOM && !isDeepStrictEqual(reply, wanted) && !hasEvicted) return `replied ${reply}`;
  // A session may be evicted for what replaces it: then it has left the indexes META does not name.
  const member = memberOf(written);
  for (const [key, { content }] of hasEvicted ? withLost(keys, model) : []) {
    const held = model.keys.get(key);
    if (held?.kind !== 'set' || isNamed(words, key)) continue;
    if (typeof content !== 'string' && content.every(([m]) => m !== member)) {
      held.scores.delete(member);
      if (held.scores.size === 0) model.keys.delete(key);
    }
  }
  // In which order others left is not known: an index may end later than its last member does.
  for (const [key, held] of model.keys) {
    const end = keys.get(key)?.deadline;
    if (held.kind !== 'set' || end === undefined) continue;
    const last = Math.floor(Math.max(...held.scores.values()) * 1000);
    const sessions = [...held.scores.keys()].map((m) => keys.get(`${NAME}:${m}`)?.deadline ?? -1);
    if (end >= Math.min(last, held.deadline, Math.max(...sessions))) held.deadline = end;
  }
  return compare(keys, model);
}

/** Policy, size of the zone, largest value and how many runs are modest. */
const CROWDED: readonly (readonly [string, string, number, number])[] = [
  ['allkeys-lru', '256kb', 9000, 6],
  ['allkeys-lfu', '256kb', 9000, 5],
  ['volatile-lru', '256kb', 9000, 5],
  ['noeviction', '256kb', 9000, 5],
  // Here a request is small beside the zone.
  ['allkeys-lru', '4mb', 60_000, 3],
  ['allkeys-lfu', '4mb', 60_000, 2],
  ['noeviction', '4mb', 60_000, 2],
];

describe('in a zone too small for all', () => {
  test.each(CROWDED)(
    'under %s, in %s: a session is in all its indexes or gone',
    { timeout: TIMEOUT },
    (policy, size, most, runs) => {
      const keys = Array.from({ length: 24 }, (_, i) =>
        i % 8 === 7 ? `${i}`.padEnd(300, 'k') : `k${i}`,
      );
      const steps = stepsOf({
        keys,
        pairs: [...PAIRS, ['x', 'y'], ['long'.repeat(200), 'z']],
        values: fc
          .oneof(
            { weight: 9, arbitrary: fc.integer({ min: 0, max: 600 }) },
            { weight: 9, arbitrary: fc.integer({ min: 0, max: most }) },
            { weight: 9, arbitrary: fc.constant(most) },
            // Half of what the zone holds, or more than it ever can.
            { weight: 1, arbitrary: fc.constantFrom(most * 12, most * 30, most * 80) },
          )
          .map((n) => 'v'.repeat(n)),
        others: ['SET', 'DEL', 'EXPIRE'],
      });
      checkSteps(steps, 80, runs, (list) => {
        const run = new Run({ maxmemory: size, 'maxmemory-policy': policy });
        // Others' keys fill the zone, all of them older.
        const { counts } = run.server.zone;
        for (let i = 0; counts.evicted === 0 && counts.refused === 0; i++) {
          const words = ['SET', `filling:${i}`, 'f'.repeat(most), 'EX', '1000'];
          run.model.run(words);
          run.ask(words);
        }
        const kept = visible(run.server);
        for (const key of [...run.model.keys.keys()]) if (!kept.has(key)) run.model.remove(key);
        for (const step of list) {
          for (const words of run.begin(step)) {
            const fault = runCrowded(run, words);
            if (fault !== undefined) throw new Error(`${shown(words)}: ${fault}`);
          }
        }
      });
    },
  );
});
