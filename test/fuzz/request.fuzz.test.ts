/**
 * Any bytes at all, cut anywhere, end in the same requests, an error or a wait, within bounded
 * memory.
 *
 * What they are to end in is told by a reader that has everything at once and no wish to be fast.
 * What ever went wrong is a file in corpus/request/, named by what it showed. FUZZ_SECONDS runs for
 * as long, from another seed each time; a failure prints the seed.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_AHEAD_MAX, LINE_SIZE_MAX } from '../../src/resp/limits.ts';
import { FAILED, READY, RequestParser } from '../../src/resp/request.ts';
import { SpareBuffers } from '../../src/resp/spare-buffers.ts';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const runs: fc.Parameters<unknown> =
  SECONDS > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: (SECONDS * 1000) / 2 }
    : { numRuns: 1500, seed: 1970 };
const TIMEOUT_MS = SECONDS * 1000 + 30_000;

const BULK_SIZE_MAX = 100_000;
const corpus = join(import.meta.dirname, 'corpus', 'request');

interface Outcome {
  readonly requests: string[][];
  readonly error: string;
}

// ── The parser ──────────────────────────────────────────────────────────────────────────────────

/** Feeds the pieces as a socket would: each overwrites the one before. Asserts the memory taken. */
function parsed(pieces: readonly Buffer[], authenticated: boolean, retains: boolean): Outcome {
  const limits = { bulkSizeMax: () => BULK_SIZE_MAX, authenticated: () => authenticated };
  const parser = new RequestParser(limits, new SpareBuffers());
  const { argv } = parser;
  const requests: string[][] = [];
  const window = new Uint8Array(Math.max(0, ...pieces.map((piece) => piece.length)) + 64);
  let sentSize = 0;
  for (const piece of pieces) {
    window.fill(0x31);
    window.set(piece, 32);
    sentSize += piece.length;
    parser.feed(window, 32, 32 + piece.length);
    if (retains) {
      parser.retain();
      window.fill(0x32);
    }
    for (;;) {
      const found = parser.next();
      if (found === FAILED) return { requests, error: parser.error };
      if (found !== READY) break;
      requests.push(Array.from({ length: argv.count }, (_, i) => argv.text(i)));
    }
    expect(parser.pendingSize).toBeLessThanOrEqual(sentSize);
    expect(parser.bufferSize).toBeLessThanOrEqual(2 * sentSize + BUFFER_AHEAD_MAX);
    expect(argv.starts.length).toBeLessThanOrEqual(16 + 2 * sentSize);
  }
  return { requests, error: '' };
}

// ── The obvious reader ──────────────────────────────────────────────────────────────────────────

class ProtocolError extends Error {}

/** Thrown where more bytes are needed. */
class Unfinished extends Error {}

function read(text: string, authenticated: boolean): Outcome {
  const requests: string[][] = [];
  let at = 0;

  const line = (end: string, tooBig: string): string => {
    const size = text.slice(at, at + LINE_SIZE_MAX + 1).search(end === '\r' ? /[\r\0]/ : /[\n\0]/);
    if (size >= 0 && text[at + size] === end) return text.slice(at, at + size);
    if (text.length - at > LINE_SIZE_MAX) throw new ProtocolError(tooBig);
    throw new Unfinished();
  };
  const count = (type: string, tooBig: string, invalid: string): number => {
    const header = line('\r', tooBig);
    if (at + header.length + 2 > text.length) throw new Unfinished();
    if (header[0] !== type) {
      throw new ProtocolError(`expected '$', got '${text[at]}'`);
    }
    const digits = header.slice(1);
    if (!/^(0|-?[1-9]\d{0,18})$/.test(digits)) throw new ProtocolError(invalid);
    const value = BigInt(digits);
    if (BigInt.asIntN(64, value) !== value) throw new ProtocolError(invalid);
    at += header.length + 2;
    return Number(value);
  };
  const bulk = (): string => {
    const size = count('$', 'too big bulk count string', 'invalid bulk length');
    if (size < 0 || size > BULK_SIZE_MAX) throw new ProtocolError('invalid bulk length');
    if (size > 16384 && !authenticated) throw new ProtocolError('unauthenticated bulk length');
    if (at + size + 2 > text.length) throw new Unfinished();
    at += size + 2;
    return text.slice(at - size - 2, at - 2);
  };

  try {
    while (at < text.length) {
      const args: string[] = [];
      if (text[at] === '*') {
        const size = count('*', 'too big mbulk count string', 'invalid multibulk length');
        if (size > 2147483647) throw new ProtocolError('invalid multibulk length');
        if (size > 10 && !authenticated)
          throw new ProtocolError('unauthenticated multibulk length');
        for (let i = 0; i < size; i++) args.push(bulk());
      } else {
        const typed = line('\n', 'too big inline request');
        args.push(...words(typed.replace(/\r$/, '')));
        at += typed.length + 1;
      }
      if (args.length > 0) requests.push(args);
    }
  } catch (error) {
    if (error instanceof Unfinished) return { requests, error: '' };
    if (error instanceof ProtocolError) {
      return { requests, error: `ERR Protocol error: ${error.message}` };
    }
    throw error;
  }
  return { requests, error: '' };
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** A word: bare bytes, then perhaps one quoted part that must end it. */
const WORD =
  /[ \t\n\v\f\r]*(?<bare>[^ \t\n\r"']*)(?:"(?<double>(?:\\.|[^"\\])*)"|'(?<single>(?:\\'|[^'\\]|\\(?!'))*)')?(?<end>[ \t\n\v\f\r]|$)/sy;

function words(line: string): string[] {
  const found: string[] = [];
  WORD.lastIndex = 0;
  while (/[^ \t\n\v\f\r]/.test(line.slice(WORD.lastIndex))) {
    const match = WORD.exec(line);
    if (match?.groups === undefined) throw new ProtocolError('unbalanced quotes in request');
    const { bare, double = '', single = '' } = match.groups;
    const unescaped = double.replace(
      /\\(?:x([0-9a-fA-F]{2})|(.))/gs,
      (_, hex: string | undefined, char: string) =>
        hex === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
    found.push(bare + unescaped + single.replaceAll("\\'", "'"));
  }
  return found;
}

// ── Bytes ───────────────────────────────────────────────────────────────────────────────────────

const byteText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...'\r\n\0*$"\'\\ \t\v0123x-ab') },
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    maxLength,
  });

const array = fc
  .array(byteText(20), { minLength: 1, maxLength: 14 })
  .map(
    (args) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`,
  );
const inline = fc
  .tuple(
    fc.array(
      fc.constantFrom(
        'q',
        '"a b"',
        "'a b'",
        '"\\x41\\n"',
        'a"b"',
        '""',
        "'\\''",
        '"',
        '\\',
        '\v',
        'é',
      ),
      { maxLength: 6 },
    ),
    fc.constantFrom('\r\n', '\n', '\r\r\n'),
  )
  .map(([parts, end]) => parts.join(' ') + end);
const odd = fc.constantFrom(
  '*0\r\n',
  '*-1\r\n',
  '\r\n',
  '*1\r\n',
  '$1\r\nx\r\n',
  '*-9223372036854775808\r\n',
  '*2147483647\r\n',
  '*11\r\n',
  '*2147483648\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n$01\r\nx\r\n',
  '*1\rx$1\rxyxx',
  '*1\r\n$0\r\n\r\n',
  `*1\r\n$16385\r\n${'x'.repeat(16385)}\r\n`,
  `*2\r\n$1\r\nx\r\n$${BULK_SIZE_MAX}\r\n`,
  `*1\r\n$${BULK_SIZE_MAX + 1}\r\n`,
  '*1\r\n$999999999999\r\n',
  `${'x'.repeat(LINE_SIZE_MAX)}\n`,
  `*${'1'.repeat(LINE_SIZE_MAX)}`,
);
const bytes = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: array },
        { weight: 4, arbitrary: inline },
        { weight: 2, arbitrary: odd },
        { weight: 1, arbitrary: byteText(60) },
      ),
      { maxLength: 6 },
    ),
    // One byte of it may be lost or another, and the end may be missing.
    fc.option(fc.tuple(fc.nat(), byteText(1)), { freq: 3 }),
    fc.option(fc.nat(), { freq: 3 }),
  )
  .map(([parts, damage, end]) => {
    let text = parts.join('');
    if (damage !== null && text !== '') {
      const at = damage[0] % text.length;
      text = text.slice(0, at) + damage[1] + text.slice(at + 1);
    }
    return end === null ? text : text.slice(0, end % (text.length + 1));
  });

/** The text cut at the places named, or into pieces of one size. */
function pieces(text: string, cuts: readonly number[] | number): Buffer[] {
  const all = Buffer.from(text, 'latin1');
  const places =
    typeof cuts === 'number'
      ? Array.from({ length: Math.floor(all.length / cuts) }, (_, i) => (i + 1) * cuts)
      : cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b);
  const found: Buffer[] = [];
  let from = 0;
  for (const place of [...places, all.length]) {
    found.push(all.subarray(from, place));
    from = place;
  }
  return found;
}

describe('any bytes', () => {
  it(
    'become the requests and the error that a reader of the whole finds, however they are cut',
    () => {
      fc.assert(
        fc.property(
          bytes,
          fc.array(fc.nat(), { maxLength: 12 }),
          fc.boolean(),
          fc.boolean(),
          (text, cuts, authenticated, retains) => {
            const expected = read(text, authenticated);
            expect(parsed(pieces(text, []), authenticated, false)).toEqual(expected);
            expect(parsed(pieces(text, cuts), authenticated, retains)).toEqual(expected);
            if (text.length < 400) {
              expect(parsed(pieces(text, 1), authenticated, retains)).toEqual(expected);
            }
          },
        ),
        runs,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'of no form at all end in requests, an error or a wait',
    () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 300 }),
          fc.integer({ min: 1, max: 64 }),
          (noise, size) => {
            const text = Buffer.from(noise).toString('latin1');
            expect(parsed(pieces(text, size), true, false)).toEqual(read(text, true));
          },
        ),
        runs,
      );
    },
    TIMEOUT_MS,
  );

  for (const name of readdirSync(corpus)) {
    it(`corpus: ${name.replaceAll('-', ' ')}`, () => {
      const text = readFileSync(join(corpus, name), 'latin1');
      for (const authenticated of [true, false]) {
        const expected = read(text, authenticated);
        for (const size of [text.length + 1, 1, 2, 3, 7, 64, 1460]) {
          if (text.length / size > 5000) continue;
          for (const retains of [false, true]) {
            expect(parsed(pieces(text, size), authenticated, retains)).toEqual(expected);
          }
        }
      }
    });
  }
});
