/** What clients see of a server that nobody is connected to, asked with commands. */

import type { Offline } from './offline.ts';
import { parse, type Tree } from './resp-client.ts';

/** A reply: text of strings, numbers and errors (these with their '-'), null, or an array. */
export type Value = string | null | readonly Value[];

/** A key as commands show it: a string, or the members of a sorted set with their scores. */
export interface Visible {
  readonly encoding: string;
  /** Unix milliseconds, -1 for none. */
  readonly deadline: number;
  readonly content: string | readonly (readonly [member: string, score: number])[];
}

function plain({ type, text, items }: Tree): Value {
  if (items !== null) return items.map(plain);
  return type === '-' ? `-${text}` : text;
}

/** Runs a request and reads the reply. */
export function ask(server: Offline, ...words: readonly string[]): Value {
  const raw = server.run(...words);
  const parsed = parse(raw, 0);
  if (parsed === undefined || parsed.end !== raw.length) throw new Error(`no reply: ${raw}`);
  return plain(parsed.tree);
}

/** Members with their scores, as ZRANGE … WITHSCORES lists them. */
function membersOf(list: readonly Value[]): (readonly [string, number])[] {
  return list.flatMap((member, i) =>
    i % 2 === 0 ? [[String(member), Number(list[i + 1])] as const] : [],
  );
}

/** Every key of the selected database that fits a pattern, in order. To look counts as no use. */
export function visible(server: Offline, pattern = '*'): Map<string, Visible> {
  ask(server, 'CLIENT', 'NO-TOUCH', 'ON');
  const keys = (ask(server, 'KEYS', pattern) as readonly string[]).toSorted();
  const found = new Map<string, Visible>();
  for (const key of keys) {
    const type = ask(server, 'TYPE', key);
    found.set(key, {
      encoding: String(ask(server, 'OBJECT', 'ENCODING', key)),
      deadline: Number(ask(server, 'PEXPIRETIME', key)),
      content:
        type === 'zset'
          ? membersOf(ask(server, 'ZRANGE', key, '0', '-1', 'WITHSCORES') as readonly Value[])
          : String(ask(server, 'GET', key)),
    });
  }
  ask(server, 'CLIENT', 'NO-TOUCH', 'OFF');
  return found;
}
