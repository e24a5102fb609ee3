/** ACL categories: what group and flags imply, as setImplicitACLCategories of Redis does. */

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
const OF_GROUP: Record<string, Category> = {
  bitmap: 'bitmap',
  connection: 'connection',
  generic: 'keyspace',
  geo: 'geo',
  hash: 'hash',
  hyperloglog: 'hyperloglog',
  list: 'list',
  pubsub: 'pubsub',
  scripting: 'scripting',
  session: 'keyspace',
  set: 'set',
  sorted_set: 'sortedset',
  stream: 'stream',
  string: 'string',
  transactions: 'transaction',
  zone: 'keyspace',
};

/** What follows from group and flags alone. */
export function impliedCategories(group: string, flags: ReadonlySet<string>): Set<Category> {
  const found = new Set<Category>();
  const own = OF_GROUP[group];
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
