/**
 * Events: what happened to a key, in the words of Redis's keyspace notifications.
 *
 * Every change of a key says which of these it was when it passes Database.changedKey(). A class is
 * the letter by which `notify-keyspace-events` asks for it.
 */

export type EventClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 'e' | 't' | 'm' | 'n';

export interface KeyEvent {
  readonly name: string;
  readonly class: EventClass;
  /** The class as one bit; see classBits(). */
  readonly bit: number;
  /** Whether the value is what it was to who watches the key. */
  readonly isAside: boolean;
}

const CLASSES = 'g$lshzxetmn';

/** Letters of classes as bits: whether an event is of one of them is asked at every change. */
export function classBits(letters: string): number {
  let bits = 0;
  for (const letter of letters) {
    const at = CLASSES.indexOf(letter);
    if (at >= 0) bits |= 1 << at;
  }
  return bits;
}

function event(name: string, eventClass: EventClass, isAside = false): KeyEvent {
  return { name, class: eventClass, bit: classBits(eventClass), isAside };
}

function named<const Names extends readonly string[]>(
  eventClass: EventClass,
  ...names: Names
): { readonly [Name in Names[number]]: KeyEvent } {
  const entries = names.map((name) => [name, event(name, eventClass)]);
  return Object.fromEntries(entries) as { readonly [Name in Names[number]]: KeyEvent };
}

/** Events of the groups of streams, which Redis keeps to itself when a transaction asks. */
function ofGroups<const Names extends readonly string[]>(...names: Names) {
  const entries = names.map((name) => [name, event(name, 't', true)]);
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
  ...named('t', 'xadd', 'xdel', 'xtrim', 'xsetid'),
  ...ofGroups('xgroup-create', 'xgroup-createconsumer', 'xgroup-delconsumer', 'xgroup-destroy'),
  ...ofGroups('xgroup-setid'),
  /** The stream was made for the group. */
  'xgroup-create-stream': event('xgroup-create', 't'),
  ...named('e', 'evicted'),
  ...named('x', 'expired'),
  ...named('m', 'keymiss'),
  ...named('n', 'new'),
  /** What is remembered inside a value has changed: no class asks for it, but who watches hears. */
  noted: { name: 'noted', class: '$', bit: 0, isAside: false },
} as const;
