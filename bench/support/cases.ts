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
   */
  readonly before: 'filled' | 'empty';
  readonly valueSize: number;
}

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

/** What every run measures. */
export const CASES: readonly BenchmarkCase[] = [1, 16, 64].flatMap((pipeline) =>
  BOTH.map((test) => onStrings(test, pipeline)),
);

/** What `--all` adds: connections, sizes, RESP3, and the other tests redis-benchmark has. */
export const MORE_CASES: readonly BenchmarkCase[] = [
  ...[1, 500].flatMap((connections) => BOTH.map((test) => onStrings(test, 1, { connections }))),
  ...[16, 4096].flatMap((valueSize) => BOTH.map((test) => onStrings(test, 16, { valueSize }))),
  ...BOTH.map((test) => onStrings(test, 16, { resp3: true })),
  ...[
    ...['ping_inline', 'ping_mbulk', 'incr', 'lpush', 'rpush', 'lpop', 'rpop', 'sadd', 'hset'],
    ...['spop', 'zadd', 'zpopmin', 'lrange_100', 'mset'],
  ].map(
    (test): BenchmarkCase => ({
      name: `${test} -P 16 -d 3`,
      args: ['-t', test, ...KEYS, '-P', '16', '-c', '50'],
      before: 'empty',
      valueSize: 3,
    }),
  ),
];
