/**
 * Session rotation sends what it says, and leaves behind what so many rotations must leave behind.
 *
 * Nothing here is about speed. A real redis-server knows best whether the requests are right.
 */

import { type AddressInfo, createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Checksum,
  ID_SIZE,
  idOf,
  logIn,
  type RotationOptions,
  rotate,
  rotationTemplates,
  subjectOf,
  verify,
} from '../../bench/support/rotation.ts';
import { startSubject } from '../../bench/support/servers.ts';
import { Template } from '../../bench/support/template.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { encode, parse, RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const redisPath = findRedis();

/** Requests in bytes as the lists of their arguments. */
function requestsIn(bytes: Uint8Array): string[][] {
  const raw = Buffer.from(bytes).toString('latin1');
  const requests: string[][] = [];
  for (let at = 0; at < raw.length; ) {
    const parsed = parse(raw, at);
    if (parsed === undefined) throw new Error(`half a request: ${raw.slice(at)}`);
    requests.push((parsed.tree.items ?? []).map(({ text }) => text ?? ''));
    at = parsed.end;
  }
  return requests;
}

describe('rotation requests', () => {
  const OLD = idOf(3, 7);
  const NEW = idOf(3, 8);
  const NOW = 1_700_001_800;

  const filled = (template: Template | undefined): string[][] => {
    if (template === undefined) return [];
    for (const [hole, text] of [
      ['old', OLD],
      ['new', NEW],
      ['subject', subjectOf(3)],
    ]) {
      try {
        template.fill(hole, Buffer.from(text));
      } catch {
        // Not every request has every hole.
      }
    }
    return requestsIn(template.bytes);
  };

  it('are those of lua-resty-session, in its order', () => {
    const { ask, withExpire, without } = rotationTemplates('stock', 512, NOW);
    const index = `session:ZGVmYXVsdA:${subjectOf(3)}`;
    const pipeline = filled(withExpire);
    const value = pipeline[0][2];
    expect(filled(ask)).toEqual([['ttl', `session:${OLD}`]]);
    expect(pipeline).toEqual([
      ['set', `session:${NEW}`, value, 'EX', '3600'],
      ['expire', `session:${OLD}`, '10'],
      ['zremrangebyscore', index, '0', '1700001799'],
      ['zadd', index, '1700005400', NEW],
      ['zrem', index, OLD],
      ['expire', index, '3600'],
    ]);
    expect(filled(without)).toEqual(pipeline.filter((_, i) => i !== 1));
    expect(value).toHaveLength(512);
    expect(value).toContain(NEW);
  });

  it('are one SESSION.SET here', () => {
    const [request, ...others] = filled(rotationTemplates('command', 512, NOW).whole);
    expect(others).toEqual([]);
    expect(request.toSpliced(3, 1)).toEqual([
      ...['SESSION.SET', 'session', NEW, '3600', 'OLD', OLD],
      ...['META', '1', 'ZGVmYXVsdA', subjectOf(3)],
    ]);
    expect(request[3]).toHaveLength(512);
  });

  it('a filled template is what encoding the same text gives', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const piece = fc.string({ unit: fc.constantFrom('a', ':', '\r', '\n', '$', '*', 'é') });
    fc.assert(
      fc.property(size, piece, piece, fc.integer({ min: 1, max: 4 }), (n, left, right, repeat) => {
        const hole = { hole: 'h', size: n };
        const request = [left, [left, hole, right, hole], [hole]];
        const template = new Template(...Array.from({ length: repeat }, () => request));
        const text = 'x'.repeat(n);
        template.fill('h', Buffer.from(text));
        const plain = encode([left, left + text + right + text, text]).repeat(repeat);
        expect(template.bytes.toString('latin1')).toBe(plain);
        expect(() => template.fill('other', Buffer.from(text))).toThrow("no hole 'other'");
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('ids are 43 characters of base64url and never repeat', () => {
    const ids = new Set<string>();
    for (let user = 0; user < 300; user++) {
      for (let generation = 0; generation < 100; generation++) ids.add(idOf(user, generation));
    }
    expect(ids.size).toBe(30_000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
    expect(ID_SIZE).toBe(43);
    expect(subjectOf(999)).toHaveLength(subjectOf(0).length);
  });
});

describe('rotation', () => {
  const options: RotationOptions = { style: 'stock', connections: 4, users: 10, valueSize: 64 };
  const now = Math.floor(Date.now() / 1000);

  describe.skipIf(redisPath === undefined)('against redis-server', () => {
    let redis: Running;
    let client: RespClient;

    beforeAll(async () => {
      redis = await startRedis(redisPath!);
      client = await RespClient.connect(redis.address);
    });

    afterAll(async () => {
      client?.close();
      await redis?.close();
    });

    it('leaves behind what so many rotations must leave behind', async () => {
      await client.call('FLUSHALL');
      await client.call('CONFIG', 'RESETSTAT');
      await logIn(redis.address, options, now);
      const none = await verify(redis.address, options, 0).catch(String);
      expect(none).toContain('user 0 after 1 rotations');
      const { rotations } = await rotate(redis.address, options, 100, now);
      expect(rotations).toBe(100);
      const checksum = await verify(redis.address, options, 100);

      const stats = (await client.call('INFO', 'commandstats')).tree.text ?? '';
      const calls = (name: string): number =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1]);
      expect(calls('set')).toBe(110);
      // Each login, and each rotation twice: the old record and the index.
      expect(calls('expire')).toBe(10 + 200);
      expect(calls('zremrangebyscore')).toBe(100);
      expect(calls('zadd')).toBe(110);
      expect(calls('zrem')).toBe(100);

      // Work that is not the same is noticed.
      await expect(verify(redis.address, options, 104)).rejects.toThrow('rotations:');
      const id = idOf(9, 10);
      await client.call('ZADD', `session:ZGVmYXVsdA:${subjectOf(9)}`, 1, id);
      await expect(verify(redis.address, options, 100)).rejects.toThrow('user 9');

      await client.call('FLUSHALL');
      await logIn(redis.address, options, now);
      await rotate(redis.address, options, 100, now);
      expect(await verify(redis.address, options, 100)).toBe(checksum);
    });

    it('an error reply ends the run', async () => {
      await client.call('FLUSHALL');
      await client.call('SET', `session:ZGVmYXVsdA:${subjectOf(0)}`, 'no index');
      await expect(rotate(redis.address, options, 20, now)).rejects.toThrow("unexpected reply '-");
    });

    it('a server that runs already and holds keys is not measured: it would lose them', async () => {
      await client.call('SET', 'precious', 'data');
      const { port } = redis.address;
      await expect(startSubject({ name: 'there', port })).rejects.toThrow(
        'there is not empty: db0',
      );
      await client.call('FLUSHALL');
      const subject = await startSubject({ name: 'there', port });
      expect(subject.version).toBe(redis.version);
      await subject.close();
      expect((await client.call('PING')).raw).toBe('+PONG\r\n');
    });
  });

  it('our server ends up the same by SESSION.SET and by the stock commands', async () => {
    const ours = await startOurs();
    const client = await RespClient.connect(ours.address);
    try {
      const checksums: string[] = [];
      for (const style of ['stock', 'command'] as const) {
        await client.call('FLUSHALL');
        await logIn(ours.address, { ...options, style }, now);
        await rotate(ours.address, { ...options, style }, 100, now);
        checksums.push(await verify(ours.address, { ...options, style }, 100));
        await expect(verify(ours.address, { ...options, style }, 104)).rejects.toThrow('user');
      }
      expect(checksums[1]).toBe(checksums[0]);
    } finally {
      client.close();
      await ours.close();
    }
  });

  describe('against a server that only says what it is told', () => {
    let server: Server | undefined;

    /** Answers every request by `reply`, in chunks of one byte. */
    const answering = async (reply: (request: string[]) => string) => {
      server = createServer((socket) => {
        socket.setNoDelay(true);
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          for (const request of requestsIn(bytes)) {
            for (const char of reply(request)) socket.write(char, 'latin1');
          }
        });
      });
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
      return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    };

    afterAll(() => server?.close());

    it('replies in any pieces count, and an old record about to end is left alone', async () => {
      const seen: string[] = [];
      const address = await answering((request) => {
        seen.push(request[0]);
        return request[0] === 'ttl' ? ':-2\r\n' : request[0] === 'set' ? '+OK\r\n' : ':1\r\n';
      });
      const { rotations } = await rotate(address, { ...options, connections: 1 }, 2, now);
      expect(rotations).toBe(2);
      const once = ['ttl', 'set', 'zremrangebyscore', 'zadd', 'zrem', 'expire'];
      expect(seen).toEqual([...once, ...once]);
    });
  });
});

it('checksums tell different work apart', () => {
  const sum = (text: string): string => {
    const checksum = new Checksum();
    checksum.add(text);
    return checksum.text;
  };
  // The published FNV-1a of these.
  expect([sum(''), sum('a'), sum('foobar')]).toEqual(['811c9dc5', 'e40c292c', 'bf9cf968']);
});
