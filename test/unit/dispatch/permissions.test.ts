/** What the conformance tests can't tell: joined names, and what a denial leaves behind. */

import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/dispatch/call.ts';
import { checkPermission } from '../../../src/dispatch/permissions.ts';
import { Argv } from '../../../src/resp/argv.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

/** A server, and what its default user may do with these rules. */
function acting(...rules: readonly string[]): Offline {
  const server = openOffline();
  const { users } = server.instance;
  expect(users.set('u', ['on', 'nopass', '+@all', ...rules])).toBeUndefined();
  return server;
}

/** What the user u is denied of a request, or undefined. */
function denied({ instance }: Offline, line: string, first = 0) {
  const words = line.split(' ');
  const argv = Argv.of(...words);
  const found = instance.registry.find(argv, first) as Command;
  const sub = found.subcommands.get(words[first + 1]?.toLowerCase());
  const user = instance.users.find('u');
  if (user === undefined) throw new Error('there is a user');
  return checkPermission(user, sub ?? found, argv, instance, first);
}

describe('the keys of sessions', () => {
  it('are their joined names', () => {
    const server = acting('~web:*', '%R~p:*:s');
    const key = (object: string) => ({ reason: 'key', object });
    expect(denied(server, 'SESSION.GET web a')).toBeUndefined();
    expect(denied(server, 'SESSION.GET other a')).toMatchObject(key('other:a'));
    expect(denied(server, 'SESSION.GET web a PREFIX x')).toMatchObject(key('x:web:a'));
    expect(denied(server, 'SESSION.GET n a SUFFIX s PREFIX p')).toBeUndefined();
    expect(denied(server, 'SESSION.META n a b SUFFIX s PREFIX p')).toBeUndefined();
    for (const line of ['SESSION.DEL n a', 'SESSION.TOUCH n a 9', 'SESSION.SET n a v 9']) {
      expect(denied(server, `${line} PREFIX p SUFFIX s`)).toMatchObject(key('p:n:a:s'));
    }
    expect(denied(server, 'SESSION.SET web a v 9 OLD b META 1 x y')).toBeUndefined();
  });

  it('are the session, the old one and every index', () => {
    const server = acting('~web:a', '~web:x:y', '%R~web:b');
    expect(denied(server, 'SESSION.SET web a v 9 META 1 x y')).toBeUndefined();
    expect(denied(server, 'SESSION.SET web a v 9 META 2 x y x z')).toMatchObject({
      object: 'web:x:z',
    });
    expect(denied(server, 'SESSION.SET web a v 9 OLD b META 1 x y')).toMatchObject({
      object: 'web:b',
    });
  });

  it('that SESSION.DELALL finds in an index must be permitted too', () => {
    const server = acting('~web:app:ann', '~web:s1');
    for (const key of ['s1', 's2']) {
      server.run('SESSION.SET', 'web', key, 'v', '100', 'META', '1', 'app', 'ann');
    }
    server.run('AUTH', 'u', 'x');
    const line = ['SESSION.DELALL', 'web', 'app', 'ann'];
    expect(server.run(...line)).toBe('-NOPERM No permissions to access a key\r\n');
    expect(server.run('AUTH', 'default', '')).toBe('+OK\r\n');
    expect(server.run('SESSION.META', 'web', 'app', 'ann')).toMatch(/^\*4\r\n/);
    expect(server.run('ACL', 'LOG')).toContain('web:s2');
    server.run('AUTH', 'u', 'x');
    expect(server.run(...line, 'EXCEPT', 's2')).toBe(':1\r\n');
    server.instance.users.set('u', ['%W~web:s*']);
    expect(server.run(...line)).toBe(':1\r\n');
  });

  it('are in the categories of keys that are read and written', () => {
    const { instance } = openOffline();
    const categories = (name: string) => instance.registry.byName(name)?.categories.join(' ');
    expect(categories('session.get')).toBe('keyspace read fast');
    expect(categories('session.set')).toBe('keyspace write slow');
    expect(categories('session.delall')).toBe('keyspace write slow');
    expect(categories('session.meta')).toBe('keyspace read slow');
    expect(categories('zone|audit')).toBe('keyspace read admin slow dangerous');
  });
});

describe('a script', () => {
  it('is refused in the name of who runs it', () => {
    const server = openOffline();
    server.run('ACL', 'SETUSER', 'u', 'on', 'nopass', '+eval', '~*');
    server.run('AUTH', 'u', '');
    expect(server.run('EVAL', "return redis.call('INCR', KEYS[1])", '1', 'n')).toMatch(/^-/);
    server.run('AUTH', 'default', '');
    const log = server.run('ACL', 'LOG');
    expect(log).toContain('$3\r\nlua\r\n');
    expect(log).toMatch(/\bid=1 addr=127\.0\.0\.1:1 .* cmd=eval user=u /);
  });
});

describe('a request', () => {
  it('may begin behind another', () => {
    const server = acting('~a');
    expect(denied(server, 'x y GET a', 2)).toBeUndefined();
    expect(denied(server, 'x y GET b', 2)).toMatchObject({ reason: 'key', object: 'b' });
    server.instance.users.set('u', ['-select', '+select|1', '&c']);
    expect(denied(server, '1 SELECT 1', 1)).toBeUndefined();
    expect(denied(server, '1 SELECT 2', 1)).toMatchObject({ reason: 'command', object: 'select' });
    expect(denied(server, 'c PUBLISH c m', 1)).toBeUndefined();
    expect(denied(server, 'c PUBLISH d m', 1)).toMatchObject({ reason: 'channel', object: 'd' });
  });

  it('that contradicts itself has no keys: the command refuses it', () => {
    const server = acting('~a');
    expect(denied(server, 'SESSION.GET web a JUNK')).toBeUndefined();
    expect(denied(server, 'EXISTS a b')).toMatchObject({ object: 'b' });
  });
});

describe('a denial', () => {
  it('of one selector or another is the one that came furthest', () => {
    const server = acting('-@all', '(+get ~a)', '(+mget ~x ~y)', '(+publish &a)');
    expect(denied(server, 'GET b')).toMatchObject({ reason: 'key', object: 'b' });
    expect(denied(server, 'MGET x y b a')).toMatchObject({ reason: 'key', object: 'b' });
    expect(denied(server, 'PUBLISH b m')).toMatchObject({ reason: 'channel', object: 'b' });
    expect(denied(server, 'SET b m')).toMatchObject({ reason: 'command', object: 'set' });
  });

  it('is counted, logged with its client, and told in INFO', () => {
    const server = acting('-set', '~a', '&c');
    server.run('CLIENT', 'SETNAME', 'me');
    server.run('AUTH', 'u', 'x');
    for (const words of [
      ['SET', 'a', '1'],
      ['GET', 'b'],
      ['PUBLISH', 'd', '1'],
      ['GET', 'b'],
    ]) {
      expect(server.run(...words)).toMatch(/^-NOPERM /);
    }
    expect(server.run('AUTH', 'u', 'x')).toBe('+OK\r\n');
    expect(server.run('AUTH', 'nobody', 'x')).toMatch(/^-WRONGPASS /);
    const info = server.run('INFO', 'stats');
    for (const [what, count] of [
      ['auth', 1],
      ['cmd', 1],
      ['key', 2],
      ['channel', 1],
    ]) {
      expect(info).toContain(`acl_access_denied_${what}:${count}\r\n`);
    }
    const [last, second] = server.instance.aclLog.entries;
    expect(last).toMatchObject({ reason: 'auth', object: 'AUTH', username: 'nobody' });
    expect(second).toMatchObject({ reason: 'key', object: 'b', username: 'u', count: 2 });
    expect(last.clientInfo).toMatch(/ name=me .* user=u /);
    server.run('CONFIG', 'RESETSTAT');
    expect(server.run('INFO', 'stats')).toContain('acl_access_denied_key:0\r\n');
  });

  it('inside of EXEC is said to be there', () => {
    const server = acting('~a');
    for (const words of [['MULTI'], ['AUTH', 'nobody', 'x'], ['EXEC']]) server.run(...words);
    expect(server.instance.aclLog.entries[0]).toMatchObject({ reason: 'auth', context: 'multi' });
    server.run('AUTH', 'nobody', 'x');
    expect(server.instance.aclLog.entries[0]).toMatchObject({ context: 'toplevel' });
  });
});
