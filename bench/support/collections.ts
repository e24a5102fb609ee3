/**
 * Collections and what is asked of them, as data: one of each type, and requests with the
 * complexity that COMMAND DOCS promises for them.
 *
 * A request that adds is measured together with one that takes away, so that what is measured stays
 * as large as it is called.
 */

export interface Shape {
  readonly type: 'list' | 'hash' | 'set' | 'zset' | 'stream';
  readonly command: string;
  /** Arguments behind the key that add element `i`. */
  element(i: number): string[];
  /** Elements one request may bring. */
  readonly batch: number;
}

const BATCH = 250;

function padded(i: number): string {
  return String(i).padStart(12, '0');
}

const field = (i: number): string => `field:${padded(i)}`;
const member = (i: number): string => `element:${padded(i)}`;
/** In no order: multiplied by a prime. */
const score = (i: number): string => String((i * 7919) % 1_000_003);

export const SHAPES: readonly Shape[] = [
  { type: 'list', command: 'RPUSH', element: (i) => [member(i)], batch: BATCH },
  { type: 'hash', command: 'HSET', element: (i) => [field(i), `value:${i}`], batch: BATCH },
  { type: 'set', command: 'SADD', element: (i) => [member(i)], batch: BATCH },
  { type: 'zset', command: 'ZADD', element: (i) => [score(i), member(i)], batch: BATCH },
  // Ids of a stream that gets some ten entries a second.
  {
    type: 'stream',
    command: 'XADD',
    element: (i) => [streamId(i), 'field', `value:${i}`],
    batch: 1,
  },
];

function streamId(i: number): string {
  return `${1_700_000_000_000 + i * 100}-0`;
}

/** The requests that give `key` the elements [0, count). */
export function* filling(shape: Shape, key: string, count: number): Generator<string[]> {
  for (let first = 0; first < count; first += shape.batch) {
    const request = [shape.command, key];
    const end = Math.min(count, first + shape.batch);
    for (let i = first; i < end; i++) request.push(...shape.element(i));
    yield request;
  }
}

/** O(1), O(log N), O(N): in the number of elements, where a request answers as many as another. */
export type Complexity = '1' | 'log N' | 'N';

export interface Question {
  readonly type: Shape['type'];
  readonly name: string;
  readonly complexity: Complexity;
  /**
   * Requests of a turn on a collection of `count` elements. `i` is that turn's, of any that are
   * there; `fresh` is one that is not.
   */
  requests(key: string, count: number, i: number, fresh: number): string[][];
}

const half = (count: number): string => String(count / 2);

export const QUESTIONS: readonly Question[] = [
  {
    type: 'list',
    name: 'LLEN',
    complexity: '1',
    requests: (key) => [['LLEN', key]],
  },
  {
    type: 'list',
    name: 'LINDEX near an end',
    complexity: '1',
    requests: (key, _, i) => [['LINDEX', key, String(i % 2 === 0 ? 9 : -10)]],
  },
  {
    type: 'list',
    name: 'LINDEX in the middle',
    complexity: 'N',
    requests: (key, count) => [['LINDEX', key, half(count)]],
  },
  {
    type: 'list',
    name: 'LPUSH and LPOP',
    complexity: '1',
    requests: (key) => [
      ['LPUSH', key, 'x'],
      ['LPOP', key],
    ],
  },
  {
    type: 'list',
    name: 'RPUSH and RPOP',
    complexity: '1',
    requests: (key) => [
      ['RPUSH', key, 'x'],
      ['RPOP', key],
    ],
  },
  {
    type: 'list',
    name: 'LINSERT and LREM near the head',
    complexity: '1',
    requests: (key) => [
      ['LINSERT', key, 'BEFORE', member(9), 'x'],
      ['LREM', key, '1', 'x'],
    ],
  },
  {
    type: 'list',
    name: 'LINSERT and LREM in the middle',
    complexity: 'N',
    requests: (key, count) => [
      ['LINSERT', key, 'BEFORE', member(count / 2), 'x'],
      ['LREM', key, '1', 'x'],
    ],
  },
  {
    type: 'list',
    name: 'LRANGE of 100 at the head',
    complexity: '1',
    requests: (key) => [['LRANGE', key, '0', '99']],
  },
  {
    type: 'list',
    name: 'LRANGE of 100 in the middle',
    complexity: 'N',
    requests: (key, count) => [['LRANGE', key, half(count), String(count / 2 + 99)]],
  },
  {
    type: 'hash',
    name: 'HGET',
    complexity: '1',
    requests: (key, _, i) => [['HGET', key, field(i)]],
  },
  {
    type: 'hash',
    name: 'HSET of a field there is',
    complexity: '1',
    requests: (key, _, i) => [['HSET', key, field(i), `value:${i}`]],
  },
  {
    type: 'hash',
    name: 'HSET and HDEL',
    complexity: '1',
    requests: (key, _, __, fresh) => [
      ['HSET', key, field(fresh), 'x'],
      ['HDEL', key, field(fresh)],
    ],
  },
  {
    type: 'hash',
    name: 'HRANDFIELD',
    complexity: '1',
    requests: (key) => [['HRANDFIELD', key]],
  },
  {
    type: 'set',
    name: 'SISMEMBER',
    complexity: '1',
    requests: (key, _, i) => [['SISMEMBER', key, member(i)]],
  },
  {
    type: 'set',
    name: 'SADD and SREM',
    complexity: '1',
    requests: (key, _, __, fresh) => [
      ['SADD', key, member(fresh)],
      ['SREM', key, member(fresh)],
    ],
  },
  {
    type: 'set',
    name: 'SRANDMEMBER',
    complexity: '1',
    requests: (key) => [['SRANDMEMBER', key]],
  },
  {
    type: 'zset',
    name: 'ZSCORE',
    complexity: '1',
    requests: (key, _, i) => [['ZSCORE', key, member(i)]],
  },
  {
    type: 'zset',
    name: 'ZADD of another score',
    complexity: 'log N',
    requests: (key, _, i) => [
      ['ZADD', key, String(i), member(i)],
      ['ZADD', key, score(i), member(i)],
    ],
  },
  {
    type: 'zset',
    name: 'ZADD and ZREM',
    complexity: 'log N',
    requests: (key, _, i, fresh) => [
      ['ZADD', key, String(i), member(fresh)],
      ['ZREM', key, member(fresh)],
    ],
  },
  {
    type: 'zset',
    name: 'ZRANK',
    complexity: 'log N',
    requests: (key, _, i) => [['ZRANK', key, member(i)]],
  },
  {
    type: 'zset',
    name: 'ZRANGE of 10 by rank',
    complexity: 'log N',
    requests: (key, _, i) => [['ZRANGE', key, String(i), String(i + 9)]],
  },
  {
    type: 'zset',
    name: 'ZRANGE of 10 by score',
    complexity: 'log N',
    requests: (key, _, i) => [['ZRANGE', key, score(i), '+inf', 'BYSCORE', 'LIMIT', '0', '10']],
  },
  {
    type: 'zset',
    name: 'ZCOUNT',
    complexity: 'log N',
    requests: (key, _, i) => [['ZCOUNT', key, score(i), '+inf']],
  },
  {
    type: 'zset',
    name: 'ZADD and ZPOPMIN',
    complexity: 'log N',
    requests: (key, _, __, fresh) => [
      ['ZADD', key, '-1', member(fresh)],
      ['ZPOPMIN', key],
    ],
  },
  {
    type: 'stream',
    name: 'XLEN',
    complexity: '1',
    requests: (key) => [['XLEN', key]],
  },
  {
    type: 'stream',
    name: 'XRANGE of 10 from an id',
    complexity: 'log N',
    requests: (key, _, i) => [['XRANGE', key, streamId(i), '+', 'COUNT', '10']],
  },
  {
    type: 'stream',
    name: 'XREAD of the last 10',
    complexity: 'log N',
    requests: (key, count) => [['XREAD', 'STREAMS', key, streamId(count - 11)]],
  },
  {
    type: 'stream',
    name: 'XADD, trimmed to its length',
    complexity: '1',
    requests: (key, count) => [['XADD', key, 'MAXLEN', '~', String(count), '*', 'field', 'value']],
  },
];

/** How much longer a turn may take on a thousand times as many elements, caches and all. */
export const GROWTH_MAX: Record<Complexity, number> = { 1: 12, 'log N': 25, N: 4000 };
