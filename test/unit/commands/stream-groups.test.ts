import { describe, expect, test } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

/** A server that writes down what it tells of keys: database:event:key. */
function listening() {
  const server = openOffline();
  const { keyspace } = server.instance;
  const { observer } = keyspace;
  const told: string[] = [];
  keyspace.observer = (db, argv, index, event) => {
    observer?.(db, argv, index, event);
    told.push(`${event.class}:${event.name}:${argv.text(index)}`);
  };
  return { server, told };
}

/** Runs a request and answers what it told, and how many changes it counted. */
function tell({ server, told }: ReturnType<typeof listening>, ...words: string[]): string {
  const { counts } = server.instance.keyspace;
  const before = counts.dirty;
  told.length = 0;
  expect(server.run(...words)).not.toMatch(/^-/);
  return [...told, `${counts.dirty - before} changes`].join(' ');
}

describe('events of groups', () => {
  test('are told as they happen, and changes counted', () => {
    const all = listening();
    const expectTold = (line: string, wanted: string) => {
      expect(tell(all, ...line.split(' ')), line).toBe(wanted);
    };
    expectTold('XGROUP CREATE s g $ MKSTREAM', 't:xgroup-create:s 1 changes');
    expectTold('XGROUP CREATE s h 0', 't:xgroup-create:s 1 changes');
    expectTold('XGROUP SETID s g 0', 't:xgroup-setid:s 1 changes');
    expectTold('XGROUP CREATECONSUMER s g c', 't:xgroup-createconsumer:s 1 changes');
    expectTold('XGROUP CREATECONSUMER s g c', '0 changes');
    expectTold('XREADGROUP GROUP g d STREAMS s >', 't:xgroup-createconsumer:s 1 changes');
    expectTold('XREADGROUP GROUP g d STREAMS s >', '0 changes');
    for (const id of ['1-1', '2-1', '3-1']) all.server.run('XADD', 's', id, 'f', 'v');
    expectTold('XREADGROUP GROUP g d STREAMS s >', '1 changes');
    expectTold('XREADGROUP GROUP g d STREAMS s 0', '1 changes');
    expectTold('XREADGROUP GROUP g e STREAMS s 0', 't:xgroup-createconsumer:s 2 changes');
    expectTold('XACK s g 1-1 1-2', '1 changes');
    expectTold('XACK s g 1-1', '0 changes');
    expectTold('XCLAIM s g e 0 2-1 3-1', '2 changes');
    expectTold('XCLAIM s g f 0 9-9', 't:xgroup-createconsumer:s 1 changes');
    expectTold('XCLAIM s g f 0 9-9 LASTID 4-1', '1 changes');
    expectTold('XAUTOCLAIM s g c 0 0', '2 changes');
    expectTold('XPENDING s g', '0 changes');
    expectTold('XINFO STREAM s FULL', '0 changes');
    expectTold('XGROUP DELCONSUMER s g c', 't:xgroup-delconsumer:s 1 changes');
    expectTold('XGROUP DELCONSUMER s g c', '0 changes');
    expectTold('XGROUP DESTROY s g', 't:xgroup-destroy:s 1 changes');
    expectTold('XGROUP DESTROY s g', '0 changes');
  });
});

function integerAfter(reply: string, name: string): number {
  const [, digits] = new RegExp(`${name}\r\n:(-?\\d+)`).exec(reply) ?? [];
  return Number(digits);
}

describe('times', () => {
  function opened(): Offline {
    const server = openOffline();
    server.run('XADD', 's', '1-1', 'f', 'v');
    server.run('XGROUP', 'CREATE', 's', 'g', '0');
    return server;
  }

  test('of consumers: seen when they ask, active when they get something', () => {
    const server = opened();
    server.run('XGROUP', 'CREATECONSUMER', 's', 'g', 'c');
    const times = () => {
      const reply = server.run('XINFO', 'CONSUMERS', 's', 'g');
      return [integerAfter(reply, 'idle'), integerAfter(reply, 'inactive')];
    };
    server.clock.advance(100);
    expect(times()).toEqual([100, -1]);
    server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
    server.clock.advance(50);
    expect(times()).toEqual([50, 50]);
    server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
    server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '0');
    server.clock.advance(7);
    expect(times()).toEqual([7, 57]);
    server.run('XAUTOCLAIM', 's', 'g', 'c', '0', '0');
    expect(times()).toEqual([0, 0]);
  });

  test('of what is pending: XPENDING and both claims ask how long', () => {
    const server = opened();
    server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
    server.clock.advance(1000);
    const pending = (...idle: string[]) => server.run('XPENDING', 's', 'g', ...idle, '-', '+', '9');
    const shown = '*1\r\n*4\r\n$3\r\n1-1\r\n$1\r\nc\r\n:1000\r\n:1\r\n';
    expect(pending()).toBe(shown);
    expect(pending('IDLE', '1000')).toBe(shown);
    expect(pending('IDLE', '1001')).toBe('*0\r\n');
    expect(server.run('XCLAIM', 's', 'g', 'd', '1001', '1-1', 'JUSTID')).toBe('*0\r\n');
    const nothing = '*3\r\n$3\r\n0-0\r\n*0\r\n*0\r\n';
    expect(server.run('XAUTOCLAIM', 's', 'g', 'd', '1001', '0')).toBe(nothing);
    expect(server.run('XCLAIM', 's', 'g', 'd', '1000', '1-1', 'JUSTID', 'IDLE', '400')).toBe(
      '*1\r\n$3\r\n1-1\r\n',
    );
    expect(pending()).toBe('*1\r\n*4\r\n$3\r\n1-1\r\n$1\r\nd\r\n:400\r\n:1\r\n');
    server.clock.advance(100);
    expect(server.run('XAUTOCLAIM', 's', 'g', 'c', '500', '0', 'JUSTID')).toBe(
      '*3\r\n$3\r\n0-0\r\n*1\r\n$3\r\n1-1\r\n*0\r\n',
    );
    expect(pending()).toBe('*1\r\n*4\r\n$3\r\n1-1\r\n$1\r\nc\r\n:0\r\n:1\r\n');
  });
});
