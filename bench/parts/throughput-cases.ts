/**
 * What is measured with redis-benchmark, as data: a name, its arguments, and what must be there
 * before.
 */

export interface BenchmarkCase {
  readonly name: string;
  /** The table it is a row of. */
  readonly group: ThroughputGroup;
  readonly args: readonly string[];
  /**
   * 'filled': every key of the key space is there, with values of `valueSize`.
   * 'empty': nothing is, before every single measurement, so that what grows starts over.
   * A collection: nothing but that is, with `elements`, or as many as there will be requests, so
   * that what is taken from it lasts.
   * Requests: they are sent once, to an empty server.
   */
  readonly before: 'filled' | 'empty' | Collection | (() => Iterable<readonly string[]>);
  readonly valueSize: number;
  /** How many keys redis-benchmark draws from. */
  readonly keyCount: number;
  readonly elements?: number;
  /** So many requests at most, or memory would be the limit. */
  readonly requestsMax: number;
}

export type ThroughputGroup =
  | 'strings'
  | 'defaults'
  | 'pipelines'
  | 'resp3'
  | 'sizes'
  | 'connections'
  | 'others'
  | 'sessions';

/** What redis-benchmark's tests take elements from, by the key it calls it. */
export type Collection = 'mylist' | 'myset' | 'myzset';

/** Bytes that one measurement may leave behind. */
const GROWTH_MAX = 256 * 1024 * 1024;
/** About what an element costs beside its bytes. */
const ELEMENT_OVERHEAD = 64;

interface Shape {
  readonly pipeline?: number;
  readonly connections?: number;
  readonly valueSize?: number;
  readonly resp3?: boolean;
}

/** As many keys as there are by default, fewer where their values would fill the memory. */
function keyCountFor(valueSize: number): number {
  return valueSize > 4096 ? 10_000 : 100_000;
}

/** A name says what is not redis-benchmark's default, but for the size, which is 512 unless said. */
function nameOf(
  test: string,
  { pipeline, connections, valueSize, resp3 }: Required<Shape>,
): string {
  const name = [test];
  if (pipeline > 1) name.push(`-P ${pipeline}`);
  if (connections !== 50) name.push(`-c ${connections}`);
  if (valueSize !== 512) name.push(`-d ${valueSize}`);
  if (resp3) name.push('-3');
  return name.join(' ');
}

type Test = Pick<BenchmarkCase, 'before' | 'elements'> & {
  readonly name: string;
  /** A request where redis-benchmark has no test of that name, or one that does too much. */
  readonly request?: (valueSize: number) => readonly string[];
  readonly hasValue?: boolean;
  readonly keyCount?: number;
};

function caseOf(test: Test, group: ThroughputGroup, shape: Shape): BenchmarkCase {
  const whole = { pipeline: 16, connections: 50, valueSize: 3, resp3: false, ...shape };
  const { valueSize } = whole;
  const keyCount = test.keyCount ?? keyCountFor(valueSize);
  const options = [
    ...['-r', keyCount, '-P', whole.pipeline, '-c', whole.connections, '-d', valueSize].map(String),
    ...(whole.resp3 ? ['-3'] : []),
  ];
  const args =
    test.request === undefined
      ? ['-t', test.name.toLowerCase(), ...options]
      : [...options, ...test.request(valueSize)];
  return {
    ...{ name: nameOf(test.name, whole), group, args, before: test.before, valueSize, keyCount },
    ...(test.elements === undefined ? {} : { elements: test.elements }),
    requestsMax: Math.floor(GROWTH_MAX / (valueSize + ELEMENT_OVERHEAD)),
  };
}

/** What redis-benchmark makes of so many bytes, but not always the same letters. */
export function letters(size: number): string {
  return 'VXK'.padEnd(size, 'x').slice(0, size);
}

const plain = (name: string, hasValue = false): Test => ({ name, before: 'empty', hasValue });

/** LRANGE as redis-benchmark has it, without the list that it would push first and count in. */
const range = (count: number): Test => ({
  name: `LRANGE_${count}`,
  before: 'mylist',
  elements: 600,
  request: () => ['LRANGE', 'mylist', '0', String(count - 1)],
});

/**
 * The tests redis-benchmark runs when it is not told which, in its order. It takes from collections
 * what the tests before have left in them; here there is always something to take.
 */
const DEFAULTS: readonly Test[] = [
  ...['PING_INLINE', 'PING_MBULK'].map((name) => plain(name)),
  ...['SET', 'GET'].map((name): Test => ({ name, before: 'filled', hasValue: true })),
  ...[plain('INCR'), plain('LPUSH', true), plain('RPUSH', true)],
  ...['LPOP', 'RPOP'].map((name): Test => ({ name, before: 'mylist', hasValue: true })),
  ...[plain('SADD'), plain('HSET', true)],
  { name: 'SPOP', before: 'myset' },
  plain('ZADD'),
  { name: 'ZPOPMIN', before: 'myzset' },
  ...[100, 300, 500, 600].map(range),
  plain('MSET', true),
  {
    // redis-benchmark 7.0 does not know it yet.
    ...plain('XADD', true),
    request: (valueSize) => ['XADD', 'mystream', '*', 'myfield', letters(valueSize)],
  },
];

/** EVALSHA takes its script by what it hashes to. */
export const SCRIPT = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

const padded = (i: number): string => String(i).padStart(12, '0');

function* hashes(count: number): Generator<string[]> {
  const fields = Array.from({ length: 10 }, (_, i) => [`field:${i}`, `value:${i}`]).flat();
  for (let i = 0; i < count; i++) yield ['HSET', `hash:${padded(i)}`, ...fields];
}

function* entries(count: number): Generator<string[]> {
  for (let i = 1; i <= count; i++) yield ['XADD', 'mystream', `${i}-0`, 'myfield', 'VXK'];
}

const MANY = 1_000_000;

/** Commands that redis-benchmark has no test of. */
function others(hash: (script: string) => string, many: number): Test[] {
  return [
    {
      name: 'EVALSHA',
      before: () => [['SCRIPT', 'LOAD', SCRIPT]],
      request: () => ['EVALSHA', hash(SCRIPT), '1', 'key:__rand_int__', '1'],
    },
    { name: 'EXPIRE', before: 'filled', request: () => ['EXPIRE', 'key:__rand_int__', '1000'] },
    {
      name: 'HGETALL_10',
      keyCount: 10_000,
      before: () => hashes(10_000),
      request: () => ['HGETALL', 'hash:__rand_int__'],
    },
    {
      name: 'ZADD_1M',
      keyCount: many,
      before: () => fillingOf('myzset', many, 3),
      request: () => ['ZADD', 'myzset', '__rand_int__', 'element:__rand_int__'],
    },
    {
      name: 'XREAD_10',
      before: () => entries(1000),
      request: () => ['XREAD', 'COUNT', '10', 'STREAMS', 'mystream', '0'],
    },
  ];
}

export interface CaseOptions {
  readonly isFull: boolean;
  readonly isCross: boolean;
  readonly scale: number;
  /** SHA-1 in hexadecimal. */
  readonly hash: (script: string) => string;
}

const SIZES = [3, 512, 16_384];
const PIPELINES = [1, 16, 64];
const CONNECTIONS = [1, 50, 500];

/** Every case of a run, in the order of the page. */
export function benchmarkCases({ isFull, isCross, scale, hash }: CaseOptions): BenchmarkCase[] {
  const both = DEFAULTS.filter(({ name }) => name === 'SET' || name === 'GET');
  const strings = PIPELINES.flatMap((pipeline) =>
    both.map((test) => caseOf(test, 'strings', { pipeline, valueSize: 512 })),
  );
  const valued = DEFAULTS.filter(({ hasValue }) => hasValue);
  const all = (group: ThroughputGroup, tests: readonly Test[], shape: Shape): BenchmarkCase[] =>
    tests.map((test) => caseOf(test, group, shape));
  const more = others(hash, Math.max(1000, Math.round(MANY * Math.min(1, scale))));
  const cases = [...strings, ...all('defaults', DEFAULTS, {})];
  if (isCross) {
    // One axis per group in the page, so a combination goes where its last unusual axis does.
    for (const [resp3, connections, valueSize, pipeline] of combinations()) {
      const group = resp3 ? 'resp3' : connections !== 50 ? 'connections' : 'sizes';
      const tests = valueSize === 3 ? DEFAULTS : valued;
      cases.push(
        ...all(valueSize === 3 && group === 'sizes' ? 'pipelines' : group, tests, {
          ...{ resp3, connections, valueSize, pipeline },
        }),
      );
    }
  } else if (isFull) {
    cases.push(
      ...[1, 64].flatMap((pipeline) => all('pipelines', DEFAULTS, { pipeline })),
      ...all('resp3', DEFAULTS, { resp3: true }),
      ...[512, 16_384].flatMap((valueSize) => all('sizes', valued, { valueSize })),
      ...[1, 500].flatMap((connections) =>
        all('connections', DEFAULTS, { connections, pipeline: 1 }),
      ),
    );
  }
  cases.push(...all('others', more, {}));
  if (isFull || isCross) cases.push(...all('others', more, { pipeline: 1 }));
  const names = new Set<string>();
  return cases.filter(({ name }) => !names.has(name) && names.add(name));
}

function combinations(): [boolean, number, number, number][] {
  return [false, true].flatMap((resp3) =>
    CONNECTIONS.flatMap((connections) =>
      SIZES.flatMap((valueSize) =>
        PIPELINES.map((pipeline): [boolean, number, number, number] => [
          ...([resp3, connections, valueSize, pipeline] as const),
        ]),
      ),
    ),
  );
}

/** Elements one request of a filling brings, and bytes. */
const FILL_COUNT = 500;
const FILL_SIZE = 64 * 1024;

/** The requests that make a collection of `count` elements. */
export function* fillingOf(
  collection: Collection,
  count: number,
  valueSize: number,
): Generator<string[]> {
  const most = Math.max(1, Math.min(FILL_COUNT, Math.floor(FILL_SIZE / valueSize)));
  const value = letters(valueSize);
  for (let first = 0; first < count; first += most) {
    const size = Math.min(most, count - first);
    const elements = Array.from({ length: size }, (_, i) =>
      elementOf(collection, first + i, value),
    );
    yield [FILLING[collection], collection, ...elements.flat()];
  }
}

const FILLING: Record<Collection, string> = { mylist: 'RPUSH', myset: 'SADD', myzset: 'ZADD' };

function elementOf(collection: Collection, i: number, value: string): string[] {
  if (collection === 'mylist') return [value];
  const member = `element:${padded(i)}`;
  // Scores in no order: multiplied by a prime to which no power of two or ten is related.
  return collection === 'myset' ? [member] : [String((i * 7919) % 1_000_003), member];
}

/** The requests that put every key there that redis-benchmark may draw, so that every GET hits. */
export function* fillingOfKeys({
  keyCount,
  valueSize,
}: Pick<BenchmarkCase, 'keyCount' | 'valueSize'>): Generator<string[]> {
  const value = 'x'.repeat(valueSize);
  for (let i = 0; i < keyCount; i++) yield ['SET', `key:${padded(i)}`, value];
}
