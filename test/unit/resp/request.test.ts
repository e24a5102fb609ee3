import { createRequire } from 'node:module';
import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import {
  ARGUMENTS_KEPT,
  BUFFER_AHEAD_MAX,
  BUFFER_SIZE_KEPT,
  LINE_SIZE_MAX,
} from '../../../src/resp/limits.ts';
import { FAILED, READY, RequestParser, WAIT } from '../../../src/resp/request.ts';
import { SpareBuffers } from '../../../src/resp/spare-buffers.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';

const MiB = 1024 * 1024;

function newParser({ bulkSizeMax = 512 * MiB, authenticated = true } = {}): RequestParser {
  return new RequestParser(
    { bulkSizeMax: () => bulkSizeMax, authenticated: () => authenticated },
    new SpareBuffers(),
  );
}

function argumentsOf({ argv }: RequestParser): string[] {
  return Array.from({ length: argv.count }, (_, i) => argv.text(i));
}

interface Outcome {
  readonly requests: string[][];
  readonly error: string;
}

/**
 * What the pieces become. Each lies at the same place of one window, in which the one before it has
 * been overwritten, as a socket's reads do.
 */
function outcome(pieces: readonly string[], parser = newParser()): Outcome {
  const requests: string[][] = [];
  const longest = Math.max(0, ...pieces.map((piece) => piece.length));
  const base = 100;
  const window = new Uint8Array(base + longest + 100);
  for (const piece of pieces) {
    window.fill(0x24);
    window.set(latin1Bytes(piece), base);
    parser.feed(window, base, base + piece.length);
    let found = parser.next();
    for (; found === READY; found = parser.next()) requests.push(argumentsOf(parser));
    if (found === FAILED) return { requests, error: parser.error };
  }
  return { requests, error: '' };
}

function request(...parts: string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;
}

function feedText(parser: RequestParser, text: string): void {
  parser.feed(latin1Bytes(text), 0, text.length);
}

// What redis-server 7.2.6 made of them: requests, and the error after which it hung up.
const recorded: [string, string[][], string][] = [
  ['', [], ''],
  [request('PING'), [['PING']], ''],
  [request('SET', 'k', ''), [['SET', 'k', '']], ''],
  [request('SET', 'k', '\r\n$1\r\n'), [['SET', 'k', '\r\n$1\r\n']], ''],
  [request('PING') + request('GET', 'k') + request('PING'), [['PING'], ['GET', 'k'], ['PING']], ''],
  [request(...'abcdefghijkl'), [[...'abcdefghijkl']], ''],
  [request('x'.repeat(12345)), [['x'.repeat(12345)]], ''],
  ['PING\r\n', [['PING']], ''],
  ['PING\n\nPING\n', [['PING'], ['PING']], ''],
  ['PING\r\r\n', [['PING']], ''],
  [`  \r\n\r\r\n\n${request('PING')}SET k "a b"\r\n`, [['PING'], ['SET', 'k', 'a b']], ''],
  ['*0\r\n*-1\r\n\r\n\nPING\r\n', [['PING']], ''],
  ['*-9223372036854775808\r\nPING\r\n', [['PING']], ''],
  ['*1\r\n$4\r\nPINGxxPING\r\n', [['PING'], ['PING']], ''],
  ['*1\rx$4\rxPINGxxPING\r\n', [['PING'], ['PING']], ''],
  ['*1\r\n$4\r\nPIN', [], ''],
  ['*1\r\n$4\r\nPING\r', [], ''],
  ['*3', [], ''],
  ['*3\r', [], ''],
  ['*2147483647\r\n', [], ''],
  ['*1\r\n\0\r\nPING\r\n', [], ''],
  ['PI\0NG\r\nPING\r\n', [], ''],
  ['$3\r\nfoo\r\n', [['$3'], ['foo']], ''],
  ['*1\r\nX\r\n', [], "expected '$', got 'X'"],
  ['*1\r\n\r\n', [], "expected '$', got '\r'"],
  ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n', [], "expected '$', got 'f'"],
  ['*a\r\n', [], 'invalid multibulk length'],
  ['*\r\nPING\r\n', [], 'invalid multibulk length'],
  ['*:\r\n', [], 'invalid multibulk length'],
  ['*/\r\n', [], 'invalid multibulk length'],
  ['*01\r\n', [], 'invalid multibulk length'],
  ['*+1\r\n', [], 'invalid multibulk length'],
  ['* 1\r\n', [], 'invalid multibulk length'],
  ['*-0\r\n', [], 'invalid multibulk length'],
  ['*-9223372036854775809\r\n', [], 'invalid multibulk length'],
  ['*2147483648\r\n', [], 'invalid multibulk length'],
  ['*9223372036854775808\r\n', [], 'invalid multibulk length'],
  ['*1\n$4\nPING\nPING\r\n', [], 'invalid multibulk length'],
  ['*1\r\n$-1\r\n', [], 'invalid bulk length'],
  ['*1\r\n$-9223372036854775808\r\n', [], 'invalid bulk length'],
  ['*1\r\n$:\r\n', [], 'invalid bulk length'],
  ['*1\r\n$/\r\n', [], 'invalid bulk length'],
  ['*1\r\n$1:\r\n', [], 'invalid bulk length'],
  ['*1\r\n$a\r\n', [], 'invalid bulk length'],
  ['*1\r\n$\r\n', [], 'invalid bulk length'],
  ['*1\r\n$01\r\nq\r\n', [], 'invalid bulk length'],
  ['*1\r\n$00\r\n\r\n', [], 'invalid bulk length'],
  ['*1\r\n$536870913\r\n', [], 'invalid bulk length'],
  ['*1\r\n$99999999999999999999\r\n', [], 'invalid bulk length'],
  [`${request('PING')}set a "b\r\nPING\r\n`, [['PING']], 'unbalanced quotes in request'],
  ['a'.repeat(LINE_SIZE_MAX), [], ''],
  [`${'a'.repeat(LINE_SIZE_MAX)}\n`, [['a'.repeat(LINE_SIZE_MAX)]], ''],
  ['a'.repeat(LINE_SIZE_MAX + 1), [], 'too big inline request'],
  ['\0'.repeat(LINE_SIZE_MAX + 1), [], 'too big inline request'],
  [`*${'1'.repeat(LINE_SIZE_MAX)}`, [], 'too big mbulk count string'],
  [`*1\r\n$${'1'.repeat(LINE_SIZE_MAX)}`, [], 'too big bulk count string'],
  [`*1\r\n${'\0'.repeat(LINE_SIZE_MAX + 1)}`, [], 'too big bulk count string'],
];

function named(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 50)}… (${text.length})` : text);
}

describe('bytes become requests as in redis', () => {
  for (const [text, requests, error] of recorded) {
    const expected = { requests, error: error === '' ? '' : `ERR Protocol error: ${error}` };

    it(`${named(text)} in one piece`, () => {
      expect(outcome([text])).toEqual(expected);
    });

    it(`${named(text)} cut anywhere`, () => {
      const step = text.length < 300 ? 1 : Math.ceil(text.length / 50);
      for (let cut = 0; cut <= text.length; cut += step) {
        expect(outcome([text.slice(0, cut), text.slice(cut)]), `cut at ${cut}`).toEqual(expected);
      }
    });

    it(`${named(text)} byte by byte`, () => {
      expect(outcome([...text])).toEqual(expected);
    });
  }

  it('a line is too big when its end is not in its first 64 KiB, however it is read', () => {
    const line = `${'a'.repeat(LINE_SIZE_MAX + 1)}\n`;
    const error = 'ERR Protocol error: too big inline request';
    expect(outcome([line])).toEqual({ requests: [], error });
    expect(outcome([line.slice(0, LINE_SIZE_MAX), line.slice(LINE_SIZE_MAX)])).toEqual({
      requests: [],
      error,
    });
  });

  it('after an error nothing more is found', () => {
    const parser = newParser();
    expect(outcome(['*a\r\n'], parser).error).not.toBe('');
    feedText(parser, request('PING'));
    expect(parser.next()).toBe(FAILED);
  });
});

describe('limits', () => {
  it('an argument is as large as configured, and no larger', () => {
    const text = request('SET', 'k', 'x'.repeat(2 * MiB));
    expect(outcome([text], newParser({ bulkSizeMax: 2 * MiB })).requests.length).toBe(1);
    expect(outcome([text], newParser({ bulkSizeMax: 2 * MiB - 1 }))).toEqual({
      requests: [],
      error: 'ERR Protocol error: invalid bulk length',
    });
  });

  it('who has not authenticated may send ten arguments of 16 KiB', () => {
    const ten = request(...Array<string>(10).fill('x'.repeat(16384)));
    expect(outcome([ten], newParser({ authenticated: false })).requests.length).toBe(1);
    expect(outcome(['*11\r\n'], newParser({ authenticated: false })).error).toBe(
      'ERR Protocol error: unauthenticated multibulk length',
    );
    expect(outcome(['*1\r\n$16385\r\n'], newParser({ authenticated: false })).error).toBe(
      'ERR Protocol error: unauthenticated bulk length',
    );
  });

  it('who has authenticated since may send more', () => {
    let authenticated = false;
    const limits = { bulkSizeMax: () => MiB, authenticated: () => authenticated };
    const parser = new RequestParser(limits, new SpareBuffers());
    feedText(parser, request('AUTH', 'secret') + request(...Array<string>(11).fill('x')));
    expect(parser.next()).toBe(READY);
    authenticated = true;
    expect(parser.next()).toBe(READY);
    expect(parser.argv.count).toBe(11);
  });

  it('a request too long for its positions is refused when it is announced', () => {
    const parser = newParser({ bulkSizeMax: Number.MAX_SAFE_INTEGER });
    feedText(parser, '*1\r\n$2147483647\r\n');
    expect(parser.next()).toBe(WAIT);
    feedText(parser, 'x');
    expect(parser.next()).toBe(FAILED);
    expect(parser.error).toBe('ERR Protocol error: invalid bulk length');
  });
});

describe('memory', () => {
  it('whole requests are framed where they lie, at any offset', () => {
    const text = `${request('SET', 'k', 'v')}${request('GET', 'k')}PING "a b"\r\n`;
    const base = 100 * MiB;
    const arena = new Uint8Array(base + text.length);
    arena.set(latin1Bytes(text), base);
    const parser = newParser();
    parser.feed(arena, base, arena.length);
    for (const args of [
      ['SET', 'k', 'v'],
      ['GET', 'k'],
      ['PING', 'a b'],
    ]) {
      expect(parser.next()).toBe(READY);
      expect(parser.argv.bytes).toBe(arena);
      expect(argumentsOf(parser)).toEqual(args);
    }
    expect(parser.next()).toBe(WAIT);
    expect(parser.bufferSize).toBe(0);
    expect(parser.pendingSize).toBe(0);
  });

  it('only the request that is cut off is moved', () => {
    const window = new Uint8Array(1000);
    const parser = newParser();
    const first = request('GET', 'a');
    const second = request('GET', 'b');
    const third = request('GET', 'c');
    const cut = 10;
    window.set(latin1Bytes(first + second.slice(0, cut)));
    parser.feed(window, 0, first.length + cut);
    expect(parser.next()).toBe(READY);
    expect(parser.next()).toBe(WAIT);
    expect(parser.pendingSize).toBe(cut);
    window.fill(0);
    window.set(latin1Bytes(second.slice(cut) + third));
    parser.feed(window, 0, second.length - cut + third.length);
    expect(parser.next()).toBe(READY);
    expect(argumentsOf(parser)).toEqual(['GET', 'b']);
    expect(parser.argv.bytes).not.toBe(window);
    expect(parser.next()).toBe(READY);
    expect(argumentsOf(parser)).toEqual(['GET', 'c']);
    expect(parser.argv.bytes).toBe(window);
    expect(parser.next()).toBe(WAIT);
    expect(parser.pendingSize).toBe(0);
  });

  it('announcing much and sending little allocates little', () => {
    const parser = newParser();
    feedText(parser, '*2147483647\r\n$536870912\r\nx');
    expect(parser.next()).toBe(WAIT);
    feedText(parser, 'x');
    expect(parser.next()).toBe(WAIT);
    expect(parser.bufferSize).toBeLessThanOrEqual(2 * BUFFER_AHEAD_MAX);
    expect(parser.argv.starts.length).toBeLessThan(100);
  });

  it('a large argument that does come is copied few times', () => {
    const size = 32 * MiB;
    const parser = newParser();
    const window = new Uint8Array(64 * 1024).fill(0x78);
    feedText(parser, `*2\r\n$4\r\nECHO\r\n$${size}\r\n`);
    expect(parser.next()).toBe(WAIT);
    let growthCount = 0;
    let before = parser.bufferSize;
    for (let sent = 0; sent < size; sent += window.length) {
      parser.feed(window, 0, window.length);
      expect(parser.next()).toBe(WAIT);
      expect(parser.bufferSize).toBeLessThanOrEqual(
        2 * (sent + window.length) + 2 * BUFFER_AHEAD_MAX,
      );
      if (parser.bufferSize !== before) growthCount++;
      before = parser.bufferSize;
    }
    expect(growthCount).toBeLessThan(8);
    feedText(parser, '\r\n');
    expect(parser.next()).toBe(READY);
    expect(parser.argv.size(1)).toBe(size);
    // Exactly what was announced, and nothing behind it.
    expect(parser.bufferSize).toBe(parser.argv.ends[1] + 2);
  });

  it('a buffer that grew is given back when it is empty, a small one kept', () => {
    const parser = newParser();
    const small = request('SET', 'k', 'x'.repeat(1000));
    outcome([small.slice(0, 500), small.slice(500)], parser);
    const kept = parser.bufferSize;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(BUFFER_SIZE_KEPT);
    const large = request('SET', 'k', 'x'.repeat(100_000));
    outcome([large.slice(0, 50_000), large.slice(50_000)], parser);
    expect(parser.bufferSize).toBe(kept);
  });

  it('the place for very many arguments is given back', () => {
    const parser = newParser();
    const text = request(...Array<string>(ARGUMENTS_KEPT * 4).fill('x'));
    expect(outcome([text], parser).requests[0].length).toBe(ARGUMENTS_KEPT * 4);
    expect(parser.argv.starts.length).toBeLessThan(ARGUMENTS_KEPT);
  });

  it('what is held counts the arguments already found', () => {
    const parser = newParser();
    const text = request('SET', 'key', 'x'.repeat(100)).slice(0, -50);
    feedText(parser, text);
    expect(parser.next()).toBe(WAIT);
    expect(parser.pendingSize).toBe(text.length);
  });

  it('what was just offered counts as held', () => {
    const parser = newParser();
    feedText(parser, '*1\r\n$100\r\nxx');
    expect(parser.next()).toBe(WAIT);
    feedText(parser, 'yyy');
    expect(parser.pendingSize).toBe('*1\r\n$100\r\nxxyyy'.length);
  });
});

describe('retain', () => {
  it('keeps what was not looked at when its bytes go away', () => {
    const parser = newParser();
    const texts = ['a', 'b', 'c', 'd'].map((key) => request('GET', key));
    const window = latin1Bytes(texts.join('').slice(0, -5));
    parser.feed(window, 0, window.length);
    expect(parser.next()).toBe(READY);
    parser.retain();
    window.fill(0);
    expect(parser.pendingSize).toBe(window.length - texts[0].length);
    expect(parser.next()).toBe(READY);
    expect(argumentsOf(parser)).toEqual(['GET', 'b']);
    // More may come before all of it has been looked at.
    feedText(parser, texts[3].slice(-5) + texts[0]);
    for (const key of ['c', 'd', 'a']) {
      expect(parser.next()).toBe(READY);
      expect(argumentsOf(parser)).toEqual(['GET', key]);
    }
    expect(parser.next()).toBe(WAIT);
    expect(parser.pendingSize).toBe(0);
  });

  it('may be asked for at any time, and again', () => {
    const text = `${request('SET', 'k', 'value')}PING "a\\n"\r\n${request('GET', 'k')}`;
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = newParser();
      const requests: string[][] = [];
      for (const piece of [text.slice(0, cut), text.slice(cut)]) {
        const window = latin1Bytes(piece);
        parser.feed(window, 0, window.length);
        parser.retain();
        window.fill(0);
        parser.retain();
        while (parser.next() === READY) {
          requests.push(argumentsOf(parser));
          parser.retain();
        }
      }
      expect(requests).toEqual([
        ['SET', 'k', 'value'],
        ['PING', 'a\n'],
        ['GET', 'k'],
      ]);
    }
  });
});

describe('witnesses', () => {
  const require = createRequire(import.meta.url);
  const nodeResp = require('node-resp') as { createRequestString(...args: string[]): string };

  it('what ioredis writes is read', () => {
    const texts = new Command('set', ['key', 'value', 'EX', 10]).toWritable({});
    const bytes = new Command('set', ['key', Buffer.from([0, 13, 10, 255]), '']).toWritable({});
    expect(outcome([texts.toString(), bytes.toString('latin1')])).toEqual({
      requests: [
        ['set', 'key', 'value', 'EX', '10'],
        ['set', 'key', '\0\r\n\xff', ''],
      ],
      error: '',
    });
  });

  it('what node-resp writes is read', () => {
    const text =
      nodeResp.createRequestString('SET', 'key', '') + nodeResp.createRequestString('PING');
    expect(outcome([text]).requests).toEqual([['SET', 'key', ''], ['PING']]);
  });
});

describe('peek', () => {
  /** The first arguments that are seen ahead, room being for four. */
  function seen(text: string, upTo = text.length): string[] {
    const parser = newParser();
    const bytes = latin1Bytes(text);
    const keys = { starts: new Int32Array(4), ends: new Int32Array(4), bytes, count: 9 };
    parser.feed(bytes, 0, upTo);
    parser.peek(keys);
    return Array.from({ length: keys.count }, (_, i) => text.slice(keys.starts[i], keys.ends[i]));
  }

  const three =
    request('GET', 'a') + request('SET', 'bc', 'x'.repeat(500)) + request('DEL', '', 'e');

  it('sees the first argument of each request that is whole', () => {
    expect(seen(three)).toEqual(['a', 'bc', '']);
    expect(seen(three, three.length - 1)).toEqual(['a', 'bc']);
    expect(seen(three + three)).toEqual(['a', 'bc', '', 'a']);
    for (let i = 0; i < three.length; i++) expect(seen(three, i).length).toBeLessThan(3);
  });

  it('ends at a request without arguments, at many, and at what is no array', () => {
    const first = request('GET', 'a');
    expect(seen(first + request('PING') + first)).toEqual(['a']);
    expect(seen(first + request('MGET', ...'bcdefghijk') + first)).toEqual(['a']);
    expect(seen(`${first}GET b\r\n${first}`)).toEqual(['a']);
    expect(seen(`${first}*2\r\n$x\r\n${first}`)).toEqual(['a']);
    expect(seen('')).toEqual([]);
  });

  it('takes no request away', () => {
    const parser = newParser();
    feedText(parser, three);
    const keys = {
      starts: new Int32Array(4),
      ends: new Int32Array(4),
      bytes: new Uint8Array(0),
      count: 0,
    };
    for (let i = 3; i > 0; i--) {
      parser.peek(keys);
      expect(keys.count).toBe(i);
      expect(parser.next()).toBe(READY);
    }
    expect(parser.next()).toBe(WAIT);
  });
});
