/** The families of commands, as the registry takes them: whatever a family exports is defined. */

import type { Definition } from '../src/dispatch/command.ts';
import * as acl from './acl.ts';
import * as bitmap from './bitmap.ts';
import * as cluster from './cluster.ts';
import * as client from './connection/client.ts';
import * as connect from './connection/connect.ts';
import * as tracking from './connection/tracking.ts';
import * as dump from './dump.ts';
import * as functions from './function.ts';
import * as generic from './generic.ts';
import * as geo from './geo.ts';
import * as hash from './hash.ts';
import * as hyperloglog from './hyperloglog.ts';
import * as listBlock from './list/block.ts';
import * as listPlace from './list/place.ts';
import * as listPush from './list/push.ts';
import * as migrate from './migrate.ts';
import * as pubsub from './pubsub.ts';
import * as replication from './replication.ts';
import * as scripting from './scripting.ts';
import * as command from './server/command.ts';
import * as config from './server/config.ts';
import * as debug from './server/debug.ts';
import * as flush from './server/flush.ts';
import * as info from './server/info.ts';
import * as latency from './server/latency.ts';
import * as memory from './server/memory.ts';
import * as modules from './server/module.ts';
import * as monitor from './server/monitor.ts';
import * as save from './server/save.ts';
import * as slowlog from './server/slowlog.ts';
import * as session from './session.ts';
import * as setCombine from './set/combine.ts';
import * as setDraw from './set/draw.ts';
import * as setMembers from './set/members.ts';
import * as sort from './sort.ts';
import * as sortedSetBlock from './sorted-set/block.ts';
import * as sortedSetCombine from './sorted-set/combine.ts';
import * as sortedSetPop from './sorted-set/pop.ts';
import * as sortedSetRange from './sorted-set/range.ts';
import * as sortedSetRank from './sorted-set/rank.ts';
import * as sortedSetRemove from './sorted-set/remove.ts';
import * as sortedSetScore from './sorted-set/score.ts';
import * as sortedSetWalk from './sorted-set/walk.ts';
import * as streamClaim from './stream/claim.ts';
import * as streamGroup from './stream/group.ts';
import * as streamInfo from './stream/info.ts';
import * as streamLog from './stream/log.ts';
import * as streamPending from './stream/pending.ts';
import * as streamRead from './stream/read.ts';
import * as streamReadGroup from './stream/read-group.ts';
import * as string from './string.ts';
import * as transactions from './transactions.ts';
import * as zone from './zone.ts';

export const families: readonly (readonly Definition[])[] = [
  string,
  bitmap,
  hyperloglog,
  generic,
  dump,
  migrate,
  sort,
  connect,
  client,
  tracking,
  acl,
  cluster,
  hash,
  listPush,
  listPlace,
  listBlock,
  setMembers,
  setDraw,
  setCombine,
  sortedSetScore,
  sortedSetRange,
  sortedSetRank,
  sortedSetRemove,
  sortedSetPop,
  sortedSetCombine,
  sortedSetBlock,
  sortedSetWalk,
  geo,
  streamLog,
  streamRead,
  streamGroup,
  streamReadGroup,
  streamPending,
  streamClaim,
  streamInfo,
  transactions,
  pubsub,
  scripting,
  functions,
  command,
  config,
  info,
  flush,
  memory,
  save,
  slowlog,
  latency,
  monitor,
  modules,
  replication,
  debug,
  session,
  zone,
].map((family) => Object.values(family));
