/**
 * Events: what happened to a key, in the words of Redis's keyspace notifications.
 *
 * Every change of a key says which of these it was when it passes Database.changedKey(). A class is
 * the letter by which `notify-keyspace-events` asks for it.
 */

export type EventClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 'e' | 't';

export interface KeyEvent {
  readonly name: string;
  readonly class: EventClass;
}

function named<const Names extends readonly string[]>(
  eventClass: EventClass,
  ...names: Names
): { readonly [Name in Names[number]]: KeyEvent } {
  const entries = names.map((name) => [name, { name, class: eventClass }]);
  return Object.fromEntries(entries) as { readonly [Name in Names[number]]: KeyEvent };
}

export const events = {
  ...named('g', 'del', 'expire', 'persist', 'restore', 'copy_to', 'move_from', 'move_to'),
  ...named('g', 'rename_from', 'rename_to'),
  ...named('$', 'set', 'append', 'incrby', 'incrbyfloat', 'setrange', 'setbit', 'pfadd'),
  ...named('l', 'lpush', 'rpush', 'lpop', 'rpop', 'linsert', 'lset', 'lrem', 'ltrim', 'sortstore'),
  ...named('s', 'sadd', 'srem', 'spop', 'sinterstore', 'sunionstore', 'sdiffstore'),
  ...named('h', 'hset', 'hdel', 'hincrby', 'hincrbyfloat'),
  ...named('z', 'zadd', 'zincr', 'zrem', 'zremrangebyrank', 'zremrangebyscore', 'zremrangebylex'),
  ...named('z', 'zpopmin', 'zpopmax', 'zrangestore', 'zunionstore', 'zinterstore', 'zdiffstore'),
  ...named('z', 'georadiusstore', 'geosearchstore'),
  ...named('x', 'xadd', 'xdel', 'xtrim', 'xsetid', 'xgroup-create', 'xgroup-createconsumer'),
  ...named('x', 'xgroup-delconsumer', 'xgroup-destroy', 'xgroup-setid'),
  ...named('e', 'evicted'),
  ...named('t', 'expired'),
} as const;
