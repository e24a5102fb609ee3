/**
 * Groups, flags and ACL categories: the words COMMAND INFO has for a command, and how the
 * categories follow from the others, as setImplicitACLCategories of Redis has it.
 */

/** The groups of Redis, as COMMAND DOCS names them, and the two that are ours. */
export type Group =
  | 'bitmap'
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'scripting'
  | 'server'
  | 'session'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions'
  | 'zone';

/** In the order in which COMMAND INFO prints them. */
export const FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
] as const;

/** Flags that Redis has and does not print. */
export const HIDDEN_FLAGS = ['may_replicate', 'protected', 'touches_arbitrary_keys'] as const;

export type Flag = (typeof FLAGS)[number] | (typeof HIDDEN_FLAGS)[number];

/** In the order in which Redis prints them. */
export const CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** The category of a group; the others have none. */
const OF_GROUP: Partial<Record<Group, Category>> = {
  bitmap: 'bitmap',
  connection: 'connection',
  generic: 'keyspace',
  geo: 'geo',
  hash: 'hash',
  hyperloglog: 'hyperloglog',
  list: 'list',
  scripting: 'scripting',
  session: 'keyspace',
  set: 'set',
  'sorted-set': 'sortedset',
  stream: 'stream',
  string: 'string',
  transactions: 'transaction',
  zone: 'keyspace',
};

/** What follows from group and flags alone. A container as such has no group. */
export function impliedCategories(
  group: Group | undefined,
  flags: ReadonlySet<Flag>,
): Set<Category> {
  const found = new Set<Category>();
  const own = group === undefined ? undefined : OF_GROUP[group];
  if (own !== undefined) found.add(own);
  if (flags.has('write')) found.add('write');
  if (flags.has('readonly') && own !== 'scripting') found.add('read');
  if (flags.has('admin')) found.add('admin').add('dangerous');
  if (flags.has('pubsub')) found.add('pubsub');
  if (flags.has('blocking')) found.add('blocking');
  found.add(flags.has('fast') ? 'fast' : 'slow');
  return found;
}

/** Sorts categories as Redis prints them. */
export function inOrder(categories: ReadonlySet<Category>): readonly Category[] {
  return CATEGORIES.filter((category) => categories.has(category));
}
