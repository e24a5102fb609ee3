/** MONITOR: every request, as it is run. */

import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';

const { command } = family('server');

export const monitor = command({
  syntax: 'MONITOR',
  summary: 'Sends every request that the server runs from now on.',
  since: '1.0.0',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run({ client, reply, instance }) {
    if (!client.mayBlock) throw errors.monitorDenyBlocking;
    // Who monitors already is not answered again.
    if (client.isMonitor) return;
    instance.monitors.add(client);
    reply.ok();
  },
});
