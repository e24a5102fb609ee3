/**
 * What the grammar fuzz must know of commands beyond their grammar: which it leaves alone, which
 * values it keeps within bounds, and whose replies are not determined, each with its reason.
 */

import type { Command } from '../../src/dispatch/call.ts';
import { far, unequalSets } from '../conformance/harness.ts';
import { isAtLeast } from '../support/redis.ts';
import type { Answer, Tree } from '../support/resp-client.ts';

/** Arguments of one request, one character per byte. */
export type Request = readonly string[];

// ── What is not asked ───────────────────────────────────────────────────────────────────────────

/** Full names, or `group:` and a whole group. */
const LEFT_ALONE: readonly (readonly [names: string, because: string])[] = [
  ['auth hello reset quit', 'they change what the connection speaks, or end it'],
  ['client|kill client|pause client|unpause client|reply', 'nothing would be answered any more'],
  ['client|tracking client|caching client|unblock', 'replies would come out of turn'],
  ['client|list client|info client|id client|getredir', 'addresses and numbers of connections'],
  ['client|no-evict client|no-touch client|setinfo', 'what they change is not seen in any reply'],
  ['client|trackinginfo', 'client-side caching is off'],
  ['shutdown debug monitor', 'they are no requests for data'],
  [
    'config|set config|rewrite config|resetstat config|get',
    'directives are compared in conformance',
  ],
  ['info time lolwut role lastsave memory|stats memory|doctor', 'they tell of the server itself'],
  ['memory|malloc-stats memory|purge', 'they tell of the allocator'],
  [
    'command command|info command|docs command|list command|count',
    'conformance compares all of it',
  ],
  [
    'acl|setuser acl|deluser acl|getuser acl|list acl|users acl|dryrun acl|load acl|save',
    'who may do what is compared in conformance',
  ],
  ['acl|genpass acl|log acl|cat', 'they tell what chance, other clients or the other commands are'],
  ['replicaof slaveof psync sync replconf failover wait waitaof', 'other servers take part'],
  [
    'slowlog|get slowlog|len latency|latest latency|history latency|graph latency|doctor',
    'they tell how long something took',
  ],
  ['latency|histogram latency|reset', 'they tell of the server itself'],
  ['save bgsave bgrewriteaof', 'they write files'],
  ['migrate', 'there is nowhere to go to'],
  ['pfselftest', 'it takes a second'],
  ['group:pubsub', 'messages come out of turn'],
  ['group:scripting', 'scripts call the same commands'],
  ['group:cluster', 'no cluster'],
  ['group:zone group:session', 'they are ours alone'],
];

const leftAlone = new Set(LEFT_ALONE.flatMap(([names]) => names.split(' ')));

/** Whether the fuzz asks for a command that both servers have. */
export function isFuzzed({ fullName, name, group, run }: Command): boolean {
  const isHelp = name === 'help';
  return (
    run !== undefined && !isHelp && !leftAlone.has(fullName) && !leftAlone.has(`group:${group}`)
  );
}

/** What empties or leaves the databases comes less often than the rest. */
export function weightOf({ fullName, group }: Command): number {
  if (/^(flushall|flushdb|swapdb)$/.test(fullName)) return 0.02;
  if (/^(select|discard|move)$/.test(fullName)) return 0.2;
  if (fullName === 'exec') return 1.5;
  if (fullName === 'multi') return 0.5;
  if (/^(del|unlink|rename|renamenx|persist|pfdebug|keys|getdel)$/.test(fullName)) return 0.4;
  if (group === 'connection' || group === 'server') return 0.2;
  if (/^(.*expire.*|restore)$/.test(fullName)) return 0.5;
  // What makes values comes more often than what takes them apart.
  if (/^(set|hset|hmset|rpush|lpush|sadd|geoadd|pfadd)$/.test(fullName)) return 4;
  // There are many commands to take them apart.
  if (/^(zadd|xadd)$/.test(fullName)) return 8;
  if (/^z?(rem|pop|mpop|remrange)|^(l|z|s)?(m?pop|rem|trim)|^[bl]+pop|^ltrim$/.test(fullName))
    return 0.6;
  if (/^(setbit|append|setrange|bitfield|xgroup\|create|xreadgroup)$/.test(fullName)) return 2;
  return 1;
}

interface Since {
  readonly commands: string;
  readonly when: (request: Request) => boolean;
  readonly because: string;
}

const has = (word: RegExp) => (request: Request) => request.some((arg) => word.test(arg));

/** What an oracle before 7.2 is not asked: its answer would leave other data, or none. */
const SINCE_7_2: readonly Since[] = [
  {
    commands: 'zrank zrevrank',
    when: (request) => request.length > 3,
    because: 'WITHSCORE came with 7.2',
  },
  {
    commands: 'command|getkeys command|getkeysandflags',
    when: (request) => request.length < 4 || has(/^z(rev)?rank$/i)(request),
    because: 'it wanted a command with arguments; and ZRANK has more of them now',
  },
  { commands: 'lset', when: has(/^-?\d{10,}$/), because: 'small lists cut indexes to 32 bits now' },
  { commands: 'xsetid', when: () => true, because: 'it forgot the greatest id that was deleted' },
  { commands: 'lpos', when: has(/^-9223372036854775808$/), because: 'it took any rank' },
];

/** Whether that version of Redis can be asked so. */
export function isAsked(fullName: string, request: Request, version: string): boolean {
  if (isAtLeast(version, '7.2')) return true;
  return !SINCE_7_2.some(
    ({ commands, when }) => commands.split(' ').includes(fullName) && when(request),
  );
}

/**
 * What an oracle before 7.2 is asked first: it made a consumer only when it had something for it,
 * and forgot one that had nothing to claim.
 */
export function askedFirst(fullName: string, request: Request, version: string): Request[] {
  if (isAtLeast(version, '7.2')) return [];
  if (/^(xclaim|xautoclaim)$/.test(fullName) && request.length > 3) {
    return [['XGROUP', 'CREATECONSUMER', ...request.slice(1, 4)]];
  }
  const streams = request.findIndex((word) => /^streams$/i.test(word));
  if (fullName !== 'xreadgroup' || streams < 0) return [];
  const keys = request.slice(streams + 1, streams + 1 + ((request.length - streams - 1) >> 1));
  return keys.map((key) => ['XGROUP', 'CREATECONSUMER', key, request[2], request[3]]);
}

// ── What is kept within bounds ──────────────────────────────────────────────────────────────────

/** Commands whose second argument is a time to live. */
const TIMED = /^(p?setex|p?expire|restore)$/;
const OFFSETS = /^(setbit|setrange|bitfield(_ro)?|getbit)$/;
/** Commands that change some bytes of a string. */
const PARTIAL = /^(append|setrange|setbit|bitfield|bitop)$/;
const RANDOM_COUNTS = /^(h|s|z)rand(field|member)$/;
const WAITS_LAST = /^(blpop|brpop|blmove|brpoplpush|bzpopmin|bzpopmax)$/;
const WAITS_FIRST = /^(blmpop|bzmpop)$/;

/** The number that a word may be taken for; NaN for none. */
function numberOf(word: string): number {
  return /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(word) ? Number(word) : Number.NaN;
}

/** The request without what would take memory or time, or depend on when it is asked. */
export function bounded(words: readonly string[]): Request {
  const name = words[0].toLowerCase();
  const bound = [...words];
  for (let i = 1; i < bound.length; i++) {
    const number = numberOf(bound[i].replace(/^#/, ''));
    // Nothing runs out while it is looked at.
    const isTime = TIMED.test(name) ? i === 2 : /^(ex|px)$/i.test(bound[i - 1]);
    if (isTime && number > 0 && number < 300_000) bound[i] = '7654321000';
    // Nothing grows beyond a few kilobytes; what is refused is as good as ever.
    if (OFFSETS.test(name) && number > 20_000 && number < 2 ** 40) bound[i] = '777';
    // PFADD that meets a corrupted HyperLogLog has changed it in Redis, with the elements before.
    if (PARTIAL.test(name) && /^hll/.test(bound[i])) bound[i] = 's1';
    // Redis makes room for a whole COUNT of XAUTOCLAIM.
    if (name === 'xautoclaim' && number > 20_000 && number < 1e10) bound[i] = '9999';
    if (RANDOM_COUNTS.test(name) && number < -100) bound[i] = '-20';
    // To wait for ever would be to wait for ever; 0 as a timeout does.
    if (/^block$/i.test(bound[i - 1])) bound[i] = waiting(bound[i], 5);
  }
  const isMoved = /^(copy|rename|renamenx)$/.test(name) && !/^hll/.test(bound[1] ?? '');
  if (isMoved && /^hll/.test(bound[2] ?? '')) bound[2] = 's1';
  if (name === 'pfadd' && !/^hll/.test(bound[1] ?? '')) bound.length = Math.min(3, bound.length);
  if (WAITS_LAST.test(name) && bound.length > 1) {
    bound[bound.length - 1] = waiting(bound[bound.length - 1], 0.005);
  }
  if (WAITS_FIRST.test(name) && bound.length > 1) bound[1] = waiting(bound[1], 0.005);
  return bound;
}

function waiting(word: string, max: number): string {
  const number = /^\s*[+-]?(0x|inf|nan)/i.test(word) ? 0 : Number(word.split('\0')[0]);
  const isRefused = Number.isNaN(number) || number < 0;
  return isRefused || (number > 0 && number <= max && word !== '') ? word : String(max);
}

// ── What goes around a request ──────────────────────────────────────────────────────────────────

interface Surroundings {
  readonly before: readonly Request[];
  readonly after: readonly Request[];
}

/** What is asked before and after, so that chance and time leave nothing behind. */
export function aftermathOf(request: Request): Surroundings {
  const name = request[0].toLowerCase();
  if (name === 'spop' && request.length > 1) {
    // Which members are left is chance.
    return { before: [], after: [['DEL', request[1]]] };
  }
  if (name === 'xadd' && has(/^\*$/)(request)) {
    // The id is the time.
    return { before: [], after: [['DEL', request[1]]] };
  }
  if (/^sort(_ro)?$/.test(name) && request.length > 1) {
    // Without an order, or among equals, a set is stored as its table has it.
    const targets = request.filter((_, i) => /^store$/i.test(request[i - 1] ?? ''));
    const after: Request[] = targets.length > 0 ? [['DEL', ...targets]] : [];
    // Redis makes a skiplist of a sorted set to sort it, and a skiplist prints and keeps scores in
    // another way: -0, 0.20000000000000001. This makes it small again.
    after.push(['ZUNIONSTORE', request[1], '1', request[1]]);
    // A number out of range that an earlier command read makes Redis refuse those of SORT; a
    // number that is read by ZADD makes it forget.
    return { before: [['ZADD', 'nothing', 'XX', '1', 'a']], after };
  }
  if (has(/^storedist$/i)(request)) {
    // Sines and cosines have other last digits in other libraries.
    const targets = request.filter((_, i) => /^storedist$/i.test(request[i - 1] ?? ''));
    const target = name === 'geosearchstore' ? request.slice(1, 2) : targets;
    return { before: [], after: target.length > 0 ? [['DEL', ...target]] : [] };
  }
  // What is stored while Redis has it in a listpack has no -0; how long that is follows from much.
  const after: Request[] =
    name === 'zrangestore' && request.length > 1
      ? [['ZUNIONSTORE', request[1], '2', request[1], request[1], 'WEIGHTS', '1', '-0']]
      : [];
  if (/lex/.test(name) || has(/^bylex$/i)(request)) {
    // Among members with different scores Redis finds what the levels of its skiplist lead to.
    const key = request[name === 'zrangestore' ? 2 : 1];
    return key === undefined
      ? { before: [], after }
      : { before: [['ZUNIONSTORE', key, '2', key, key, 'WEIGHTS', '0', '-0']], after };
  }
  return { before: [], after };
}

// ── How large small values may be ───────────────────────────────────────────────────────────────

/** Directives, what they usually are, and what makes values large soon. */
export const LIMITS: readonly (readonly [name: string, usual: string, few: string])[] = [
  ['hash-max-listpack-entries', '128', '2 4 8'],
  ['hash-max-listpack-value', '64', '8 64'],
  ['zset-max-listpack-entries', '128', '0 2 4 8'],
  ['zset-max-listpack-value', '64', '4 64'],
  ['list-max-listpack-size', '-2', '1 2 4 -1'],
  ['set-max-intset-entries', '512', '2 4 8'],
  ['set-max-listpack-entries', '128', '0 2 4'],
  ['stream-node-max-entries', '100', '1 2 4'],
  ['hll-sparse-max-bytes', '3000', '0 40 100'],
];

/** Sets them back, for a scene that says nothing of them. */
export const USUAL_LIMITS: readonly Request[] = LIMITS.map(([name, usual]) => [
  ...['CONFIG', 'SET', name, usual],
]);

// ── What is not determined ──────────────────────────────────────────────────────────────────────

type Judge = (
  ours: Answer,
  theirs: Answer,
  request: Request,
  version: string,
) => string | undefined;

export interface Declared {
  /** Full names of commands. */
  readonly commands: string;
  /** Only for these requests. */
  readonly when?: (request: Request, ours: Answer, theirs: Answer) => boolean;
  readonly judge: Judge;
  readonly because: string;
}

const same: Judge = (ours, theirs) => (ours.raw === theirs.raw ? undefined : 'not the same');

const unordered: Judge = (ours, theirs) => same(ours, theirs, [], '') && unequalSets(ours, theirs);

const anything: Judge = () => undefined;

/** The same types and numbers of elements; any text. */
const sizes: Judge = (ours, theirs) => {
  const shape = ({ type, items, text }: Tree): string =>
    items === null ? `${type}${text === null ? '0' : ''}` : `${type}[${items.map(shape).join('')}]`;
  return shape(ours.tree) === shape(theirs.tree) ? undefined : 'not of the same shape';
};

const nearby =
  (tolerance: number): Judge =>
  (ours, theirs) =>
    far(ours.tree, theirs.tree, tolerance);

/** A scan from the beginning that came to the end has every element; any other some. */
const scanned: Judge = (ours, theirs, request, version) => {
  if (ours.tree.type !== theirs.tree.type) return 'not the same';
  if (ours.tree.items === null || theirs.tree.items === null)
    return same(ours, theirs, request, '');
  if (
    sizes({ ...ours, tree: ours.tree.items[0] }, { ...theirs, tree: theirs.tree.items[0] }, [], '')
  ) {
    return 'another kind of cursor';
  }
  const isWhole = [ours, theirs].every(({ tree }) => tree.items?.[0].text === '0');
  // Scores had other text then.
  if (/^zscan$/i.test(request[0]) && !isAtLeast(version, '7.2')) return undefined;
  const cursor = request[/^scan$/i.test(request[0]) ? 1 : 2];
  return isWhole && cursor === '0' ? unordered(ours, theirs, request, '') : undefined;
};

/** Names in front of milliseconds since something happened, and of what tells of a tree. */
const TIMES = /^(idle|inactive|seen-time|active-time)$/;
const NODES = 'radix-tree-nodes';
const NEARLY_MS = 60_000;
const UNIX_MS = 1e12;

/** What consumers tell since 7.2. */
const SINCE_OF_CONSUMER = /^(inactive|active-time)$/;

/** The items without the pairs that an oracle of that version does not know. */
function known(items: readonly Tree[], version: string): readonly Tree[] {
  if (isAtLeast(version, '7.2')) return items;
  const isNew = (item: Tree | undefined): boolean => SINCE_OF_CONSUMER.test(item?.text ?? '');
  return items.filter((item, i) => !isNew(item) && !isNew(items[i - 1]));
}

/** The same, but for times, which may be a little apart, and how many nodes a radix tree has. */
const timesNear: Judge = (ours, theirs, _, version) => {
  const isNear = (a: Tree, b: Tree, isTime: boolean): boolean => {
    if (a.type !== b.type) return false;
    if (a.items === null || b.items === null) {
      if (a.text === b.text) return true;
      const [x, y] = [Number(a.text), Number(b.text)];
      const canBe = isTime || (x > UNIX_MS && y > UNIX_MS);
      return a.type === ':' && canBe && Math.abs(x - y) <= NEARLY_MS;
    }
    const items = known(a.items, version);
    const others = b.items;
    if (items.length !== others.length) return false;
    // A row of XPENDING: id, consumer, milliseconds, count.
    const isRow = items.length === 4 && items.map(({ type }) => type).join('') === '$$::';
    return items.every((item, i) => {
      const before = i === 0 ? '' : (others[i - 1].text ?? '');
      return before === NODES || isNear(item, others[i], TIMES.test(before) || (isRow && i === 2));
    });
  };
  return isNear(ours.tree, theirs.tree, false) ? undefined : 'not the same';
};

export const DECLARED: readonly Declared[] = [
  {
    commands: 'config|set',
    judge: anything,
    because: 'sets the scene; not every version has every directive',
  },
  {
    commands: 'hgetall hkeys hvals smembers sinter sunion sdiff keys',
    judge: unordered,
    because: 'the order of a hash table',
  },
  {
    commands: 'hrandfield srandmember zrandmember spop randomkey',
    judge: sizes,
    because: 'chosen at random',
  },
  {
    commands: 'scan sscan hscan zscan',
    judge: scanned,
    because: 'cursors, and the order of tables',
  },
  {
    commands: 'command|getkeys command|getkeysandflags',
    when: (request) =>
      /^(sort|xreadgroup|georadius(bymember)?)$/i.test(request[2] ?? '') &&
      request.filter((word) => /^(store(dist)?|streams)$/i.test(word)).length > 1,
    judge: anything,
    because: 'of options given twice, Redis names keys that are not used',
  },
  {
    commands: 'command|getkeysandflags',
    judge: unordered,
    because: 'in a script, sets are tables, and statuses tables in them, in the order of addresses',
  },
  {
    commands: 'dbsize',
    judge: nearby(10),
    because: 'what was given a deadline long past counts until it is come by',
  },
  {
    commands: 'ttl pttl expiretime pexpiretime',
    judge: nearby(60_000),
    because: 'time passes',
  },
  {
    commands: 'object|idletime',
    judge: sizes,
    because: 'time passes; and the small integers of Redis are one object, with one age',
  },
  {
    commands: 'sort sort_ro',
    when: has(/^(by|alpha|limit|store)$/i),
    judge: (ours, theirs) =>
      same(ours, theirs, [], '') && unequalSets(ours, theirs) && sizes(ours, theirs, [], ''),
    because: 'without an order, or among equals, members come as their table has them',
  },
  {
    commands: 'object|encoding',
    judge: (ours, theirs, _, version) =>
      isSameEncoding(ours.tree.text ?? '', theirs.tree.text ?? '', version)
        ? undefined
        : 'not the same',
    because:
      'SORT makes a skiplist of a sorted set; how sets join is chance; 7.0 had fewer listpacks',
  },
  { commands: 'command', judge: anything, because: 'what there is, in the order of a table' },
  {
    commands: 'xpending xinfo|consumers xinfo|stream xinfo|groups',
    judge: timesNear,
    because: 'time passes; and there is no radix tree whose nodes could be counted',
  },
  {
    commands: 'xread xreadgroup',
    when: (_, __, theirs) => theirs.raw.startsWith('-ERR Unbalanced XREAD list'),
    judge: (ours) => (ours.raw.startsWith('-ERR Unbalanced ') ? undefined : 'not the same'),
    because: 'since 7.2 the error says which command it was',
  },
  {
    commands: 'pfcount pfmerge',
    when: (_, ours) => ours.raw.startsWith('-INVALIDOBJ'),
    judge: anything,
    because: 'versions without a fix for it read a run that goes beyond the last register',
  },
  { commands: 'memory|usage', judge: sizes, because: 'how much memory a key takes is ours' },
  {
    commands: 'object|refcount',
    judge: sizes,
    because: 'Redis stops sharing a small integer when it is copied',
  },
  { commands: 'dump', judge: sizes, because: 'tables have orders, and their own ways to be small' },
  { commands: 'xadd', when: has(/^\*$/), judge: sizes, because: 'the id is the time' },
];

/** Declared for a group: applies when nothing else does. */
const OLD_DOUBLES = /^(z|geo|bz)/;

/** What is wrong with a pair of replies, or undefined. */
export function judged(
  fullName: string,
  request: Request,
  ours: Answer,
  theirs: Answer,
  version: string,
): string | undefined {
  if (ours.raw === theirs.raw) return undefined;
  const isOld = !isAtLeast(version, '7.2');
  for (const { commands, when, judge } of DECLARED) {
    if (!commands.split(' ').includes(fullName)) continue;
    if (when !== undefined && !when(request, ours, theirs)) continue;
    return judge(ours, theirs, request, version);
  }
  // Doubles were printed in another, longer way before.
  if (isOld && OLD_DOUBLES.test(fullName)) return nearby(0)(ours, theirs, request, version);
  return 'not the same';
}

// ── What a key holds ────────────────────────────────────────────────────────────────────────────

/** Whether two encodings of a key may stand for each other. */
export function isSameEncoding(ours: string, theirs: string, version: string, type = ''): boolean {
  if (ours === theirs) return true;
  // SORT makes a skiplist of a sorted set to sort it.
  if (ours === 'listpack' && theirs === 'skiplist') return true;
  // Whether SUNIONSTORE leaves a table follows from the order in which it came by integers.
  const sets = ['listpack', 'hashtable'];
  if (type !== 'hash' && sets.includes(ours) && sets.includes(theirs)) return true;
  if (isAtLeast(version, '7.2')) return false;
  // 7.0 had no listpacks for sets, each list was a quicklist, and what came twice in one request
  // was counted otherwise.
  const some = ['intset', 'listpack', 'quicklist', 'hashtable', 'skiplist'];
  return some.includes(ours) && some.includes(theirs);
}
