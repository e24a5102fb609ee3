import { describe, expect, it } from 'vitest';
import { Client } from '../../../src/instance/clients.ts';
import { Pause } from '../../../src/instance/pause.ts';
import { heapWindows, Reply } from '../../../src/resp/reply.ts';
import { anyUser } from '../../support/users.ts';

/** A client that notes in `resumed` when it is let go. */
function clientOf(id: number, resumed: number[]): Client {
  const client = new Client({
    id,
    address: '127.0.0.1:1',
    localAddress: '127.0.0.1:2',
    isUnix: false,
    reply: new Reply(heapWindows()),
    now: 0,
    user: anyUser(),
  });
  client.connection = {
    close() {},
    closeAfterReply() {},
    flushSoon() {},
    resume: () => resumed.push(id),
    retry() {},
    release() {},
    checkLimits() {},
    querySize: 0,
    unparsedSize: 0,
    queryBufferSize: 0,
    outputSize: 0,
    fd: -1,
  };
  return client;
}

describe('pause', () => {
  it('keeps the later end and the wider reach of two', () => {
    const pause = new Pause();
    pause.begin(1000, false);
    pause.begin(500, false);
    expect([pause.until, pause.ofAll]).toEqual([1000, false]);
    pause.begin(700, true);
    expect([pause.until, pause.ofAll]).toEqual([1000, true]);
    pause.begin(2000, false);
    expect([pause.until, pause.ofAll]).toEqual([2000, true]);
    pause.end();
    expect([pause.until, pause.ofAll]).toEqual([0, false]);
    pause.begin(10, false);
    expect([pause.until, pause.ofAll]).toEqual([10, false]);
  });

  it('lets those who wait go in the order in which they came, once', () => {
    const pause = new Pause();
    const resumed: number[] = [];
    const clients = [3, 1, 2].map((id) => clientOf(id, resumed));
    for (const client of clients) pause.hold(client);
    expect(clients.map(({ isBlocked }) => isBlocked)).toEqual([true, true, true]);
    pause.end();
    expect(resumed).toEqual([3, 1, 2]);
    expect(clients.map(({ isBlocked }) => isBlocked)).toEqual([false, false, false]);
    pause.end();
    expect(resumed).toHaveLength(3);
  });

  it('does not wake who has left', () => {
    const pause = new Pause();
    const resumed: number[] = [];
    const client = clientOf(1, resumed);
    pause.hold(client);
    pause.forget(client);
    pause.end();
    expect(resumed).toEqual([]);
  });
});
