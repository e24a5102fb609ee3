/** The server's own matters: what it knows about commands, its configuration, its figures. */

import type { Tree } from '../support/resp-client.ts';
import { conformance } from './harness.ts';

/** Sections of INFO as lists of field names. */
function sections({ text }: Tree): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let names: string[] = [];
  for (const line of (text ?? '').replace(/^txt:/, '').split('\r\n')) {
    if (line.startsWith('# ')) found.set(line, (names = []));
    else if (line !== '') names.push(line.split(':')[0]);
  }
  return found;
}

/** What those who watch a server read from INFO. */
const WATCHED: Record<string, readonly string[]> = {
  '# Server': [
    ...['redis_version', 'redis_git_sha1', 'redis_git_dirty', 'redis_build_id', 'redis_mode', 'os'],
    ...['arch_bits', 'process_id', 'run_id', 'tcp_port', 'server_time_usec', 'uptime_in_seconds'],
    ...['uptime_in_days', 'hz', 'configured_hz', 'lru_clock', 'executable', 'config_file'],
  ],
  '# Clients': [
    ...['connected_clients', 'cluster_connections', 'maxclients', 'blocked_clients'],
    ...['client_recent_max_input_buffer', 'client_recent_max_output_buffer', 'tracking_clients'],
    'clients_in_timeout_table',
  ],
  '# Memory': [
    ...['used_memory', 'used_memory_human', 'used_memory_rss', 'used_memory_rss_human'],
    ...['used_memory_peak', 'used_memory_peak_human', 'used_memory_lua', 'used_memory_dataset'],
    ...['total_system_memory', 'total_system_memory_human', 'maxmemory', 'maxmemory_human'],
    ...['maxmemory_policy', 'mem_fragmentation_ratio', 'mem_allocator', 'lazyfree_pending_objects'],
  ],
  '# Persistence': [
    'loading',
    'rdb_changes_since_last_save',
    'rdb_bgsave_in_progress',
    'aof_enabled',
  ],
  '# Stats': [
    ...['total_connections_received', 'total_commands_processed', 'instantaneous_ops_per_sec'],
    ...['total_net_input_bytes', 'total_net_output_bytes', 'rejected_connections', 'expired_keys'],
    ...['evicted_keys', 'keyspace_hits', 'keyspace_misses', 'pubsub_channels', 'pubsub_patterns'],
    ...['total_error_replies'],
  ],
  '# Replication': ['role', 'connected_slaves', 'master_replid', 'master_repl_offset'],
  '# CPU': ['used_cpu_sys', 'used_cpu_user'],
  '# Cluster': ['cluster_enabled'],
};

/** Nothing after the colon: which lines there are, not what they count. */
function namesOnly(tree: Tree): string {
  return (tree.text ?? '').replace(/:.*/g, '');
}

conformance('server', ({ test }) => {
  test('COMMAND INFO, COUNT and LIST', ({ same, fails, shape, unordered, since }) => {
    shape('COMMAND COUNT');
    same('COMMAND INFO get');
    same('COMMAND INFO GET nonexistent set');
    same('COMMAND INFO nonexistent');
    same('COMMAND INFO zadd zrange zrem zremrangebyscore zscore zcard');
    same('COMMAND INFO config|get "client|id" client|nonexistent');
    unordered('COMMAND INFO object');
    unordered('COMMAND LIST FILTERBY PATTERN s?t');
    unordered('COMMAND LIST FILTERBY PATTERN config|*');
    unordered('COMMAND LIST filterby pattern GET');
    unordered('COMMAND LIST FILTERBY PATTERN zz*');
    unordered('COMMAND LIST FILTERBY ACLCAT nonexistent');
    unordered('COMMAND LIST FILTERBY MODULE none');
    fails('COMMAND nonexistent');
    fails('COMMAND COUNT x');
    fails('COMMAND LIST x');
    fails('COMMAND LIST FILTERBY');
    fails('COMMAND LIST FILTERBY PATTERN');
    fails('COMMAND LIST FILTERBY junk x');
    fails('COMMAND LIST FILTERBY PATTERN x y');
    since('7.2').help('COMMAND HELP');
    fails('COMMAND HELP x');
  });

  test('COMMAND without more lists every command', ({ judge }) => {
    for (const line of ['COMMAND', 'COMMAND INFO']) {
      judge(line, (ours, theirs) => {
        const text = (tree: Tree): string => JSON.stringify(tree);
        const known = new Map(theirs.items?.map((it) => [it.items?.[0].text, it]));
        const mine = new Map(ours.items?.map((it) => [it.items?.[0].text, it]));
        if (mine.size !== ours.items?.length) return 'one is there twice';
        for (const name of ['get', 'set', 'zadd', 'ping', 'select']) {
          const [a, b] = [mine.get(name), known.get(name)];
          if (a === undefined || b === undefined || text(a) !== text(b)) return `not so: ${name}`;
        }
        return undefined;
      });
    }
  });

  test('COMMAND DOCS', ({ judge, since, fails }) => {
    judge('COMMAND DOCS nonexistent', (ours, theirs) =>
      JSON.stringify(ours) === JSON.stringify(theirs) ? undefined : 'not the same',
    );
    const later = since('7.2');
    for (const name of ['get', 'set', 'lcs', 'zadd', 'zrange', 'expire', 'scan', 'hello', 'ping']) {
      later.shape(`COMMAND DOCS ${name}`); // All but the prose is compared in command-info.
    }
    later.shape('COMMAND DOCS GET SET nonexistent get');
    later.shape('COMMAND DOCS config|get client|kill');
    fails('COMMAND nonexistent get');
  });

  test('COMMAND GETKEYS and GETKEYSANDFLAGS', ({ same, fails, expects }) => {
    for (const line of [
      ...['GET k', 'SET k v', 'set k v EX 10 NX', 'MSET a 1 b 2 c 3', 'MGET a b c', 'DEL a b c'],
      ...['MSETNX a 1', 'LCS a b IDX', 'RENAME a b', 'COPY a b REPLACE', 'ZADD z 1 a 2 b'],
      ...['ZRANGE z 0 -1', 'OBJECT ENCODING k', 'GETEX k PERSIST', 'MOVE k 1', 'TOUCH a b'],
      ...['MEMORY USAGE k', 'EXPIRE k 1', 'EXISTS a a'],
    ]) {
      same(`COMMAND GETKEYS ${line}`);
      same(`COMMAND GETKEYSANDFLAGS ${line}`);
    }
    for (const line of ['CONFIG GET x', 'SET k', 'GET a b', 'nonexistent a', 'DEBUG OBJECT k']) {
      fails(`COMMAND GETKEYS ${line}`);
      fails(`COMMAND GETKEYSANDFLAGS ${line}`);
    }
    // Before 7.2 a lone word was refused for itself.
    for (const [word, error] of Object.entries({
      GET: 'Invalid number of arguments specified for command',
      PING: 'The command has no key arguments',
      CONFIG: 'The command has no key arguments',
      nonexistent: 'Invalid command specified',
    })) {
      expects(`COMMAND GETKEYS ${word}`, `-ERR ${error}\r\n`);
      expects(`COMMAND GETKEYSANDFLAGS ${word}`, `-ERR ${error}\r\n`);
    }
    fails('COMMAND GETKEYS');
    fails('COMMAND GETKEYSANDFLAGS');
  });

  test('CONFIG GET of defaults', ({ same, unordered }) => {
    for (const name of [
      ...['maxmemory-policy', 'maxmemory-samples', 'timeout', 'tcp-keepalive', 'databases', 'hz'],
      ...['maxclients', 'dynamic-hz', 'lfu-log-factor', 'lfu-decay-time', 'proto-max-bulk-len'],
      ...['client-query-buffer-limit', 'notify-keyspace-events', 'appendonly', 'appendfsync'],
      ...['hash-max-listpack-entries', 'hash-max-ziplist-value', 'zset-max-listpack-entries'],
      ...[
        'zset-max-listpack-value',
        'zset-max-ziplist-entries',
        'list-max-listpack-size',
        'slaveof',
      ],
      ...[
        'set-max-intset-entries',
        'stream-node-max-bytes',
        'stream-node-max-entries',
        'requirepass',
      ],
      ...['slowlog-log-slower-than', 'slowlog-max-len', 'latency-monitor-threshold', 'loglevel'],
      ...['activerehashing', 'lazyfree-lazy-user-del', 'lazyfree-lazy-user-flush', 'save'],
      ...[
        'client-output-buffer-limit',
        'cluster-enabled',
        'protected-mode',
        'replicaof',
        'lua-time-limit',
      ],
      ...[
        'tcp-backlog',
        'maxmemory-clients',
        'tracking-table-max-keys',
        'acllog-max-len',
        'nonexistent',
      ],
    ]) {
      same(`CONFIG GET ${name}`);
    }
    same('CONFIG GET HZ');
    unordered('CONFIG GET hz timeout hz');
    unordered('CONFIG GET zset-*');
    unordered('CONFIG GET [hz]*-listpack-[ev]*');
    unordered('CONFIG GET hz h? nonexistent*');
  });

  // Once: what follows sets maxmemory on both sides.
  const asStarted = { resp: 2 };
  test(
    'CONFIG GET of what begins otherwise',
    ({ differs }) => {
      differs('CONFIG GET maxmemory', {
        because: 'A zone has a size from the beginning: 512 MiB unless told otherwise',
      });
    },
    asStarted,
  );

  test('CONFIG of what we set otherwise', ({ differs, same }) => {
    same('CONFIG SET maxmemory 1kb');
    same('CONFIG GET maxmemory');
    same('CONFIG SET maxmemory 512mb');
    differs('CONFIG SET activedefrag yes', {
      because: 'Redis refuses it where it was built without its own jemalloc; here it does nothing',
      ours: '+OK\r\n',
    });
    same('CONFIG SET activedefrag no');
    differs('CONFIG SET zone "other 1mb"', {
      because: 'Zones are a directive of ours; they are declared before the start',
    });
  });

  test('writes that need replicas, where there are none', ({ same, fails }) => {
    same('SET x v');
    same('CONFIG SET min-replicas-to-write 1');
    fails('SET x w');
    fails(['EVAL', '#!lua\nreturn 1', '0']);
    fails(['EVAL', 'return redis.call("SET", KEYS[1], 1)', '1', 'x']);
    fails(['EVAL', 'return redis.call("SET", KEYS[1])', '1', 'x']);
    same('GET x');
    same(['EVAL', 'return redis.call("GET", KEYS[1])', '1', 'x']);
    same(['EVAL', '#!lua flags=no-writes\nreturn redis.call("GET", KEYS[1])', '1', 'x']);
    same('PUBLISH c m');
    same('MULTI');
    fails('SET x w');
    fails('EXEC');
    same('MULTI');
    same('GET x');
    same('EXEC');
    same('CONFIG SET min-replicas-max-lag 0');
    same('SET x y');
    same('CONFIG SET min-replicas-max-lag 10 min-replicas-to-write 0');
  });

  test('CONFIG SET changes what may be changed', ({ same }) => {
    const values: Record<string, readonly string[]> = {
      hz: ['50', '1', '500', '10'],
      timeout: ['5', '0'],
      'maxmemory-policy': ['allkeys-lru', 'VOLATILE-TTL', 'noeviction'],
      'proto-max-bulk-len': ['2mb', '512mb', '536870912'],
      'slowlog-log-slower-than': ['-1', '0', '10000'],
      'notify-keyspace-events': ['KEA', 'Kg$x', 'AKE', 'g$lszxetdmnK', 'E', ''],
      'zset-max-listpack-entries': ['5', '128'],
      'zset-max-ziplist-value': ['5', '64'],
      'lazyfree-lazy-user-del': ['yes', 'NO'],
      'client-query-buffer-limit': ['2gb', '1gb', '1GB'],
      maxclients: ['100', '10000'],
      loglevel: ['warning', 'notice'],
      appendfsync: ['always', 'everysec'],
    };
    for (const [name, all] of Object.entries(values)) {
      for (const value of all) {
        same('CONFIG', 'SET', name, value);
        same(`CONFIG GET ${name}`);
      }
    }
    same('CONFIG SET hz 20 timeout 7');
    same('CONFIG GET hz');
    same('CONFIG SET hz 10 timeout 0');
    same('CONFIG set HZ 10');
    same('CONFIG SET zset-max-listpack-entries 2');
    same('ZADD z 1 a 2 b');
    same('OBJECT ENCODING z');
    same('ZADD z 3 c');
    same('OBJECT ENCODING z');
    same('CONFIG SET zset-max-listpack-entries 128');
  });

  test('CONFIG SET refuses, and then changes nothing', ({ fails, same, expects }) => {
    for (const [name, ...values] of [
      ['hz', 'abc', '', '1.5', '10 '],
      ['timeout', '-1', 'abc', '9223372036854775808', '2147483648'],
      ['maxmemory-policy', 'junk', ''],
      ['maxmemory', 'abc', '-1', '1xb', '10kbb'],
      ['lazyfree-lazy-user-del', 'maybe', '1', ''],
      ['appendonly', 'maybe'],
      ['notify-keyspace-events', 'abc', 'KE?'],
      ['slowlog-max-len', '-1', 'abc'],
      ['maxclients', '0', 'abc'],
      ['proto-max-bulk-len', '1', '1kb'],
      ['databases', '32'],
      ['nonexistent', 'x'],
    ]) {
      for (const value of values) fails('CONFIG', 'SET', name, value);
    }
    expects(
      'CONFIG SET loglevel junk',
      "-ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one " +
        'of the following: debug, verbose, notice, warning, nothing\r\n',
    );
    fails('CONFIG SET hz 20 nonexistent 1');
    fails('CONFIG SET hz 20 timeout abc');
    fails('CONFIG SET hz 20 hz 30');
    fails('CONFIG SET hz 20 HZ 30');
    fails('CONFIG SET hz 20 databases 5');
    fails('CONFIG SET hz 20 timeout');
    fails('CONFIG SET hz');
    fails('CONFIG SET');
    same('CONFIG GET hz');
  });

  test('CONFIG', ({ same, fails, help }) => {
    same('CONFIG RESETSTAT');
    help('CONFIG HELP');
    fails('CONFIG');
    fails('CONFIG GET');
    fails('CONFIG junk');
    fails('CONFIG RESETSTAT x');
    fails('CONFIG REWRITE');
    fails('CONFIG REWRITE x');
    fails('CONFIG HELP x');
  });

  test('INFO has the sections and fields of redis', ({ judge }) => {
    for (const line of ['INFO', 'INFO default', 'INFO all', 'INFO everything', 'INFO ALL']) {
      judge(line, (ours, theirs) => {
        if (ours.type !== theirs.type) return 'another type';
        const [mine, others] = [sections(ours), sections(theirs)];
        const order = [...others.keys()].filter((name) => mine.has(name));
        const names = [...mine.keys()].filter((name) => others.has(name));
        if (names.join() !== order.join()) return `in this order: ${names.join()}`;
        for (const [section, fields] of Object.entries(WATCHED)) {
          const missing = fields.filter((field) => !mine.get(section)?.includes(field));
          if (missing.length > 0) return `${section} lacks ${missing.join()}`;
          const order = others.get(section)?.filter((field) => fields.includes(field)) ?? [];
          const found = mine.get(section)?.filter((field) => order.includes(field)) ?? [];
          if (order.join() !== found.join()) return `${section} in this order: ${found.join()}`;
        }
        return undefined;
      });
    }
  });

  test('INFO by section', ({ same, judge }) => {
    same('INFO nonexistent');
    same('INFO cluster');
    same('INFO cluster nonexistent CLUSTER');
    for (const line of ['INFO server', 'INFO clients stats', 'INFO cpu cluster keyspace']) {
      judge(line, (ours, theirs) => {
        const [mine, others] = [ours, theirs].map((tree) => [...sections(tree).keys()].join());
        return mine === others ? undefined : `${mine} for ${others}`;
      });
    }
    same('INFO keyspace');
    same('SET a 1');
    same('SET b 1');
    same('INFO keyspace');
    same('SELECT 3');
    same('SET c 1');
    same('SET d 1 EX 100');
    judge('INFO keyspace', (ours, theirs) => {
      const [mine, others] = [ours, theirs].map(({ text }) => text?.replace(/avg_ttl=\d+/g, ''));
      return mine === others ? undefined : 'not the same';
    });
  });

  test('INFO counts commands and errors', ({ same, fails, judge }) => {
    same('CONFIG RESETSTAT');
    same('SET k v');
    same('GET k');
    same('GET none');
    fails('INCR k');
    fails('GET');
    fails('nonexistent');
    same('CLIENT GETNAME');
    fails('CLIENT nonexistent');
    same('ZADD z 1 a');
    fails('GET z');
    same('INFO errorstats');
    judge('INFO commandstats', (ours, theirs) => {
      const lines = ({ text }: Tree): string =>
        (text ?? '')
          .replace(/usec(_per_call)?=[\d.]+/g, '')
          .split('\r\n')
          .filter((line) => !/cmdstat_(config\|resetstat|hello|flushall)/.test(line))
          .sort()
          .join('\n');
      return lines(ours) === lines(theirs) ? undefined : `${lines(ours)} for ${lines(theirs)}`;
    });
    judge('INFO stats', (ours, theirs) => {
      const wanted = /^(keyspace_hits|keyspace_misses|total_error_replies):.*$/gm;
      const [mine, others] = [ours, theirs].map(({ text }) => text?.match(wanted)?.join());
      return mine === others ? undefined : `${mine} for ${others}`;
    });
    same('CONFIG RESETSTAT');
    same('INFO errorstats');
  });

  test('INFO of one who has just begun', ({ judge }) => {
    judge('INFO replication', (ours, theirs) => {
      const [mine, others] = [ours, theirs].map(namesOnly);
      return mine === others ? undefined : `${mine} for ${others}`;
    });
  });

  test('TIME and LOLWUT', ({ shape, fails, judge, differs }) => {
    shape('TIME');
    fails('TIME x');
    for (const line of ['LOLWUT', 'LOLWUT VERSION', 'LOLWUT a b', 'LOLWUT VERSION 1 a']) {
      judge(line, ({ text, type }, theirs) => {
        if (type !== theirs.type) return 'another type';
        const [mine, others] = [text, theirs.text].map((all) => all?.replace(/7\.[\d.]+/, '7'));
        return mine === others ? undefined : 'other words';
      });
    }
    for (const line of ['LOLWUT VERSION 5', 'LOLWUT version 5 1 1 1 a', 'LOLWUT VERSION 6 2 1 a']) {
      differs(line, { because: 'A maze, where Redis draws pictures of its own' });
    }
    for (const words of ['abc', '5 a', '5 1 a', '5 1 1 a', '6 a', '6 1 a']) {
      fails(`LOLWUT VERSION ${words}`);
    }
  });

  test('DEBUG', ({ same, fails, judge }) => {
    same('DEBUG SLEEP 0');
    same('DEBUG sleep 0.001');
    same('SET k v');
    same('SET n 7');
    same('ZADD z 1 a');
    const line =
      /^Value at:0x[0-9a-f]+ (refcount:\d+ encoding:\w+ serializedlength:\d+) lru:\d+ lru_seconds_idle:\d+$/;
    // Nothing in it repeats: what is compressed may come out shorter here.
    same(['SET', 'long', String.fromCharCode(...Array(256).keys())]);
    same('HSET h field value');
    for (const key of ['k', 'n', 'z', 'h', 'long']) {
      judge(`DEBUG OBJECT ${key}`, (ours, theirs) => {
        const [mine, others] = [ours, theirs].map(({ text }) => line.exec(text ?? '')?.[1]);
        return ours.type === theirs.type && mine === others && mine !== undefined
          ? undefined
          : 'not such a line';
      });
    }
    fails('DEBUG OBJECT none');
    fails('DEBUG');
    fails('DEBUG nonexistent');
    fails('DEBUG SLEEP');
    same('DEBUG SET-ACTIVE-EXPIRE 0');
    same('SET short v PX 1');
    same('DEBUG SLEEP 0.005');
    same('DBSIZE');
    same('GET short');
    same('DBSIZE');
    same('DEBUG SET-ACTIVE-EXPIRE 1');
  });

  test('MEMORY USAGE', ({ same, shape, fails }) => {
    same('MEMORY USAGE none');
    same('SET k v');
    shape('MEMORY USAGE k');
    shape('MEMORY USAGE k SAMPLES 0');
    shape('MEMORY USAGE k samples 5');
    same('ZADD z 1 a');
    shape('MEMORY USAGE z');
    fails('MEMORY');
    fails('MEMORY nonexistent');
    fails('MEMORY USAGE');
    fails('MEMORY USAGE k SAMPLES');
    fails('MEMORY USAGE k SAMPLES -1');
    fails('MEMORY USAGE k SAMPLES abc');
    fails('MEMORY USAGE k junk');
    fails('MEMORY USAGE none SAMPLES abc');
  });

  test('MEMORY of the whole server', ({ same, fails, judge, help, differs }) => {
    same('MEMORY PURGE');
    differs('MEMORY DOCTOR', { because: 'It looks for what can be wrong with zones' });
    // What it is depends on the allocator: a verbatim text, or a plain one that says there is none.
    judge('MEMORY MALLOC-STATS', ({ type }) => ('$='.includes(type) ? undefined : 'no text'));
    judge('MEMORY STATS', (ours, theirs) => {
      if (ours.type !== theirs.type) return 'another type';
      const names = (ours.items ?? []).filter((_, i) => i % 2 === 0).map(({ text }) => text);
      const missing = ['peak.allocated', 'total.allocated', 'keys.count', 'dataset.bytes'].filter(
        (name) => !names.includes(name),
      );
      return missing.length > 0 ? `lacks ${missing.join()}` : undefined;
    });
    for (const name of ['PURGE', 'DOCTOR', 'MALLOC-STATS', 'STATS', 'HELP']) {
      fails(`MEMORY ${name} x`);
    }
    help('MEMORY HELP');
  });

  test('SHUTDOWN that is refused', ({ fails }) => {
    fails('SHUTDOWN junk');
    fails('SHUTDOWN SAVE NOSAVE');
    fails('SHUTDOWN NOSAVE SAVE');
    fails('SHUTDOWN ABORT NOW');
    fails('SHUTDOWN NOSAVE junk');
    fails('SHUTDOWN ABORT');
  });
});
