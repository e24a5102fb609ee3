/** One client as a line of CLIENT LIST, field for field as Redis 7.2 prints it. */

import { type Client, memoryOf } from '../instance/clients.ts';
import type { Argv } from '../resp/argv.ts';
import { digitCount } from '../std/int64.ts';
import type { Call } from './call.ts';

/** Bytes of a request as an array of bulk strings. */
function requestSize(argv: Argv): number {
  let size = 1 + digitCount(argv.count) + 2;
  for (let i = 0; i < argv.count; i++) size += 1 + digitCount(argv.size(i)) + 4 + argv.size(i);
  return size;
}

function argumentsSize(argv: Argv): number {
  let size = 0;
  for (let i = 0; i < argv.count; i++) size += argv.size(i);
  return size;
}

function flagsOf(client: Client): string {
  let flags = '';
  if (client.isReplica) flags += 'S';
  if (client.isMonitor) flags += 'O';
  if (client.subscriptions !== undefined) flags += 'P';
  if (client.queue !== undefined) flags += 'x';
  if (client.isBlocked) flags += 'b';
  if (client.tracking !== undefined) flags += 't';
  if (client.tracking?.isBroken) flags += 'R';
  if (client.tracking?.isBroadcast) flags += 'B';
  if (client.watcher.isDirty) flags += 'd';
  if (client.closing) flags += 'c';
  if (client.isUnix) flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

/** Without a line end. `call` is the one that asks: only its client has a request that runs. */
export function clientLine(client: Client, call: Call): string {
  const { connection } = client;
  const now = call.instance.clock.now();
  const running = client === call.client ? call.argv : undefined;
  const { unparsedSize } = connection;
  const argvSize =
    running === undefined ? connection.querySize - unparsedSize : argumentsSize(running);
  const querySize = unparsedSize + (running === undefined ? 0 : requestSize(running));
  // What the running client is being told now is in a window that is not its own.
  const outputSize = running === undefined ? connection.outputSize : 0;
  // What the client has sent of a request that has not begun is in its buffer.
  const totalSize =
    memoryOf(client) - connection.outputSize + outputSize + (running === undefined ? 0 : argvSize);
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', connection.fd],
    ['name', client.name],
    ['age', Math.floor((now - client.createdAt) / 1000)],
    ['idle', Math.floor((now - client.lastActiveAt) / 1000)],
    ['flags', flagsOf(client)],
    ['db', client.database],
    ['sub', client.subscriptions?.channel.size ?? 0],
    ['psub', client.subscriptions?.pattern.size ?? 0],
    ['ssub', client.subscriptions?.shard.size ?? 0],
    ['multi', client.queue?.count ?? -1],
    ['qbuf', querySize],
    ['qbuf-free', Math.max(0, connection.queryBufferSize - unparsedSize)],
    ['argv-mem', argvSize],
    ['multi-mem', client.queue?.size ?? 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', outputSize > 0 ? 1 : 0],
    ['omem', outputSize],
    ['tot-mem', totalSize],
    ['events', outputSize > 0 ? 'rw' : 'r'],
    ['cmd', client.lastCommand],
    ['user', client.user.name],
    ['redir', client.tracking?.redirectTo ?? -1],
    ['resp', client.resp3 ? 3 : 2],
    ['lib-name', client.libName],
    ['lib-ver', client.libVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}
