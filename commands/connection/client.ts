/** CLIENT: what a connection may ask about itself and about others, and do to them. */

import type { Call } from '../../src/dispatch/call.ts';
import { clientLine } from '../../src/dispatch/client-line.ts';
import { family } from '../../src/dispatch/command.ts';
import type { User } from '../../src/instance/acl/user.ts';
import { type Client, REPLY_OFF, REPLY_ON, REPLY_SKIP_NEXT } from '../../src/instance/clients.ts';
import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { parseInt64 } from '../../src/std/int64.ts';
import { checkName, isVisible } from './name.ts';

const { command, container } = family('connection');

export const client = container({
  name: 'CLIENT',
  summary: 'A container for client connection commands.',
  since: '2.4.0',
  helpSince: '5.0.0',
  help: [
    'CACHING (YES|NO)',
    '    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.',
    'GETREDIR',
    '    Return the client ID we are redirecting to when tracking is enabled.',
    'GETNAME',
    '    Return the name of the current connection.',
    'ID',
    '    Return the ID of the current connection.',
    'INFO',
    '    Return information about the current client connection.',
    'KILL <ip:port>',
    '    Kill connection made from <ip:port>.',
    'KILL <option> <value> [<option> <value> [...]]',
    '    Kill connections. Options are:',
    '    * ADDR (<ip:port>|<unixsocket>:0)',
    '      Kill connections made from the specified address',
    '    * LADDR (<ip:port>|<unixsocket>:0)',
    '      Kill connections made to specified local address',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      Kill connections by type.',
    '    * USER <username>',
    '      Kill connections authenticated by <username>.',
    '    * SKIPME (YES|NO)',
    '      Skip killing current connection (default: yes).',
    'LIST [options ...]',
    '    Return information about client connections. Options:',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      Return clients of specified type.',
    'UNPAUSE',
    '    Stop the current client pause, resuming traffic.',
    'PAUSE <timeout> [WRITE|ALL]',
    '    Suspend all, or just write, clients for <timeout> milliseconds.',
    'REPLY (ON|OFF|SKIP)',
    '    Control the replies sent to the current connection.',
    'SETNAME <name>',
    '    Assign the name <name> to the current connection.',
    'SETINFO <option> <value>',
    '    Set client meta attr. Options are:',
    '    * LIB-NAME: the client lib name.',
    '    * LIB-VER: the client lib version.',
    'UNBLOCK <clientid> [TIMEOUT|ERROR]',
    '    Unblock the specified blocked client.',
    'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
    '         [OPTIN] [OPTOUT] [NOLOOP]',
    '    Control server assisted client side caching.',
    'TRACKINGINFO',
    '    Report tracking status for the current connection.',
    'NO-EVICT (ON|OFF)',
    '    Protect current client connection from eviction.',
    'NO-TOUCH (ON|OFF)',
    '    Will not touch LRU/LFU stats when this mode is on.',
  ],
});

// ── About itself ────────────────────────────────────────────────────────────────────────────────

export const clientId = command({
  syntax: 'CLIENT ID',
  summary: 'Tells the number of this connection.',
  since: '5.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run(call) {
    call.reply.integer(call.client.id);
  },
});

export const clientGetname = command({
  syntax: 'CLIENT GETNAME',
  summary: 'Tells the name of this connection.',
  since: '2.6.9',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run(call) {
    if (call.client.name === '') call.reply.null();
    else call.reply.bulkText(call.client.name);
  },
});

export const clientSetname = command({
  syntax: 'CLIENT SETNAME connection-name',
  summary: 'Gives this connection a name, or takes it away.',
  since: '2.6.9',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  run(call) {
    const name = call.argv.text(2);
    checkName(name);
    call.client.name = name;
    call.reply.ok();
  },
});

export const clientSetinfo = command({
  syntax: 'CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>',
  summary: 'Tells which library this connection is made by.',
  since: '7.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  arguments: { 'libname-libver': { name: 'attr' } },
  run(call) {
    const { argv, reply } = call;
    const isName = argv.is(2, 'LIB-NAME');
    if (!isName && !argv.is(2, 'LIB-VER')) throw errors.unknownAttribute(argv.text(2));
    const value = argv.text(3);
    if (!isVisible(value)) throw errors.attributeCharacters(argv.text(2));
    if (isName) call.client.libName = value;
    else call.client.libVersion = value;
    reply.ok();
  },
});

export const clientInfo = command({
  syntax: 'CLIENT INFO',
  summary: 'Describes this connection.',
  since: '6.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output'],
  run(call) {
    call.reply.verbatim('txt', `${clientLine(call.client, call)}\n`);
  },
});

/** ON or OFF in argument 2. */
function isOn(argv: Argv): boolean {
  if (argv.is(2, 'ON')) return true;
  if (argv.is(2, 'OFF')) return false;
  throw errors.syntax;
}

export const clientNoEvict = command({
  syntax: 'CLIENT NO-EVICT <ON | OFF>',
  summary: 'Exempts this connection from being closed for the memory it takes.',
  since: '7.0.0',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run(call) {
    call.client.noEvict = isOn(call.argv);
    call.reply.ok();
  },
});

export const clientNoTouch = command({
  syntax: 'CLIENT NO-TOUCH <ON | OFF>',
  summary: 'Lets look-ups of this connection not count as uses of keys.',
  since: '7.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run(call) {
    call.client.noTouch = isOn(call.argv);
    call.reply.ok();
  },
});

export const clientReply = command({
  syntax: 'CLIENT REPLY <ON | OFF | SKIP>',
  summary: 'Mutes this connection, or its next command.',
  since: '3.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  arguments: { 'on-off-skip': { name: 'action' } },
  differs:
    'What ends a muted connection, QUIT or a mistake in the protocol, closes it: ' +
    'Redis leaves it open and never serves it again.',
  run(call) {
    const { argv, reply } = call;
    if (argv.is(2, 'ON')) {
      call.client.replyMode = REPLY_ON;
      reply.ok();
    } else if (argv.is(2, 'OFF')) {
      call.client.replyMode = REPLY_OFF;
    } else if (argv.is(2, 'SKIP')) {
      if (call.client.replyMode !== REPLY_OFF) call.client.replyMode = REPLY_SKIP_NEXT;
    } else throw errors.syntax;
  },
});

// ── About others ────────────────────────────────────────────────────────────────────────────────

const TYPES = ['normal', 'slave', 'replica', 'pubsub', 'master'];

/** What argument `index` names among the types of clients; a replica is called slave, too. */
function typeAt(argv: Argv, index: number): string {
  const type = argv.text(index).toLowerCase();
  if (!TYPES.includes(type)) throw errors.unknownClientType(argv.text(index));
  return type;
}

function isOfType({ isReplica, subscriptions }: Client, type: string | undefined): boolean {
  if (type === undefined) return true;
  if (isReplica) return type === 'replica' || type === 'slave';
  return type === (subscriptions === undefined ? 'normal' : 'pubsub');
}

export const clientList = command({
  syntax: 'CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]',
  summary: 'Describes the connections.',
  since: '2.4.0',
  complexity: 'O(N) where N is the number of client connections',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output'],
  history: [
    ['2.8.12', 'Added unique client `id` field.'],
    ['5.0.0', 'Added optional `TYPE` filter.'],
    ['6.0.0', 'Added `user` field.'],
    [
      '6.2.0',
      'Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter.',
    ],
    ['7.0.0', 'Added `resp`, `multi-mem`, `rbs` and `rbp` fields.'],
    ['7.0.3', 'Added `ssub` field.'],
  ],
  arguments: {
    TYPE: { name: 'client-type', since: '5.0.0' },
    ID: { since: '6.2.0' },
  },
  run(call) {
    const { argv, reply, instance } = call;
    let found: Iterable<Client>;
    if (argv.count === 4 && argv.is(2, 'TYPE')) {
      const type = typeAt(argv, 3);
      found = [...instance.clients.all()].filter((one) => isOfType(one, type));
    } else if (argv.count > 3 && argv.is(2, 'ID')) {
      const ids: number[] = [];
      for (let i = 3; i < argv.count; i++) {
        const id = parseInt64(argv.bytes, argv.starts[i], argv.ends[i]);
        if (id === undefined) throw errors.invalidClientId;
        ids.push(Number(id));
      }
      found = ids.flatMap((id) => instance.clients.find(id) ?? []);
    } else if (argv.count === 2) {
      found = instance.clients.all();
    } else throw errors.syntax;
    let text = '';
    for (const one of found) text += `${clientLine(one, call)}\n`;
    reply.verbatim('txt', text);
  },
});

interface Filter {
  id?: number;
  type?: string;
  address?: string;
  localAddress?: string;
  user?: User | undefined;
  skipsMe: boolean;
}

/** Reads the filters of CLIENT KILL from argument 2 on. */
function filterFrom({ args, argv, instance }: Call): Filter {
  // With the old form, you can kill yourself.
  if (argv.count === 3) return { address: argv.text(2), skipsMe: false };
  const filter: Filter = { skipsMe: true };
  for (let i = 2; i < argv.count; i += 2) {
    const value = i + 1;
    if (value === argv.count) throw errors.syntax;
    if (argv.is(i, 'ID')) {
      const id = parseInt64(argv.bytes, argv.starts[value], argv.ends[value]);
      if (id === undefined || id < 1n) throw errors.clientIdPositive;
      filter.id = args.integerAt(value);
    } else if (argv.is(i, 'TYPE')) {
      filter.type = typeAt(argv, value);
    } else if (argv.is(i, 'ADDR')) {
      filter.address = argv.text(value);
    } else if (argv.is(i, 'LADDR')) {
      filter.localAddress = argv.text(value);
    } else if (argv.is(i, 'USER')) {
      filter.user = instance.users.find(argv.text(value));
      if (filter.user === undefined) throw errors.noSuchUser(argv.text(value));
    } else if (argv.is(i, 'SKIPME') && argv.is(value, 'YES')) {
      filter.skipsMe = true;
    } else if (argv.is(i, 'SKIPME') && argv.is(value, 'NO')) {
      filter.skipsMe = false;
    } else throw errors.syntax;
  }
  return filter;
}

function isMatch(one: Client, filter: Filter, me: Client): boolean {
  return (
    (filter.address === undefined || one.address === filter.address) &&
    (filter.localAddress === undefined || one.localAddress === filter.localAddress) &&
    isOfType(one, filter.type) &&
    (filter.id === undefined || one.id === filter.id) &&
    (filter.user === undefined || one.user === filter.user) &&
    !(one === me && filter.skipsMe)
  );
}

export const clientKill = command({
  syntax:
    'CLIENT KILL <ip:port | <[ID client-id] | ' +
    '[TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | ' +
    '[ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ' +
    '[<[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | ' +
    '[USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ...]>',
  summary: 'Closes connections.',
  since: '2.4.0',
  complexity: 'O(N) where N is the number of client connections',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  history: [
    ['2.8.12', 'Added new filter format.'],
    ['2.8.12', '`ID` option.'],
    ['3.2.0', 'Added `master` type in for `TYPE` option.'],
    [
      '5.0.0',
      'Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility.',
    ],
    ['6.2.0', '`LADDR` option.'],
  ],
  arguments: {
    'ip:port-client-id-type-username-ip:port-ip:port-skipme': { name: 'filter' },
    'ip:port': { name: 'old-format', deprecatedSince: '2.8.12' },
    'client-id-type-username-ip:port-ip:port-skipme': { name: 'new-format' },
    ID: { since: '2.8.12' },
    TYPE: { name: 'client-type', since: '2.8.12' },
    MASTER: { since: '3.2.0' },
    REPLICA: { since: '5.0.0' },
    ADDR: { name: 'addr' },
    LADDR: { name: 'laddr', since: '6.2.0' },
  },
  // At least one filter, however optional each of them is.
  arity: -3,
  run(call) {
    const { argv, reply, instance } = call;
    const filter = filterFrom(call);
    const killed = [...instance.clients.all()].filter((one) => isMatch(one, filter, call.client));
    for (const one of killed) if (one !== call.client) one.connection.close();
    if (argv.count > 3) reply.integer(killed.length);
    else if (killed.length > 0) reply.ok();
    else throw errors.noSuchClient;
    if (killed.includes(call.client)) call.client.connection.closeAfterReply();
  },
});

export const clientUnblock = command({
  syntax: 'CLIENT UNBLOCK client-id [TIMEOUT | ERROR]',
  summary: 'Ends the wait of a client that a command blocks.',
  since: '5.0.0',
  complexity: 'O(log N) where N is the number of client connections',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  arguments: { 'timeout-error': { name: 'unblock-type' } },
  run({ args, argv, reply, instance }) {
    if (argv.count > 4) throw errors.subcommandSyntax(argv);
    const withError = argv.count === 4 && argv.is(3, 'ERROR');
    if (argv.count === 4 && !withError && !argv.is(3, 'TIMEOUT')) throw errors.unblockReason;
    const unblock = instance.clients.find(args.integerAt(2))?.unblock;
    unblock?.(withError);
    reply.integer(unblock === undefined ? 0 : 1);
  },
});

// ── All of them ─────────────────────────────────────────────────────────────────────────────────

export const clientPause = command({
  syntax: 'CLIENT PAUSE timeout [WRITE | ALL]',
  summary: 'Lets commands, or writes alone, wait for some milliseconds.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  history: [['6.2.0', '`CLIENT PAUSE WRITE` mode added along with the `mode` option.']],
  arguments: {
    timeout: { type: 'integer' },
    'write-all': { name: 'mode', since: '6.2.0' },
  },
  run(call) {
    const { args, argv, reply, instance } = call;
    if (argv.count > 4) throw errors.subcommandSyntax(argv);
    const onlyWrites = argv.count === 4 && argv.is(3, 'WRITE');
    if (argv.count === 4 && !onlyWrites && !argv.is(3, 'ALL')) throw errors.pauseMode;
    const until = args.timeoutAt(2, 1, call.db.zone.now);
    if (until > 0) instance.pause.begin(until, !onlyWrites);
    reply.ok();
  },
});

export const clientUnpause = command({
  syntax: 'CLIENT UNPAUSE',
  summary: 'Ends the wait that CLIENT PAUSE began.',
  since: '6.2.0',
  complexity: 'O(N) Where N is the number of paused clients',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run({ reply, instance }) {
    instance.pause.end();
    reply.ok();
  },
});
