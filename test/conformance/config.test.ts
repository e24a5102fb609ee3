/** CONFIG: names, values, and what is refused in which words. */

import { conformance } from './harness.ts';

conformance('config', ({ test }) => {
  test('CONFIG GET answers names as asked and patterns with the names', ({
    same,
    unordered,
    fails,
  }) => {
    same('CONFIG GET none');
    same('CONFIG GET HZ');
    same('CONFIG GET hash-max-ziplist-entries');
    unordered('CONFIG GET hash-max-*');
    unordered('CONFIG GET lfu-* LFU-DECAY-TIME slowlog-max-len slowlog-*');
    unordered('CONFIG GET [tz]*-max-*entries');
    same('CONFIG GET watchdog*');
    same('CONFIG GET watchdog-period');
    fails('CONFIG GET');
  });

  test('CONFIG SET takes values and shows them', ({ same }) => {
    const sets = [
      ['timeout', '7', '0'],
      ['slowlog-log-slower-than', '9223372036854775807', '10000'],
      ['hash-max-listpack-value', '1kb', '64'],
      ['zset-max-ziplist-entries', '9', '128'],
      ['maxmemory-clients', '5%', '0'],
      ['client-output-buffer-limit', 'pubsub 1mb 1k 7', 'pubsub 32mb 8mb 60'],
      ['save', '60 1 10 2', ''],
      ['oom-score-adj-values', '1 2 3', '0 200 800'],
      ['latency-tracking-info-percentiles', '1 99.90', '50 99 99.9'],
      ['hz', '0', '10'],
    ];
    for (const [name, value, before] of sets) {
      same('CONFIG', 'SET', name, value);
      same('CONFIG', 'GET', name);
      same('CONFIG', 'SET', name, before);
      same('CONFIG', 'GET', name);
    }
    same('CONFIG SET timeout 3 TCP-KEEPALIVE 30');
    same('CONFIG GET timeout');
    same('CONFIG SET timeout 0 tcp-keepalive 300');
  });

  test('CONFIG SET of several sets all or none', ({ same, fails }) => {
    fails('CONFIG SET timeout 9 hz x');
    fails('CONFIG SET timeout 9 none x');
    fails('CONFIG SET timeout 9 TIMEOUT 8');
    fails('CONFIG SET timeout 9 databases 8');
    fails('CONFIG SET databases 9 none 8');
    same('CONFIG GET timeout');
  });

  test('CONFIG SET says why it refuses', ({ fails }) => {
    const refused = [
      ['none', 'x'],
      ['timeout', 'x'],
      ['timeout', '-1'],
      ['TIMEOUT', '010'],
      ['port', '65536'],
      ['maxclients', '0'],
      ['maxmemory', '1x'],
      ['maxmemory-clients', '101%'],
      ['maxmemory-clients', 'x'],
      ['proto-max-bulk-len', '1'],
      ['list-max-ziplist-size', '99999999999'],
      ['appendonly', 'maybe'],
      ['save', '1'],
      ['save', '0 1'],
      ['client-output-buffer-limit', 'normal 1 1'],
      ['client-output-buffer-limit', 'master 1 1 1'],
      ['client-output-buffer-limit', 'normal 1 1 x'],
      ['oom-score-adj-values', '1 2'],
      ['oom-score-adj-values', '1 2 3000'],
      ['latency-tracking-info-percentiles', '101'],
      ['proc-title-template', '{none}'],
      ['dir', '/'],
      ['unixsocketperm', '1'],
      ['logfile', 'x'],
    ];
    for (const [name, value] of refused) fails('CONFIG', 'SET', name, value);
    fails('CONFIG SET');
    fails('CONFIG SET timeout');
    fails('CONFIG SET timeout 1 hz');
  });

  test('CONFIG SET of words, as 7.2 refuses them', ({ since }) => {
    const { fails, same } = since('7.2.0');
    fails('CONFIG SET maxmemory-policy lru');
    fails('CONFIG SET shutdown-on-sigint "save nosave"');
    fails('CONFIG SET notify-keyspace-events q');
    same('CONFIG SET shutdown-on-sigint "force save"');
    same('CONFIG GET shutdown-on-sigint');
    same('CONFIG SET shutdown-on-sigint default');
  });

  test('CONFIG REWRITE, RESETSTAT and HELP', ({ same, fails, since }) => {
    fails('CONFIG REWRITE');
    fails('CONFIG REWRITE x');
    same('CONFIG RESETSTAT');
    fails('CONFIG RESETSTAT x');
    since('7.2.0').same('CONFIG HELP');
    fails('CONFIG HELP x');
    fails('CONFIG');
    fails('CONFIG none');
  });
});
