import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/dispatch/call.ts';
import { type CommandDefinition, type Definition, family } from '../../../src/dispatch/command.ts';
import { execute } from '../../../src/dispatch/gates.ts';
import { Registry } from '../../../src/dispatch/registry.ts';
import { Audience } from '../../../src/instance/audience.ts';
import { Client } from '../../../src/instance/clients.ts';
import { Effects } from '../../../src/instance/effects.ts';
import { Monitors } from '../../../src/instance/monitors.ts';
import { PubSub } from '../../../src/instance/pubsub.ts';
import { Stats } from '../../../src/instance/stats.ts';
import { Blocking } from '../../../src/keyspace/blocking.ts';
import { Argv } from '../../../src/resp/argv.ts';
import { errors } from '../../../src/resp/errors.ts';
import { collect, heapWindows, Reply } from '../../../src/resp/reply.ts';
import { latin1Text } from '../../../src/std/ascii.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import { newUsers } from '../../support/users.ts';

const { command, container } = family('server');

function define(syntax: string, facts: Partial<CommandDefinition> = {}): Definition {
  const run: CommandDefinition['run'] = ({ reply }) => reply.ok();
  return command({ syntax, summary: '', since: '1.0.0', run, ...facts });
}

const definitions = [
  define('GET key', { keys: 'RO' }),
  define('PING [message]'),
  define('AUTH password', { flags: ['no_auth'] }),
  define('DEBUG subcommand', { flags: ['protected'] }),
  container({ name: 'CONFIG', summary: '', since: '1.0.0', help: [] }),
  define('CONFIG GET parameter [parameter ...]'),
  define('FAIL', {
    run({ reply }) {
      reply.array(3);
      throw errors.wrongType;
    },
  }),
  define('BREAK', {
    run() {
      throw new Error('a mistake of ours');
    },
  }),
];

/** A server of these commands alone, and a client of it. */
function start({ authenticated = true, requirepass = '', enableDebugCommand = 'no' } = {}) {
  const registry = new Registry([definitions]);
  const stats = new Stats(new ManualClock());
  const reply = new Reply(heapWindows());
  const users = newUsers(registry);
  const client = new Client({
    id: 1,
    address: '127.0.0.1:1',
    localAddress: '127.0.0.1:2',
    isUnix: false,
    reply,
    now: 0,
    user: users.default,
  });
  if (!authenticated) client.become(users.default, false);
  if (requirepass !== '') users.setDefaultPassword(requirepass);
  const config = { values: { enableDebugCommand } };
  const blocking = new Blocking();
  const pubsub = new PubSub();
  const pause = { until: 0 };
  const scriptRuns = { busy: undefined };
  const keyspace = { isHindered: false };
  const audience = new Audience();
  const monitors = new Monitors(audience);
  const instance = {
    registry,
    stats,
    audience,
    monitors,
    effects: new Effects(audience),
    config,
    blocking,
    pubsub,
    users,
    pause,
    scriptRuns,
    keyspace,
  };
  const send = (...words: string[]): string => {
    execute({ argv: Argv.of(...words), client, reply, instance } as unknown as Call);
    return latin1Text(collect(reply)).trimEnd();
  };
  return { send, registry, stats, client };
}

describe('a request', () => {
  it('reaches its handler when nothing is against it', () => {
    const { send } = start();
    expect(send('get', 'k')).toBe('+OK');
    expect(send('PING')).toBe('+OK');
    expect(send('config', 'get', 'a', 'b')).toBe('+OK');
  });

  it('names an unknown command with the beginning of its arguments', () => {
    const { send } = start();
    const unknown = '-ERR unknown command';
    expect(send('none')).toBe(`${unknown} 'none', with args beginning with:`);
    expect(send('none', 'a', 'b')).toBe(`${unknown} 'none', with args beginning with: 'a' 'b'`);
    expect(send('a\r\nb')).toBe(`${unknown} 'a  b', with args beginning with:`);
    expect(send('x'.repeat(200), 'y'.repeat(200), 'z')).toBe(
      `${unknown} '${'x'.repeat(128)}', with args beginning with: '${'y'.repeat(128)}'`,
    );
  });

  it('names an unknown subcommand and where to find help', () => {
    const { send } = start();
    expect(send('Config', 'NoNe', 'x')).toBe("-ERR unknown subcommand 'NoNe'. Try CONFIG HELP.");
  });

  it('must have as many arguments as its command takes', () => {
    const { send } = start();
    const wrong = (name: string) => `-ERR wrong number of arguments for '${name}' command`;
    expect(send('GET')).toBe(wrong('get'));
    expect(send('GET', 'a', 'b')).toBe(wrong('get'));
    expect(send('CONFIG')).toBe(wrong('config'));
    expect(send('CONFIG', 'GET')).toBe(wrong('config|get'));
  });

  it('must come from an authenticated client, but for AUTH', () => {
    const { send } = start({ authenticated: false, requirepass: 'secret' });
    expect(send('PING')).toBe('-NOAUTH Authentication required.');
    expect(send('AUTH', 'x')).toBe('+OK');
    // These are found out first.
    expect(send('NONE')).toContain('unknown command');
    expect(send('GET')).toContain('wrong number');
  });

  it('may come from anyone once there is no password', () => {
    expect(start({ authenticated: false }).send('PING')).toBe('+OK');
  });

  it('for a protected command must be allowed', () => {
    expect(start().send('DEBUG', 'x')).toContain('DEBUG command not allowed');
    expect(start({ enableDebugCommand: 'local' }).send('DEBUG', 'x')).toBe('+OK');
    expect(start({ enableDebugCommand: 'yes' }).send('DEBUG', 'x')).toBe('+OK');
    const stranger = start({ authenticated: false, requirepass: 'secret' });
    expect(stranger.send('DEBUG', 'x')).toContain('DEBUG command not allowed');
  });
});

describe('a handler', () => {
  it('that throws an error reply has replied nothing else', () => {
    const { send } = start();
    expect(send('FAIL')).toBe(`-${errors.wrongType.text}`);
  });

  it('that throws anything else is a mistake nobody hides', () => {
    expect(() => start().send('BREAK')).toThrow('a mistake of ours');
  });
});

describe('counters', () => {
  const countsOf = (name: string, ...requests: string[][]) => {
    const { send, registry, stats } = start();
    for (const request of requests) send(...request);
    const { calls, rejected, failed } = registry.byName(name)!;
    return { calls, rejected, failed, errors: stats.errorReplies };
  };

  it('tell calls from what was rejected and what failed', () => {
    expect(countsOf('get', ['GET', 'k'], ['GET'], ['GET', 'k'])).toEqual({
      calls: 2,
      rejected: 1,
      failed: 0,
      errors: 1,
    });
    expect(countsOf('fail', ['FAIL'])).toEqual({ calls: 1, rejected: 0, failed: 1, errors: 1 });
  });

  it('blame no command for a name that there is not', () => {
    const none = { calls: 0, rejected: 0, failed: 0, errors: 1 };
    expect(countsOf('config', ['CONFIG', 'NONE'])).toEqual(none);
    expect(countsOf('get', ['NONE'])).toEqual(none);
  });

  it('remember the last command of a client, and that it was none', () => {
    const { send, client } = start();
    send('config', 'get', 'x');
    expect(client.lastCommand).toBe('config|get');
    send('get');
    expect(client.lastCommand).toBe('get');
    send('none');
    expect(client.lastCommand).toBe('NULL');
  });
});
