/**
 * INFO: what a server tells about itself, in sections of `field:value` lines.
 *
 * Fields, their order and their formats are those of Redis 7.2, because tools read them. A figure
 * that has no meaning here (there is no fork, no backlog, no module) is the one that Redis shows
 * where there is none either. The section Zones is ours.
 */

import { memoryOf } from '../instance/clients.ts';
import { REDIS_VERSION, version } from '../instance/version.ts';
import type { Database } from '../keyspace/database.ts';
import {
  executable,
  machineMemory,
  nodeVersion,
  processId,
  processorTime,
  residentSize,
  systemName,
} from '../std/system.ts';
import type { Command, Instance, LoadingProgress } from './call.ts';

type Field = readonly [name: string, value: string | number];

interface Section {
  readonly title: string;
  /** Lower case; what INFO is asked for. */
  readonly name: string;
  /** Whether INFO alone, INFO all and INFO everything have it. */
  readonly isDefault: boolean;
  readonly isInAll: boolean;
  fields(instance: Instance): readonly Field[];
}

const KiB = 1024;
const MS_PER_SECOND = 1000;
const MS_PER_DAY = 24 * 3600 * 1000;
/** Deadlines looked at for the average time to live of a database. */
const TTL_SAMPLES = 256;
const LRU_CLOCK_MASK = 0xffffff;

/** Bytes as people read them: 1.50M. */
export function sizeText(size: number): string {
  const units = ['B', 'K', 'M', 'G', 'T', 'P'];
  let value = size;
  let unit = 0;
  while (value >= KiB && unit < units.length - 1) {
    value /= KiB;
    unit++;
  }
  return unit === 0 ? `${value}B` : `${value.toFixed(2)}${units[unit]}`;
}

function ratio(part: number, whole: number): string {
  return (whole === 0 ? 0 : part / whole).toFixed(2);
}

function percent(part: number, whole: number): string {
  return `${ratio(part * 100, whole)}%`;
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────

/** What INFO memory and MEMORY STATS are made of. Sizes in bytes, of all zones together. */
export interface MemoryFigures {
  /** What is stored, with its share of what describes pages and holds buckets. */
  readonly used: number;
  readonly peak: number;
  /** Resident in memory: the whole process. */
  readonly resident: number;
  /** That share, and what clients have sent and not been sent. */
  readonly overhead: number;
  /** In use before there is any key. */
  readonly startup: number;
  readonly dataset: number;
  /** The same as `used` for all of the pages in use: the difference is free slots in them. */
  readonly active: number;
  readonly clients: number;
  readonly keys: number;
}

export function memoryFigures({ keyspace, clients, stats }: Instance): MemoryFigures {
  const { startupMemory: startup, usedMemory: used } = keyspace;
  let dataset = 0;
  let active = startup;
  let keys = 0;
  for (const zone of keyspace.zones) {
    dataset += zone.takenSize;
    active += zone.withShare(zone.slab.usedPages() * zone.layout.pageSize);
    keys += zone.table.count;
  }
  let buffers = 0;
  for (const client of clients.all()) buffers += memoryOf(client);
  if (used > stats.peakMemory) stats.peakMemory = used;
  return {
    used,
    peak: stats.peakMemory,
    resident: residentSize(),
    overhead: used - dataset + buffers,
    startup,
    dataset,
    active,
    clients: buffers,
    keys,
  };
}

function memory(instance: Instance): readonly Field[] {
  const { config, functions, keyspace, scripts } = instance;
  const interpreters = scripts.memory + functions.memory;
  const texts = scripts.size + functions.libraries.size;
  const [zone] = keyspace.zones;
  const figures = memoryFigures(instance);
  const { used, peak, resident, overhead, startup, dataset, active } = figures;
  const limit = Math.min(zone.size, keyspace.memoryLimit);
  return [
    ['used_memory', used],
    ['used_memory_human', sizeText(used)],
    ['used_memory_rss', resident],
    ['used_memory_rss_human', sizeText(resident)],
    ['used_memory_peak', peak],
    ['used_memory_peak_human', sizeText(peak)],
    ['used_memory_peak_perc', percent(used, peak)],
    ['used_memory_overhead', overhead],
    ['used_memory_startup', startup],
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', percent(dataset, used - startup)],
    ['allocator_allocated', used],
    ['allocator_active', active],
    ['allocator_resident', active],
    ['total_system_memory', machineMemory],
    ['total_system_memory_human', sizeText(machineMemory)],
    ['used_memory_lua', scripts.memory],
    ['used_memory_vm_eval', scripts.memory],
    ['used_memory_lua_human', sizeText(scripts.memory)],
    ['used_memory_scripts_eval', scripts.size],
    ['number_of_cached_scripts', scripts.count],
    ['number_of_functions', functions.libraries.functionCount],
    ['number_of_libraries', functions.libraries.count],
    ['used_memory_vm_functions', functions.memory],
    ['used_memory_vm_total', interpreters],
    ['used_memory_vm_total_human', sizeText(interpreters)],
    ['used_memory_functions', functions.libraries.size],
    ['used_memory_scripts', texts],
    ['used_memory_scripts_human', sizeText(texts)],
    ['maxmemory', limit],
    ['maxmemory_human', sizeText(limit)],
    ['maxmemory_policy', config.values.maxmemoryPolicy],
    ['allocator_frag_ratio', ratio(active, used)],
    ['allocator_frag_bytes', active - used],
    ['allocator_rss_ratio', ratio(active, active)],
    ['allocator_rss_bytes', 0],
    ['rss_overhead_ratio', ratio(resident, active)],
    ['rss_overhead_bytes', resident - active],
    ['mem_fragmentation_ratio', ratio(resident, used)],
    ['mem_fragmentation_bytes', resident - used],
    ['mem_not_counted_for_evict', 0],
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', figures.clients],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', instance.appendOnly.bufferSize],
    ['mem_allocator', 'zone'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', keyspace.retiredCount],
    ['lazyfreed_objects', keyspace.freedCount],
  ];
}

// ── Server and clients ──────────────────────────────────────────────────────────────────────────

function server(instance: Instance): readonly Field[] {
  const { clock, config, startedAt } = instance;
  const { hz, bind, unixsocket } = config.values;
  const now = clock.now();
  const port = instance.tcpPort();
  const tlsPort = instance.tlsPort();
  const addresses = bind.map((address) => `bind=${address}`).join(',');
  // Each kind has its number, whether the others are there or not.
  const listeners: Field[] = [];
  if (port > 0) listeners.push(['listener0', `name=tcp,${addresses},port=${port}`]);
  if (unixsocket) listeners.push(['listener1', `name=unix,bind=${unixsocket}`]);
  if (tlsPort > 0) listeners.push(['listener2', `name=tls,${addresses},port=${tlsPort}`]);
  return [
    ['redis_version', REDIS_VERSION],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0000000000000000'],
    ['redis_mode', 'standalone'],
    ['server_name', 'zonis'],
    ['zonis_version', version],
    ['node_version', nodeVersion],
    ['os', systemName],
    ['arch_bits', 64],
    ['monotonic_clock', 'performance.now'],
    ['multiplexing_api', 'libuv'],
    ['atomicvar_api', 'none'],
    ['gcc_version', '0.0.0'],
    ['process_id', processId],
    ['process_supervised', 'no'],
    ['run_id', instance.runId],
    ['tcp_port', port || tlsPort],
    ['server_time_usec', now * 1000],
    ['uptime_in_seconds', Math.floor((now - startedAt) / 1000)],
    ['uptime_in_days', Math.floor((now - startedAt) / MS_PER_DAY)],
    ['hz', hz],
    ['configured_hz', hz],
    ['lru_clock', Math.floor(now / 1000) & LRU_CLOCK_MASK],
    ['executable', executable],
    ['config_file', config.file ?? ''],
    ['io_threads_active', 0],
    ...listeners,
  ];
}

function clients({ clients: all, config, blocking, tracking }: Instance): readonly Field[] {
  let blocked = 0;
  let maxInput = 0;
  let maxOutput = 0;
  for (const { connection, isBlocked } of all.all()) {
    if (isBlocked) blocked++;
    maxInput = Math.max(maxInput, connection.queryBufferSize);
    maxOutput = Math.max(maxOutput, connection.outputSize);
  }
  const keys = blocking.keyCounts;
  return [
    ['connected_clients', all.count],
    ['cluster_connections', 0],
    ['maxclients', config.values.maxclients],
    ['client_recent_max_input_buffer', maxInput],
    ['client_recent_max_output_buffer', maxOutput],
    ['blocked_clients', blocked],
    ['tracking_clients', tracking.clientCount],
    ['clients_in_timeout_table', blocking.limitedCount],
    ['total_blocking_keys', keys.all],
    ['total_blocking_keys_on_nokey', keys.untilGone],
  ];
}

function persistence({ keyspace, saving, loading, clock, appendOnly }: Instance): readonly Field[] {
  const { written, count, aheadSize } = saving.progress;
  const status = (isGood: boolean): string => (isGood ? 'ok' : 'err');
  return [
    ['loading', keyspace.isLoading ? 1 : 0],
    ['async_loading', 0],
    ['current_cow_peak', aheadSize],
    ['current_cow_size', aheadSize],
    ['current_cow_size_age', 0],
    ['current_fork_perc', ratio(written * 100, count)],
    ['current_save_keys_processed', written],
    ['current_save_keys_total', count],
    ['rdb_changes_since_last_save', keyspace.counts.dirty],
    ['rdb_bgsave_in_progress', saving.isRunning ? 1 : 0],
    ['rdb_last_save_time', saving.lastSave],
    ['rdb_last_bgsave_status', saving.isLastOk ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', saving.lastTook],
    ['rdb_current_bgsave_time_sec', saving.currentTook],
    ['rdb_saves', saving.count],
    ['rdb_last_cow_size', saving.lastAheadSize],
    ['rdb_last_load_keys_expired', loading.expired],
    ['rdb_last_load_keys_loaded', loading.loaded],
    ['aof_enabled', appendOnly.isOn ? 1 : 0],
    ['aof_rewrite_in_progress', appendOnly.isRewriting ? 1 : 0],
    ['aof_rewrite_scheduled', appendOnly.isScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', appendOnly.lastRewriteSeconds],
    ['aof_current_rewrite_time_sec', appendOnly.rewriteSeconds],
    ['aof_last_bgrewrite_status', status(appendOnly.isLastRewriteGood)],
    ['aof_rewrites', appendOnly.rewrites],
    ['aof_rewrites_consecutive_failures', appendOnly.failures],
    ['aof_last_write_status', status(appendOnly.isGood)],
    ['aof_last_cow_size', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...(appendOnly.isOn ? appendOnlySizes(appendOnly) : []),
    ...(keyspace.isLoading ? loadingFields(loading, clock.now()) : []),
  ];
}

function appendOnlySizes(appendOnly: Instance['appendOnly']): readonly Field[] {
  return [
    ['aof_current_size', appendOnly.currentSize],
    ['aof_base_size', appendOnly.baseSize],
    ['aof_pending_rewrite', appendOnly.isScheduled ? 1 : 0],
    ['aof_buffer_length', appendOnly.bufferSize],
    ['aof_pending_bio_fsync', appendOnly.isSyncing ? 1 : 0],
    ['aof_delayed_fsync', appendOnly.delayedSyncs],
  ];
}

function loadingFields(loading: LoadingProgress, now: number): readonly Field[] {
  const { startedAt, totalSize, loadedSize, usedMemory } = loading;
  const elapsed = Math.floor(now / MS_PER_SECOND) - startedAt;
  const left = Math.floor((elapsed * (totalSize - loadedSize)) / Math.max(1, loadedSize));
  return [
    ['loading_start_time', startedAt],
    ['loading_total_bytes', totalSize],
    ['loading_rdb_used_mem', usedMemory],
    ['loading_loaded_bytes', loadedSize],
    ['loading_loaded_perc', ratio(loadedSize * 100, totalSize)],
    ['loading_eta_seconds', elapsed === 0 ? 1 : left],
  ];
}

function replication({ replicationId, replicas }: Instance): readonly Field[] {
  const each = [...replicas.all()].map(({ client, isOnline }, i): Field => {
    const { address } = client;
    const host = address.slice(0, address.lastIndexOf(':'));
    const state = isOnline ? 'online' : 'send_bulk';
    return [
      `slave${i}`,
      `ip=${host},port=${client.replicaPort},state=${state},offset=${replicas.offset},lag=0`,
    ];
  });
  return [
    ['role', 'master'],
    ['connected_slaves', replicas.count],
    ...each,
    ['master_failover_state', 'no-failover'],
    ['master_replid', replicationId],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', replicas.offset],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 1048576],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}

// ── What has been counted ───────────────────────────────────────────────────────────────────────

function stats(instance: Instance): readonly Field[] {
  const { stats: own, keyspace, peers, pubsub, tracking, saving, appendOnly } = instance;
  let expired = 0;
  let evicted = 0;
  for (const { counts } of keyspace.zones) {
    expired += counts.expired;
    evicted += counts.evicted;
  }
  const cyclesPerSecond = own.cycleRate.perSecond;
  return [
    ['total_connections_received', own.connectionsReceived],
    ['total_commands_processed', own.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.floor(own.operations.perSecond)],
    ['total_net_input_bytes', own.inputBytes],
    ['total_net_output_bytes', own.outputBytes],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', ratio(own.input.perSecond, KiB)],
    ['instantaneous_output_kbps', ratio(own.output.perSecond, KiB)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', own.connectionsRejected],
    ['sync_full', own.fullSyncs],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', expired],
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', 0],
    ['expire_cycle_cpu_milliseconds', Math.floor(own.expireCycleMicros / 1000)],
    ['evicted_keys', evicted],
    ['evicted_clients', own.evictedClients],
    ['total_eviction_exceeded_time', 0],
    ['current_eviction_exceeded_time', 0],
    ['keyspace_hits', keyspace.counts.hits],
    ['keyspace_misses', keyspace.counts.misses],
    ['pubsub_channels', pubsub.channels.size],
    ['pubsub_patterns', pubsub.patterns.size],
    ['pubsubshard_channels', pubsub.shards.size],
    ['latest_fork_usec', 0],
    // There are none, but what Redis forks for.
    ['total_forks', saving.count + appendOnly.rewrites],
    ['migrate_cached_sockets', peers.keptCount],
    ['slave_expires_tracked_keys', 0],
    ['active_defrag_hits', 0],
    ['active_defrag_misses', 0],
    ['active_defrag_key_hits', 0],
    ['active_defrag_key_misses', 0],
    ['total_active_defrag_time', 0],
    ['current_active_defrag_time', 0],
    ['tracking_total_keys', tracking.keyCount],
    ['tracking_total_items', tracking.itemCount],
    ['tracking_total_prefixes', tracking.prefixCount],
    ['unexpected_error_replies', own.unexpectedErrorReplies],
    ['total_error_replies', own.errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', own.readsProcessed],
    ['total_writes_processed', own.writesProcessed],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
    ['eventloop_cycles', own.cycles],
    ['eventloop_duration_sum', own.cycleMicros],
    ['eventloop_duration_cmd_sum', own.commandMicros],
    ['instantaneous_eventloop_cycles_per_sec', Math.floor(cyclesPerSecond)],
    [
      'instantaneous_eventloop_duration_usec',
      Math.floor(cyclesPerSecond === 0 ? 0 : own.cycleMicrosRate.perSecond / cyclesPerSecond),
    ],
    ['acl_access_denied_auth', own.denied.auth],
    ['acl_access_denied_cmd', own.denied.command],
    ['acl_access_denied_key', own.denied.key],
    ['acl_access_denied_channel', own.denied.channel],
  ];
}

function processor(): readonly Field[] {
  const { user, system } = processorTime();
  return [
    ['used_cpu_sys', system.toFixed(6)],
    ['used_cpu_user', user.toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
    // The threads that collect garbage and compile are not told apart from the one that serves.
    ['used_cpu_sys_main_thread', system.toFixed(6)],
    ['used_cpu_user_main_thread', user.toFixed(6)],
  ];
}

/** Text that can stand in a line of INFO; as getSafeInfoString of Redis. */
function safeText(text: string): string {
  return text.replace(/[#:\n\r]/g, '_');
}

function commandStats({ registry }: Instance): readonly Field[] {
  const called: Command[] = [];
  for (const command of registry.asked()) {
    if (command.calls + command.rejected + command.failed > 0) called.push(command);
  }
  return called.map(({ fullName, calls, microseconds, rejected, failed }) => [
    `cmdstat_${fullName}`,
    `calls=${calls},usec=${Math.floor(microseconds)},usec_per_call=${ratio(microseconds, calls)}` +
      `,rejected_calls=${rejected},failed_calls=${failed}`,
  ]);
}

/** A percentage as C's %f prints it, without zeroes at its end. */
function percentName(percent: number): string {
  return percent.toFixed(6).replace(/\.?0+$/, '');
}

function latencyStats({ config, registry }: Instance): readonly Field[] {
  const percentiles = config.values.latencyTrackingInfoPercentiles;
  const found: Field[] = [];
  for (const { fullName, histogram } of registry.asked()) {
    if (histogram === undefined) continue;
    const texts = percentiles.map((percent) => {
      const micros = histogram.percentile(percent) / 1000;
      return `p${percentName(percent)}=${micros.toFixed(3)}`;
    });
    found.push([`latency_percentiles_usec_${fullName}`, texts.join(',')]);
  }
  return found;
}

function errorStats({ stats: { errors } }: Instance): readonly Field[] {
  return [...errors].map(([code, count]) => [`errorstat_${safeText(code)}`, `count=${count}`]);
}

function debug({ stats: own }: Instance): readonly Field[] {
  return [
    ['eventloop_duration_aof_sum', 0],
    ['eventloop_duration_cron_sum', own.cronMicros],
    ['eventloop_duration_max', own.longestCycleMicros],
    ['eventloop_cmd_per_cycle_max', own.mostCallsInCycle],
  ];
}

// ── What is kept ────────────────────────────────────────────────────────────────────────────────

/** Milliseconds that keys with a deadline have left, of some spread over all deadlines. */
function averageTtl({ zone, physical }: Database): number {
  const { deadlines, now } = zone;
  const step = Math.max(1, Math.floor(deadlines.count / TTL_SAMPLES));
  let sum = 0;
  let count = 0;
  for (let place = 0; place < deadlines.count; place += step) {
    if (zone.database(deadlines.entryAt(place)) !== physical) continue;
    sum += Math.max(0, deadlines.deadlineAt(place) - now);
    count++;
  }
  return count === 0 ? 0 : Math.floor(sum / count);
}

function databases({ keyspace }: Instance): readonly Field[] {
  return keyspace.databases
    .filter(({ size }) => size > 0)
    .map((db) => [
      `db${db.number}`,
      `keys=${db.size},expires=${db.volatileSize},avg_ttl=${averageTtl(db)}`,
    ]);
}

function zones({ keyspace }: Instance): readonly Field[] {
  return keyspace.zones.map((zone) => {
    const { evicted, expired, forced, refused } = zone.counts;
    const numbers = keyspace.databases.filter((db) => db.zone === zone).map((db) => db.number);
    const range =
      numbers.length === 1 ? numbers[0] : `${numbers[0]}-${numbers[numbers.length - 1]}`;
    return [
      `zone_${zone.name}`,
      `databases=${range},size=${zone.size},used=${zone.usedSize},policy=${zone.recency.policy}` +
        `,keys=${zone.table.count},expires=${zone.deadlines.count},evicted=${evicted}` +
        `,expired=${expired},forced=${forced},refused=${refused}`,
    ];
  });
}

const none = (): readonly Field[] => [];

const SECTIONS: readonly Section[] = [
  { title: 'Server', fields: server },
  { title: 'Clients', fields: clients },
  { title: 'Memory', fields: memory },
  { title: 'Persistence', fields: persistence },
  { title: 'Stats', fields: stats },
  { title: 'Replication', fields: replication },
  { title: 'CPU', fields: processor },
  { title: 'Modules', fields: none },
  { title: 'Commandstats', fields: commandStats, isDefault: false },
  { title: 'Errorstats', fields: errorStats },
  { title: 'Latencystats', fields: latencyStats, isDefault: false },
  { title: 'Cluster', fields: (): readonly Field[] => [['cluster_enabled', 0]] },
  { title: 'Zones', fields: zones },
  { title: 'Keyspace', fields: databases },
  { title: 'Debug', fields: debug, isDefault: false, isInAll: false },
].map((section) => ({
  isDefault: true,
  isInAll: true,
  ...section,
  name: section.title.toLowerCase(),
}));

/** The text of the sections asked for; of the default ones when none is. */
export function infoText(instance: Instance, asked: readonly string[]): string {
  const names = new Set(asked.map((name) => name.toLowerCase()));
  const wantsDefault = names.size === 0 || names.has('default');
  const wantsAll = names.has('all') || names.has('everything');
  return SECTIONS.filter(
    ({ name, isDefault, isInAll }) =>
      names.has(name) || (wantsDefault && isDefault) || (wantsAll && isInAll),
  )
    .map(({ title, fields }) => {
      const lines = fields(instance).map(([name, value]) => `${name}:${value}\r\n`);
      return `# ${title}\r\n${lines.join('')}`;
    })
    .join('\r\n');
}
