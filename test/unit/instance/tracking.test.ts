/** What tracking remembers: keys, clients, and how many of them at most. */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;

beforeEach(() => {
  server = openOffline();
  // The client of an offline server is not among those that are connected.
  const { clients } = server.instance;
  expect(clients.count).toBe(0);
  server.run('HELLO', '3');
});

function counts(): [keys: number, items: number] {
  const { keyCount, itemCount } = server.instance.tracking;
  return [keyCount, itemCount];
}

describe('tracking', () => {
  it('remembers nothing, and hears of nothing, until a client tracks', () => {
    server.run('GET', 'k');
    expect(counts()).toEqual([0, 0]);
    expect(server.instance.tracking.isOn).toBe(false);
    server.run('CLIENT', 'TRACKING', 'ON');
    server.run('GET', 'k');
    expect(counts()).toEqual([1, 1]);
    server.run('CLIENT', 'TRACKING', 'OFF');
    server.run('GET', 'l');
    expect(counts()).toEqual([1, 1]);
    server.run('SET', 'k', 'v');
    expect(counts()).toEqual([0, 0]);
    expect(server.instance.tracking.isOn).toBe(false);
  });

  it('gives up the oldest keys beyond the limit', () => {
    server.run('CLIENT', 'TRACKING', 'ON');
    server.run('CONFIG', 'SET', 'tracking-table-max-keys', '3');
    for (let i = 0; i < 10; i++) server.run('GET', `k${i}`);
    expect(counts()).toEqual([3, 3]);
    server.run('SET', 'k6', 'v');
    expect(counts()).toEqual([3, 3]);
    server.run('SET', 'k8', 'v');
    expect(counts()).toEqual([2, 2]);
  });

  it('gives up a multitude in slices', () => {
    server.run('CLIENT', 'TRACKING', 'ON');
    for (let i = 0; i < 2500; i++) server.run('GET', `k${i}`);
    server.run('CONFIG', 'SET', 'tracking-table-max-keys', '1');
    expect(counts()[0]).toBe(1500);
    server.instance.tracking.forgetExcess();
    server.instance.tracking.forgetExcess();
    expect(counts()).toEqual([1, 1]);
  });

  it('stays quick however many keys come and go', () => {
    server.run('CLIENT', 'TRACKING', 'ON');
    server.run('CONFIG', 'SET', 'tracking-table-max-keys', '20000');
    const { tracking } = server.instance;
    const client = { id: 1 } as Parameters<typeof tracking.remember>[0];
    // A walk from the first key ever would take minutes.
    for (let i = 0; i < 300_000; i++) tracking.remember(client, `k${i}`);
    expect(counts()).toEqual([20_000, 20_000]);
  });

  it('forgets prefixes with the last client that has them', () => {
    const { tracking } = server.instance;
    server.run('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a', 'PREFIX', 'b');
    expect(tracking.prefixCount).toBe(2);
    server.run('RESET');
    expect([tracking.prefixCount, tracking.clientCount]).toEqual([0, 0]);
  });
});
