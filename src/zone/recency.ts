/**
 * Recency: in which order entries would be evicted.
 *
 *   list:  newest ⇄ … ⇄ … ⇄ oldest
 *
 * Every entry is in one list. Which one, and whether a use moves it, is the policy's choice:
 *
 *   *-lru          one list, a use moves to its newest end; the victim is the oldest. Exact.
 *   *-lfu          a list per frequency (0-255), newest first. The frequency kept in an entry is
 *                  that of its last use; decay since then is the same or more for older entries of
 *                  a list, so the least frequent of all is among the 256 oldest. Exact too.
 *                  It decays with the evictions as well as by the minute, see evicted().
 *   the others     one list, in order of insertion; a use sets the clock only.
 *
 * Under a volatile-* policy, entries without a deadline wait in the list SPARED. Pinned entries
 * wait in a list of their own, in order of use: they go when nothing else can.
 */

import type { Random } from '../std/random.ts';
import type { Arena } from './arena.ts';
import type { Deadlines } from './deadline.ts';
import { CLOCK_MASK, CLOCK_SHIFT, E_META, E_NEWER, E_OLDER, isVolatile, PINNED } from './entry.ts';
import { type Layout, LIST_COUNT, LIST_WORDS } from './layout.ts';
import type { Table } from './table.ts';

/** Redis's names for maxmemory-policy. */
export const POLICIES = [
  'noeviction',
  'allkeys-lru',
  'volatile-lru',
  'allkeys-lfu',
  'volatile-lfu',
  'allkeys-random',
  'volatile-random',
  'volatile-ttl',
] as const;
export type Policy = (typeof POLICIES)[number];

const SPARED = 256;
const PINNED_LIST = 257;
/** Draws before a random victim is taken from the order instead: nearly everything is pinned. */
const DRAWS_MAX = 64;
const FREQUENCY_MAX = 255;
/** A period of decay has passed when so many times as many entries as there are have been evicted. */
const AGING_TURNOVERS = 3;
/** What a new entry starts with, so that it is not the next to go (Redis's LFU_INIT_VAL). */
const FREQUENCY_INITIAL = 5;

const BY_INSERTION = 0;
const BY_USE = 1;
const BY_FREQUENCY = 2;

export interface FrequencySettings {
  /** Redis's lfu-log-factor: how hard it is to rise. */
  logFactor: number;
  /** Redis's lfu-decay-time: minutes to fall by one, 0 for never. */
  decayMinutes: number;
}

export class Recency {
  arena: Arena;
  layout: Layout;
  readonly frequency: FrequencySettings = { logFactor: 10, decayMinutes: 1 };
  readonly #random: Random;
  readonly #deadlines: Deadlines;
  readonly #table: Table;
  #policy: Policy = 'noeviction';
  #order: number = BY_INSERTION;
  #onlyVolatile = false;
  /** 24 bits: seconds, or minutes 16 | 0 for the LFU policies. */
  #clock = 0;
  #now = 0;
  /** Minutes by which entries have aged beside those that have passed. */
  #aged = 0;
  /** Evictions since they last did. */
  #evictions = 0;
  /** A bit for each list that holds an entry, or did: cleared when it is found to be empty. */
  readonly #occupied = new Int32Array((LIST_COUNT + 31) >>> 5);

  constructor(arena: Arena, layout: Layout, deadlines: Deadlines, table: Table, random: Random) {
    this.arena = arena;
    this.layout = layout;
    this.#deadlines = deadlines;
    this.#table = table;
    this.#random = random;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Whether the policy keeps frequencies (OBJECT FREQ) instead of idle times (OBJECT IDLETIME). */
  get keepsFrequency(): boolean {
    return this.#order === BY_FREQUENCY;
  }

  /** Whether a policy evicts only entries with a deadline. */
  get onlyVolatile(): boolean {
    return this.#onlyVolatile;
  }

  get evicts(): boolean {
    return this.#policy !== 'noeviction';
  }

  tick(now: number): void {
    this.#now = now;
    this.#clock =
      this.#order === BY_FREQUENCY ? this.#minutes() << 8 : Math.floor(now / 1000) & CLOCK_MASK;
  }

  /** Enters a new entry as the newest. */
  insert(entry: number): void {
    const { i32 } = this.arena;
    const stamp = this.#order === BY_FREQUENCY ? this.#clock | FREQUENCY_INITIAL : this.#clock;
    i32[entry * 2 + E_META] = (i32[entry * 2 + E_META] & 0xff) | (stamp << CLOCK_SHIFT);
    this.#link(entry, this.#listOf(entry));
  }

  remove(entry: number): void {
    this.#unlink(entry, this.#listOf(entry));
  }

  /** Notes a use of an entry. */
  touch(entry: number): void {
    const { i32 } = this.arena;
    const word = entry * 2 + E_META;
    if (this.#order === BY_FREQUENCY) {
      this.#touchFrequency(entry);
      return;
    }
    i32[word] = (i32[word] & 0xff) | (this.#clock << CLOCK_SHIFT);
    if (this.#order !== BY_USE || i32[entry * 2 + E_NEWER] === 0) return;
    const list = this.#listOf(entry);
    this.#unlink(entry, list);
    this.#link(entry, list);
  }

  /** Puts a removed entry back as the newest of its list, clock and frequency kept. */
  reinsert(entry: number): void {
    if (this.#order === BY_FREQUENCY) {
      // Stamped now with the frequency it has now, or an older one would decay behind newer ones.
      const { i32 } = this.arena;
      const stamp = this.#clock | this.frequencyOf(entry);
      i32[entry * 2 + E_META] = (i32[entry * 2 + E_META] & 0xff) | (stamp << CLOCK_SHIFT);
    }
    this.#link(entry, this.#listOf(entry));
  }

  /** The entry lies at another offset now; its words have been copied. */
  moved(from: number, to: number): void {
    const { i32 } = this.arena;
    const newer = i32[to * 2 + E_NEWER];
    const older = i32[to * 2 + E_OLDER];
    if (newer !== 0) i32[newer * 2 + E_OLDER] = to;
    if (older !== 0) i32[older * 2 + E_NEWER] = to;
    if (newer !== 0 && older !== 0) return;
    const list = this.layout.lists + this.#listOf(to) * LIST_WORDS;
    if (i32[list] === from) i32[list] = to;
    if (i32[list + 1] === from) i32[list + 1] = to;
  }

  /** Puts an entry in the place of one that goes, clock and frequency taken over. */
  inherit(from: number, to: number): void {
    const { i32 } = this.arena;
    this.#unlink(to, this.#listOf(to));
    i32[to * 2 + E_META] = (i32[to * 2 + E_META] & 0xff) | (i32[from * 2 + E_META] & ~0xff);
    i32[to * 2 + E_NEWER] = i32[from * 2 + E_NEWER];
    i32[to * 2 + E_OLDER] = i32[from * 2 + E_OLDER];
    this.moved(from, to);
  }

  /** Milliseconds since the last use, to the second, as OBJECT IDLETIME counts them. */
  idleMs(entry: number): number {
    const stamp = this.arena.i32[entry * 2 + E_META] >>> CLOCK_SHIFT;
    return ((Math.floor(this.#now / 1000) - stamp) & CLOCK_MASK) * 1000;
  }

  /** Makes an entry look unused for so long (RESTORE IDLETIME). Its place in the order stays. */
  setIdle(entry: number, seconds: number): void {
    const { i32 } = this.arena;
    const stamp = (Math.floor(this.#now / 1000) - seconds) & CLOCK_MASK;
    i32[entry * 2 + E_META] = (i32[entry * 2 + E_META] & 0xff) | (stamp << CLOCK_SHIFT);
  }

  /**
   * An entry was evicted. By frequency the one to go is as a rule the newest, for nobody has used it
   * yet; what was frequent before requests changed would stay for as many minutes as it was high.
   * So the more has to go, the faster the others age: in steady use that costs a hit in a hundred,
   * and when the working set moves it gains most of them.
   */
  evicted(): void {
    if (this.#order !== BY_FREQUENCY) return;
    if (++this.#evictions < this.#table.count * AGING_TURNOVERS) return;
    this.#evictions = 0;
    this.#aged += this.frequency.decayMinutes;
    this.tick(this.#now);
  }

  /** Minutes, 16 bits of them, by which frequencies decay. */
  #minutes(): number {
    return (Math.floor(this.#now / 60000) + this.#aged) & 0xffff;
  }

  /** The logarithmic use counter, decayed to now. */
  frequencyOf(entry: number): number {
    const stamp = this.arena.i32[entry * 2 + E_META] >>> CLOCK_SHIFT;
    const counter = stamp & 0xff;
    const { decayMinutes } = this.frequency;
    if (decayMinutes === 0) return counter;
    const minutes = (this.#minutes() - (stamp >>> 8)) & 0xffff;
    const periods = Math.floor(minutes / decayMinutes);
    return periods > counter ? 0 : counter - periods;
  }

  setFrequency(entry: number, counter: number): void {
    const { i32 } = this.arena;
    const stamp = (this.#minutes() << 8) | counter;
    const list = this.#listOf(entry);
    this.#unlink(entry, list);
    i32[entry * 2 + E_META] = (i32[entry * 2 + E_META] & 0xff) | (stamp << CLOCK_SHIFT);
    this.#link(entry, this.#listOf(entry));
  }

  /** Which entry the policy would evict now, `spared` excepted, or 0 when it may evict none. */
  victim(spared: number): number {
    if (this.#policy === 'noeviction') return 0;
    return this.#unpinnedVictim(spared) || this.#oldestOf(PINNED_LIST, spared);
  }

  #unpinnedVictim(spared: number): number {
    if (this.#order === BY_FREQUENCY) return this.#leastFrequent(spared);
    const oldest = this.#oldestOf(0, spared);
    if (oldest === 0 || this.#order === BY_USE) return oldest;
    if (this.#policy === 'volatile-ttl') return this.#nextToExpire(0, spared, 0);
    return this.#randomVictim(spared) || oldest;
  }

  /** Oldest entry of the eviction order, and the one newer than a given one: for audits and tests. */
  oldest(list = 0): number {
    return this.arena.i32[this.layout.lists + list * LIST_WORDS + 1];
  }

  newer(entry: number): number {
    return this.arena.i32[entry * 2 + E_NEWER];
  }

  /** List an entry belongs in now. */
  listOf(entry: number): number {
    return this.#listOf(entry);
  }

  /**
   * Changes the policy and puts every entry in the list where it belongs. Order among entries is
   * kept where the lists have it; from a policy that kept none, entries go by their clocks.
   */
  setPolicy(policy: Policy): void {
    if (policy === this.#policy) return;
    const { i32 } = this.arena;
    const hadOrder = this.#order === BY_USE;
    const hadFrequency = this.#order === BY_FREQUENCY;
    const entries = this.#inOrder(hadOrder);
    this.#policy = policy;
    this.#onlyVolatile = policy.startsWith('volatile');
    this.#order = policy.endsWith('lru') ? BY_USE : policy.endsWith('lfu') ? BY_FREQUENCY : 0;
    this.tick(this.#now);
    i32.fill(0, this.layout.lists, this.layout.lists + LIST_COUNT * LIST_WORDS);
    for (const entry of entries) {
      const word = entry * 2 + E_META;
      if (hadFrequency !== (this.#order === BY_FREQUENCY)) {
        const stamp = this.#order === BY_FREQUENCY ? this.#clock | FREQUENCY_INITIAL : this.#clock;
        i32[word] = (i32[word] & 0xff) | (stamp << CLOCK_SHIFT);
      }
      this.#link(entry, this.#listOf(entry));
    }
  }

  /** Every entry, the one to go first first. */
  #inOrder(listsHaveOrder: boolean): Uint32Array {
    const { i32 } = this.arena;
    const entries = new Uint32Array(this.#table.count);
    let count = 0;
    for (let list = 0; list < LIST_COUNT; list++) {
      for (let e = this.oldest(list); e !== 0; e = i32[e * 2 + E_NEWER]) entries[count++] = e;
    }
    if (!listsHaveOrder || this.oldest(SPARED) !== 0 || this.oldest(PINNED_LIST) !== 0) {
      // Idle longest first. The sort is stable, so equal clocks keep the order of the lists.
      const nowSeconds = Math.floor(this.#now / 1000);
      const idle = (e: number) => (nowSeconds - (i32[e * 2 + E_META] >>> CLOCK_SHIFT)) & CLOCK_MASK;
      if (this.#order !== BY_FREQUENCY) entries.sort((a, b) => idle(b) - idle(a));
    }
    return entries;
  }

  #listOf(entry: number): number {
    const { i32 } = this.arena;
    const meta = i32[entry * 2 + E_META];
    if (this.#onlyVolatile && !isVolatile(i32, entry)) return SPARED;
    if ((meta & PINNED) !== 0) return PINNED_LIST;
    return this.#order === BY_FREQUENCY ? (meta >>> CLOCK_SHIFT) & 0xff : 0;
  }

  #link(entry: number, list: number): void {
    const { i32 } = this.arena;
    const ends = this.layout.lists + list * LIST_WORDS;
    const newest = i32[ends];
    i32[entry * 2 + E_NEWER] = 0;
    i32[entry * 2 + E_OLDER] = newest;
    if (newest !== 0) i32[newest * 2 + E_NEWER] = entry;
    else {
      i32[ends + 1] = entry;
      this.#occupied[list >>> 5] |= 1 << (list & 31);
    }
    i32[ends] = entry;
  }

  #unlink(entry: number, list: number): void {
    const { i32 } = this.arena;
    const newer = i32[entry * 2 + E_NEWER];
    const older = i32[entry * 2 + E_OLDER];
    if (newer !== 0) i32[newer * 2 + E_OLDER] = older;
    else i32[this.layout.lists + list * LIST_WORDS] = older;
    if (older !== 0) i32[older * 2 + E_NEWER] = newer;
    else i32[this.layout.lists + list * LIST_WORDS + 1] = newer;
  }

  #touchFrequency(entry: number): void {
    const { i32 } = this.arena;
    let counter = this.frequencyOf(entry);
    if (counter < FREQUENCY_MAX) {
      // As LFULogIncr of Redis's evict.c: the higher, the less likely to rise.
      const base = Math.max(0, counter - FREQUENCY_INITIAL);
      const chance = 1 / (base * this.frequency.logFactor + 1);
      if (this.#random.u32() / 4294967296 < chance) counter++;
    }
    const list = this.#listOf(entry);
    this.#unlink(entry, list);
    i32[entry * 2 + E_META] =
      (i32[entry * 2 + E_META] & 0xff) | ((this.#clock | counter) << CLOCK_SHIFT);
    this.#link(entry, this.#listOf(entry));
  }

  #oldestOf(list: number, spared: number): number {
    const entry = this.oldest(list);
    return entry === spared && entry !== 0 ? this.arena.i32[entry * 2 + E_NEWER] : entry;
  }

  #leastFrequent(spared: number): number {
    let victim = 0;
    let least = FREQUENCY_MAX + 1;
    for (let word = 0; word <= FREQUENCY_MAX >>> 5; word++) {
      for (let bits = this.#occupied[word]; bits !== 0; bits &= bits - 1) {
        const list = word * 32 + 31 - Math.clz32(bits & -bits);
        const entry = this.#oldestOf(list, spared);
        if (entry === 0) {
          if (this.oldest(list) === 0) this.#occupied[word] &= ~(1 << (list & 31));
          continue;
        }
        const frequency = this.frequencyOf(entry);
        if (frequency >= least) continue;
        least = frequency;
        victim = entry;
        if (least === 0) return victim;
      }
    }
    return victim;
  }

  /** A random entry that may go and is not pinned, or 0 when many draws found none. */
  #randomVictim(spared: number): number {
    const { i32 } = this.arena;
    for (let draws = 0; draws < DRAWS_MAX; draws++) {
      const entry = this.#onlyVolatile
        ? this.#deadlines.entryAt(this.#random.below(this.#deadlines.count))
        : this.#table.random(this.#random);
      if (entry !== spared && (i32[entry * 2 + E_META] & PINNED) === 0) return entry;
    }
    return 0;
  }

  /**
   * The entry with the earliest deadline, of those in the heap from `place` down, that is neither
   * spared nor pinned; or `best` when it is earlier. Below an entry that may go nothing is earlier,
   * so this looks past those that may not and no further.
   */
  #nextToExpire(place: number, spared: number, best: number): number {
    const deadlines = this.#deadlines;
    if (place >= deadlines.count) return best;
    if (best !== 0 && deadlines.deadlineAt(place) >= deadlines.of(best)) return best;
    const entry = deadlines.entryAt(place);
    const meta = this.arena.i32[entry * 2 + E_META];
    if (entry !== spared && (meta & PINNED) === 0) return entry;
    let victim = best;
    for (let child = place * 4 + 1; child <= place * 4 + 4; child++) {
      victim = this.#nextToExpire(child, spared, victim);
    }
    return victim;
  }
}
