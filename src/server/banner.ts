/** The screen printed at start: version, address, zones with sizes, how to connect. */

import type { Instance } from '../dispatch/call.ts';

const MiB = 1024 * 1024;
const KiB = 1024;

function sizeText(size: number): string {
  return size >= MiB ? `${+(size / MiB).toFixed(1)} MiB` : `${+(size / KiB).toFixed(1)} KiB`;
}

export function banner(instance: Instance, product: string): string {
  const { keyspace, config } = instance;
  const { bind, unixsocket } = config.values;
  const port = instance.tcpPort();
  const tlsPort = instance.tlsPort();
  const zones = keyspace.zones.map((zone) => {
    const numbers = keyspace.databases.filter((d) => d.zone === zone).map((d) => d.number);
    const [first] = numbers;
    const last = numbers.at(-1) as number;
    const range = first === last ? `database ${first}` : `databases ${first}-${last}`;
    const { policy } = zone.recency;
    return `    ${zone.name.padEnd(12)} ${sizeText(zone.size).padStart(9)}   ${policy.padEnd(15)} ${range}`;
  });
  const lines = [
    '',
    `  ${product}  (node ${process.versions.node})`,
    // In the words of redis-server: tools look for them.
    `  PID: ${process.pid}`,
    '',
    ...(port === 0 ? [] : [`  Listening on  ${bind.join(' ')} port ${port}`]),
    ...(tlsPort === 0 ? [] : [`  Listening on  ${bind.join(' ')} port ${tlsPort} (TLS)`]),
    ...(unixsocket ? [`  Listening on  ${unixsocket}`] : []),
    '  Zones',
    ...zones,
    '',
    '  Connect with',
    `    redis-cli${cliOptions(port, tlsPort, unixsocket)}`,
    ...(port === 0 ? [] : [`    new Redis('redis://127.0.0.1:${port}')    // ioredis`]),
    '',
    '',
  ];
  return lines.join('\n');
}

function cliOptions(port: number, tlsPort: number, path: string | undefined): string {
  if (port !== 0) return port === 6379 ? '' : ` -p ${port}`;
  return tlsPort === 0 ? ` -s ${path}` : ` --tls -p ${tlsPort}`;
}
