/**
 * What is measured with redis-benchmark, as data: a name, its arguments, and what must be there
 * before.
 */

export interface BenchmarkCase {
  readonly name: string;
  readonly args: readonly string[];
  /**
   * 'filled': every key of the key space is there, with values of `valueSize`.
   * 'empty': nothing is, before every single measurement, so that what grows starts over.
   * A collection: nothing but that is, with as many elements as there will be requests, so that
   * what is taken from it lasts.
   */
  readonly before: 'filled' | 'empty' | Collection;
  readonly valueSize: number;
  /** One of the tests redis-benchmark runs when it is not told which. */
  readonly isDefault?: boolean;
}

/** What redis-benchmark's tests take elements from, by the key it calls it. */
export type Collection = 'mylist' | 'myset' | 'myzset';

export const KEY_COUNT = 100_000;
const KEYS = ['-r', String(KEY_COUNT)];

function onStrings(
  test: 'set' | 'get',
  pipeline: number,
  { connections = 50, valueSize = 512, resp3 = false } = {},
): BenchmarkCase {
  const name = [test.toUpperCase()];
  if (pipeline > 1) name.push(`-P ${pipeline}`);
  if (connections !== 50) name.push(`-c ${connections}`);
  if (valueSize !== 512) name.push(`-d ${valueSize}`);
  if (resp3) name.push('-3');
  const shape = ['-P', pipeline, '-c', connections, '-d', valueSize].map(String);
  const args = ['-t', test, ...KEYS, ...shape, ...(resp3 ? ['-3'] : [])];
  return { name: name.join(' '), args, before: 'filled', valueSize };
}

const BOTH = ['set', 'get'] as const;

/** The value that redis-benchmark makes of three bytes. */
const VALUE = 'VXK';

function onDefault(
  name: string,
  before: BenchmarkCase['before'],
  request: readonly string[] = ['-t', name.toLowerCase()],
): BenchmarkCase {
  const shape = [...KEYS, '-P', '16', '-c', '50', '-d', '3'];
  const args = request[0] === '-t' ? [...request, ...shape] : [...shape, ...request];
  return { name: `${name} -P 16 -d 3`, args, before, valueSize: 3, isDefault: true };
}

/** LRANGE as redis-benchmark has it, without the list that it would push first and count in. */
function onRange(count: number): BenchmarkCase {
  const request = ['LRANGE', 'mylist', '0', String(count - 1)];
  return onDefault(`LRANGE_${count}`, 'mylist', request);
}

/**
 * The tests redis-benchmark runs when it is not told which, in its order, at -P 16. It takes from
 * collections what the tests before have left in them; here there is always something to take.
 */
const DEFAULT_CASES: readonly BenchmarkCase[] = [
  ...['PING_INLINE', 'PING_MBULK'].map((name) => onDefault(name, 'empty')),
  ...['SET', 'GET'].map((name) => onDefault(name, 'filled')),
  ...['INCR', 'LPUSH', 'RPUSH'].map((name) => onDefault(name, 'empty')),
  ...['LPOP', 'RPOP'].map((name) => onDefault(name, 'mylist')),
  ...['SADD', 'HSET'].map((name) => onDefault(name, 'empty')),
  onDefault('SPOP', 'myset'),
  onDefault('ZADD', 'empty'),
  onDefault('ZPOPMIN', 'myzset'),
  ...[100, 300, 500, 600].map(onRange),
  onDefault('MSET', 'empty'),
  // redis-benchmark 7.0 does not know it yet.
  onDefault('XADD', 'empty', ['XADD', 'mystream', '*', 'myfield', VALUE]),
];

/** What every run measures. */
export const CASES: readonly BenchmarkCase[] = [
  ...[1, 16, 64].flatMap((pipeline) => BOTH.map((test) => onStrings(test, pipeline))),
  ...DEFAULT_CASES,
];

/** What `--all` adds: connections, sizes and RESP3. */
export const MORE_CASES: readonly BenchmarkCase[] = [
  ...[1, 500].flatMap((connections) => BOTH.map((test) => onStrings(test, 1, { connections }))),
  ...[16, 4096].flatMap((valueSize) => BOTH.map((test) => onStrings(test, 16, { valueSize }))),
  ...BOTH.map((test) => onStrings(test, 16, { resp3: true })),
];

/** Elements one request of a filling brings. */
const FILL_COUNT = 500;

/** The requests that make a collection of `count` elements. */
export function* fillingOf(collection: Collection, count: number): Generator<string[]> {
  for (let first = 0; first < count; first += FILL_COUNT) {
    const size = Math.min(FILL_COUNT, count - first);
    const elements = Array.from({ length: size }, (_, i) => elementOf(collection, first + i));
    yield [FILLING[collection], collection, ...elements.flat()];
  }
}

const FILLING: Record<Collection, string> = { mylist: 'RPUSH', myset: 'SADD', myzset: 'ZADD' };

function elementOf(collection: Collection, i: number): string[] {
  if (collection === 'mylist') return [VALUE];
  const member = `element:${String(i).padStart(12, '0')}`;
  // Scores in no order: multiplied by a prime to which no power of two or ten is related.
  return collection === 'myset' ? [member] : [String((i * 7919) % 1_000_003), member];
}
