/** Connections: who speaks, in which protocol, to which database. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { noteWrongPassword } from '../../src/dispatch/permissions.ts';
import { endTransaction } from '../../src/dispatch/transaction.ts';
import { DEFAULT_USER } from '../../src/instance/acl/users.ts';
import { REPLY_ON } from '../../src/instance/clients.ts';
import { REDIS_VERSION } from '../../src/instance/version.ts';
import { errors } from '../../src/resp/errors.ts';
import { parseInt64 } from '../../src/std/int64.ts';
import { checkName } from './name.ts';

const { command } = family('connection');

// ── Who ─────────────────────────────────────────────────────────────────────────────────────────

/** Lets the client be the user of that name, or throws. */
function authenticate(call: Call, name: string, password: Uint8Array): void {
  const user = call.instance.users.authenticate(name, password);
  if (user === undefined) {
    noteWrongPassword(call, name);
    throw errors.wrongPass;
  }
  call.client.become(user, true);
}

export const auth = command({
  syntax: 'AUTH [username] password',
  summary: 'Says by name and password who the client is.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of passwords defined for the user',
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  arguments: { username: { since: '6.0.0' } },
  history: [['6.0.0', 'Added ACL style (username and password).']],
  secrets: ({ count }) => (count === 2 ? [1] : count === 3 ? [1, 2] : []),
  run(call) {
    const { argv, reply, instance } = call;
    if (argv.count > 3) throw errors.syntax;
    if (argv.count === 2) {
      if (instance.users.default.needsNoPassword) throw errors.authWithoutPassword;
      authenticate(call, DEFAULT_USER, argv.copy(1));
    } else {
      authenticate(call, argv.text(1), argv.copy(2));
    }
    reply.ok();
  },
});

export const hello = command({
  syntax: 'HELLO [protover [AUTH username password] [SETNAME clientname]]',
  summary: 'Chooses the protocol and tells about the server.',
  since: '6.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  history: [
    [
      '6.2.0',
      "`protover` made optional; when called without arguments the command reports the current connection's context.",
    ],
  ],
  arguments: { data: { name: 'arguments' } },
  secrets(argv) {
    const found: number[] = [];
    for (let i = 2; i < argv.count; i++) {
      if (argv.is(i, 'AUTH') && i + 2 < argv.count) {
        found.push(i + 1, i + 2);
        i += 2;
      } else if (argv.is(i, 'SETNAME') && i + 1 < argv.count) i++;
      else break;
    }
    return found;
  },
  run(call) {
    const { argv, client, reply } = call;
    let protocol = 0;
    if (argv.count > 1) {
      const asked = parseInt64(argv.bytes, argv.starts[1], argv.ends[1]);
      if (asked === undefined) throw errors.protocolNotInteger;
      if (asked < 2n || asked > 3n) throw errors.noProto;
      protocol = Number(asked);
    }
    let userIndex = 0;
    let name: string | undefined;
    for (let i = 2; i < argv.count; i++) {
      const after = argv.count - 1 - i;
      if (after >= 2 && argv.is(i, 'AUTH')) {
        userIndex = i + 1;
        i += 2;
      } else if (after >= 1 && argv.is(i, 'SETNAME')) {
        name = argv.text(++i);
        checkName(name);
      } else throw errors.helloSyntax(argv.text(i));
    }
    if (userIndex > 0) authenticate(call, argv.text(userIndex), argv.copy(userIndex + 1));
    if (!client.authenticated) throw errors.noAuthHello;
    if (name !== undefined) client.name = name;
    if (protocol > 0) speak(call, protocol === 3);

    reply.map(7);
    reply.bulkText('server');
    reply.bulkText('redis');
    reply.bulkText('version');
    reply.bulkText(REDIS_VERSION);
    reply.bulkText('proto');
    reply.integer(client.resp3 ? 3 : 2);
    reply.bulkText('id');
    reply.integer(client.id);
    reply.bulkText('mode');
    reply.bulkText('standalone');
    reply.bulkText('role');
    reply.bulkText('master');
    reply.bulkText('modules');
    reply.array(0);
  },
});

function speak({ client, reply }: Call, resp3: boolean): void {
  client.resp3 = resp3;
  reply.resp3 = resp3;
}

export const reset = command({
  syntax: 'RESET',
  summary: 'Takes the connection back to what it was when it began.',
  since: '6.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  run(call) {
    const { client, keyspace, reply, instance } = call;
    speak(call, false);
    client.database = 0;
    call.db = keyspace.databases[0];
    client.beAnyone(instance.users.default);
    client.name = '';
    client.noTouch = false;
    client.noEvict = false;
    client.replyMode = REPLY_ON;
    endTransaction(client, instance);
    instance.pubsub.forget(client);
    instance.monitors.remove(client);
    instance.tracking.disable(client);
    reply.simple('RESET');
  },
});

export const quit = command({
  syntax: 'QUIT',
  summary: 'Closes the connection.',
  since: '1.0.0',
  complexity: 'O(1)',
  // Arguments are ignored, whatever they are.
  arity: -1,
  flags: ['allow_busy', 'noscript', 'loading', 'stale', 'fast', 'no_auth'],
  deprecated: { since: '7.2.0', use: 'just closing the connection' },
  run({ client, reply }) {
    reply.ok();
    client.connection.closeAfterReply();
  },
});

// ── Where ───────────────────────────────────────────────────────────────────────────────────────

export const select = command({
  syntax: 'SELECT index',
  summary: 'Selects a database by its number, or a zone by its name.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale', 'fast'],
  run(call) {
    const { args, argv, client, keyspace, reply } = call;
    const zone = keyspace.zone(argv.text(1));
    const number = zone === undefined ? args.int32At(1) : keyspace.databaseOf(zone).number;
    const database = keyspace.databases[number];
    if (database === undefined) throw errors.dbIndexOutOfRange;
    client.database = number;
    call.db = database;
    reply.ok();
  },
});

// ── Whether ─────────────────────────────────────────────────────────────────────────────────────

export const ping = command({
  syntax: 'PING [message]',
  summary: 'Answers PONG, or what it is given.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['fast'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  run({ argv, client, reply }) {
    if (argv.count > 2) throw errors.wrongArity('ping');
    if (client.subscriptions !== undefined && !client.resp3) {
      reply.array(2);
      reply.bulkText('pong');
      if (argv.count === 1) reply.bulkText('');
      else reply.bulk(argv.bytes, argv.starts[1], argv.ends[1]);
      return;
    }
    if (argv.count === 1) reply.simple('PONG');
    else reply.bulk(argv.bytes, argv.starts[1], argv.ends[1]);
  },
});

export const echo = command({
  syntax: 'ECHO message',
  summary: 'Answers what it is given.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale', 'fast'],
  run({ argv, reply }) {
    reply.bulk(argv.bytes, argv.starts[1], argv.ends[1]);
  },
});
