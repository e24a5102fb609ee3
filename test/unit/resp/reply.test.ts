import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collect,
  heapWindows,
  Reply,
  SHARED,
  type Window,
  type WindowPool,
} from '../../../src/resp/reply.ts';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';

/** What is written, as text with a character for each byte. */
function written(write: (reply: Reply) => void, { resp3 = false, windowSize = 64 } = {}): string {
  const reply = new Reply(heapWindows(windowSize));
  reply.resp3 = resp3;
  write(reply);
  return latin1Text(collect(reply));
}

/** Windows side by side in one array, with bytes between them that nobody may touch. */
class ArenaWindows implements WindowPool {
  static readonly GUARD = 8;
  readonly bytes: Uint8Array;
  lentCount = 0;
  readonly #free: Window[] = [];

  readonly #size: number;

  constructor(count: number, size: number, firstBase: number) {
    this.#size = size;
    const stride = size + ArenaWindows.GUARD;
    this.bytes = new Uint8Array(firstBase + count * stride).fill(0xaa);
    for (let i = 0; i < count; i++) {
      const base = firstBase + i * stride;
      const window: Window = {
        bytes: this.bytes,
        base,
        limit: base + size,
        release: () => {
          this.lentCount--;
          // Nobody may read a window that has been given back.
          this.bytes.fill(0xee, base, base + size);
          this.#free.push(window);
        },
      };
      this.#free.push(window);
    }
  }

  acquire(wanted: number): Window {
    this.lentCount++;
    if (wanted > this.#size) {
      const bytes = new Uint8Array(wanted);
      return { bytes, base: 0, limit: wanted, release: () => void this.lentCount-- };
    }
    const window = this.#free.shift();
    if (window === undefined) throw new Error('windows are not given back');
    return window;
  }
}

interface Witness {
  execute(bytes: Buffer): void;
}
const require = createRequire(import.meta.url);
const RedisParser = require('redis-parser') as new (options: {
  returnReply(reply: unknown): void;
  returnError(error: Error): void;
}) => Witness;
const nodeResp = require('node-resp') as {
  ResponseParser: new () => {
    on(event: string, listener: (value: unknown) => void): void;
    parse(bytes: Buffer): void;
  };
};
const { Decoder } = require('ioredis/built/resp/decoder.js') as {
  Decoder: new (options: {
    onReply(reply: unknown): void;
    onErrorReply(error: Error): void;
    onPush(push: unknown): void;
    getTypeMapping(): Record<number, unknown>;
  }) => { write(bytes: Buffer): void };
};

const said = (error: Error): string => `-${error.message}`;

function readByRedisParser(bytes: Uint8Array): unknown[] {
  const replies: unknown[] = [];
  new RedisParser({
    returnReply: (reply) => replies.push(reply),
    returnError: (error) => replies.push(said(error)),
  }).execute(Buffer.from(bytes));
  return replies;
}

function readByNodeResp(bytes: Uint8Array): unknown[] {
  const replies: unknown[] = [];
  const parser = new nodeResp.ResponseParser();
  parser.on('response', (reply) => replies.push(reply instanceof Error ? said(reply) : reply));
  parser.parse(Buffer.from(bytes));
  return replies;
}

function readByIoredis(bytes: Uint8Array): unknown[] {
  const replies: unknown[] = [];
  new Decoder({
    onReply: (reply) => replies.push(reply),
    onErrorReply: (error) => replies.push(said(error)),
    onPush: (push) => replies.push(['push', push]),
    getTypeMapping: () => ({}),
  }).write(Buffer.from(bytes));
  return replies;
}

describe('types', () => {
  // Of redis-server 7.2.6: DEBUG PROTOCOL, ZSCORE and the like, after HELLO 2 and HELLO 3.
  const recorded: [string, (reply: Reply) => void, string, string][] = [
    ['a status', (r) => r.ok(), '+OK\r\n', '+OK\r\n'],
    ['another status', (r) => r.simple('PONG'), '+PONG\r\n', '+PONG\r\n'],
    ['an error', (r) => r.error('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
    ['an integer', (r) => r.integer(12345), ':12345\r\n', ':12345\r\n'],
    [
      'a bulk',
      (r) => r.bulkText('Hello World'),
      '$11\r\nHello World\r\n',
      '$11\r\nHello World\r\n',
    ],
    ['an empty bulk', (r) => r.bulkText(''), '$0\r\n\r\n', '$0\r\n\r\n'],
    ['a double', (r) => r.double(0.1), '$3\r\n0.1\r\n', ',0.1\r\n'],
    ['an infinite double', (r) => r.double(Infinity), '$3\r\ninf\r\n', ',inf\r\n'],
    ['a negative infinite double', (r) => r.double(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['a whole double', (r) => r.double(3), '$1\r\n3\r\n', ',3\r\n'],
    ['a large double', (r) => r.double(1e30), '$5\r\n1e+30\r\n', ',1e+30\r\n'],
    [
      'a double beyond 2^53',
      (r) => r.double(2 ** 53),
      '$16\r\n9007199254740992\r\n',
      ',9007199254740992\r\n',
    ],
    ['a small double', (r) => r.double(1e-7), '$4\r\n1e-7\r\n', ',1e-7\r\n'],
    [
      'a big number',
      (r) => r.bigNumber('1234567999999999999999999999999999999'),
      '$37\r\n1234567999999999999999999999999999999\r\n',
      '(1234567999999999999999999999999999999\r\n',
    ],
    ['a null', (r) => r.null(), '$-1\r\n', '_\r\n'],
    ['no array', (r) => r.nullArray(), '*-1\r\n', '_\r\n'],
    ['an array', (r) => r.array(3), '*3\r\n', '*3\r\n'],
    ['a set', (r) => r.set(3), '*3\r\n', '~3\r\n'],
    ['a map', (r) => r.map(3), '*6\r\n', '%3\r\n'],
    ['an empty map', (r) => r.map(0), '*0\r\n', '%0\r\n'],
    ['a push', (r) => r.push(2), '*2\r\n', '>2\r\n'],
    [
      'a text',
      (r) => r.verbatim('txt', 'This is a verbatim\nstring'),
      '$25\r\nThis is a verbatim\nstring\r\n',
      '=29\r\ntxt:This is a verbatim\nstring\r\n',
    ],
    ['true', (r) => r.boolean(true), ':1\r\n', '#t\r\n'],
    ['false', (r) => r.boolean(false), ':0\r\n', '#f\r\n'],
  ];
  for (const [what, write, resp2, resp3] of recorded) {
    it(`${what} is written as redis writes it`, () => {
      expect(written(write)).toBe(resp2);
      expect(written(write, { resp3: true })).toBe(resp3);
    });
  }

  it('integers of any size are written in all their digits', () => {
    const numbers = [0, 1, 9, 10, 99, 100, 1000, 12345678, 2 ** 31, Number.MAX_SAFE_INTEGER];
    for (const n of [...numbers, ...numbers.map((n) => -n)]) {
      const digits = String(n); // '0' of -0 too
      expect(written((reply) => reply.integer(n))).toBe(`:${digits}\r\n`);
      expect(written((reply) => reply.bulkInteger(n))).toBe(`$${digits.length}\r\n${digits}\r\n`);
    }
    for (const n of [2n ** 63n - 1n, -(2n ** 63n), 0n]) {
      expect(written((reply) => reply.integer64(n))).toBe(`:${n}\r\n`);
    }
  });

  it('a line end in an error is a space, or it would be a reply of its own', () => {
    expect(written((reply) => reply.error('ERR a\r\n+OK\nb'))).toBe('-ERR a  +OK b\r\n');
  });

  it('a format shorter than three letters is filled with spaces, a longer one cut', () => {
    expect(written((reply) => reply.verbatim('m', 'x'), { resp3: true })).toBe('=5\r\nm  :x\r\n');
    expect(written((reply) => reply.verbatim('markdown', 'x'), { resp3: true })).toBe(
      '=5\r\nmar:x\r\n',
    );
  });

  it('text has a byte for each character', () => {
    const text = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    expect(written((reply) => reply.bulkText(text))).toBe(`$256\r\n${text}\r\n`);
  });

  it('a bulk is a range of bytes', () => {
    const bytes = latin1Bytes('abcdef');
    expect(written((reply) => reply.bulk(bytes, 2, 4))).toBe('$2\r\ncd\r\n');
    expect(written((reply) => reply.bulk(bytes))).toBe('$6\r\nabcdef\r\n');
  });

  it('a bulk can be written in pieces', () => {
    const bytes = latin1Bytes('abcdef');
    const text = written((reply) => {
      reply.bulkHeader(5);
      reply.append(bytes, 0, 2);
      reply.append(bytes, 2, 2);
      reply.append(bytes, 3, 6);
      reply.bulkEnd();
    });
    expect(text).toBe('$5\r\nabdef\r\n');
  });
});

describe('windows', () => {
  it('a value is copied out of the array that the window lies in', () => {
    const pool = new ArenaWindows(1, 64, 32);
    pool.bytes.set(latin1Bytes('value'), 3);
    const reply = new Reply(pool);
    reply.bulk(pool.bytes, 3, 8);
    expect(latin1Text(collect(reply))).toBe('$5\r\nvalue\r\n');
  });

  it('one is borrowed at the first write after each take', () => {
    const pool = new ArenaWindows(1, 64, 0);
    const reply = new Reply(pool);
    expect(pool.lentCount).toBe(0);
    for (let turn = 0; turn < 3; turn++) {
      reply.ok();
      reply.ok();
      expect(pool.lentCount).toBe(1);
      collect(reply);
      expect(pool.lentCount).toBe(0);
    }
  });

  it('taking nothing hands over nothing', () => {
    const reply = new Reply(heapWindows());
    reply.take(() => expect.unreachable());
    reply.ok();
    collect(reply);
    reply.take(() => expect.unreachable());
    expect(reply.size).toBe(0);
  });

  it('a full window is followed by another', () => {
    const pool = new ArenaWindows(3, 32, 16);
    const reply = new Reply(pool);
    for (let i = 0; i < 18; i++) reply.ok();
    expect(reply.size).toBe(90);
    expect(pool.lentCount).toBe(3);
    expect(latin1Text(collect(reply))).toBe('+OK\r\n'.repeat(18));
    expect(pool.lentCount).toBe(0);
  });

  it('what no window can hold is lent one of its own, of no more than it needs', () => {
    const pool = new ArenaWindows(2, 32, 0);
    const reply = new Reply(pool);
    const value = new Uint8Array(100_000).fill(0x78);
    reply.bulk(value);
    reply.ok();
    expect(pool.lentCount).toBe(3);
    const pieces: [number, number][] = [];
    reply.take((bytes, start, end, window) => {
      pieces.push([end - start, window.limit - window.base]);
      expect(window.bytes).toBe(bytes);
      window.release();
    });
    const own = '$100000\r\n'.length + value.length + 2 - 32;
    expect(pieces).toEqual([
      [32, 32],
      [own, own],
      [5, 32],
    ]);
    expect(pool.lentCount).toBe(0);
  });

  it('a line longer than a window is written whole', () => {
    const text = 'x'.repeat(1000);
    expect(written((reply) => reply.error(text), { windowSize: 32 })).toBe(`-${text}\r\n`);
    expect(written((reply) => reply.bulkText(text), { windowSize: 32 })).toBe(
      `$1000\r\n${text}\r\n`,
    );
  });

  it('windows smaller than any header are of no use, but do no harm', () => {
    expect(written((reply) => reply.integer(12345), { windowSize: 4 })).toBe(':12345\r\n');
  });

  it('heap windows that were released are lent again', () => {
    const pool = heapWindows(16);
    const window = pool.acquire(16);
    expect(pool.acquire(1)).not.toBe(window);
    window.release();
    expect(pool.acquire(16)).toBe(window);
  });

  it('heap windows of more than all have are made, and not lent again', () => {
    const pool = heapWindows(16);
    const window = pool.acquire(17);
    expect(window.limit - window.base).toBe(17);
    window.release();
    expect(pool.acquire(16)).not.toBe(window);
  });
});

describe('deferred lengths', () => {
  it('an array is given its length when it ends', () => {
    const text = written((reply) => {
      reply.ok();
      const token = reply.deferArray();
      reply.integer(1);
      reply.integer(2);
      reply.endDefer(token, 2);
      reply.ok();
    });
    expect(text).toBe('+OK\r\n*2\r\n:1\r\n:2\r\n+OK\r\n');
  });

  it('maps and sets are what the protocol has for them', () => {
    const write = (reply: Reply): void => {
      const map = reply.deferMap();
      reply.bulkText('k');
      const set = reply.deferSet();
      reply.integer(1);
      reply.endDefer(set, 1);
      reply.endDefer(map, 1);
    };
    expect(written(write)).toBe('*2\r\n$1\r\nk\r\n*1\r\n:1\r\n');
    expect(written(write, { resp3: true })).toBe('%1\r\n$1\r\nk\r\n~1\r\n:1\r\n');
  });

  it('an array that began windows ago is given its length there', () => {
    const text = written(
      (reply) => {
        const outer = reply.deferArray();
        for (let i = 0; i < 100; i++) {
          const inner = reply.deferArray();
          reply.ok();
          reply.endDefer(inner, 1);
        }
        reply.endDefer(outer, 100);
      },
      { windowSize: 48 },
    );
    expect(text).toBe(`*100\r\n${'*1\r\n+OK\r\n'.repeat(100)}`);
  });

  it('they leave a reply in one piece', () => {
    const reply = new Reply(heapWindows(1024));
    for (let i = 0; i < 10; i++) {
      const token = reply.deferArray();
      reply.ok();
      reply.endDefer(token, 1);
    }
    let pieceCount = 0;
    reply.take(() => pieceCount++);
    expect(pieceCount).toBe(1);
  });

  it('ending another than the last begun is a mistake', () => {
    const reply = new Reply(heapWindows());
    const outer = reply.deferArray();
    reply.deferArray();
    expect(() => reply.endDefer(outer, 0)).toThrow('deferred lengths');
  });

  it('handing over a reply that lacks a length is a mistake', () => {
    const reply = new Reply(heapWindows());
    reply.deferArray();
    expect(() => collect(reply)).toThrow('a length is still to come');
  });
});

describe('rewind', () => {
  it('what was written since the mark is forgotten', () => {
    const text = written((reply) => {
      reply.ok();
      const mark = reply.mark();
      reply.integer(1);
      reply.bulkText('x');
      reply.rewind(mark);
      reply.error('ERR no');
    });
    expect(text).toBe('+OK\r\n-ERR no\r\n');
  });

  it('windows taken since the mark are given back', () => {
    const pool = new ArenaWindows(4, 32, 0);
    const reply = new Reply(pool);
    reply.ok();
    const mark = reply.mark();
    for (let i = 0; i < 18; i++) reply.ok();
    expect(pool.lentCount).toBe(4);
    reply.rewind(mark);
    expect(pool.lentCount).toBe(1);
    expect(latin1Text(collect(reply))).toBe('+OK\r\n');
  });

  it('a client that is sent nothing keeps no window', () => {
    const pool = new ArenaWindows(1, 32, 0);
    const reply = new Reply(pool);
    const mark = reply.mark();
    reply.ok();
    reply.rewind(mark);
    expect(reply.size).toBe(0);
    expect(pool.lentCount).toBe(0);
  });

  it('an array that was never ended is forgotten with the rest', () => {
    const text = written((reply) => {
      reply.ok();
      const mark = reply.mark();
      reply.deferArray();
      reply.deferMap();
      reply.integer(1);
      reply.rewind(mark);
      reply.error('ERR no');
    });
    expect(text).toBe('+OK\r\n-ERR no\r\n');
  });

  it('an array that began before the mark still gets its length', () => {
    const text = written(
      (reply) => {
        const token = reply.deferArray();
        reply.ok();
        const mark = reply.mark();
        for (let i = 0; i < 20; i++) reply.ok();
        reply.rewind(mark);
        reply.endDefer(token, 1);
      },
      { windowSize: 32 },
    );
    expect(text).toBe('*1\r\n+OK\r\n');
  });

  it('a mark beyond the end is a mistake', () => {
    const reply = new Reply(heapWindows());
    reply.ok();
    expect(() => reply.rewind(6)).toThrow('a mark');
  });
});

/** Something written: what it is, and what is written after it and then taken back. */
type Written =
  | { readonly kind: 'integer'; readonly n: number }
  | { readonly kind: 'text' | 'bytes' | 'error'; readonly text: string }
  | { readonly kind: 'array' | 'map' | 'set' | 'later' | 'undone'; readonly items: Written[] };

const anything = fc.letrec<{ node: Written; items: Written[] }>((tie) => ({
  items: fc.array(tie('node'), { maxLength: 6, depthIdentifier: 'reply' }),
  node: fc.oneof(
    { depthIdentifier: 'reply', depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('integer' as const), n: fc.maxSafeInteger() }),
    fc.record({
      kind: fc.constantFrom('text' as const, 'bytes' as const, 'error' as const),
      text: fc.string({
        unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 90,
      }),
    }),
    fc.record({
      kind: fc.constantFrom(
        'array' as const,
        'map' as const,
        'set' as const,
        'later' as const,
        'undone' as const,
      ),
      items: tie('items'),
    }),
  ),
})).items;

/** The same, in the most obvious way. */
function expected(items: readonly Written[], resp3: boolean): string {
  return items
    .map((item) => {
      switch (item.kind) {
        case 'integer':
          return `:${item.n}\r\n`;
        case 'text':
        case 'bytes':
          return `$${item.text.length}\r\n${item.text}\r\n`;
        case 'error':
          return `-${item.text}\r\n`;
        case 'undone':
          return '';
      }
      const count = item.items.filter(({ kind }) => kind !== 'undone').length;
      const body = expected(item.items, resp3);
      if (item.kind === 'map') {
        // A key without a value gets null.
        const pairCount = Math.ceil(count / 2);
        const rest = count % 2 === 0 ? '' : resp3 ? '_\r\n' : '$-1\r\n';
        return `${resp3 ? `%${pairCount}` : `*${pairCount * 2}`}\r\n${body}${rest}`;
      }
      return `${item.kind === 'set' && resp3 ? '~' : '*'}${count}\r\n${body}`;
    })
    .join('');
}

function writeAll(reply: Reply, pool: ArenaWindows, items: readonly Written[]): void {
  for (const item of items) {
    switch (item.kind) {
      case 'integer':
        reply.integer(item.n);
        continue;
      case 'text':
        reply.bulkText(item.text);
        continue;
      case 'error':
        reply.error(item.text);
        continue;
      case 'bytes':
        // From the array the windows lie in, as values of a zone are.
        pool.bytes.set(latin1Bytes(item.text), 0);
        reply.bulk(pool.bytes, 0, item.text.length);
        continue;
    }
    const count = item.items.filter(({ kind }) => kind !== 'undone').length;
    if (item.kind === 'undone') {
      const mark = reply.mark();
      writeAll(reply, pool, item.items);
      reply.rewind(mark);
    } else if (item.kind === 'map') {
      const token = reply.deferMap();
      writeAll(reply, pool, item.items);
      if (count % 2 === 1) reply.null();
      reply.endDefer(token, Math.ceil(count / 2));
    } else if (item.kind === 'set') {
      const token = reply.deferSet();
      writeAll(reply, pool, item.items);
      reply.endDefer(token, count);
    } else if (item.kind === 'later') {
      const token = reply.deferArray();
      writeAll(reply, pool, item.items);
      reply.endDefer(token, count);
    } else {
      reply.array(count);
      writeAll(reply, pool, item.items);
    }
  }
}

describe('bytes that are shared', () => {
  const feed = latin1Bytes('one two three ');

  it('are handed over where they stand, those behind each other as one', () => {
    const windows = new ArenaWindows(1, 64, 0);
    const reply = new Reply(windows);
    reply.share(feed, 0, 4);
    reply.share(feed, 4, 8);
    expect(reply.size).toBe(8);
    const taken: unknown[] = [];
    reply.take((bytes, start, end, window) => taken.push([bytes === feed, start, end, window]));
    expect(taken).toEqual([[true, 0, 8, SHARED]]);
    expect(reply.size).toBe(0);
    expect(windows.lentCount).toBe(0);
  });

  it('stay in front of what is written next, however that is written', () => {
    const writes: ((reply: Reply) => void)[] = [
      (reply) => reply.ok(),
      (reply) => reply.queued(),
      (reply) => reply.simple('PONG'),
      (reply) => reply.integer(7),
      (reply) => reply.bulkText('text'),
      (reply) => reply.bulk(feed),
      (reply) => reply.double(1.5),
      (reply) => reply.append(feed, 0, feed.length),
      (reply) => reply.share(feed, 0, 4),
      (reply) => reply.endDefer(reply.deferArray(), 0),
    ];
    for (const write of writes) {
      for (const windowSize of [16, 64]) {
        const both = written(
          (reply) => {
            reply.share(feed, 4, 8);
            write(reply);
            write(reply);
          },
          { windowSize },
        );
        const alone = written(write);
        expect(both).toBe(`two ${alone}${alone}`);
      }
    }
  });

  it('are, with other writes and what is taken back, what the obvious way makes', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('share' as const), start: fc.nat(14), size: fc.nat(9) }),
      fc.record({ kind: fc.constant('next' as const), size: fc.nat(5) }),
      fc.record({
        kind: fc.constant('text' as const),
        text: fc.string({ maxLength: 9, unit: 'binary-ascii' }),
      }),
      fc.record({ kind: fc.constant('rewind' as const), to: fc.nat(40) }),
      fc.record({ kind: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const windows = new ArenaWindows(40, 24, 8);
        const reply = new Reply(windows);
        let wanted = '';
        let last = 0;
        for (const one of steps) {
          if (one.kind === 'share' || one.kind === 'next') {
            const start = one.kind === 'next' ? last : one.start;
            last = Math.min(feed.length, start + one.size);
            reply.share(feed, start, last);
            wanted += latin1Text(feed, start, last);
          } else if (one.kind === 'text') {
            const bytes = latin1Bytes(one.text);
            reply.append(bytes, 0, bytes.length);
            wanted += one.text;
          } else if (one.kind === 'rewind') {
            const to = Math.min(one.to, wanted.length);
            reply.rewind(to);
            wanted = wanted.slice(0, to);
          } else {
            expect(latin1Text(collect(reply))).toBe(wanted);
            wanted = '';
          }
          expect(reply.size).toBe(wanted.length);
        }
        expect(latin1Text(collect(reply))).toBe(wanted);
        expect(windows.lentCount).toBe(0);
      }),
    );
  });
});

describe('any reply', () => {
  it('is what the obvious way writes, and stays inside its windows', () => {
    fc.assert(
      fc.property(
        anything,
        fc.boolean(),
        fc.integer({ min: 10, max: 200 }),
        (items, resp3, windowSize) => {
          const pool = new ArenaWindows(300, windowSize, 128);
          const reply = new Reply(pool);
          reply.resp3 = resp3;
          writeAll(reply, pool, items);
          const text = expected(items, resp3);
          expect(reply.size).toBe(text.length);
          expect(latin1Text(collect(reply))).toBe(text);
          expect(reply.size).toBe(0);
          expect(pool.lentCount).toBe(0);
          const stride = windowSize + ArenaWindows.GUARD;
          for (let base = 128; base < pool.bytes.length; base += stride) {
            for (let i = 0; i < ArenaWindows.GUARD; i++) {
              if (pool.bytes[base + windowSize + i] !== 0xaa) throw new Error('wrote outside');
            }
          }
        },
      ),
      { numRuns: 500, seed: 20240611 },
    );
  });
});

describe('witnesses', () => {
  const write = (reply: Reply): void => {
    reply.ok();
    reply.error('ERR syntax error');
    reply.integer(-42);
    reply.bulkText('value');
    reply.bulkText('');
    reply.null();
    reply.nullArray();
    reply.array(2);
    reply.bulkText('a');
    reply.array(1);
    reply.integer(7);
    const token = reply.deferArray();
    for (let i = 0; i < 30; i++) reply.bulkText(`member ${i}`);
    reply.endDefer(token, 30);
    reply.array(0);
  };
  const members = Array.from({ length: 30 }, (_, i) => `member ${i}`);
  const read = ['OK', '-ERR syntax error', -42, 'value', '', null, null, ['a', [7]], members, []];

  function bytesOf(resp3: boolean, writing = write): Uint8Array {
    const reply = new Reply(heapWindows(100));
    reply.resp3 = resp3;
    writing(reply);
    return collect(reply);
  }

  it('redis-parser reads what we write', () => {
    expect(readByRedisParser(bytesOf(false))).toEqual(read);
  });

  it('node-resp reads what we write', () => {
    expect(readByNodeResp(bytesOf(false))).toEqual(read);
  });

  it('the decoder of ioredis reads what we write', () => {
    expect(readByIoredis(bytesOf(false))).toEqual(read);
    expect(readByIoredis(bytesOf(true))).toEqual(read);
  });

  it('the decoder of ioredis reads the types of RESP3', () => {
    const bytes = bytesOf(true, (reply) => {
      reply.boolean(true);
      reply.double(1.5);
      reply.double(Number.NEGATIVE_INFINITY);
      reply.bigNumber('-123456789012345678901');
      reply.verbatim('txt', 'some\ntext');
      reply.map(1);
      reply.bulkText('k');
      reply.set(2);
      reply.integer(1);
      reply.null();
      reply.push(2);
      reply.bulkText('message');
      reply.integer(1);
    });
    const replies = readByIoredis(bytes);
    expect(replies.slice(0, 5)).toEqual([
      true,
      1.5,
      Number.NEGATIVE_INFINITY,
      -123456789012345678901n,
      'some\ntext',
    ]);
    expect(replies[5]).toEqual({ k: [1, null] });
    expect(replies[6]).toEqual(['push', [Buffer.from('message'), 1]]);
  });
});
