/** A server that is in no cluster. */

import { conformance } from './harness.ts';

conformance('cluster', ({ test }) => {
  test('READONLY, READWRITE and ASKING are refused', ({ fails }) => {
    fails('READONLY');
    fails('READWRITE');
    fails('ASKING');
    fails('READONLY x');
  });

  test('and so is every CLUSTER command', ({ fails, since }) => {
    fails('CLUSTER INFO');
    fails('CLUSTER HELP');
    fails('CLUSTER KEYSLOT foo');
    fails('CLUSTER KEYSLOT');
    fails('CLUSTER NONE');
    fails('CLUSTER');
    fails('CLUSTER ADDSLOTS 1');
    fails('CLUSTER ADDSLOTSRANGE 1 2');
    fails('CLUSTER COUNT-FAILURE-REPORTS a');
    fails('CLUSTER COUNTKEYSINSLOT 1');
    fails('CLUSTER DELSLOTS 1');
    fails('CLUSTER DELSLOTSRANGE 1 2');
    fails('CLUSTER FAILOVER');
    fails('CLUSTER FAILOVER FORCE');
    fails('CLUSTER FLUSHSLOTS');
    fails('CLUSTER FORGET a');
    fails('CLUSTER GETKEYSINSLOT 1 1');
    fails('CLUSTER LINKS');
    fails('CLUSTER MEET a 1');
    fails('CLUSTER MYID');
    fails('CLUSTER NODES');
    fails('CLUSTER REPLICAS a');
    fails('CLUSTER REPLICATE a');
    fails('CLUSTER RESET');
    fails('CLUSTER RESET HARD');
    fails('CLUSTER SAVECONFIG');
    fails('CLUSTER SET-CONFIG-EPOCH 1');
    fails('CLUSTER SETSLOT 1 STABLE');
    fails('CLUSTER SHARDS');
    fails('CLUSTER SLAVES a');
    fails('CLUSTER SLOTS');
    fails('CLUSTER SLOTS x');
    fails('CLUSTER BUMPEPOCH');
    since('7.2').fails('CLUSTER MYSHARDID');
  });
});
