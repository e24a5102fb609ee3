/** Effects of what Redis does not have: the commands of zones and sessions, and keys that were evicted. */

import { describe, expect, it } from 'vitest';
import { EffectStream, FOR_FILE } from '../../src/instance/effects.ts';
import { latin1Text } from '../../src/std/ascii.ts';
import { type Offline, openOffline } from '../support/offline.ts';

let server: Offline;
let stream: EffectStream;

function open(config: Record<string, string> = {}): void {
  server = openOffline(config);
  stream = new EffectStream(FOR_FILE);
  server.instance.effects.attach(stream);
}

/** The requests that have been written, one a line. */
function effects(): string[] {
  const { writer } = stream;
  const text = latin1Text(writer.bytes, 0, writer.size);
  writer.clear();
  return text
    .split(/\*\d+\r\n/)
    .slice(1)
    .map((request) =>
      request
        .replace(/\$\d+\r\n/g, '')
        .trimEnd()
        .replace(/\r\n/g, ' '),
    );
}

/** What requests are to those who do them again. */
function effectsOf(...requests: string[]): string[] {
  for (const request of requests) {
    expect([request, server.run(...request.split(' '))[0]]).not.toEqual([request, '-']);
  }
  return effects();
}

const NOW = 1_700_000_000_000;

describe('effects of commands of our own', () => {
  it('of zones are those that Redis knows', () => {
    open();
    expect(
      effectsOf(
        'ZONE SET k v EX 10 SAFE',
        'ZONE SET k v NX',
        'ZONE SET k w',
        'ZONE INCR n 1',
        'ZONE INCR n 1.5 INIT 1 EX 10',
        'ZONE INCR n 1',
        'ZONE INCR m 1 INIT 1',
      ),
    ).toEqual([
      'SELECT 0',
      `SET k v PXAT ${NOW + 10_000}`,
      'SET k w',
      `SET n 2.5 PXAT ${NOW + 10_000}`,
      'SET n 3.5 KEEPTTL',
      'SET m 2',
    ]);
  });

  it('of sessions say when they were done, and what the configuration said', () => {
    open({ 'session-prefix': 'app', 'session-stale-ttl': '5' });
    expect(
      effectsOf(
        'SESSION.SET name one v 10 META 1 site user',
        'SESSION.SET name two v 10 OLD one STALE 3 PREFIX other ZONE default',
        'SESSION.TOUCH name one 20',
        'SESSION.TOUCH name none 20',
        'SESSION.DEL name one NOW 5',
        'SESSION.DELALL name site user',
      ),
    ).toEqual([
      'SELECT 0',
      `SESSION.SET name one v 10 META 1 site user ZONE sessions PREFIX app STALE 5 AT ${NOW}`,
      `SESSION.SET name two v 10 OLD one STALE 3 PREFIX other ZONE default AT ${NOW}`,
      `SESSION.TOUCH name one 20 ZONE sessions PREFIX app AT ${NOW}`,
      `SESSION.DEL name one NOW 5 ZONE sessions PREFIX app AT ${NOW}`,
    ]);
  });

  it('are not for clients to give', () => {
    open();
    expect(server.run('SESSION.SET', 'name', 'one', 'v', '10', 'AT', '1')).toMatch(/^-ERR syntax/);
  });
});

describe('keys that go by themselves', () => {
  it('are gone before what they made room for is there, and not together with it', () => {
    open({ maxmemory: '256kb', 'maxmemory-policy': 'allkeys-lru' });
    const value = 'v'.repeat(50_000);
    const all = effectsOf(...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `SET ${key} ${value}`));
    const names = all.map((effect) => effect.split(' ').slice(0, 2).join(' '));
    expect(names.slice(0, 4)).toEqual(['SELECT 0', 'SET a', 'SET b', 'SET c']);
    expect(names).toContain('DEL a');
    expect(names.indexOf('DEL a')).toBeLessThan(names.indexOf('SET f'));
    expect(names).not.toContain('MULTI');
  });

  it('are named by their zone where that is not the first', () => {
    open();
    effectsOf('SELECT 16', 'SET k v PX 10');
    server.clock.advance(10);
    expect(effectsOf('GET k', 'SELECT 0', 'SET k v')).toEqual(['DEL k', 'SELECT 0', 'SET k v']);
    effectsOf('SELECT 16', 'SET k v PX 10', 'SELECT 0', 'SET k v');
    server.clock.advance(10);
    expect(effectsOf('SELECT 16', 'SET l v', 'GET k')).toEqual([
      'SELECT zone:sessions',
      'SET l v',
      'DEL k',
    ]);
  });
});
