/** LATENCY: what kept clients waiting, and how long the calls of each command took. */

import type { Call, Command } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { latencyReport } from '../../src/dispatch/latency-report.ts';
import { errors } from '../../src/resp/errors.ts';
import { sparkline } from '../../src/std/sparkline.ts';

const { command, container } = family('server');

const RULE = '-'.repeat(80);

export const latency = container({
  name: 'LATENCY',
  summary: 'A container for latency diagnostics commands.',
  since: '2.8.13',
  help: [
    'DOCTOR',
    '    Return a human readable latency analysis report.',
    'GRAPH <event>',
    '    Return an ASCII latency graph for the <event> class.',
    'HISTORY <event>',
    '    Return time-latency samples for the <event> class.',
    'LATEST',
    '    Return the latest latency samples for all events.',
    'RESET [<event> ...]',
    '    Reset latency data of one or more <event> classes.',
    '    (default: reset all data for all event classes)',
    'HISTOGRAM [COMMAND ...]',
    '    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.',
    '    If no commands are specified then all histograms are replied.',
  ],
});

/** Unix seconds. */
function secondsNow({ instance }: Call): number {
  return Math.floor(instance.clock.now() / 1000);
}

/** How long ago, in the largest unit of which it has one. */
function ago(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

export const latencyDoctor = command({
  syntax: 'LATENCY DOCTOR',
  summary: 'Returns a report for people about latency.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
  run({ reply, instance }) {
    reply.verbatim('txt', latencyReport(instance));
  },
});

export const latencyGraph = command({
  syntax: 'LATENCY GRAPH event',
  summary: 'Draws the samples of an event.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
  run(call) {
    const { argv, reply, instance } = call;
    const event = argv.text(2);
    const series = instance.latency.series.get(event);
    if (series === undefined) throw errors.noLatencySamples(event);
    const now = secondsNow(call);
    const all = series.samples.map(({ ms }) => ms);
    const points = series.samples.map(({ ms, time }) => ({ value: ms, label: ago(now - time) }));
    reply.verbatim(
      'txt',
      `${event} - high ${Math.max(...all)} ms, low ${Math.min(...all)} ms ` +
        `(all time high ${series.worst} ms)\n${RULE}\n${sparkline(points)}`,
    );
  },
});

/** Replies the histograms of commands and of their subcommands, where there are any. */
function replyHistograms({ reply }: Call, commands: Iterable<Command>): void {
  const token = reply.deferMap();
  let count = 0;
  for (const { fullName, histogram } of commands) {
    if (histogram === undefined) continue;
    count++;
    reply.bulkText(fullName);
    reply.map(2);
    reply.bulkText('calls');
    reply.integer(histogram.total);
    reply.bulkText('histogram_usec');
    const steps = histogram.steps();
    reply.map(steps.length);
    for (const [micros, calls] of steps) {
      reply.integer(micros);
      reply.integer(calls);
    }
  }
  reply.endDefer(token, count);
}

export const latencyHistogram = command({
  syntax: 'LATENCY HISTOGRAM [command [command ...]]',
  summary: 'Returns how many calls of commands took how long.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of commands with latency information being retrieved.',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
  differs: 'Short commands that arrive in one pipeline share their time evenly.',
  run(call) {
    const { argv, instance } = call;
    const { registry } = instance;
    if (argv.count === 2) return replyHistograms(call, registry.asked());
    const asked: Command[] = [];
    for (let i = 2; i < argv.count; i++) {
      const found = registry.byName(argv.text(i));
      if (found !== undefined) asked.push(found, ...found.subcommands.values());
    }
    replyHistograms(call, asked);
  },
});

export const latencyHistory = command({
  syntax: 'LATENCY HISTORY event',
  summary: 'Returns the samples of an event.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
  run({ argv, reply, instance }) {
    const samples = instance.latency.series.get(argv.text(2))?.samples ?? [];
    reply.array(samples.length);
    for (const { time, ms } of samples) {
      reply.array(2);
      reply.integer(time);
      reply.integer(ms);
    }
  },
});

export const latencyLatest = command({
  syntax: 'LATENCY LATEST',
  summary: 'Returns the last sample of every event.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
  run({ reply, instance }) {
    const { series } = instance.latency;
    reply.array(series.size);
    for (const [event, { samples, worst }] of series) {
      const { time, ms } = samples[samples.length - 1];
      reply.array(4);
      reply.bulkText(event);
      reply.integer(time);
      reply.integer(ms);
      reply.integer(worst);
    }
  },
});

export const latencyReset = command({
  syntax: 'LATENCY RESET [event [event ...]]',
  summary: 'Forgets the samples of events, or of all.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
  run({ argv, reply, instance }) {
    let count = argv.count === 2 ? instance.latency.reset() : 0;
    for (let i = 2; i < argv.count; i++) count += instance.latency.reset(argv.text(i));
    reply.integer(count);
  },
});
