/**
 * Definitions to try the derivation on: of every shape a usage line of Redis has. They run nothing.
 * What Redis 7.2.6 says of the same commands is in recorded/commands.ts.
 */

import { type CommandDefinition, type Definition, family } from '../../../src/dispatch/command.ts';
import type { KeySpec } from '../../../src/dispatch/keys.ts';

type Facts = Omit<CommandDefinition, 'syntax' | 'summary' | 'run'>;

function run(): void {}

const string = family('string');
const generic = family('generic');
const server = family('server');
const connection = family('connection');
const bitmap = family('bitmap');
const scripting = family('scripting');
const stream = family('stream');
const geo = family('geo');
const sortedSet = family('sorted-set');
const hyperloglog = family('hyperloglog');

/** `SET key value` and what Redis knows of it; the summary is never compared. */
function sample(of: ReturnType<typeof family>, syntax: string, facts: Facts): Definition {
  return of.command({ syntax, summary: '', run, ...facts });
}

/** A key behind a token. */
function behind(keyword: string, startFrom: number): KeySpec {
  return {
    flags: ['OW', 'update'],
    begin: { type: 'keyword', keyword, startFrom },
    find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
  };
}

const RADIUS = '<M | KM | FT | MI>';

export const samples: readonly Definition[] = [
  sample(string, 'GET key', {
    since: '1.0.0',
    complexity: 'O(1)',
    keys: 'RO access',
    flags: ['fast'],
  }),
  sample(
    string,
    'SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | ' +
      'PXAT unix-time-milliseconds | KEEPTTL]',
    {
      since: '1.0.0',
      complexity: 'O(1)',
      keys: {
        use: 'RW access update variable_flags',
        notes: 'RW and ACCESS due to the optional `GET` argument',
      },
      flags: ['denyoom'],
      arguments: {
        condition: { since: '2.6.12' },
        GET: { since: '6.2.0' },
        EX: { since: '2.6.12' },
        PX: { since: '2.6.12' },
        EXAT: { since: '6.2.0' },
        PXAT: { since: '6.2.0' },
        KEEPTTL: { since: '6.0.0' },
      },
      history: [
        ['2.6.12', 'Added the `EX`, `PX`, `NX` and `XX` options.'],
        ['6.0.0', 'Added the `KEEPTTL` option.'],
        ['6.2.0', 'Added the `GET`, `EXAT` and `PXAT` option.'],
        ['7.0.0', 'Allowed the `NX` and `GET` options to be used together.'],
      ],
    },
  ),
  sample(string, 'MSET key value [key value ...]', {
    since: '1.0.1',
    complexity: 'O(N) where N is the number of keys to set.',
    keys: 'OW update',
    flags: ['denyoom'],
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
  }),
  sample(string, 'LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]', {
    since: '7.0.0',
    complexity: 'O(N*M) where N and M are the lengths of s1 and s2, respectively',
    keys: 'RO access',
  }),
  sample(string, 'INCRBYFLOAT key increment', {
    since: '2.6.0',
    complexity: 'O(1)',
    keys: 'RW access update',
    flags: ['denyoom', 'fast'],
    arguments: { increment: { type: 'double' } },
  }),
  sample(string, 'SETEX key seconds value', {
    since: '2.0.0',
    complexity: 'O(1)',
    keys: 'OW update',
    flags: ['denyoom'],
    deprecated: { since: '2.6.12', use: '`SET` with the `EX` argument' },
  }),
  sample(generic, 'KEYS pattern', {
    since: '1.0.0',
    complexity:
      'O(N) with N being the number of keys in the database, under the assumption that the key ' +
      'names in the database and the given pattern have limited length.',
    flags: ['readonly'],
    categories: ['dangerous'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
  }),
  sample(
    generic,
    'SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] ' +
      '[ALPHA] [STORE destination]',
    {
      since: '1.0.0',
      complexity:
        'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the ' +
        'number of returned elements. When the elements are not sorted, complexity is O(N).',
      keys: [
        {
          flags: ['RO', 'access'],
          begin: { type: 'index', index: 1 },
          find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
        },
        {
          flags: ['RO', 'access'],
          notes:
            "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive " +
            'from the content of the key we sort',
          begin: { type: 'unknown' },
          find: { type: 'unknown' },
        },
        {
          flags: ['OW', 'update'],
          notes:
            "For the optional STORE keyword. It is marked 'unknown' because the keyword can " +
            'appear anywhere in the argument array',
          begin: { type: 'unknown' },
          find: { type: 'unknown' },
        },
      ],
      flags: ['denyoom'],
      categories: ['set', 'sortedset', 'list', 'dangerous'],
      notCategories: ['keyspace'],
      arguments: {
        BY: { name: 'by-pattern', keySpec: 1 },
        GET: { name: 'get-pattern', keySpec: 1 },
        ALPHA: { name: 'sorting' },
        STORE: { keySpec: 2 },
      },
    },
  ),
  sample(bitmap, 'BITOP <AND | OR | XOR | NOT> destkey key [key ...]', {
    since: '2.6.0',
    complexity: 'O(N)',
    keys: ['OW update', 'RO access'],
    flags: ['denyoom'],
    arguments: { 'and-or-xor-not': { name: 'operation' } },
  }),
  sample(bitmap, 'BITPOS key bit [start [end [BYTE | BIT]]]', {
    since: '2.8.7',
    complexity: 'O(N)',
    keys: 'RO access',
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
    arguments: { unit: { since: '7.0.0' } },
  }),
  sample(scripting, 'EVAL script numkeys [key [key ...]] [arg [arg ...]]', {
    since: '2.6.0',
    complexity: 'Depends on the script that is executed.',
    keys: {
      use: 'RW access update',
      notes: 'We cannot tell how the keys will be used so we assume the worst, RW and UPDATE',
    },
    flags: ['noscript', 'skip_monitor', 'may_replicate', 'no_mandatory_keys', 'stale'],
    notFlags: ['write'],
  }),
  sample(stream, 'XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]', {
    since: '5.0.0',
    keys: [
      {
        flags: ['RO', 'access'],
        begin: { type: 'keyword', keyword: 'STREAMS', startFrom: 1 },
        find: { type: 'range', lastKey: -1, step: 1, limit: 2 },
      },
    ],
    flags: ['blocking'],
  }),
  sample(stream, 'XTRIM key <<MAXLEN | MINID> [= | ~] threshold [LIMIT count]>', {
    since: '5.0.0',
    complexity:
      'O(N), with N being the number of evicted entries. Constant times are very small however, ' +
      'since entries are organized in macro nodes containing multiple entries that can be ' +
      'released with a single deallocation.',
    keys: 'RW delete',
    tips: ['nondeterministic_output'],
    history: [['6.2.0', 'Added the `MINID` trimming strategy and the `LIMIT` option.']],
    arguments: { MINID: { since: '6.2.0' }, LIMIT: { since: '6.2.0' } },
  }),
  sample(
    geo,
    `GEORADIUS key longitude latitude radius ${RADIUS} [WITHCOORD] [WITHDIST] [WITHHASH] ` +
      '[COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]',
    {
      since: '3.2.0',
      complexity:
        'O(N+log(M)) where N is the number of elements inside the bounding box of the circular ' +
        'area delimited by center and radius and M is the number of items inside the index.',
      keys: [
        {
          flags: ['RO', 'access'],
          begin: { type: 'index', index: 1 },
          find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
        },
        behind('STORE', 6),
        behind('STOREDIST', 6),
      ],
      flags: ['denyoom'],
      arguments: {
        ANY: { since: '6.2.0' },
        STORE: { name: 'storekey' },
        STOREDIST: { name: 'storedistkey' },
      },
      deprecated: {
        since: '6.2.0',
        use: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
      },
      history: [
        ['6.2.0', 'Added the `ANY` option for `COUNT`.'],
        ['7.0.0', 'Added support for uppercase unit names.'],
      ],
    },
  ),
  sample(
    geo,
    'GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> ' +
      `<BYRADIUS radius ${RADIUS} | BYBOX width height ${RADIUS}> [ASC | DESC] ` +
      '[COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]',
    {
      since: '6.2.0',
      complexity:
        'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area ' +
        'around the shape provided as the filter and M is the number of items inside the shape',
      keys: 'RO access',
      history: [['7.0.0', 'Added support for uppercase unit names.']],
    },
  ),
  sample(
    sortedSet,
    'ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] ' +
      '[AGGREGATE <SUM | MIN | MAX>]',
    {
      since: '2.0.0',
      complexity:
        'O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M ' +
        'being the number of elements in the resulting sorted set.',
      keys: ['OW update', 'RO access'],
      flags: ['denyoom'],
    },
  ),
  sample(sortedSet, 'BZPOPMIN key [key ...] timeout', {
    since: '5.0.0',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    keys: 'RW access delete',
    flags: ['fast', 'blocking'],
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  }),
  sample(hyperloglog, 'PFCOUNT key [key ...]', {
    since: '2.8.9',
    complexity:
      'O(1) with a very small average constant time when called with a single key. O(N) with N ' +
      'being the number of keys, and much bigger constant times, when called with multiple keys.',
    keys: {
      use: 'RW access',
      notes:
        'RW because it may change the internal representation of the key, and propagate to ' +
        'replicas',
    },
    // It writes only what is not seen.
    flags: ['readonly', 'may_replicate'],
  }),
  sample(hyperloglog, 'PFMERGE destkey [sourcekey [sourcekey ...]]', {
    since: '2.8.9',
    complexity: 'O(N) to merge N HyperLogLogs, but with high constant times.',
    keys: ['RW access insert', 'RO access'],
    flags: ['denyoom'],
  }),
  server.container({ name: 'CONFIG', summary: '', since: '2.0.0', helpSince: '5.0.0', help: [] }),
  sample(server, 'CONFIG GET parameter [parameter ...]', {
    since: '2.0.0',
    complexity: 'O(N) when N is the number of configuration parameters provided',
    flags: ['admin', 'noscript', 'loading', 'stale'],
    history: [['7.0.0', 'Added the ability to pass multiple pattern parameters in one call']],
  }),
  sample(server, 'CONFIG SET parameter value [parameter value ...]', {
    since: '2.0.0',
    complexity: 'O(N) when N is the number of configuration parameters provided',
    flags: ['admin', 'noscript', 'loading', 'stale'],
    tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
    history: [['7.0.0', 'Added the ability to set multiple parameters in one call.']],
  }),
  connection.container({
    name: 'CLIENT',
    summary: '',
    since: '2.4.0',
    helpSince: '5.0.0',
    help: [],
  }),
  sample(
    connection,
    'CLIENT KILL <ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | ' +
      'PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ' +
      '[<[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | ' +
      '[USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ...]>',
    {
      since: '2.4.0',
      complexity: 'O(N) where N is the number of client connections',
      // Every filter is optional in the line, but there must be one.
      arity: -3,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      arguments: {
        'ip:port-client-id-type-username-ip:port-ip:port-skipme': { name: 'filter' },
        'ip:port': { name: 'old-format', deprecatedSince: '2.8.12' },
        'client-id-type-username-ip:port-ip:port-skipme': { name: 'new-format' },
        ID: { since: '2.8.12' },
        TYPE: { name: 'client-type', since: '2.8.12' },
        MASTER: { since: '3.2.0' },
        REPLICA: { since: '5.0.0' },
        ADDR: { name: 'addr' },
        LADDR: { name: 'laddr', since: '6.2.0' },
      },
      history: [
        ['2.8.12', 'Added new filter format.'],
        ['2.8.12', '`ID` option.'],
        ['3.2.0', 'Added `master` type in for `TYPE` option.'],
        [
          '5.0.0',
          'Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward ' +
            'compatibility.',
        ],
        ['6.2.0', '`LADDR` option.'],
      ],
    },
  ),
  sample(connection, 'QUIT', {
    since: '1.0.0',
    complexity: 'O(1)',
    // Whatever comes behind it is ignored.
    arity: -1,
    flags: ['allow_busy', 'noscript', 'loading', 'stale', 'fast', 'no_auth'],
    deprecated: { since: '7.2.0', use: 'just closing the connection' },
  }),
];
