import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { families } from '../../../../commands/index.ts';
import { Registry } from '../../../../src/dispatch/registry.ts';
import type { User } from '../../../../src/instance/acl/user.ts';
import { Client, Clients } from '../../../../src/instance/clients.ts';
import { systemFiles } from '../../../../src/instance/config/files.ts';
import { PubSub } from '../../../../src/instance/pubsub.ts';
import { heapWindows, Reply } from '../../../../src/resp/reply.ts';
import { latin1Bytes } from '../../../../src/std/ascii.ts';
import { newUsers } from '../../../support/users.ts';

const commands = new Registry(families);

/** Users, and clients of theirs that note when they are closed. */
function open() {
  const clients = new Clients();
  const users = newUsers(commands, clients, systemFiles);
  const closed: number[] = [];
  const connect = (user: User | undefined = users.default): Client => {
    const client = new Client({
      id: clients.takeId(),
      address: '127.0.0.1:1',
      localAddress: '127.0.0.1:2',
      isUnix: false,
      reply: new Reply(heapWindows()),
      now: 0,
      user: users.default,
    });
    client.connection = {
      close: () => void closed.push(client.id),
      // Only who asks for it is told first.
      closeAfterReply: () => void closed.push(-client.id),
      flushSoon() {},
      resume() {},
      retry() {},
      release() {},
      checkLimits() {},
      querySize: 0,
      unparsedSize: 0,
      queryBufferSize: 0,
      outputSize: 0,
      fd: -1,
    };
    if (user !== users.default) client.become(user, true);
    clients.add(client);
    return client;
  };
  return { users, connect, closed };
}

const folder = mkdtempSync(join(tmpdir(), 'zonis-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the default user', () => {
  it('is anybody, until it has a password', () => {
    const { users, connect } = open();
    expect(users.areAsked).toBe(false);
    const before = connect();
    expect(before.isUnrestricted).toBe(true);
    users.setDefaultPassword('p');
    expect(users.areAsked).toBe(true);
    const after = connect();
    expect([before.authenticated, after.authenticated]).toEqual([true, false]);
    expect([before.isUnrestricted, after.isUnrestricted]).toEqual([true, false]);
    expect(users.authenticate('default', latin1Bytes('p'))).toBe(users.default);
    expect(users.authenticate('default', latin1Bytes('q'))).toBeUndefined();
    users.setDefaultPassword('');
    expect(users.areAsked).toBe(false);
  });

  it('may be off: then everybody is asked', () => {
    const { users, connect } = open();
    users.set('default', ['off']);
    expect(users.areAsked).toBe(true);
    expect(connect().authenticated).toBe(false);
  });
});

describe('a change of a user', () => {
  it('holds for its clients at once', () => {
    const { users, connect } = open();
    users.set('u', ['on', 'nopass', '+@all', '~*', '&*']);
    const [anybody, u] = [connect(), connect(users.find('u'))];
    expect(u.isUnrestricted).toBe(true);
    users.set('u', ['-get']);
    expect([anybody.isUnrestricted, u.isUnrestricted]).toEqual([true, false]);
    users.set('u', ['+@all']);
    expect(u.isUnrestricted).toBe(true);
    users.set('default', ['-get']);
    expect([anybody.isUnrestricted, u.isUnrestricted]).toEqual([false, true]);
  });

  it('closes who listens to what is no longer allowed, and nobody else', () => {
    const { users, connect, closed } = open();
    const pubsub = new PubSub();
    users.set('u', ['&a', '&b*']);
    users.set('v', ['&a']);
    const [one, two, three, four] = ['u', 'u', 'u', 'v'].map((name) => connect(users.find(name)));
    pubsub.subscribe(one, 'channel', 'a');
    pubsub.subscribe(two, 'pattern', 'b*');
    pubsub.subscribe(four, 'shard', 'a');
    expect(users.set('u', ['&a', '&c'])).toBeUndefined();
    expect(users.set('u', ['resetchannels', '&nothing', 'junk'])).toContain('Syntax error');
    expect(closed).toEqual([]);
    users.set('u', ['resetchannels', '&b?'], three);
    expect(closed).toEqual([one.id, two.id]);
  });

  it('lets who made it read the answer', () => {
    const { users, connect, closed } = open();
    users.set('u', ['allchannels']);
    const [one, two] = [connect(users.find('u')), connect(users.find('u'))];
    for (const client of [one, two]) new PubSub().subscribe(client, 'channel', 'a');
    users.set('u', ['resetchannels'], two);
    expect(closed).toEqual([one.id, -two.id]);
  });

  it('that takes it away closes its clients, who are nobody until then', () => {
    const { users, connect, closed } = open();
    users.set('u', ['+@all', '~*', '&*']);
    const [one, two] = [connect(users.find('u')), connect(users.find('u'))];
    connect();
    expect(users.remove('u', two)).toBe(true);
    expect(users.remove('u', two)).toBe(false);
    expect(closed).toEqual([one.id, -two.id]);
    expect([one.user, one.authenticated, one.isUnrestricted]).toEqual([
      users.default,
      false,
      false,
    ]);
  });
});

describe('users of a configuration', () => {
  it('are made, and the default user anew', () => {
    const { users } = open();
    expect(
      users.define([
        ['a', 'on', '(~x', '+get)'],
        ['default', 'on'],
      ]),
    ).toBeUndefined();
    expect(users.lines()).toEqual([
      'user a on sanitize-payload resetchannels -@all (~x resetchannels -@all +get)',
      'user default on sanitize-payload resetchannels -@all',
    ]);
  });

  it('need names without spaces and rules that mean something', () => {
    const { users } = open();
    expect(users.define([['a b', 'on']])).toBe('Spaces not allowed in ACL usernames');
    expect(users.define([['a', 'on', '+none']])).toBe(
      "Error loading ACL rule '+none' for the user named 'a': Unknown command or category name in ACL",
    );
  });
});

describe('the file of users', () => {
  it('is read in place of all there were', () => {
    const { users, connect, closed } = open();
    const path = join(folder, 'users.acl');
    writeFileSync(path, '\n  user b on nopass ~* +@all \r\n\nuser a off >p (~x  +get)\n\n');
    users.set('old', ['on', 'nopass']);
    users.set('default', ['-@all']);
    const [old, anybody] = [connect(users.find('old')), connect()];
    expect(users.load(path, anybody)).toBeUndefined();
    expect(users.all().map(({ name }) => name)).toEqual(['a', 'b', 'default']);
    expect(users.default.isUnrestricted).toBe(true);
    expect(anybody.isUnrestricted).toBe(true);
    expect(closed).toEqual([old.id]);
  });

  it('says what the default user is, who stays the same', () => {
    const { users, connect } = open();
    const path = join(folder, 'default.acl');
    writeFileSync(path, 'user default on nopass ~* +@all');
    const anybody = connect();
    expect(users.load(path)).toBeUndefined();
    expect(anybody.user).toBe(users.find('default'));
    expect(anybody.isUnrestricted).toBe(false);
  });

  it('changes nothing when anything is wrong in it, and all of that is told', () => {
    const { users, connect, closed } = open();
    users.set('old', ['on']);
    connect(users.find('old'));
    const before = users.lines();
    const path = join(folder, 'bad.acl');
    writeFileSync(
      path,
      [
        'user good on',
        'use r',
        'user',
        'user good off',
        'user a\x0bb on',
        'user a +none junk >x ~* ~y',
        'user b (~x +get',
        '# a comment',
      ].join('\n'),
    );
    expect(users.load(path)).toBe(
      `${path}:2 should start with user keyword followed by the username. ` +
        `${path}:3 should start with user keyword followed by the username. ` +
        "WARNING: Duplicate user 'good' found on line 4. " +
        `'${path}:5: username 'a\x0bb' contains invalid characters. ` +
        `${path}:6: Error in applying operation '+none': Unknown command or category name in ACL. ` +
        `${path}:6: Syntax error. ` +
        `${path}:7: Unmatched parenthesis in selector definition.` +
        `${path}:8 should start with user keyword followed by the username. ` +
        'WARNING: ACL errors detected, no change to the previously active ACL rules was performed',
    );
    expect(users.lines()).toEqual(before);
    expect(closed).toEqual([]);
  });

  it('that is not there is an error', () => {
    const path = join(folder, 'none.acl');
    expect(open().users.load(path)).toBe(
      `Error loading ACLs, opening file '${path}': No such file or directory`,
    );
  });

  it('is written whole, so that it gives the same users again', () => {
    const { users } = open();
    const path = join(folder, 'saved.acl');
    users.set('a', ['on', '>p', '~a"b', '%R~\xe9', '(~"x\'y"', '&c', '+get)', '+@all', '-@slow']);
    users.set('b\xff', ['nopass', 'skip-sanitize-payload']);
    expect(users.save(path)).toBeUndefined();
    expect(readFileSync(path, 'latin1')).toBe(`${users.lines().join('\n')}\n`);
    const other = open().users;
    expect(other.load(path)).toBeUndefined();
    expect(other.lines()).toEqual(users.lines());
  });

  it('is left as it was when it can not be written', () => {
    const { users } = open();
    const path = join(folder, 'taken');
    mkdirSync(path);
    expect(users.save(path)).toBeTypeOf('string');
    expect(users.save(join(folder, 'nowhere', 'x'))).toBe('No such file or directory');
    expect(readdirSync(folder).filter((name) => name.startsWith('taken'))).toEqual(['taken']);
  });
});
