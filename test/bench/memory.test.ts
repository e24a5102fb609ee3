/** What is stored to be weighed has the payload it is said to have, and ours can say what it uses. */

import { describe, expect, it } from 'vitest';
import { churned, memory } from '../../bench/parts/memory.ts';
import { SHAPES, STREAMS } from '../../bench/parts/memory-shapes.ts';
import type { CaseResult } from '../../bench/support/results.ts';
import { Stage } from '../../bench/support/stage.ts';
import { RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';
import { setupFor } from './setup.ts';

describe('shapes', () => {
  it('each has its own keys, and the bytes of their parts are its payload', () => {
    for (const { name, payload, request } of SHAPES) {
      const [command, key, ...rest] = request(3);
      expect(request(4)[1], name).not.toBe(key);
      // Options are not stored, scores are part of a member.
      const stored = command === 'SET' ? rest.slice(0, 1) : rest;
      expect([key, ...stored].join('').length, name).toBe(payload);
    }
    const entries = [...STREAMS.requests(2)].filter(([, key]) => key.endsWith('1'));
    expect(entries).toHaveLength(100);
    const fields = entries.flatMap((entry) => entry.slice(3)).join('').length;
    expect(entries[0][1].length + fields + 100 * 8).toBe(STREAMS.payload);
  });

  it('churn leaves every key there with the size it says', () => {
    const sizes = new Uint16Array(50);
    const there = new Map<string, number>();
    let deletions = 0;
    for (const [command, key, value] of churned(50, sizes)) {
      if (command === 'SET') there.set(key, value.length);
      else {
        expect(there.delete(key)).toBe(true);
        deletions++;
      }
    }
    expect([...there].sort().map(([, size]) => size)).toEqual([...sizes]);
    expect(deletions).toBeGreaterThan(80);
  });
});

it('our server is weighed by the pages of its zone, and left as it was', async () => {
  const ours = await startOurs();
  const client = await RespClient.connect(ours.address);
  try {
    const peer = { name: 'zonis', port: ours.address.port, hasSessions: true };
    const setup = setupFor([peer], ['memory/strings of 100', 'memory/shift'], { scale: 0.002 });
    const cases: CaseResult[] = [];
    await memory.measure(new Stage(setup), (result) => void cases.push(result));
    const [strings, shift] = cases;
    const { used, payload } = strings.series[0].samples[0].values as Record<string, number>;
    expect(used).toBeGreaterThan(payload);
    expect(used).toBeLessThan(2 * payload);
    const shares = shift.series[0].samples[0].values as Record<string, number>;
    expect(Object.keys(shares)).toEqual(['first', 'shifted', 'back']);
    for (const share of Object.values(shares)) expect(share).toBeGreaterThan(0.5);
    expect((await client.call('DBSIZE')).tree.text).toBe('0');
    const [, policy] = (await client.call('CONFIG', 'GET', 'maxmemory-policy')).tree.items!;
    expect(policy.text).toBe('noeviction');
  } finally {
    client.close();
    await ours.close();
  }
});
