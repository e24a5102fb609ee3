/** The slow log and the latency monitor, by a clock that is moved. */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;

beforeEach(() => {
  server = openOffline({
    'enable-debug-command': 'yes',
    'slowlog-log-slower-than': '100000',
    'latency-monitor-threshold': '100',
  });
});

/** The arguments of the requests in the slow log, the newest first. */
function slow(): string[] {
  const { slowLog } = server.instance;
  return slowLog.newest(slowLog.length).map((entry) => entry.arguments.join(' '));
}

describe('the slow log', () => {
  it('has what took as long as the configuration says, and what it was', () => {
    server.run('PING');
    server.run('DEBUG', 'SLEEP', '0.099');
    expect(slow()).toEqual([]);
    server.run('CLIENT', 'SETNAME', 'me');
    server.run('DEBUG', 'SLEEP', '0.1');
    expect(server.instance.slowLog.newest(1)).toEqual([
      {
        id: 0,
        time: 1_700_000_000,
        micros: 100_000,
        arguments: ['DEBUG', 'SLEEP', '0.1'],
        address: '127.0.0.1:1',
        clientName: 'me',
      },
    ]);
  });

  it('has the commands of a transaction, and not EXEC', () => {
    server.run('MULTI');
    server.run('SET', 'k', 'v');
    server.run('DEBUG', 'SLEEP', '0.2');
    server.run('EXEC');
    expect(slow()).toEqual(['DEBUG SLEEP 0.2']);
    const { registry } = server.instance;
    expect(registry.byName('exec')?.microseconds).toBe(200_000);
    expect(registry.byName('debug')?.microseconds).toBe(200_000);
  });

  it('has as many as it is to keep', () => {
    server.run('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    for (let i = 0; i < 200; i++) server.run('ECHO', String(i));
    expect(slow()).toHaveLength(128);
    server.run('CONFIG', 'SET', 'slowlog-max-len', '2');
    expect(slow()).toEqual(['CONFIG SET slowlog-max-len 2', 'ECHO 199']);
    server.run('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    server.run('DEBUG', 'SLEEP', '1');
    expect(slow()).toEqual(['CONFIG SET slowlog-max-len 2', 'ECHO 199']);
  });

  it('shortens what is long, and shows no secret', () => {
    server.run('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    server.run('SADD', 's', 'x'.repeat(129), ...Array.from({ length: 40 }, (_, i) => `${i}`));
    const [{ arguments: words }] = server.instance.slowLog.newest(1);
    expect(words).toHaveLength(32);
    expect(words[2]).toBe(`${'x'.repeat(128)}... (1 more bytes)`);
    expect(words[31]).toBe('... (12 more arguments)');
    server.run('SLOWLOG', 'RESET');
    server.run('AUTH', 'wrong');
    server.run('AUTH', 'me', 'wrong');
    server.run('AUTH', 'a', 'b', 'c');
    server.run('HELLO', '3', 'AUTH', 'me', 'wrong', 'SETNAME', 'auth');
    server.run('ACL', 'SETUSER', 'me', '>secret');
    server.run('CONFIG', 'SET', 'masterauth', 'secret', 'hz', '10');
    server.run('MIGRATE', 'localhost', '1', '', '0', '1', 'AUTH2', 'me', 'pw', 'KEYS', 'AUTH', 'k');
    expect(slow().reverse()).toEqual([
      'SLOWLOG RESET',
      'AUTH (redacted)',
      'AUTH (redacted) (redacted)',
      'AUTH a b c',
      'HELLO 3 AUTH (redacted) (redacted) SETNAME auth',
      'ACL SETUSER (redacted) (redacted)',
      'CONFIG SET masterauth (redacted) hz 10',
      'MIGRATE localhost 1  0 1 AUTH2 (redacted) (redacted) KEYS AUTH k',
    ]);
  });
});

describe('the latency monitor', () => {
  it('has the last samples of an event, and a graph of them', () => {
    for (const seconds of ['0.3', '0.402', '0.501']) {
      server.run('DEBUG', 'SLEEP', seconds);
      server.clock.advance(1000);
    }
    expect(server.run('LATENCY', 'LATEST')).toBe(
      '*1\r\n*4\r\n$7\r\ncommand\r\n:1700000003\r\n:501\r\n:501\r\n',
    );
    expect(server.run('LATENCY', 'HISTORY', 'command')).toContain(':1700000000\r\n:300\r\n');
    expect(server.run('LATENCY', 'GRAPH', 'command')).toContain(
      `command - high 501 ms, low 300 ms (all time high 501 ms)\n${'-'.repeat(80)}\n  #\n`,
    );
    expect(server.run('LATENCY', 'DOCTOR')).toContain('1. command: 3 latency spikes');
    expect(server.run('LATENCY', 'RESET', 'x', 'COMMAND')).toBe(':1\r\n');
    expect(server.run('LATENCY', 'DOCTOR')).toContain('no latency spike was observed');
  });
});

describe('the latency of commands', () => {
  it('is told in histograms and percentiles until it is reset', () => {
    server.run('CONFIG', 'RESETSTAT');
    server.run('DEBUG', 'SLEEP', '0.01');
    expect(server.run('LATENCY', 'HISTOGRAM', 'debug', 'none', 'get')).toBe(
      '*2\r\n$5\r\ndebug\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n*2\r\n:16908\r\n:1\r\n',
    );
    server.run('CONFIG', 'SET', 'latency-tracking-info-percentiles', '0 50 99.99');
    expect(server.run('INFO', 'latencystats')).toContain(
      'latency_percentiles_usec_debug:p0=9961.472,p50=10027.007,p99.99=10027.007\r\n',
    );
    server.run('CONFIG', 'SET', 'latency-tracking', 'no');
    server.run('CONFIG', 'RESETSTAT');
    server.run('DEBUG', 'SLEEP', '0.01');
    expect(server.run('LATENCY', 'HISTOGRAM')).toBe('*0\r\n');
  });
});
