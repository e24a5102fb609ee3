/**
 * What redis-server 7.2.6 answers, as lines: learned from it, not made up.
 *
 * Without what depends on the machine (dir, port) or differs on purpose (maxmemory, save).
 */

/** CONFIG GET *: name, value. */
export const REDIS_DEFAULTS = `
acl-pubsub-default|resetchannels
aclfile|
acllog-max-len|128
active-defrag-cycle-max|25
active-defrag-cycle-min|1
active-defrag-ignore-bytes|104857600
active-defrag-max-scan-fields|1000
active-defrag-threshold-lower|10
active-defrag-threshold-upper|100
active-expire-effort|1
activedefrag|no
activerehashing|yes
always-show-logo|no
aof-load-truncated|yes
aof-rewrite-incremental-fsync|yes
aof-timestamp-enabled|no
aof-use-rdb-preamble|yes
aof_rewrite_cpulist|
appenddirname|appendonlydir
appendfilename|appendonly.aof
appendfsync|everysec
appendonly|no
auto-aof-rewrite-min-size|67108864
auto-aof-rewrite-percentage|100
bgsave_cpulist|
bind|* -::*
bind-source-addr|
bio_cpulist|
busy-reply-threshold|5000
client-output-buffer-limit|normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
client-query-buffer-limit|1073741824
cluster-allow-pubsubshard-when-down|yes
cluster-allow-reads-when-down|no
cluster-allow-replica-migration|yes
cluster-announce-bus-port|0
cluster-announce-hostname|
cluster-announce-human-nodename|
cluster-announce-ip|
cluster-announce-port|0
cluster-announce-tls-port|0
cluster-config-file|nodes.conf
cluster-enabled|no
cluster-link-sendbuf-limit|0
cluster-migration-barrier|1
cluster-node-timeout|15000
cluster-port|0
cluster-preferred-endpoint-type|ip
cluster-replica-no-failover|no
cluster-replica-validity-factor|10
cluster-require-full-coverage|yes
cluster-slave-no-failover|no
cluster-slave-validity-factor|10
crash-log-enabled|yes
crash-memcheck-enabled|yes
daemonize|no
databases|16
dbfilename|dump.rdb
disable-thp|yes
dynamic-hz|yes
enable-debug-command|no
enable-module-command|no
enable-protected-configs|no
hash-max-listpack-entries|512
hash-max-listpack-value|64
hash-max-ziplist-entries|512
hash-max-ziplist-value|64
hll-sparse-max-bytes|3000
hz|10
ignore-warnings|
io-threads|1
io-threads-do-reads|no
jemalloc-bg-thread|yes
latency-monitor-threshold|0
latency-tracking|yes
latency-tracking-info-percentiles|50 99 99.9
lazyfree-lazy-eviction|no
lazyfree-lazy-expire|no
lazyfree-lazy-server-del|no
lazyfree-lazy-user-del|no
lazyfree-lazy-user-flush|no
lfu-decay-time|1
lfu-log-factor|10
list-compress-depth|0
list-max-listpack-size|-2
list-max-ziplist-size|-2
locale-collate|
logfile|
loglevel|notice
lua-time-limit|5000
masterauth|
masteruser|
maxclients|10000
maxmemory-clients|0
maxmemory-eviction-tenacity|10
maxmemory-policy|noeviction
maxmemory-samples|5
min-replicas-max-lag|10
min-replicas-to-write|0
min-slaves-max-lag|10
min-slaves-to-write|0
no-appendfsync-on-rewrite|no
notify-keyspace-events|
oom-score-adj|no
oom-score-adj-values|0 200 800
pidfile|
proc-title-template|{title} {listen-addr} {server-mode}
propagation-error-behavior|ignore
protected-mode|yes
proto-max-bulk-len|536870912
rdb-del-sync-files|no
rdb-save-incremental-fsync|yes
rdbchecksum|yes
rdbcompression|yes
repl-backlog-size|1048576
repl-backlog-ttl|3600
repl-disable-tcp-nodelay|no
repl-diskless-load|disabled
repl-diskless-sync|yes
repl-diskless-sync-delay|5
repl-diskless-sync-max-replicas|0
repl-ping-replica-period|10
repl-ping-slave-period|10
repl-timeout|60
replica-announce-ip|
replica-announce-port|0
replica-announced|yes
replica-ignore-disk-write-errors|no
replica-ignore-maxmemory|yes
replica-lazy-flush|no
replica-priority|100
replica-read-only|yes
replica-serve-stale-data|yes
replicaof|
requirepass|
sanitize-dump-payload|no
server_cpulist|
set-max-intset-entries|512
set-max-listpack-entries|128
set-max-listpack-value|64
set-proc-title|yes
shutdown-on-sigint|default
shutdown-on-sigterm|default
shutdown-timeout|10
slave-announce-ip|
slave-announce-port|0
slave-ignore-maxmemory|yes
slave-lazy-flush|no
slave-priority|100
slave-read-only|yes
slave-serve-stale-data|yes
slaveof|
slowlog-log-slower-than|10000
slowlog-max-len|128
socket-mark-id|0
stop-writes-on-bgsave-error|yes
stream-node-max-bytes|4096
stream-node-max-entries|100
supervised|no
syslog-enabled|no
syslog-facility|local0
syslog-ident|redis
tcp-backlog|511
tcp-keepalive|300
timeout|0
tls-auth-clients|yes
tls-ca-cert-dir|
tls-ca-cert-file|
tls-cert-file|
tls-ciphers|
tls-ciphersuites|
tls-client-cert-file|
tls-client-key-file|
tls-client-key-file-pass|
tls-cluster|no
tls-dh-params-file|
tls-key-file|
tls-key-file-pass|
tls-port|0
tls-prefer-server-ciphers|no
tls-protocols|
tls-replication|no
tls-session-cache-size|20480
tls-session-cache-timeout|300
tls-session-caching|yes
tracking-table-max-keys|1000000
unixsocket|
unixsocketperm|0
zset-max-listpack-entries|128
zset-max-listpack-value|64
zset-max-ziplist-entries|128
zset-max-ziplist-value|64
`;

/** CONFIG SET, one after another: name, value, OK or the reason, and what CONFIG GET then shows. */
export const REDIS_SETS = `
save||OK|
save|3600 1 60 2|OK|3600 1 60 2
save|1 2 3|Invalid save parameters|3600 1 60 2
save|0 1|Invalid save parameters|3600 1 60 2
save| |Invalid save parameters|3600 1 60 2
save|300 10|OK|300 10
shutdown-on-sigint||argument(s) must be one of the following: default, save, nosave, now, force|default
shutdown-on-sigint|force save|OK|save force
shutdown-on-sigint|save nosave|shutdown options SAVE and NOSAVE can't be used simultaneously|save force
shutdown-on-sigint|default NOW|OK|now
client-output-buffer-limit||OK|normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
client-output-buffer-limit|replica 1k 1kb 7 normal 0 0 0|OK|normal 0 0 0 slave 1000 1024 7 pubsub 33554432 8388608 60
client-output-buffer-limit|master 1 1 1|Invalid client class specified in buffer limit configuration.|normal 0 0 0 slave 1000 1024 7 pubsub 33554432 8388608 60
client-output-buffer-limit|normal 1x 1 1|Error in hard, soft or soft_seconds setting in buffer limit configuration.|normal 0 0 0 slave 1000 1024 7 pubsub 33554432 8388608 60
client-output-buffer-limit|normal 1 1 -1|Error in hard, soft or soft_seconds setting in buffer limit configuration.|normal 0 0 0 slave 1000 1024 7 pubsub 33554432 8388608 60
client-output-buffer-limit|normal 1 1|Wrong number of arguments in buffer limit configuration.|normal 0 0 0 slave 1000 1024 7 pubsub 33554432 8388608 60
oom-score-adj|relative|OK|yes
oom-score-adj|foo|argument(s) must be one of the following: no, yes, relative, absolute|yes
oom-score-adj-values|1 2|wrong number of arguments|0 200 800
oom-score-adj-values|1 2 9999|Invalid oom-score-adj-values, elements must be between -2000 and 2000.|0 200 800
oom-score-adj-values|1 2 3|OK|1 2 3
notify-keyspace-events|KEA|OK|AKE
notify-keyspace-events|Kxmge|OK|gxeKm
notify-keyspace-events|q|Invalid event class character. Use 'Ag$lshzxeKEtmdn'.|gxeKm
notify-keyspace-events|g$lshzxetd|OK|A
notify-keyspace-events||OK|
latency-tracking-info-percentiles|0.1 99.99 100|OK|0.1 99.99 100
latency-tracking-info-percentiles|101|latency-tracking-info-percentiles parameters should sit between [0.0,100.0]|0.1 99.99 100
latency-tracking-info-percentiles|x|Invalid latency-tracking-info-percentiles parameters|0.1 99.99 100
latency-tracking-info-percentiles|0x10|OK|16
latency-tracking-info-percentiles|0x1.8p3|OK|12
latency-tracking-info-percentiles|.5|OK|0.5
latency-tracking-info-percentiles|inf|latency-tracking-info-percentiles parameters should sit between [0.0,100.0]|0.5
latency-tracking-info-percentiles|nan|Invalid latency-tracking-info-percentiles parameters|0.5
latency-tracking-info-percentiles|1e400|Invalid latency-tracking-info-percentiles parameters|0.5
latency-tracking-info-percentiles|-0|OK|-0
latency-tracking-info-percentiles|0.1234567|OK|0.123457
latency-tracking-info-percentiles||OK|
repl-backlog-size|1|OK|16384
repl-backlog-size|16385|OK|16385
repl-backlog-size|0|argument must be between 1 and 9223372036854775807 inclusive|16385
maxmemory-clients|5%|OK|5%
maxmemory-clients|0%|OK|0
maxmemory-clients|-1|argument must be a memory or percent value|0
maxmemory-clients|101%|percentage argument must be less or equal to 100|0
maxmemory-clients|1mb|OK|1048576
maxmemory-clients|99999999999999999999|OK|1%
maxmemory-clients|18446744073709551516|OK|100%
maxmemory-clients|9223372036854775808|percentage argument must be less or equal to 100|100%
maxmemory-clients|99999999999999999999%|argument must be a memory or percent value|100%
dbfilename|a/b|can't set protected config|dump.rdb
tls-cert-file||OK|
proc-title-template|{foo}|template format is invalid or contains unknown variables|{title} {listen-addr} {server-mode}
proc-title-template|{title|template format is invalid or contains unknown variables|{title} {listen-addr} {server-mode}
proc-title-template|title} {port}|OK|title} {port}
proc-title-template||template format is invalid or contains unknown variables|title} {port}
cluster-announce-hostname|a_b|Hostnames may only contain alphanumeric characters, hyphens or dots|
cluster-announce-hostname|a-b.c|OK|a-b.c
cluster-announce-human-nodename|a#b|Announced human node name contained invalid character|
cluster-announce-human-nodename|a_b|OK|a_b
latency-monitor-threshold|9223372036854775807|OK|9223372036854775807
latency-monitor-threshold|9223372036854775808|argument couldn't be parsed into an integer|9223372036854775807
slowlog-max-len|-1|argument must be between 0 and 9223372036854775807 inclusive|128
cluster-link-sendbuf-limit|18446744073709551615|OK|18446744073709551615
cluster-link-sendbuf-limit|20gb|OK|21474836480
cluster-link-sendbuf-limit|18446744073709551616|OK|18446744073709551615
cluster-link-sendbuf-limit||OK|0
cluster-link-sendbuf-limit|kb|OK|0
cluster-link-sendbuf-limit|1KB|OK|1024
cluster-link-sendbuf-limit|1k|OK|1000
cluster-link-sendbuf-limit| 1|argument must be a memory value|1000
cluster-link-sendbuf-limit|-1|argument must be a memory value|1000
proto-max-bulk-len|18446744073709551615|argument must be between 1048576 and 9223372036854775807 inclusive|536870912
client-query-buffer-limit|18446744073709551615|argument must be between 1048576 and 9223372036854775807 inclusive|1073741824
list-max-listpack-size|-99999999999|argument must be between -2147483648 and 2147483647 inclusive|-2
list-max-listpack-size|-5|OK|-5
timeout|010|argument couldn't be parsed into an integer|0
timeout|+1|argument couldn't be parsed into an integer|0
timeout|1 |argument couldn't be parsed into an integer|0
timeout|-0|argument couldn't be parsed into an integer|0
timeout|0|OK|0
slowlog-log-slower-than|-2|argument must be between -1 and 9223372036854775807 inclusive|10000
slowlog-log-slower-than|-1|OK|-1
appendfsync|foo|argument(s) must be one of the following: everysec, always, no|everysec
APPENDFSYNC|ALWAYS|OK|always
HASH-MAX-ziplist-entries|x|argument couldn't be parsed into an integer|512
hash-max-ziplist-entries|7|OK|7
hash-max-listpack-value|1kb|OK|1024
bind|1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17|Too many bind addresses specified.|* -::*
appendonly|YES!|argument must be 'yes' or 'no'|no
maxmemory-policy|allkeys|argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction|noeviction
maxmemory-policy|ALLKEYS-LFU|OK|allkeys-lfu
hz|0|OK|1
hz|501|OK|500
unixsocketperm|1|can't set immutable config|0
databases|1|can't set immutable config|16
io-threads|2|can't set immutable config|1
masterauth||OK|
tcp-keepalive|2147483648|argument must be between 0 and 2147483647 inclusive|300
replicaof|no one|can't set immutable config|
watchdog-period|x|argument couldn't be parsed into an integer|0
sanitize-dump-payload|clients|OK|clients
`;
