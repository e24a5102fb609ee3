/** What is stored to see what it takes, as data: how many, and the requests that make each. */

import { keyOf } from '../support/mix.ts';
import { idOf } from '../support/rotation.ts';

export interface Shape {
  readonly name: string;
  /** How many keys at scale 1. */
  readonly count: number;
  /** Bytes of the key and of what is in it, without anybody's overhead. */
  readonly payload: number;
  readonly request: (i: number) => readonly string[];
}

const KEY_SIZE = keyOf(0).length;
const ELEMENT_SIZE = 10;

function element(i: number): string {
  return String(i).padStart(ELEMENT_SIZE, 'e');
}

function elements(count: number, make: (i: number) => readonly string[]): string[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat();
}

function strings(size: number, count: number): Shape {
  return {
    ...{ name: `strings of ${size} bytes`, count, payload: KEY_SIZE + size },
    request: (i) => ['SET', keyOf(i), String(i).padStart(size, 'x')],
  };
}

function collection(
  name: string,
  command: string,
  count: number,
  words: readonly string[],
  payload = words.join('').length,
): Shape {
  const request = (i: number): string[] => [command, keyOf(i), ...words];
  return { name, count, payload: KEY_SIZE + payload, request };
}

const SESSION_SIZE = 512;
const SESSION_KEY = `session:${idOf(0, 0)}`.length;
const STREAM = elements(100, (i) => ['field', element(i)]);

export const SHAPES: readonly Shape[] = [
  strings(8, 1_000_000),
  strings(100, 1_000_000),
  strings(512, 500_000),
  {
    ...{ name: 'sessions', count: 300_000, payload: SESSION_KEY + SESSION_SIZE },
    request: (i) => ['SET', `session:${idOf(i, 0)}`, 'A'.repeat(SESSION_SIZE), 'EX', '36000'],
  },
  collection(
    'hashes of 10 fields',
    'HSET',
    200_000,
    elements(10, (i) => [`field:${i}`, element(i)]),
  ),
  collection(
    'lists of 100',
    'RPUSH',
    50_000,
    elements(100, (i) => [element(i)]),
  ),
  collection(
    'sets of 50 integers',
    'SADD',
    100_000,
    elements(50, (i) => [String(1000 + i * 7)]),
  ),
  collection(
    'sorted sets of 100',
    'ZADD',
    50_000,
    elements(100, (i) => [String(i), element(i)]),
  ),
];

/** Streams take an entry per request, so they are apart. */
export const STREAMS = {
  name: 'streams of 100',
  count: 20_000,
  // An entry's id counts as its eight bytes of time.
  payload: KEY_SIZE + STREAM.join('').length + 100 * 8,
  *requests(count: number): Generator<readonly string[]> {
    for (let i = 0; i < count; i++) {
      for (let entry = 0; entry < 100; entry++) {
        const id = `${1_700_000_000_000 + entry}-0`;
        yield ['XADD', keyOf(i), id, 'field', element(entry)];
      }
    }
  },
} as const;
