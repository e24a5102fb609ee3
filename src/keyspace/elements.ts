/** The elements of a list, a set or a sorted set, whichever it is. */

import { errors } from '../resp/errors.ts';
import { sliceBytes } from '../std/bytes.ts';
import { List } from '../value/list.ts';
import { MemberSet } from '../value/set.ts';
import { SortedSet } from '../value/sorted-set.ts';
import { TYPE_LIST, TYPE_SET, TYPE_SORTED_SET } from '../value/type.ts';
import type { Database } from './database.ts';

const list = new List();
const set = new MemberSet();
const sortedSet = new SortedSet();

/** Copies of all elements of an entry, in the order it has. Throws for any other type. */
export function elementsOf({ zone }: Database, entry: number): Uint8Array[] {
  const elements: Uint8Array[] = [];
  switch (zone.type(entry)) {
    case TYPE_LIST:
      list.open(zone, entry);
      for (let more = list.seek(0); more; more = list.next()) {
        const element = new Uint8Array(list.currentSize);
        list.copyCurrent(element, 0);
        elements.push(element);
      }
      return elements;
    case TYPE_SET:
      set.open(zone, entry);
      set.begin();
      while (set.next()) {
        set.readMember();
        elements.push(sliceBytes(set.textBytes, set.textStart, set.textEnd));
      }
      return elements;
    case TYPE_SORTED_SET:
      sortedSet.open(zone, entry);
      for (let more = sortedSet.seek(0); more; more = sortedSet.next()) {
        const element = new Uint8Array(sortedSet.currentSize);
        sortedSet.copyCurrent(element, 0);
        elements.push(element);
      }
      return elements;
    default:
      throw errors.wrongType;
  }
}
