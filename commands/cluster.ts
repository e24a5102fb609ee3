/**
 * Cluster: what a server that is in none answers to those who ask. Redis without cluster support
 * refuses every one of these, HELP and what needs no cluster included.
 */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { errors } from '../src/resp/errors.ts';

const { command, container } = family('cluster');

function refuse(_: Call): void {
  throw errors.noClusterSupport;
}

export const cluster = container({
  name: 'CLUSTER',
  summary: 'A container for Redis Cluster commands.',
  since: '3.0.0',
  helpSince: '5.0.0',
  help: [],
  refusesHelp: errors.noClusterSupport,
});

export const readonly = command({
  syntax: 'READONLY',
  summary: 'Lets a connection read from a replica of a cluster; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast', 'loading', 'stale'],
  categories: ['connection'],
  run: refuse,
});

export const readwrite = command({
  syntax: 'READWRITE',
  summary: 'Ends READONLY; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast', 'loading', 'stale'],
  categories: ['connection'],
  run: refuse,
});

export const asking = command({
  syntax: 'ASKING',
  summary: 'Says that the next request was sent here by another node; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast'],
  categories: ['connection'],
  run: refuse,
});

export const clusterAddslots = command({
  syntax: 'CLUSTER ADDSLOTS slot [slot ...]',
  summary: 'Gives hash slots to this node.',
  since: '3.0.0',
  complexity: 'O(N) where N is the total number of hash slot arguments',
  arguments: { slot: { type: 'integer' } },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterAddslotsrange = command({
  syntax: 'CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]',
  summary: 'Gives ranges of hash slots to this node.',
  since: '7.0.0',
  complexity:
    'O(N) where N is the total number of the slots between the start slot and end slot arguments.',
  arguments: {
    data: { name: 'range' },
    'start-slot': { type: 'integer' },
    'end-slot': { type: 'integer' },
  },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterBumpepoch = command({
  syntax: 'CLUSTER BUMPEPOCH',
  summary: 'Advances the configuration epoch.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterCountFailureReports = command({
  syntax: 'CLUSTER COUNT-FAILURE-REPORTS node-id',
  summary: 'Tells how many nodes report that one fails.',
  since: '3.0.0',
  complexity: 'O(N) where N is the number of failure reports',
  flags: ['admin', 'stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterCountkeysinslot = command({
  syntax: 'CLUSTER COUNTKEYSINSLOT slot',
  summary: 'Tells how many keys a hash slot has.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: { slot: { type: 'integer' } },
  flags: ['stale'],
  run: refuse,
});

export const clusterDelslots = command({
  syntax: 'CLUSTER DELSLOTS slot [slot ...]',
  summary: 'Takes hash slots from this node.',
  since: '3.0.0',
  complexity: 'O(N) where N is the total number of hash slot arguments',
  arguments: { slot: { type: 'integer' } },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterDelslotsrange = command({
  syntax: 'CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]',
  summary: 'Takes ranges of hash slots from this node.',
  since: '7.0.0',
  complexity:
    'O(N) where N is the total number of the slots between the start slot and end slot arguments.',
  arguments: {
    data: { name: 'range' },
    'start-slot': { type: 'integer' },
    'end-slot': { type: 'integer' },
  },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterFailover = command({
  syntax: 'CLUSTER FAILOVER [FORCE | TAKEOVER]',
  summary: 'Makes a replica a master.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: { 'force-takeover': { name: 'options' } },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterFlushslots = command({
  syntax: 'CLUSTER FLUSHSLOTS',
  summary: 'Takes all hash slots from this node.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterForget = command({
  syntax: 'CLUSTER FORGET node-id',
  summary: 'Forgets a node.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterGetkeysinslot = command({
  syntax: 'CLUSTER GETKEYSINSLOT slot count',
  summary: 'Tells keys of a hash slot.',
  since: '3.0.0',
  complexity: 'O(N) where N is the number of requested keys',
  arguments: { slot: { type: 'integer' } },
  flags: ['stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterInfo = command({
  syntax: 'CLUSTER INFO',
  summary: 'Tells about the cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterKeyslot = command({
  syntax: 'CLUSTER KEYSLOT key',
  summary: 'Tells the hash slot of a key.',
  since: '3.0.0',
  complexity: 'O(N) where N is the number of bytes in the key',
  arguments: { key: { type: 'string' } },
  flags: ['stale'],
  run: refuse,
});

export const clusterLinks = command({
  syntax: 'CLUSTER LINKS',
  summary: 'Tells the connections between nodes.',
  since: '7.0.0',
  complexity: 'O(N) where N is the total number of Cluster nodes',
  flags: ['stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterMeet = command({
  syntax: 'CLUSTER MEET ip port [cluster-bus-port]',
  summary: 'Makes a node part of the cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: { 'cluster-bus-port': { type: 'integer', since: '4.0.0' } },
  flags: ['no_async_loading', 'admin', 'stale'],
  history: [['4.0.0', 'Added the optional `cluster_bus_port` argument.']],
  run: refuse,
});

export const clusterMyid = command({
  syntax: 'CLUSTER MYID',
  summary: 'Tells the name of this node.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['stale'],
  run: refuse,
});

export const clusterMyshardid = command({
  syntax: 'CLUSTER MYSHARDID',
  summary: 'Tells the name of the shard of this node.',
  since: '7.2.0',
  complexity: 'O(1)',
  flags: ['stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterNodes = command({
  syntax: 'CLUSTER NODES',
  summary: 'Tells the nodes of the cluster.',
  since: '3.0.0',
  complexity: 'O(N) where N is the total number of Cluster nodes',
  flags: ['stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterReplicas = command({
  syntax: 'CLUSTER REPLICAS node-id',
  summary: 'Tells the replicas of a node.',
  since: '5.0.0',
  complexity: 'O(N) where N is the number of replicas.',
  flags: ['admin', 'stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterReplicate = command({
  syntax: 'CLUSTER REPLICATE node-id',
  summary: 'Makes this node a replica of another.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterReset = command({
  syntax: 'CLUSTER RESET [HARD | SOFT]',
  summary: 'Makes this node a new one.',
  since: '3.0.0',
  complexity:
    'O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.',
  arguments: { 'hard-soft': { name: 'reset-type' } },
  flags: ['admin', 'stale', 'noscript'],
  run: refuse,
});

export const clusterSaveconfig = command({
  syntax: 'CLUSTER SAVECONFIG',
  summary: 'Writes what this node knows to disk.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterSetConfigEpoch = command({
  syntax: 'CLUSTER SET-CONFIG-EPOCH config-epoch',
  summary: 'Sets the configuration epoch of a new node.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: { 'config-epoch': { type: 'integer' } },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterSetslot = command({
  syntax: 'CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>',
  summary: 'Says to which node a hash slot goes.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: {
    slot: { type: 'integer' },
    'node-id-node-id-node-id-stable': { name: 'subcommand' },
    IMPORTING: { name: 'importing' },
    MIGRATING: { name: 'migrating' },
    NODE: { name: 'node' },
  },
  flags: ['no_async_loading', 'admin', 'stale'],
  run: refuse,
});

export const clusterShards = command({
  syntax: 'CLUSTER SHARDS',
  summary: 'Tells the shards of the cluster.',
  since: '7.0.0',
  complexity: 'O(N) where N is the total number of cluster nodes',
  flags: ['loading', 'stale'],
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterSlaves = command({
  syntax: 'CLUSTER SLAVES node-id',
  summary: 'Tells the replicas of a node.',
  since: '3.0.0',
  complexity: 'O(N) where N is the number of replicas.',
  flags: ['admin', 'stale'],
  deprecated: { since: '5.0.0', use: '`CLUSTER REPLICAS`' },
  tips: ['nondeterministic_output'],
  run: refuse,
});

export const clusterSlots = command({
  syntax: 'CLUSTER SLOTS',
  summary: 'Tells which node has which hash slots.',
  since: '3.0.0',
  complexity: 'O(N) where N is the total number of Cluster nodes',
  flags: ['loading', 'stale'],
  deprecated: { since: '7.0.0', use: '`CLUSTER SHARDS`' },
  tips: ['nondeterministic_output'],
  history: [
    ['4.0.0', 'Added node IDs.'],
    ['7.0.0', 'Added additional networking metadata field.'],
  ],
  run: refuse,
});
