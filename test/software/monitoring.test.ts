/**
 * What tools that watch a server read of it: redis_exporter and RedisInsight.
 *
 * They read INFO by names, and what they miss is a hole in somebody's picture: every field they ask
 * Redis 7.2 for is here, in the form they parse.
 */

import { Redis } from 'ioredis5';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';

/** Fields that redis_exporter makes into gauges and counters, as far as Redis 7.2 has them. */
const EXPORTED = `
  acl_access_denied_auth acl_access_denied_channel acl_access_denied_cmd acl_access_denied_key
  active_defrag_hits active_defrag_key_hits active_defrag_key_misses active_defrag_misses
  active_defrag_running allocator_active allocator_allocated allocator_frag_bytes
  allocator_frag_ratio allocator_resident allocator_rss_bytes allocator_rss_ratio
  aof_current_rewrite_time_sec aof_enabled aof_last_bgrewrite_status aof_last_cow_size
  aof_last_rewrite_time_sec aof_last_write_status aof_rewrite_in_progress aof_rewrite_scheduled
  async_loading blocked_clients client_recent_max_input_buffer client_recent_max_output_buffer
  clients_in_timeout_table connected_clients connected_slaves current_eviction_exceeded_time
  dump_payload_sanitizations eventloop_cycles eventloop_duration_cmd_sum eventloop_duration_sum
  evicted_clients evicted_keys expire_cycle_cpu_milliseconds expired_keys expired_stale_perc
  expired_time_cap_reached_count instantaneous_eventloop_cycles_per_sec
  instantaneous_eventloop_duration_usec io_threaded_reads_processed io_threaded_writes_processed
  io_threads_active keyspace_hits keyspace_misses latest_fork_usec lazyfree_pending_objects
  lazyfreed_objects loading master_repl_offset maxclients maxmemory mem_aof_buffer
  mem_clients_normal mem_clients_slaves mem_cluster_links mem_fragmentation_bytes
  mem_fragmentation_ratio mem_not_counted_for_evict mem_replication_backlog
  mem_total_replication_buffers migrate_cached_sockets module_fork_in_progress
  module_fork_last_cow_size number_of_cached_scripts number_of_functions number_of_libraries
  process_id pubsub_channels pubsub_patterns pubsubshard_channels rdb_bgsave_in_progress
  rdb_changes_since_last_save rdb_current_bgsave_time_sec rdb_last_bgsave_status
  rdb_last_bgsave_time_sec rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded
  rdb_last_save_time rdb_saves rejected_connections repl_backlog_active
  repl_backlog_first_byte_offset repl_backlog_histlen repl_backlog_size reply_buffer_expands
  reply_buffer_shrinks second_repl_offset slave_expires_tracked_keys sync_full sync_partial_err
  sync_partial_ok total_blocking_keys total_blocking_keys_on_nokey total_commands_processed
  total_connections_received total_error_replies total_eviction_exceeded_time
  total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes
  total_net_repl_output_bytes total_reads_processed total_writes_processed tracking_clients
  tracking_total_items tracking_total_keys tracking_total_prefixes unexpected_error_replies
  uptime_in_seconds used_cpu_sys used_cpu_sys_children used_cpu_sys_main_thread used_cpu_user
  used_cpu_user_children used_cpu_user_main_thread used_memory used_memory_dataset
  used_memory_functions used_memory_lua used_memory_overhead used_memory_peak used_memory_rss
  used_memory_scripts used_memory_scripts_eval used_memory_startup used_memory_vm_eval
  used_memory_vm_functions used_memory_vm_total
`;

/** Labels of its redis_instance_info. */
const LABELS =
  'role redis_version redis_build_id redis_mode os maxmemory_policy tcp_port run_id process_id master_replid';

/** What RedisInsight shows of a database, by section. */
const SHOWN: Record<string, string> = {
  Server: 'redis_version uptime_in_seconds uptime_in_days executable redis_mode os tcp_port',
  Clients: 'connected_clients',
  Memory: 'used_memory used_memory_human number_of_cached_scripts maxmemory_policy',
  Stats:
    'keyspace_hits keyspace_misses instantaneous_ops_per_sec instantaneous_input_kbps ' +
    'instantaneous_output_kbps total_commands_processed',
  Replication: 'role',
  Cluster: 'cluster_enabled',
};

let server: RunningServer;
let redis: Redis;
/** INFO ALL, by section and field. */
let sections: Map<string, Map<string, string>>;

beforeAll(async () => {
  server = await startServer();
  // RedisInsight and redis_exporter speak RESP2.
  redis = new Redis(server.url, { connectionName: 'redis_exporter' });
  await redis.mset('a', '1', 'b', '2');
  await redis.expire('a', 100);
  await redis.get('a');
  await redis.get('none');
  await expect(redis.lpush('a', 'x')).rejects.toThrow('WRONGTYPE');
  await redis.config('SET', 'slowlog-log-slower-than', 0);
  sections = parse((await redis.info('ALL')) as string);
});

afterAll(async () => {
  await redis.quit();
  await server.close();
});

function parse(text: string): typeof sections {
  const all: typeof sections = new Map();
  let section = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      section = new Map();
      all.set(line.slice(2), section);
    } else if (line !== '') {
      const colon = line.indexOf(':');
      expect(colon, line).toBeGreaterThan(0);
      section.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return all;
}

const split = (names: string): string[] => names.trim().split(/\s+/);

describe('redis_exporter', () => {
  test.each(split(EXPORTED))('reads the number %s', (name) => {
    const values = [...sections.values()].flatMap((section) => section.get(name) ?? []);
    expect(values).toHaveLength(1);
    // It knows these words for a number, too.
    expect(values[0]).toMatch(/^(-?\d+(\.\d+)?|ok|fail|up|down)$/);
  });

  test.each(split(LABELS))('reads the label %s', (name) => {
    const values = [...sections.values()].flatMap((section) => section.get(name) ?? []);
    expect(values).toEqual([expect.stringMatching(/./)]);
  });

  test('reads databases, commands, latencies and errors by their shape', () => {
    expect([...(sections.get('Keyspace') ?? [])]).toEqual([
      ['db0', expect.stringMatching(/^keys=2,expires=1,avg_ttl=\d+$/)],
    ]);
    const stats = sections.get('Commandstats') ?? new Map();
    for (const [name, value] of stats) {
      expect(name).toMatch(/^cmdstat_[a-z|_.]+$/);
      expect(value).toMatch(
        /^calls=\d+,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=\d+,failed_calls=\d+$/,
      );
    }
    expect(stats.get('cmdstat_lpush')).toMatch(/rejected_calls=0,failed_calls=1$/);
    for (const [name, value] of sections.get('Latencystats') ?? []) {
      expect(stats.has(name.replace('latency_percentiles_usec_', 'cmdstat_'))).toBe(true);
      expect(value).toMatch(/^p50=\d+\.\d+,p99=\d+\.\d+,p99\.9=\d+\.\d+$/);
    }
    expect(sections.get('Latencystats')?.size).toBeGreaterThan(3);
    expect(sections.get('Errorstats')?.get('errorstat_WRONGTYPE')).toBe('count=1');
  });

  test('asks for all of the configuration, the slow log, latencies and clients', async () => {
    const config = (await redis.config('GET', '*')) as string[];
    const value = (name: string): string | undefined => config[config.indexOf(name) + 1];
    for (const name of ['maxmemory', 'maxclients', 'io-threads']) {
      expect(value(name)).toMatch(/^\d+$/);
    }
    expect(split(value('client-output-buffer-limit') ?? '')).toHaveLength(12);
    expect(await redis.slowlog('LEN')).toBeGreaterThan(0);
    const [entry] = (await redis.slowlog('GET', 1)) as [number, number, number, string[]][];
    expect(entry.slice(0, 3).every(Number.isInteger)).toBe(true);
    expect(await redis.call('LATENCY', 'LATEST')).toEqual([]);
    const histogram = (await redis.call('LATENCY', 'HISTOGRAM')) as unknown[];
    const ofGet = histogram[histogram.indexOf('get') + 1] as unknown[];
    expect(ofGet.slice(0, 3)).toEqual(['calls', 2, 'histogram_usec']);
    expect((ofGet[3] as number[]).length % 2).toBe(0);
    for (const line of String(await redis.client('LIST'))
      .trimEnd()
      .split('\n')) {
      expect(line).toMatch(/^id=\d+ addr=\S+:\d+( [a-z-]+=\S*)+$/);
      expect(line).toContain(' name=redis_exporter ');
    }
    expect(await redis.call('COMMAND', 'INFO', 'COMMANDLOG')).toEqual([null]);
    expect(await redis.info('MODULES')).toBe('# Modules\r\n');
    expect(await redis.call('MEMORY', 'USAGE', 'a')).toBeGreaterThan(0);
  });
});

describe('RedisInsight', () => {
  test.each(Object.keys(SHOWN))('finds what it shows in section %s', (section) => {
    const fields = sections.get(section) ?? new Map();
    expect(split(SHOWN[section]).filter((name) => !fields.has(name))).toEqual([]);
  });

  test('learns on connecting who this is: no vendor, no modules, so many databases', async () => {
    const hello = (await redis.call('HELLO')) as string[];
    expect(hello.slice(0, 4)).toEqual(['server', 'redis', 'version', expect.any(String)]);
    expect(await redis.call('MODULE', 'LIST')).toEqual([]);
    const commands = ['ft.search', 'json.get', 'ts.add', 'bf.add'];
    expect(await redis.call('COMMAND', 'INFO', ...commands)).toEqual(commands.map(() => null));
    // As many as can be selected, the zone of sessions among them.
    const [, databases] = (await redis.config('GET', 'databases')) as string[];
    expect(Number(databases)).toBeGreaterThanOrEqual(16);
    expect(await redis.dbsize()).toBe(2);
    expect(await redis.acl('LIST')).toHaveLength(1);
    await expect(redis.call('CLUSTER', 'INFO')).rejects.toThrow('cluster support disabled');
    expect(await redis.command('COUNT')).toBeGreaterThan(240);
  });

  test('browses keys of every type', async () => {
    await redis.rpush('list', 'a', 'b');
    await redis.hset('hash', 'f', 'v');
    await redis.sadd('set', 'm');
    await redis.zadd('zset', 1, 'm');
    await redis.xadd('stream', '1-1', 'f', 'v');
    await redis.xgroup('CREATE', 'stream', 'g', '0');
    const [, keys] = await redis.scan(0, 'MATCH', '*', 'COUNT', 10_000);
    expect(keys).toHaveLength(7);
    const pipeline = redis.pipeline();
    for (const key of keys) pipeline.type(key).ttl(key).call('MEMORY', 'USAGE', key, 'SAMPLES', 0);
    for (const [error] of (await pipeline.exec()) ?? []) expect(error).toBeNull();
    const reads = [
      ...[redis.getrange('b', 0, 4999), redis.lrange('list', 0, 499), redis.llen('list')],
      ...[redis.hscan('hash', 0, 'COUNT', 500), redis.sscan('set', 0, 'COUNT', 500)],
      ...[redis.zrange('zset', 0, 500, 'WITHSCORES'), redis.zscan('zset', 0)],
      ...[redis.xinfo('STREAM', 'stream'), redis.xrevrange('stream', '+', '-', 'COUNT', 500)],
      ...[redis.xinfo('GROUPS', 'stream'), redis.xinfo('CONSUMERS', 'stream', 'g')],
      redis.xpending('stream', 'g', '-', '+', 500),
    ];
    expect((await Promise.all(reads)).every((reply) => reply !== null)).toBe(true);
    // Fields with deadlines of their own are of a later Redis: it hides them.
    await expect(redis.call('HTTL', 'hash', 'FIELDS', 1, 'f')).rejects.toThrow('unknown command');
  });
});
