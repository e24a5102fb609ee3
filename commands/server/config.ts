/** CONFIG: directives at run time. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { rewriteConfiguration } from '../../src/dispatch/rewrite.ts';
import { Wait } from '../../src/dispatch/wait.ts';
import type { Client } from '../../src/instance/clients.ts';
import type { SetFailure } from '../../src/instance/config.ts';
import { errors } from '../../src/resp/errors.ts';

const { command, container } = family('server');

export const config = container({
  name: 'CONFIG',
  summary: 'A container for server configuration commands.',
  since: '2.0.0',
  helpSince: '5.0.0',
  help: [
    'GET <pattern>',
    '    Return parameters matching the glob-like <pattern> and their values.',
    'SET <directive> <value>',
    '    Set the configuration <directive> to <value>.',
    'RESETSTAT',
    '    Reset statistics reported by the INFO command.',
    'REWRITE',
    '    Rewrite the configuration file.',
  ],
});

export const configGet = command({
  syntax: 'CONFIG GET parameter [parameter ...]',
  summary: 'Returns the effective values of configuration parameters.',
  since: '2.0.0',
  complexity: 'O(N) when N is the number of configuration parameters provided',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  history: [['7.0.0', 'Added the ability to pass multiple pattern parameters in one call']],
  run({ argv, reply, instance }) {
    const patterns: string[] = [];
    for (let i = 2; i < argv.count; i++) patterns.push(argv.text(i));
    const found = instance.config.get(patterns);
    reply.map(found.length);
    for (const [name, value] of found) {
      reply.bulkText(name);
      reply.bulkText(value);
    }
  },
});

/** What a CONFIG SET that took time came to, until its client asks. */
const outcomes = new WeakMap<Client, { readonly failure: SetFailure | undefined }>();

/** Sets the pairs of the request. Throws a wait where that takes time, or another is under way. */
function setPairs(call: Call): SetFailure | undefined {
  const { argv, client, instance } = call;
  const { config } = instance;
  const outcome = outcomes.get(client);
  if (outcome !== undefined) {
    outcomes.delete(client);
    return outcome.failure;
  }
  if (config.changing !== undefined) throw new Wait(config.changing);
  const pairs: [string, string][] = [];
  for (let i = 2; i < argv.count; i += 2) pairs.push([argv.text(i), argv.text(i + 1)]);
  const result = config.set(pairs, maySetGuarded(call));
  if (!(result instanceof Promise)) return result;
  throw new Wait(result.then((failure) => outcomes.set(client, { failure })));
}

/** They say what is being loaded. */
const FIXED_WHILE_LOADING: ReadonlySet<string> = new Set([
  ...['dir', 'appendonly', 'repl-diskless-load'],
]);

export const configSet = command({
  syntax: 'CONFIG SET parameter value [parameter value ...]',
  summary: 'Sets configuration parameters in-flight.',
  since: '2.0.0',
  complexity: 'O(N) when N is the number of configuration parameters provided',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  differs:
    'The folder tls-ca-cert-dir is read when it is set. Sessions of TLS are in tickets that clients keep, so tls-session-cache-size does nothing, and with tls-session-caching no there are none.',
  history: [['7.0.0', 'Added the ability to set multiple parameters in one call.']],
  secrets(argv, { config: own }) {
    const found: number[] = [];
    for (let i = 2; i + 1 < argv.count; i += 2) {
      if (own.isSensitive(argv.text(i))) found.push(i + 1);
    }
    return found;
  },
  run(call) {
    const { argv, keyspace } = call;
    if (argv.count % 2 !== 0) throw errors.syntax;
    for (let i = 2; keyspace.isLoading && i < argv.count; i += 2) {
      if (FIXED_WHILE_LOADING.has(argv.text(i).toLowerCase())) throw errors.loading;
    }
    const failure = setPairs(call);
    if (failure === undefined) return call.reply.ok();
    if ('unknown' in failure) throw errors.configUnknown(failure.unknown);
    throw errors.configFailed(failure.argument, failure.reason);
  },
});

export const configRewrite = command({
  syntax: 'CONFIG REWRITE',
  summary: 'Persists the effective configuration to file.',
  since: '2.8.0',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  run(call) {
    rewriteConfiguration(call, false);
    call.reply.ok();
  },
});

export const configResetstat = command({
  syntax: 'CONFIG RESETSTAT',
  summary: "Resets the server's statistics.",
  since: '2.0.0',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  run({ reply, instance, keyspace }) {
    instance.stats.reset(instance.registry.asked());
    keyspace.counts.reset();
    instance.appendOnly.resetCounts();
    for (const { counts, retired } of keyspace.zones) {
      counts.evicted = 0;
      counts.expired = 0;
      retired.freed = 0;
    }
    reply.ok();
  },
});

function maySetGuarded({ instance, client }: Call): boolean {
  const { enableProtectedConfigs } = instance.config.values;
  return enableProtectedConfigs === 'yes' || (enableProtectedConfigs === 'local' && client.isLocal);
}
