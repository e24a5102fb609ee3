/**
 * Directives: every one, declared once.
 *
 * CONFIG GET, SET and REWRITE, the start-up checks, docs/configuration.md and the record that code
 * reads (`config.values`) all follow from this table. Those of Redis 7.2.6 are all here with its
 * names, defaults, ranges and messages, so that clients, tools and files written for it work as
 * they are. One that does nothing says why in `ignored`; it is still checked, kept and shown.
 *
 * The table is in order of subject. CONFIG GET answers in this order.
 */

import {
  cappedInteger,
  choice,
  type Directive,
  flags,
  flooredMemory,
  integer,
  memory,
  memoryOrPercent,
  octal,
  optionalPath,
  optionalText,
  path,
  presentText,
  text,
  yesNo,
} from './directive.ts';
import {
  addresses,
  directory,
  EVICTION_POLICIES,
  eventClasses,
  oomScores,
  outputLimits,
  percentiles,
  primaryAddress,
  savePoints,
  zones,
} from './special.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
// The limits of C's types, which Redis has as ranges and names in its messages.
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const UINT_MAX = 2 ** 32 - 1;
const LONG_MAX = 2n ** 63n - 1n;
const ULONG_MAX = 2n ** 64n - 1n;

/** The size of the default zone where nothing is said, and where `maxmemory 0` is. */
export const DEFAULT_ZONE_SIZE = 512 * MiB;

const PROTECTED_ACTION = ['no', 'yes', 'local'] as const;

// Why a directive does nothing.
const WRITTEN_WHOLE = { ignored: 'a file is put on disk when all of it is written' } as const;
const NO_REPLICATION = {
  ignored: 'this server follows no other, and keeps nothing for those that follow it',
} as const;
const NO_CLUSTER = { ignored: 'there is no cluster mode' } as const;
const NO_THREADS = { ignored: 'one thread does all the work' } as const;
const NO_SYSLOG = { ignored: 'the log goes to standard output or to logfile' } as const;
const NO_REHASH = {
  ignored: 'the number of buckets of a zone is fixed, nothing is rehashed',
} as const;
const NO_FRAGMENTS = { ignored: 'a zone has no fragmentation to undo' } as const;
const NOTHING_LAZY = {
  ignored: 'what is large is freed in slices always, the rest at once',
} as const;
const NO_SAMPLING = { ignored: 'eviction is exact, no keys are sampled' } as const;
const NO_SLICES = {
  ignored: 'eviction has no time slices, it makes the room that is asked for',
} as const;
const NO_TITLE = { ignored: 'the title of the process is left alone' } as const;
const NO_BACKGROUND = {
  ignored: 'the server stays in the foreground; a supervisor runs it',
} as const;
const NO_CRASH_REPORT = { ignored: 'there is no crash report' } as const;
const SYSTEM_DOES = { ignored: 'this is left to the system that runs the server' } as const;
const NOT_FOR_USERS = { ignored: 'it exists in Redis for its own tests' } as const;

export const directives = {
  // Network.
  bind: addresses(['*', '-::*'], {
    doc: 'Addresses to listen on. One after a `-` may be missing on this machine. `*` is all.',
  }),
  port: integer(6379, [0, 65535], { doc: 'TCP port to listen on; 0 is none.' }),
  unixsocket: optionalPath({ fixed: true, doc: 'Path of a Unix socket to listen on.' }),
  unixsocketperm: octal(0, [0, 0o777], {
    fixed: true,
    doc: 'Permissions of the Unix socket; 0 leaves those it is created with.',
  }),
  'tcp-backlog': integer(511, [0, INT_MAX], {
    fixed: true,
    doc: 'Connections the system holds until they are accepted.',
  }),
  'tcp-keepalive': integer(300, [0, INT_MAX], {
    doc: 'Seconds of silence after which the system asks whether the peer is there; 0 is never.',
  }),
  timeout: integer(0, [0, INT_MAX], {
    doc: 'Seconds after which an idle client is closed; 0 is never.',
  }),
  'bind-source-addr': optionalText(NO_REPLICATION),
  'socket-mark-id': integer(0, [0, UINT_MAX], { fixed: true, ...SYSTEM_DOES }),

  // Clients.
  maxclients: integer(10000, [1, UINT_MAX], { doc: 'How many clients may be connected at once.' }),
  'client-query-buffer-limit': memory(GiB, [MiB, LONG_MAX], {
    doc: 'Bytes of one unfinished request at which the client is closed.',
  }),
  'proto-max-bulk-len': memory(512 * MiB, [MiB, LONG_MAX], {
    doc: 'Size of the largest argument, and of the largest string.',
  }),
  'client-output-pause': memory(256 * MiB, [0, LONG_MAX], {
    doc: 'Bytes of replies that a client for which there is no limit may leave untaken before no more of it is read; 0 is any number.',
  }),
  'client-output-buffer-limit': outputLimits(
    'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    { doc: 'Bytes of unread replies at which a client of a class is closed.' },
  ),
  'maxmemory-clients': memoryOrPercent(0, [-100, LONG_MAX], {
    doc: 'Bytes that all clients may take, or a part of maxmemory; the largest are closed.',
  }),
  'tracking-table-max-keys': integer(1000000, [0, LONG_MAX], {
    doc: 'Keys remembered for clients that track them (CLIENT TRACKING); 0 is any number.',
  }),

  // Who may do what.
  'protected-mode': yesNo(true, {
    doc: 'Refuses clients from other machines while there is no password.',
  }),
  requirepass: optionalText({
    sensitive: true,
    doc: 'Password of the default user, which clients must give first; empty is none.',
  }),
  'enable-protected-configs': choice(PROTECTED_ACTION, 'no', {
    fixed: true,
    doc: 'Who may CONFIG SET what reaches the file system (dir, dbfilename).',
  }),
  'enable-debug-command': choice(PROTECTED_ACTION, 'no', {
    fixed: true,
    doc: 'Who may call DEBUG.',
  }),
  'enable-module-command': choice(PROTECTED_ACTION, 'no', {
    fixed: true,
    doc: 'Who may call MODULE LOAD, LOADEX and UNLOAD; there are no modules.',
  }),
  'hide-user-data-from-log': yesNo(false, {
    doc: 'Leaves names of keys, and what stands for a command in a file, out of the log.',
  }),
  aclfile: path('', {
    fixed: true,
    doc: 'File of users that is read at the start and by ACL LOAD, and written by ACL SAVE.',
  }),
  'acllog-max-len': integer(128, [0, LONG_MAX], { doc: 'Entries that ACL LOG keeps.' }),
  'acl-pubsub-default': choice(['allchannels', 'resetchannels'], 'resetchannels', {
    doc: 'Whether a new user may use all channels or none, until rules say more.',
  }),

  // Zones and databases.
  databases: integer(16, [1, INT_MAX], {
    fixed: true,
    doc: 'Numbered databases in the default zone. Those of other zones are numbered from here on.',
  }),
  maxmemory: memory(DEFAULT_ZONE_SIZE, [0, ULONG_MAX], {
    doc:
      'Size of the default zone; 0 is the size it has when nothing is said. With less than a zone ' +
      'must have, or less than must stay in it, the zone is emptied to that many bytes by evicting ' +
      'before each command.',
  }),
  'maxmemory-policy': choice(EVICTION_POLICIES, 'noeviction', {
    doc: 'Which entries the default zone evicts when it is full.',
  }),
  'maxmemory-samples': integer(5, [1, INT_MAX], NO_SAMPLING),
  'maxmemory-eviction-tenacity': integer(10, [0, 100], NO_SLICES),
  'lfu-log-factor': integer(10, [0, INT_MAX], {
    doc: 'How much harder each step of the frequency counter is, under the lfu policies.',
  }),
  'lfu-decay-time': integer(1, [0, INT_MAX], {
    doc: 'Minutes, or turnovers of a zone, in which the frequency counter falls by one; 0 is never.',
  }),
  zone: zones(`sessions ${64 * MiB} allkeys-lru`, {
    fixed: true,
    keepsValue: true,
    doc: 'A zone besides the default one, with one database. Repeatable, one line for each zone.',
  }),

  // Sessions.
  'session-zone': text('sessions', {
    doc: 'The zone SESSION.* commands use when they name none.',
  }),
  'session-prefix': presentText({
    doc: 'Put in front of every session name, with a colon. Absent unless given, even as "".',
  }),
  'session-suffix': presentText({
    doc: 'Put behind every session name, with a colon. Absent unless given, even as "".',
  }),
  'session-stale-ttl': integer(10, [0, INT_MAX], {
    doc: 'Seconds the session that another one replaces may still be read.',
  }),

  // The clock.
  hz: cappedInteger(10, [0, INT_MAX], [1, 500], {
    doc: 'How often in a second the server looks after what is due. Held to 1 to 500.',
  }),
  'dynamic-hz': yesNo(true, { ignored: 'hz is kept whatever the number of clients' }),
  'active-expire-effort': integer(1, [1, 10], {
    ignored: 'expired entries go at their deadline, not by a share of the time',
  }),
  activerehashing: yesNo(true, NO_REHASH),

  // Encodings: up to these a value is kept compact.
  'hash-max-listpack-entries': integer(512, [0, LONG_MAX], {
    alias: 'hash-max-ziplist-entries',
    doc: 'Fields up to which a hash is a listpack.',
  }),
  'hash-max-listpack-value': memory(64, [0, LONG_MAX], {
    alias: 'hash-max-ziplist-value',
    doc: 'Size of a field or value up to which a hash is a listpack.',
  }),
  'list-max-listpack-size': integer(-2, [INT_MIN, INT_MAX], {
    alias: 'list-max-ziplist-size',
    doc: 'Elements of a node of a list; -1 to -5 are 4, 8, 16, 32, 64 KiB instead.',
  }),
  'list-compress-depth': integer(0, [0, INT_MAX], { ignored: 'nodes of lists are not compressed' }),
  'set-max-intset-entries': integer(512, [0, LONG_MAX], {
    doc: 'Members up to which a set of integers is an intset.',
  }),
  'set-max-listpack-entries': integer(128, [0, LONG_MAX], {
    doc: 'Members up to which a set is a listpack.',
  }),
  'set-max-listpack-value': integer(64, [0, LONG_MAX], {
    doc: 'Size of a member up to which a set is a listpack.',
  }),
  'zset-max-listpack-entries': integer(128, [0, LONG_MAX], {
    alias: 'zset-max-ziplist-entries',
    doc: 'Members up to which a sorted set is a listpack.',
  }),
  'zset-max-listpack-value': memory(64, [0, LONG_MAX], {
    alias: 'zset-max-ziplist-value',
    doc: 'Size of a member up to which a sorted set is a listpack.',
  }),
  'stream-node-max-bytes': memory(4 * KiB, [0, LONG_MAX], {
    doc: 'Size of a node of a stream; 0 is any.',
  }),
  'stream-node-max-entries': integer(100, [0, LONG_MAX], {
    doc: 'Entries of a node of a stream; 0 is any number.',
  }),
  'hll-sparse-max-bytes': memory(3000, [0, LONG_MAX], {
    doc: 'Size up to which a HyperLogLog is kept sparse.',
  }),

  // What is watched.
  loglevel: choice(['debug', 'verbose', 'notice', 'warning', 'nothing'], 'notice', {
    doc: 'The least important lines that are logged.',
  }),
  logfile: path('', { fixed: true, doc: 'File to log to; empty is standard output.' }),
  'slowlog-log-slower-than': integer(10000, [-1, LONG_MAX], {
    doc: 'Microseconds from which on a request is kept in the slow log; -1 is never.',
  }),
  'slowlog-max-len': integer(128, [0, LONG_MAX], { doc: 'Requests that the slow log keeps.' }),
  'latency-monitor-threshold': integer(0, [0, LONG_MAX], {
    doc: 'Milliseconds from which on LATENCY notes what kept others waiting; 0 is never.',
  }),
  'latency-tracking': yesNo(true, { doc: 'Keeps how long the calls of each command took.' }),
  'latency-tracking-info-percentiles': percentiles('50 99 99.9', {
    doc: 'Which percentiles of that INFO latencystats tells.',
  }),
  'notify-keyspace-events': eventClasses({
    doc: 'Which events of keys are published (A, or their classes), and how: K by key, E by event.',
  }),

  // The process.
  dir: directory({ guarded: true, doc: 'Working directory: other paths start from it.' }),
  pidfile: optionalPath({ fixed: true, doc: 'File that holds the process id while it runs.' }),
  daemonize: yesNo(false, { fixed: true, ...NO_BACKGROUND }),
  supervised: choice(['upstart', 'systemd', 'auto', 'no'], 'no', { fixed: true, ...NO_BACKGROUND }),
  'shutdown-timeout': integer(10, [0, INT_MAX], NO_REPLICATION),
  'shutdown-on-sigint': flags(
    ['default', 'save', 'nosave', 'now', 'force'],
    { doc: 'Options of the SHUTDOWN that SIGINT is.' },
    saveAndNoSave,
  ),
  'shutdown-on-sigterm': flags(
    ['default', 'save', 'nosave', 'now', 'force'],
    { doc: 'Options of the SHUTDOWN that SIGTERM is.' },
    saveAndNoSave,
  ),
  'syslog-enabled': yesNo(false, { fixed: true, ...NO_SYSLOG }),
  'syslog-ident': text('redis', { fixed: true, ...NO_SYSLOG }),
  'syslog-facility': choice(
    ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    'local0',
    { fixed: true, ...NO_SYSLOG },
  ),
  'always-show-logo': yesNo(false, { fixed: true, ignored: 'there is no logo' }),
  'set-proc-title': yesNo(true, { fixed: true, ...NO_TITLE }),
  'proc-title-template': text('{title} {listen-addr} {server-mode}', NO_TITLE, badTitle),
  'locale-collate': text('', { ignored: 'bytes are compared as bytes' }),
  'ignore-warnings': text('', { ignored: 'there is no warning to ignore' }),
  'crash-log-enabled': yesNo(true, NO_CRASH_REPORT),
  'crash-memcheck-enabled': yesNo(true, NO_CRASH_REPORT),
  'use-exit-on-panic': yesNo(false, { hidden: true, ...NO_CRASH_REPORT }),
  'watchdog-period': integer(0, [0, INT_MAX], { hidden: true, ...NOT_FOR_USERS }),
  'disable-thp': yesNo(true, { fixed: true, ...SYSTEM_DOES }),
  'oom-score-adj': choice(
    ['no', 'yes', 'relative', 'absolute'],
    'no',
    { doc: "Whether the process's score for the out-of-memory killer of Linux is set." },
    { relative: 'yes' },
  ),
  'oom-score-adj-values': oomScores('0 200 800', {
    doc: 'The score: of the server; those of a replica and of a background process are not used.',
  }),
  'io-threads': integer(1, [1, 128], { fixed: true, ...NO_THREADS }),
  'io-threads-do-reads': yesNo(false, { fixed: true, ...NO_THREADS }),
  server_cpulist: optionalText({ fixed: true, ...SYSTEM_DOES }),
  bio_cpulist: optionalText({ fixed: true, ...NO_THREADS }),
  aof_rewrite_cpulist: optionalText({ fixed: true, ...NO_THREADS }),
  bgsave_cpulist: optionalText({ fixed: true, ...NO_THREADS }),

  // Freeing and defragmenting.
  'lazyfree-lazy-eviction': yesNo(false, {
    doc: 'The append only file has UNLINK, not DEL, for keys that were evicted.',
  }),
  'lazyfree-lazy-expire': yesNo(false, {
    doc: 'The append only file has UNLINK, not DEL, for keys that were expired.',
  }),
  'lazyfree-lazy-server-del': yesNo(false, {
    doc: 'The append only file has UNLINK, not DEL, for keys that were removed by the way.',
  }),
  'lazyfree-lazy-user-del': yesNo(false, { doc: 'DEL frees as UNLINK does.' }),
  'lazyfree-lazy-user-flush': yesNo(false, {
    doc: 'FLUSHDB without SYNC empties a database in slices.',
  }),
  'jemalloc-bg-thread': yesNo(true, NOTHING_LAZY),
  activedefrag: yesNo(false, NO_FRAGMENTS),
  'active-defrag-ignore-bytes': memory(100 * MiB, [1, LONG_MAX], NO_FRAGMENTS),
  'active-defrag-threshold-lower': integer(10, [0, 1000], NO_FRAGMENTS),
  'active-defrag-threshold-upper': integer(100, [0, 1000], NO_FRAGMENTS),
  'active-defrag-cycle-min': integer(1, [1, 99], NO_FRAGMENTS),
  'active-defrag-cycle-max': integer(25, [1, 99], NO_FRAGMENTS),
  'active-defrag-max-scan-fields': integer(1000, [1, LONG_MAX], NO_FRAGMENTS),

  // Scripts.
  'busy-reply-threshold': integer(5000, [0, LONG_MAX], {
    alias: 'lua-time-limit',
    doc: 'Milliseconds after which others are told that a script is running; 0 is never.',
  }),
  'lua-memory-limit': memory(256 * MiB, [16 * MiB, 2 * GiB], {
    doc: 'Bytes that the interpreter of scripts, and that of functions, may use each.',
  }),

  // Persistence.
  save: savePoints('3600 1 300 100 60 10000', {
    doc: 'Saves by itself when so many seconds have passed with so many changes; empty is never.',
  }),
  dbfilename: text(
    'dump.rdb',
    {
      guarded: true,
      doc: 'File of the zone `default`; that of a zone `x` is `dump.x.rdb` then.',
    },
    notAFile('dbfilename'),
  ),
  rdbcompression: yesNo(true, { doc: 'Compresses long strings in files, and in what DUMP tells.' }),
  rdbchecksum: yesNo(true, {
    fixed: true,
    doc: 'Ends files with a checksum, and loads none whose checksum is wrong.',
  }),
  'sanitize-dump-payload': choice(['no', 'yes', 'clients'], 'no', {
    ignored: 'whatever is read is checked, always',
  }),
  'rdb-del-sync-files': yesNo(false, NO_REPLICATION),
  'rdb-save-incremental-fsync': yesNo(true, WRITTEN_WHOLE),
  'rdb-key-save-delay': integer(0, [INT_MIN, INT_MAX], {
    hidden: true,
    doc: 'Microseconds that a background save waits after a key. For tests.',
  }),
  'key-load-delay': integer(0, [INT_MIN, INT_MAX], {
    hidden: true,
    doc: 'Microseconds that loading waits after a key. For tests.',
  }),
  'stop-writes-on-bgsave-error': yesNo(true, {
    doc: 'Refuses writes after a background save has failed, if there are save points.',
  }),
  'loading-process-events-interval-bytes': integer(2 * MiB, [KiB, INT_MAX], {
    hidden: true,
    ignored: 'loading serves others by the time it takes, not by its bytes',
  }),
  appendonly: yesNo(false, {
    doc: 'Keeps what is written in files that are read at the next start.',
  }),
  appendfilename: text(
    'appendonly.aof',
    { fixed: true, doc: 'What the names of these files begin with.' },
    notEmptyOr('appendfilename', notAFile('appendfilename')),
  ),
  appenddirname: text(
    'appendonlydir',
    { fixed: true, doc: 'The folder they are in.' },
    notEmptyOr('appenddirname', notAFile('appenddirname', 'a dirname')),
  ),
  appendfsync: choice(['everysec', 'always', 'no'], 'everysec', {
    doc: 'When what is written is certainly on the disk: before it is answered, within a second or two, or when the system likes.',
  }),
  'no-appendfsync-on-rewrite': yesNo(false, {
    doc: 'Nothing is made to be on the disk while the files are rewritten.',
  }),
  'auto-aof-rewrite-percentage': integer(100, [0, INT_MAX], {
    doc: 'The files are rewritten when they have grown by so many percent; 0: never by themselves.',
  }),
  'auto-aof-rewrite-min-size': memory(64 * MiB, [0, LONG_MAX], {
    doc: 'And not before they have that size.',
  }),
  'aof-load-truncated': yesNo(true, {
    doc: 'A file that a crash has cut off is truncated where it is good, and loaded.',
  }),
  'aof-use-rdb-preamble': yesNo(true, {
    doc: 'Rewritten files begin with a snapshot, not with commands. While zones beside the default one hold keys they do in any case.',
  }),
  'aof-timestamp-enabled': yesNo(false, { doc: 'The files say when what is in them was done.' }),
  'aof-rewrite-incremental-fsync': yesNo(true, WRITTEN_WHOLE),
  'aof-disable-auto-gc': yesNo(false, { hidden: true, doc: 'Keeps files that are history.' }),

  // Replication.
  replicaof: primaryAddress({ alias: 'slaveof', fixed: true, ...NO_REPLICATION }),
  masterauth: optionalText({ sensitive: true, ...NO_REPLICATION }),
  masteruser: optionalText({ sensitive: true, ...NO_REPLICATION }),
  'replica-serve-stale-data': yesNo(true, { alias: 'slave-serve-stale-data', ...NO_REPLICATION }),
  'replica-read-only': yesNo(true, { alias: 'slave-read-only', ...NO_REPLICATION }),
  'replica-lazy-flush': yesNo(false, { alias: 'slave-lazy-flush', ...NO_REPLICATION }),
  'replica-ignore-maxmemory': yesNo(true, { alias: 'slave-ignore-maxmemory', ...NO_REPLICATION }),
  'replica-ignore-disk-write-errors': yesNo(false, NO_REPLICATION),
  'replica-announced': yesNo(true, NO_REPLICATION),
  'replica-announce-ip': optionalText({ alias: 'slave-announce-ip', ...NO_REPLICATION }),
  'replica-announce-port': integer(0, [0, 65535], {
    alias: 'slave-announce-port',
    ...NO_REPLICATION,
  }),
  'replica-priority': integer(100, [0, INT_MAX], { alias: 'slave-priority', ...NO_REPLICATION }),
  'repl-timeout': integer(60, [1, INT_MAX], NO_REPLICATION),
  'repl-ping-replica-period': integer(10, [1, INT_MAX], {
    alias: 'repl-ping-slave-period',
    doc: 'Seconds after which replicas are told that we are there.',
  }),
  'repl-backlog-size': flooredMemory(MiB, [1, LONG_MAX], 16 * KiB, NO_REPLICATION),
  'repl-backlog-ttl': integer(3600, [0, LONG_MAX], NO_REPLICATION),
  'repl-disable-tcp-nodelay': yesNo(false, NO_REPLICATION),
  'repl-diskless-sync': yesNo(true, NO_REPLICATION),
  'repl-diskless-sync-delay': integer(5, [0, INT_MAX], NO_REPLICATION),
  'repl-diskless-sync-max-replicas': integer(0, [0, INT_MAX], NO_REPLICATION),
  'repl-diskless-load': choice(['disabled', 'on-empty-db', 'swapdb'], 'disabled', NO_REPLICATION),
  'min-replicas-to-write': integer(0, [0, INT_MAX], {
    alias: 'min-slaves-to-write',
    doc: 'Replicas that writes need. There are none, so with any number above 0 they are refused.',
  }),
  'min-replicas-max-lag': integer(10, [0, INT_MAX], {
    alias: 'min-slaves-max-lag',
    doc: 'With 0, `min-replicas-to-write` asks for nothing.',
  }),
  'propagation-error-behavior': choice(
    ['ignore', 'panic', 'panic-on-replicas'],
    'ignore',
    NO_REPLICATION,
  ),

  // Cluster.
  'cluster-enabled': yesNo(false, { fixed: true, ...NO_CLUSTER }),
  'cluster-config-file': text('nodes.conf', { fixed: true, ...NO_CLUSTER }),
  'cluster-port': integer(0, [0, 65535], { fixed: true, ...NO_CLUSTER }),
  'cluster-announce-ip': optionalText(NO_CLUSTER),
  'cluster-announce-port': integer(0, [0, 65535], NO_CLUSTER),
  'cluster-announce-tls-port': integer(0, [0, 65535], NO_CLUSTER),
  'cluster-announce-bus-port': integer(0, [0, 65535], NO_CLUSTER),
  'cluster-announce-hostname': optionalText(NO_CLUSTER, badHostname),
  'cluster-announce-human-nodename': optionalText(NO_CLUSTER, badNodeName),
  'cluster-preferred-endpoint-type': choice(
    ['ip', 'hostname', 'unknown-endpoint'],
    'ip',
    NO_CLUSTER,
  ),
  'cluster-node-timeout': integer(15000, [0, LONG_MAX], NO_CLUSTER),
  'cluster-ping-interval': integer(0, [0, LONG_MAX], { hidden: true, ...NO_CLUSTER }),
  'cluster-require-full-coverage': yesNo(true, NO_CLUSTER),
  'cluster-allow-reads-when-down': yesNo(false, NO_CLUSTER),
  'cluster-allow-pubsubshard-when-down': yesNo(true, NO_CLUSTER),
  'cluster-allow-replica-migration': yesNo(true, NO_CLUSTER),
  'cluster-migration-barrier': integer(1, [0, INT_MAX], NO_CLUSTER),
  'cluster-replica-no-failover': yesNo(false, {
    alias: 'cluster-slave-no-failover',
    ...NO_CLUSTER,
  }),
  'cluster-replica-validity-factor': integer(10, [0, INT_MAX], {
    alias: 'cluster-slave-validity-factor',
    ...NO_CLUSTER,
  }),
  'cluster-link-sendbuf-limit': memory(0, [0, ULONG_MAX], NO_CLUSTER),

  // TLS.
  'tls-port': integer(0, [0, 65535], {
    doc: 'TCP port to listen on with TLS; 0 is none. `port 0` leaves it the only one.',
  }),
  'tls-cert-file': optionalPath({
    reapplied: true,
    doc: 'Certificate of the server (PEM), with those between it and the authority behind it.',
  }),
  'tls-key-file': optionalPath({ reapplied: true, doc: 'Its private key (PEM).' }),
  'tls-key-file-pass': optionalText({ sensitive: true, doc: 'Password of that file.' }),
  'tls-client-cert-file': optionalPath({
    reapplied: true,
    doc: 'Certificate for connections from here; without one, tls-cert-file.',
  }),
  'tls-client-key-file': optionalPath({ reapplied: true, doc: 'Its private key.' }),
  'tls-client-key-file-pass': optionalText({ sensitive: true, doc: 'Password of that file.' }),
  'tls-dh-params-file': optionalPath({
    reapplied: true,
    doc: 'Parameters for DHE ciphers (PEM); without them OpenSSL chooses.',
  }),
  'tls-ca-cert-file': optionalPath({
    reapplied: true,
    doc: 'Certificates of the authorities that peers are to be signed by (PEM).',
  }),
  'tls-ca-cert-dir': optionalPath({
    reapplied: true,
    doc: 'Folder of such certificates, under the names that `openssl rehash` gives them; read when it is set.',
  }),
  'tls-auth-clients': choice(['no', 'yes', 'optional'], 'yes', {
    doc: 'Whether clients show a certificate.',
  }),
  'tls-protocols': optionalText({
    doc: 'Any of `TLSv1 TLSv1.1 TLSv1.2 TLSv1.3`; without any, the last two.',
  }),
  'tls-ciphers': optionalText({ doc: 'Ciphers of TLS 1.2 and before, as OpenSSL names them.' }),
  'tls-ciphersuites': optionalText({ doc: 'Cipher suites of TLS 1.3.' }),
  'tls-prefer-server-ciphers': yesNo(false, {
    doc: 'Whether the order of our ciphers counts, and not that of the client.',
  }),
  'tls-session-caching': yesNo(true, {
    doc: 'Whether clients resume sessions, by tickets that they keep.',
  }),
  'tls-session-cache-size': integer(20 * KiB, [0, INT_MAX], {
    ignored: 'sessions are kept by those who resume them, in tickets',
  }),
  'tls-session-cache-timeout': integer(300, [0, INT_MAX], {
    doc: 'Seconds after which a session is resumed no more.',
  }),
  'tls-cluster': yesNo(false, { doc: 'Whether MIGRATE connects with TLS.' }),
  'tls-replication': yesNo(false, {
    doc: 'As with tls-cluster, certificates are asked for at start; no server is followed.',
  }),
  'tls-handshake-timeout': integer(30, [0, INT_MAX], {
    doc: 'Seconds a client has until it is encrypted; 0 is any number.',
  }),
} satisfies Record<string, Directive<unknown>>;

export type DirectiveName = keyof typeof directives;

/** A name of a directive: the one in the table, or its older one. */
export interface Known {
  /** As CONFIG GET shows it: in lower case, and the alias where that is what it is known by. */
  readonly shown: string;
  readonly name: DirectiveName;
  readonly directive: Directive<unknown>;
}

const known: ReadonlyMap<string, Known> = new Map(
  (Object.keys(directives) as DirectiveName[]).flatMap((name) => {
    const directive: Directive<unknown> = directives[name];
    const shownAs = directive.alias === undefined ? [name] : [name, directive.alias];
    return shownAs.map((shown) => [shown, { shown, name, directive }] as const);
  }),
);

/** The directive of that name or alias, case aside. */
export function findDirective(name: string): Known | undefined {
  return known.get(name.toLowerCase());
}

/** All names, in the order of the table, an older one after the one that took its place. */
export function knownDirectives(): Iterable<Known> {
  return known.values();
}

/** Lines that Redis once knew and that still start it: taken, forgotten, not shown. */
export const FORGOTTEN: ReadonlySet<string> = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
]);

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<CamelCase<Tail>>}`
    : Name;

type ValueOf<D> = D extends Directive<infer Value> ? Value : never;

/** What code reads: `values.tcpKeepalive`. Each property is plain and always the current one. */
export type Values = {
  readonly [Name in DirectiveName as CamelCase<Name>]: ValueOf<(typeof directives)[Name]>;
};

/** The property of Values for a directive's name. */
export function propertyOf(name: string): string {
  return name.replace(/[-_](.)/g, (_, letter: string) => letter.toUpperCase());
}

function saveAndNoSave(given: ReadonlySet<string>): string | undefined {
  return given.has('save') && given.has('nosave')
    ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
    : undefined;
}

function notAFile(name: string, what = 'a filename'): (word: string) => string | undefined {
  const reason = `${name} can't be a path, just ${what}`;
  return (word) => (/[/\\]/.test(word) ? reason : undefined);
}

function notEmptyOr(
  name: string,
  refusal: (word: string) => string | undefined,
): (word: string) => string | undefined {
  return (word) => (word === '' ? `${name} can't be empty` : refusal(word));
}

const TITLE_VARIABLES =
  /\{(?:title|listen-addr|server-mode|config-file|port|tls-port|unixsocket)\}/g;

function badTitle(word: string): string | undefined {
  const rest = word.replace(TITLE_VARIABLES, '');
  return rest.includes('{') || word.trim() === ''
    ? 'template format is invalid or contains unknown variables'
    : undefined;
}

const HOSTNAME_SIZE_MAX = 256;

function badHostname(word: string): string | undefined {
  if (word.length >= HOSTNAME_SIZE_MAX) {
    return `Hostnames must be less than ${HOSTNAME_SIZE_MAX} characters`;
  }
  return /^[A-Za-z0-9.-]*$/.test(word)
    ? undefined
    : 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

function badNodeName(word: string): string | undefined {
  return /[!#$%&()*+:;<>?@[\]^{|}~]/.test(word)
    ? 'Announced human node name contained invalid character'
    : undefined;
}
