/** What the server tells of requests: the slow log, latencies, monitors. */

import { conformance } from './harness.ts';

conformance('introspection', ({ test }) => {
  test('the slow log has what was run, the newest first', ({ same, fails, shape, judge, help }) => {
    same('CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 128');
    same('SLOWLOG RESET');
    same('SLOWLOG LEN');
    same('SADD s 1 2 3');
    same(['SET', 'k', `${'v'.repeat(128)}\0more`]);
    same('SADD', 's', ...Array.from({ length: 40 }, (_, i) => i));
    fails('GET');
    fails('LPUSH k v');
    same('MULTI');
    same('PING');
    same('EXEC');
    fails('AUTH user wrong');
    same('SLOWLOG LEN');
    const words = judge;
    words('SLOWLOG GET -1', (ours, theirs) => {
      const of = ({ items }: typeof ours) =>
        JSON.stringify(items?.map((entry) => entry.items?.[3].items?.map(({ text }) => text)));
      return of(ours) === of(theirs) ? undefined : `${of(ours)} is not ${of(theirs)}`;
    });
    shape('SLOWLOG GET 2');
    same('SLOWLOG GET 0');
    fails('SLOWLOG GET -2');
    fails('SLOWLOG GET x');
    fails('SLOWLOG GET 1 2');
    fails('SLOWLOG GET 9223372036854775808');
    fails('SLOWLOG LEN x');
    fails('SLOWLOG NONE');
    fails('SLOWLOG');
    help('SLOWLOG HELP');
    same('CONFIG SET slowlog-max-len 3');
    same('SLOWLOG LEN');
    same('CONFIG SET slowlog-log-slower-than -1');
    same('SLOWLOG LEN');
    same('SLOWLOG RESET');
    same('PING');
    same('SLOWLOG GET');
    same('CONFIG SET slowlog-log-slower-than 10000 slowlog-max-len 128');
  });

  test('the latency of commands is told by command', ({ same, fails, judge, shape, help }) => {
    const names = (line: string): void =>
      judge(line, (ours, theirs) => {
        const of = ({ items }: typeof ours) =>
          (items ?? [])
            .filter((_, i) => i % 2 === 0)
            .map(({ text }, i) => `${text} ${items?.[i * 2 + 1].items?.[1].text}`)
            .sort()
            .join();
        return of(ours) === of(theirs) ? undefined : `${of(ours)} is not ${of(theirs)}`;
      });
    same('CONFIG RESETSTAT');
    names('LATENCY HISTOGRAM');
    same('SET a b');
    same('SET a b');
    same('GET a');
    names('LATENCY HISTOGRAM set GET none config');
    names('LATENCY HISTOGRAM set set');
    names('LATENCY HISTOGRAM config|resetstat CONFIG|GET');
    same('LATENCY HISTOGRAM none');
    same('CONFIG SET latency-tracking no');
    same('CONFIG RESETSTAT');
    same('SET a b');
    same('LATENCY HISTOGRAM');
    same('INFO latencystats');
    same('CONFIG SET latency-tracking yes');
    same('ECHO x');
    shape('INFO latencystats');
    same('LATENCY RESET');
    same('LATENCY LATEST');
    same('LATENCY HISTORY none');
    same('LATENCY RESET none');
    fails('LATENCY GRAPH none');
    fails('LATENCY HISTORY');
    fails('LATENCY GRAPH a b');
    fails('LATENCY LATEST x');
    fails('LATENCY NONE');
    same('LATENCY DOCTOR');
    same('CONFIG SET latency-monitor-threshold 200');
    same('LATENCY DOCTOR');
    same('DEBUG SLEEP 0.2');
    shape('LATENCY LATEST');
    shape('LATENCY HISTORY command');
    judge('LATENCY GRAPH command', (ours) =>
      /^(txt:)?command - high \d+ ms, low \d+ ms/.test(ours.text ?? '') ? undefined : 'no graph',
    );
    same('LATENCY RESET x command');
    same('CONFIG SET latency-monitor-threshold 0');
    help('LATENCY HELP');
  });

  test('a monitor sees every request that is run', ({ on, same, fails }) => {
    const monitor = on('m');
    const sees = (count = 1): void => monitor.receivesBut(/\d+\.\d{6} |127\.0\.0\.1:\d+/g, count);
    monitor.same('MONITOR');
    same('PING');
    sees();
    // What is refused at the gates is not run.
    fails('GET');
    fails('NONE');
    same(['SET', 'k', 'a "quoted" \\ \r\n\t\x07\b \xff\0 text']);
    sees();
    fails('LPUSH k x');
    sees();
    same('SELECT 3');
    same('get k');
    sees(2);
    same('SELECT 0');
    sees();
    same('MULTI');
    same('SET k 1');
    same('INCR k');
    same('EXEC');
    sees(4);
    // Nor are secrets shown, and what only administrators may do.
    same('CONFIG GET hz');
    same('CLIENT GETNAME');
    fails('AUTH a secret');
    fails('AUTH secret');
    fails('HELLO 3 AUTH a secret SETNAME x');
    sees(4);
    on('b').sends('BLPOP list 0');
    sees();
    same('RPUSH list x');
    on('b').receives();
    sees();
    on('b').sends('BLPOP list 0.01');
    on('b').receives();
    sees();
  });

  test('a monitor sees what scripts run, and the slow log has it', ({ on, same, since }) => {
    const monitor = on('m');
    const sees = (count: number): void =>
      monitor.receivesBut(/\d+\.\d{6} |127\.0\.0\.1:\d+/g, count);
    same('CONFIG SET slowlog-log-slower-than 0');
    same('SLOWLOG RESET');
    monitor.same('MONITOR');
    same('EVAL', "redis.call('set', KEYS[1], 'x') return redis.call('get', KEYS[1])", 1, 'k');
    sees(3);
    since('7.2').judge('SLOWLOG GET 3', (ours, theirs) => {
      const of = ({ items }: typeof ours) =>
        JSON.stringify(
          items?.map(({ items: parts }) => [parts?.[3].items?.[0].text, parts?.[4].text === '']),
        );
      return of(ours) === of(theirs) ? undefined : `${of(ours)} is not ${of(theirs)}`;
    });
    same('CONFIG SET slowlog-log-slower-than 10000');
  });

  test('a monitor may not touch data until it ends to be one', ({ on, same, fails }) => {
    const monitor = on('m');
    const sees = (count = 1): void => monitor.receivesBut(/\d+\.\d{6} |127\.0\.0\.1:\d+/g, count);
    monitor.same('MONITOR');
    monitor.fails('GET k');
    monitor.fails('SET k v');
    monitor.same('PING');
    sees();
    monitor.same('CLIENT GETNAME');
    sees();
    monitor.sends('MONITOR');
    monitor.same('RESET');
    same('PING');
    monitor.same('GET k');
    fails('MONITOR x');
    same('MULTI');
    same('MONITOR');
    same('EXEC');
    same('GET k');
  });
});
