/** Who waits for a key: in which order waits end, and by what. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Waiter } from '../../../src/keyspace/blocking.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { TYPE_LIST } from '../../../src/value/type.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
/** What happened to waiters, in order. */
let log: string[];

beforeEach(() => {
  server = openOffline();
  log = [];
});

interface Options {
  readonly database?: number;
  readonly deadline?: number;
  readonly untilGone?: boolean;
  /** Run when it is its turn. */
  readonly onTurn?: (waiter: Waiter) => void;
}

function wait(name: string, keys: readonly string[], options: Options = {}): Waiter {
  const { database = 0, deadline = 0, untilGone = false, onTurn } = options;
  const waiter: Waiter = {
    retry() {
      log.push(name);
      onTurn?.(waiter);
    },
    timeOut: () => void log.push(`${name} timed out`),
  };
  block(waiter, keys, database, deadline, untilGone);
  return waiter;
}

function block(
  waiter: Waiter,
  keys: readonly string[],
  database = 0,
  deadline = 0,
  untilGone = false,
): void {
  const { blocking, keyspace } = server.instance;
  blocking.block(waiter, {
    database: keyspace.databases[database],
    keys: keys.map(latin1Bytes),
    type: TYPE_LIST,
    deadline,
    untilGone,
  });
}

describe('a key that gets what is waited for', () => {
  test('ends the waits at it in order of arrival, and no others', () => {
    wait('first', ['a', 'k']);
    wait('elsewhere', ['b']);
    wait('second', ['k']);
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual(['first', 'second']);
    expect(server.instance.blocking.count).toBe(1);
  });

  test('is another key in another database', () => {
    wait('here', ['k'], { database: 1 });
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual([]);
    server.run('MOVE', 'k', '1');
    expect(log).toEqual(['here']);
  });

  test('may get it by another name, a copy or a swap', () => {
    server.run('RPUSH', 'z', 'm');
    wait('renamed', ['r']);
    wait('copied', ['c']);
    server.run('COPY', 'z', 'c');
    server.run('RENAME', 'z', 'r');
    wait('swapped', ['c'], { database: 2 });
    server.run('SWAPDB', '0', '2');
    expect(log).toEqual(['copied', 'renamed', 'swapped']);
  });

  test('counts for nothing when it holds another type', () => {
    wait('list', ['k']);
    server.run('SET', 'k', 'v');
    server.run('SET', 'from', 'v');
    server.run('RENAME', 'from', 'k');
    expect(log).toEqual([]);
  });

  test('is of any bytes', () => {
    wait('bytes', ['\0\xff:1']);
    server.run('RPUSH', '\0\xff:1', 'm');
    expect(log).toEqual(['bytes']);
  });
});

describe('one whose turn has come', () => {
  test('leaves nothing to those behind when it takes what there is', () => {
    wait('taker', ['k'], { onTurn: () => server.run('DEL', 'k') });
    wait('late', ['k']);
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual(['taker']);
  });

  test('waits on behind the others when it finds nothing', () => {
    wait('again', ['k'], { onTurn: (waiter) => block(waiter, ['k']) });
    wait('other', ['k']);
    server.run('RPUSH', 'k', 'm');
    server.run('RPUSH', 'k', 'n');
    expect(log).toEqual(['again', 'other', 'again']);
  });

  test('may make another key ready: its waits end after those there are', () => {
    wait('mover', ['k'], { onTurn: () => server.run('RPUSH', 'next', 'm') });
    wait('same key', ['k']);
    wait('next key', ['next']);
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual(['mover', 'same key', 'next key']);
  });

  test('keeps the time limit it began with', () => {
    const end = server.clock.now() + 100;
    wait('patient', ['k'], {
      deadline: end,
      onTurn: (waiter) => block(waiter, ['k'], 0, end + 50_000),
    });
    server.run('RPUSH', 'k', 'm');
    expect(server.instance.blocking.nextDeadline()).toBe(end);
  });
});

describe('a wait', () => {
  test('ends when its time is up, the shortest first', () => {
    const { blocking, clock } = server.instance;
    const limits = [500, 100, 300, 200, 400];
    for (const ms of limits) wait(`${ms}`, ['k'], { deadline: clock.now() + ms });
    wait('for ever', ['k']);
    blocking.expire(clock.now() + 300);
    expect(log).toEqual(['100 timed out', '200 timed out', '300 timed out']);
    expect([blocking.count, blocking.limitedCount]).toEqual([3, 2]);
  });

  test('that was forgotten never ends', () => {
    const { blocking, clock } = server.instance;
    blocking.forget(wait('gone', ['k'], { deadline: clock.now() + 100 }));
    blocking.expire(clock.now() + 1000);
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual([]);
    expect([blocking.count, blocking.keyCounts.all]).toEqual([0, 0]);
  });

  test('that ends early is not kept until its time would have been up', () => {
    const { blocking, clock } = server.instance;
    for (let i = 0; i < 1000; i++) {
      blocking.forget(wait('short', ['k'], { deadline: clock.now() + 3_600_000 + (i % 7) }));
    }
    wait('long', ['k'], { deadline: clock.now() + 7_200_000 });
    expect(blocking.limitedCount).toBe(1);
    expect(blocking.nextDeadline()).toBe(clock.now() + 7_200_000);
  });

  test('at one key named twice is one wait', () => {
    wait('twice', ['k', 'k']);
    server.run('RPUSH', 'k', 'm');
    expect(log).toEqual(['twice']);
  });
});

describe('who waits for a key to go', () => {
  const gone = { untilGone: true };

  test.each([
    ['DEL', 'k'],
    ['SET', 'k', 'another type'],
    ['RENAME', 'k', 'elsewhere'],
    ['FLUSHDB'],
    ['FLUSHALL'],
    ['EXPIRE', 'k', '-1'],
    ['MOVE', 'k', '3'],
  ])('hears of %s', (...words) => {
    server.run('RPUSH', 'k', 'm');
    wait('heir', ['k'], gone);
    wait('other', ['k']);
    server.run(...words);
    expect(log).toEqual(['heir']);
  });

  test('hears of its deadline', () => {
    server.run('RPUSH', 'k', 'm');
    server.run('PEXPIRE', 'k', '100');
    wait('heir', ['k'], gone);
    server.clock.advance(200);
    server.run('GET', 'k');
    expect(log).toEqual(['heir']);
  });

  test('is not told of what is taken out of it', () => {
    server.run('RPUSH', 'k', 'm', 'n');
    wait('heir', ['k'], gone);
    server.run('LREM', 'k', '1', 'm');
    expect(log).toEqual([]);
  });
});

test('INFO tells who waits', () => {
  wait('a', ['x', 'y'], { deadline: server.clock.now() + 1000 });
  wait('b', ['y'], { untilGone: true });
  const info = server.run('INFO', 'clients');
  expect(info).toContain('clients_in_timeout_table:1\r\n');
  expect(info).toContain('total_blocking_keys:2\r\n');
  expect(info).toContain('total_blocking_keys_on_nokey:1\r\n');
});
