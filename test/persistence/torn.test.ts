/**
 * Every cut and every changed byte of a small append only file and of its manifest: what is loaded is
 * what the file says, and what can't be is refused, with the files as they were.
 *
 * These files have no checksum, in Redis neither: a byte changed inside a value is another value, and
 * a manifest that ends at the end of a line has one file less.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { splitWords } from '../../src/instance/config/words.ts';
import { SeededRandom } from '../../src/std/random.ts';
import type { Running } from '../support/redis.ts';
import { encode, RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const FIRST = 'appendonly.aof.1.incr.aof';
const SECOND = 'appendonly.aof.2.incr.aof';
const MANIFEST = 'appendonly.aof.manifest';
/** What is done as one, and the keys that it makes. */
const UNITS = [
  { requests: ['SET a 1'], keys: ['a'] },
  { requests: ['RPUSH b x 22 yyy'], keys: ['b'] },
  { requests: ['MULTI', 'HSET c f v', 'SADD d 1 2', 'EXEC'], keys: ['c', 'd'] },
  { requests: ['ZADD e 1.5 m'], keys: ['e'] },
  { requests: ['XADD f 1-1 n v'], keys: ['f'] },
  { requests: ['PEXPIREAT a 99999999999999'], keys: ['a'] },
];
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

const texts = UNITS.map(({ requests }) =>
  requests.map((line) => encode(splitWords(line) as string[])).join(''),
);
const whole = texts.join('');
/** Where each unit ends. */
const ends = texts.map((_, i) => texts.slice(0, i + 1).join('').length);

let folder: string;
let server: Running | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-torn-'));
  mkdirSync(join(folder, 'appendonlydir'));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const pathOf = (name: string) => join(folder, 'appendonlydir', name);

/** Digests of all keys, by name, in whatever database; or why it could not be loaded. */
async function load(files: Record<string, string>): Promise<Map<string, string> | string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(pathOf(name), text, 'latin1');
  const config = {
    dir: folder,
    appendonly: true,
    maxmemory: '4mb',
    zone: [],
    'enable-debug-command': 'yes',
  };
  try {
    server = await startOurs({ config });
  } catch (error) {
    for (const [name, text] of Object.entries(files)) {
      expect(readFileSync(pathOf(name), 'latin1')).toBe(text);
    }
    return (error as Error).message;
  }
  const client = await RespClient.connect(server.address);
  const found = new Map<string, string>();
  for (const key of KEYS) {
    const { tree } = await client.call('DEBUG', 'DIGEST-VALUE', key);
    const { tree: ttl } = await client.call('PEXPIRETIME', key);
    if (ttl.text !== '-2') found.set(key, `${tree.items?.[0].text} ${ttl.text}`);
  }
  expect((await client.call('ZONE', 'AUDIT')).raw).toBe('+OK\r\n');
  client.close();
  await server.close();
  server = undefined;
  return found;
}

const ONE = `file ${FIRST} seq 1 type i\n`;

/** What the first so many units make. */
async function prefixes(): Promise<Map<string, string>[]> {
  const all: Map<string, string>[] = [new Map()];
  for (const end of ends) {
    const found = await load({ [MANIFEST]: ONE, [FIRST]: whole.slice(0, end) });
    if (typeof found === 'string') throw new Error(found);
    all.push(found);
  }
  expect([...(all.at(-1)?.keys() ?? [])]).toEqual(KEYS);
  return all;
}

it('an append only file that is cut has what was whole, and is cut there', async () => {
  const expected = await prefixes();
  for (let at = 0; at <= whole.length; at++) {
    const count = ends.filter((end) => end <= at).length;
    const found = await load({ [MANIFEST]: ONE, [FIRST]: whole.slice(0, at) });
    expect([at, found]).toEqual([at, expected[count]]);
    expect([at, readFileSync(pathOf(FIRST), 'latin1').length]).toEqual([at, ends[count - 1] ?? 0]);
  }
}, 120_000);

it('an append only file with another byte is refused, or only one unit is another', async () => {
  const all = (await prefixes()).at(-1) as Map<string, string>;
  const random = new SeededRandom(7);
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    const other = String.fromCharCode(whole.charCodeAt(at) ^ (1 + random.below(255)));
    const text = whole.slice(0, at) + other + whole.slice(at + 1);
    const unit = ends.findIndex((end) => at < end);
    const found = await load({ [MANIFEST]: ONE, [FIRST]: text });
    if (typeof found === 'string') {
      expect([at, found]).toEqual([at, expect.stringMatching(/ appendonly\.aof\.1\.incr\.aof/)]);
      refused++;
      continue;
    }
    // A size that says too much may swallow what follows to the end, as if that had been cut off.
    const isCut = readFileSync(pathOf(FIRST), 'latin1').length < text.length;
    const own = isCut ? UNITS.slice(unit).flatMap(({ keys }) => keys) : UNITS[unit].keys;
    for (const key of KEYS) {
      if (!own.includes(key)) expect([at, key, found.get(key)]).toEqual([at, key, all.get(key)]);
    }
  }
  expect(refused).toBeGreaterThan(whole.length / 3);
}, 120_000);

it('a manifest that is cut or has another byte is refused, or names what it named', async () => {
  const manifest = `${ONE}file ${SECOND} seq 2 type i\n`;
  const files = { [FIRST]: whole.slice(0, ends[2]), [SECOND]: whole.slice(ends[2]) };
  const all = await load({ [MANIFEST]: manifest, ...files });
  const random = new SeededRandom(8);
  const changed = Array.from(manifest, (letter, at) => {
    const other = String.fromCharCode(letter.charCodeAt(0) ^ (1 + random.below(255)));
    return manifest.slice(0, at) + other + manifest.slice(at + 1);
  });
  const cut = Array.from(manifest, (_, at) => manifest.slice(0, at));
  let refused = 0;
  for (const text of [...cut, ...changed]) {
    // A line less is a file less.
    if (text === ONE) continue;
    const found = await load({ [MANIFEST]: text, ...files });
    if (typeof found === 'string') refused++;
    else expect([text, found]).toEqual([text, all]);
  }
  expect(refused).toBeGreaterThan(manifest.length);
}, 120_000);
