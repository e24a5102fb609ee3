/**
 * Files that are torn at random: snapshots, append only files, redis.conf. What can't be read says
 * so; what can leaves everything whole. Nothing else is thrown, and nothing goes on for ever.
 *
 * FUZZ_RUNS says how often, FUZZ_SEED from which seed. Every single cut and byte of small files is
 * gone through in test/unit/persistence and test/persistence/torn.test.ts.
 */

import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfiguration } from '../../src/instance/config/load.ts';
import { Config } from '../../src/instance/config.ts';
import { AofReader, ENDED, MALFORMED, READ, TORN } from '../../src/persistence/aof-reader.ts';
import { isLoadFault } from '../../src/persistence/rdb-load.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { openOffline } from '../support/offline.ts';
import { encode } from '../support/resp-client.ts';
import { loadSnapshot, takeSnapshot } from '../support/snapshot.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1970);

function diceOf(seed: number): SeededRandom {
  return new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => (SEED + seed) >> (i % 4)));
}

/** Some bytes changed, taken out, doubled or swapped with others of the file. */
function torn(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let all = Array.from(bytes);
  for (let count = 1 + random.below(4); count > 0 && all.length > 1; count--) {
    const at = random.below(all.length);
    const size = 1 + random.below(8);
    const kind = random.below(5);
    if (kind === 0) all[at] = random.below(256);
    else if (kind === 1) all.splice(at, size);
    else if (kind === 2) all.splice(at, 0, ...all.slice(at, at + size));
    else if (kind === 3)
      all.splice(at, size, ...all.slice(random.below(all.length)).slice(0, size));
    else all = all.slice(0, at);
  }
  return Uint8Array.from(all);
}

/** Keys of every type and encoding. */
const requests = [
  ...[
    'SET string hello',
    'SET number 12345',
    'SET volatile v PX 100000',
    `SET long ${'ab'.repeat(50)}`,
  ],
  ...['RPUSH list a 300 text', 'SADD integers 1 2 3', 'SADD members a b', 'HSET hash f v g w'],
  ...['ZADD sorted 1 a 2.5 b', 'XADD stream 1-1 f v', 'XGROUP CREATE stream g 0'],
  ...['XREADGROUP GROUP g c STREAMS stream >', `HSET table ${'f '.repeat(200).trim()}`],
  `ZADD tree ${Array.from({ length: 200 }, (_, i) => `${i} m${i}`).join(' ')}`,
].map((line) => line.split(' '));

describe('files that are torn', () => {
  it('snapshots', () => {
    const random = diceOf(0);
    const server = openOffline({ maxmemory: '4mb' });
    for (const request of requests) expect(server.run(...request)).not.toMatch(/^-/);
    const file = takeSnapshot(server);
    const other = openOffline({ maxmemory: '4mb' });
    // Without its sum, or what is torn would hardly be looked at.
    file.fill(0, file.length - 8);
    let loaded = 0;
    for (let run = 0; run < RUNS; run++) {
      other.run('FLUSHALL');
      const bytes = torn(file, random);
      try {
        loadSnapshot(other, bytes);
        loaded++;
      } catch (error) {
        if (!isLoadFault(error)) throw error;
      }
      expect([run, other.audit()]).toEqual([run, undefined]);
    }
    expect(loaded).toBeGreaterThan(RUNS / 100);
    expect(loaded).toBeLessThan(RUNS / 2);
  });

  it('append only files', () => {
    const random = diceOf(1);
    const file = Buffer.from(requests.map(encode).join(''), 'latin1');
    const seen = new Map<number, number>();
    for (let run = 0; run < RUNS; run++) {
      const bytes = torn(file, random);
      let done = 0;
      const reader = new AofReader(
        {
          read(target, at, size) {
            const piece = bytes.subarray(done, done + Math.min(size, 1 + random.below(100)));
            target.set(piece, at);
            done += piece.length;
            return piece.length;
          },
        },
        0,
      );
      let before = 0;
      for (;;) {
        const state = reader.next();
        seen.set(state, (seen.get(state) ?? 0) + 1);
        if (state !== READ) break;
        expect(reader.position).toBeGreaterThan(before);
        before = reader.position;
        expect(before).toBeLessThanOrEqual(bytes.length);
      }
    }
    expect([...seen.keys()].sort()).toEqual([READ, ENDED, TORN, MALFORMED].sort());
  });

  it('redis.conf', () => {
    const random = diceOf(2);
    const text = [
      ...['port 7000', 'bind 127.0.0.1 -::1', 'save 3600 1 300 100', 'save ""', 'appendonly yes'],
      ...['maxmemory 100mb', 'maxmemory-policy allkeys-lru', 'requirepass "a b"', '# comment', ''],
      ...[
        'client-output-buffer-limit normal 0 0 0',
        'notify-keyspace-events KEA',
        'loglevel notice',
      ],
      ...[
        'rename-command CONFIG ""',
        'user u on >p ~* +@all',
        'zone cache 16mb allkeys-lru',
        'hz 10',
      ],
      ...['oom-score-adj-values 0 200 800', 'tls-port 0', 'include none.conf', 'dir "./a\\x20b"'],
    ].join('\n');
    const bytes = Buffer.from(text, 'latin1');
    let refused = 0;
    for (let run = 0; run < RUNS; run++) {
      const lines = Buffer.from(torn(bytes, random)).toString('latin1').split('\n');
      // In another order, and some of them only.
      const some = lines.filter(() => random.below(3) > 0);
      try {
        loadConfiguration(
          new Config(),
          { action: 'run', file: undefined, readsStdin: true, lines: [] },
          {
            files: {
              read() {
                throw new Error('no such file');
              },
              expand: () => [],
            } as never,
            readStdin: () => some.join('\n'),
            renameCommand: () => undefined,
          },
        );
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as ConfigError).report('Zonis')).toContain('FATAL CONFIG FILE ERROR');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(RUNS / 10);
    expect(refused).toBeLessThan(RUNS);
  });
});
