/** The report of LATENCY DOCTOR: what kept clients waiting, and what may help. */

import { latencyFigures } from '../instance/latency.ts';
import type { Instance } from './call.ts';

const DISABLED =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You " +
  'may use "CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we ' +
  "weren't in a deep space mission I'd suggest to take a look at " +
  'https://redis.io/topics/latency-monitor.\n';
const NOTHING =
  'Dave, no latency spike was observed during the lifetime of this Redis instance, not in the ' +
  'slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think ' +
  'things over.\n';
const OBSERVED =
  "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, " +
  'do you Dave?\n\n';
const NO_ADVICE =
  "\nWhile there are latency events logged, I'm not able to suggest any easy fix. Please use the " +
  'Redis community to get some help, providing this report in your help request.\n';
const ADVICE = '\nI have a few advices for you:\n\n';

const INSPECT_SLOWLOG =
  '- Check your Slow Log to understand what are the commands you are running which are too slow ' +
  'to execute. Please check https://redis.io/commands/slowlog for more information.\n';
const SCHEDULER =
  '- The system is slow to execute Redis code paths not containing system calls. This usually ' +
  'means the system does not provide Redis CPU time to run for long periods. You should try to:\n' +
  '  1) Lower the system load.\n' +
  '  2) Use a computer / VM just for Redis if you are running other software in the same system.\n' +
  '  3) Check if you have a "noisy neighbour" problem.\n' +
  "  4) Check with 'redis-cli --intrinsic-latency 100' what is the intrinsic latency in your " +
  'system.\n';
const LARGE_OBJECTS =
  '- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking ' +
  'operation. If you have very large objects that are often deleted, expired, or evicted, try to ' +
  'fragment those objects into multiple smaller objects.\n';

/** What can be done about the slow log, so that it names what was slow. */
function slowlogAdvice({ config, latency }: Instance): string {
  const { slowlogLogSlowerThan: from } = config.values;
  const micros = latency.threshold * 1000;
  if (from < 0) {
    return (
      '- There are latency issues with potentially slow commands you are using. Try to enable the ' +
      `Slow Log Redis feature using the command 'CONFIG SET slowlog-log-slower-than ${micros}'. ` +
      'If the Slow log is disabled Redis is not able to log slow commands execution for you.\n'
    );
  }
  if (Math.floor(from / 1000) <= latency.threshold) return '';
  return (
    '- Your current Slow Log configuration only logs events that are slower than your configured ' +
    `latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than ${micros}'.\n`
  );
}

export function latencyReport(instance: Instance): string {
  const { latency, clock } = instance;
  const { series, threshold } = latency;
  if (series.size === 0) return threshold === 0 ? DISABLED : NOTHING;
  const now = Math.floor(clock.now() / 1000);
  let report = OBSERVED;
  let number = 0;
  for (const [event, one] of series) {
    const { count, average, deviation, period } = latencyFigures(one, now);
    report +=
      `${++number}. ${event}: ${count} latency spikes (average ${average}ms, mean deviation ` +
      `${deviation}ms, period ${(period / count).toFixed(2)} sec). Worst all time event ` +
      `${one.worst}ms.\n`;
  }
  let advice = '';
  if (series.has('command')) advice += slowlogAdvice(instance) + INSPECT_SLOWLOG;
  if (series.has('fast-command')) advice += SCHEDULER;
  if (series.has('command') || series.has('expire-cycle')) advice += LARGE_OBJECTS;
  return report + (advice === '' ? NO_ADVICE : ADVICE + advice);
}
