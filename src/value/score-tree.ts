/**
 * Score tree: records in the order of (score, member), with ranks. A B+tree in a region.
 *
 *                     ┌───────────────────────────┐
 *   inner, 31 wide    │ first · child · size │ …  │      size: elements below that child
 *                     └────┬─────────────────┬────┘
 *                ┌─────────┴───┐         ┌───┴─────────┐
 *   leaf, 60     │ r r r r r r │ ◄─────► │ r r r r     │  records, by address
 *                └─────────────┘         └─────────────┘
 *
 * Why not Redis's skip list? A leaf names sixty records in 256 bytes, where a list node for each
 * takes forty or more; and three or four nodes are read to find a place, not twenty. A rank is the
 * sizes left of the way down, as the spans of the list are.
 *
 * An inner node has the score of each child's first record beside its name, so scores that differ
 * are told apart without looking at records. The first of child 0 is kept right too: it is what
 * the level above says.
 *
 * A search asks one thing of an element: does it precede the place wanted? The answer is yes up to
 * some rank and no from there on, whatever the question; so one way down serves scores, members,
 * and both, inclusive or not. The way is remembered in path, for who inserts or removes there.
 */

import { assert } from '../std/assert.ts';
import { compareMember, scoreOf } from './record.ts';
import type { Region } from './region.ts';

export const LEAF_UNITS = 32;
const LEAF_CAPACITY = 60;
/** With fewer a leaf is joined to a neighbour, if the two leave this much room. */
const LEAF_LOW = 15;
const LEAF_JOINED = 45;
// Words of a leaf.
const L_COUNT = 0;
const L_NEXT = 1;
const L_PREVIOUS = 2;
const L_RECORDS = 4;

export const INNER_UNITS = 80;
const WIDTH = 31;
const INNER_LOW = 8;
const INNER_JOINED = 23;
// Words of an inner node. Scores are doubles, two words each.
const I_COUNT = 0;
const I_SCORES = 4;
const I_FIRSTS = I_SCORES + WIDTH * 2;
const I_CHILDREN = I_FIRSTS + WIDTH;
const I_SIZES = I_CHILDREN + WIDTH;

// Words of header.
const ROOT = 0;
const HEIGHT = 1;
const FIRST_LEAF = 2;
const LAST_LEAF = 3;
const LEAVES = 4;
const INNERS = 5;
/** Nodes given back, each naming the next in its first word; and behind each how many. */
const FREE_LEAVES = 6;
const FREE_INNERS = 8;
export const TREE_WORDS = 10;

const HEIGHT_MAX = 12;

// What a search asks.
const BEFORE_ELEMENT = 0;
const THROUGH_ELEMENT = 1;
const BEFORE_SCORE = 2;
const THROUGH_SCORE = 3;
const BEFORE_MEMBER = 4;
const THROUGH_MEMBER = 5;

const none = new Uint8Array(0);

export class ScoreTree {
  readonly #region: Region;
  readonly #header: number;
  // The way of the last search, level 0 being the leaf: nodes, and the index in each.
  readonly #nodes = new Int32Array(HEIGHT_MAX);
  readonly #indexes = new Int32Array(HEIGHT_MAX);
  #question = 0;
  #score = 0;
  #bytes: Uint8Array = none;
  #start = 0;
  #end = 0;

  constructor(region: Region, header: number) {
    this.#region = region;
    this.#header = header;
  }

  /** Makes an empty tree. */
  format(): void {
    const region = this.#region;
    const leaf = region.take(LEAF_UNITS);
    const word = region.word(leaf);
    region.i32.fill(0, word, word + L_RECORDS);
    this.#set(ROOT, leaf);
    this.#set(HEIGHT, 0);
    this.#set(FIRST_LEAF, leaf);
    this.#set(LAST_LEAF, leaf);
    this.#set(LEAVES, 1);
    this.#set(INNERS, 0);
    for (const list of [FREE_LEAVES, FREE_INNERS]) {
      this.#set(list, 0);
      this.#set(list + 1, 0);
    }
  }

  /** Units of nodes that `count` elements put in by appending take. */
  static unitsFor(count: number): number {
    let nodes = Math.max(1, Math.ceil(count / LEAF_CAPACITY));
    let units = nodes * LEAF_UNITS;
    while (nodes > 1) {
      nodes = Math.ceil(nodes / WIDTH);
      units += nodes * INNER_UNITS;
    }
    return units;
  }

  /** Height of a tree of `count` elements put in by appending. */
  static heightFor(count: number): number {
    let height = 0;
    for (let nodes = Math.ceil(count / LEAF_CAPACITY); nodes > 1; height++) {
      nodes = Math.ceil(nodes / WIDTH);
    }
    return height;
  }

  /**
   * Units of nodes that putting `count` elements anywhere into a tree of so many nodes may take, in
   * the worst case, each of them possibly taken out elsewhere first.
   *
   * Why not a split for each? A split leaves leaves of 30, a join one of 45 at most, so 15 must come
   * before it can be split; and where leaves stay full, at the ends, 60 must. That is less than one
   * split for ten, and one more for each leaf that was full before. For this to hold nodes that
   * were given back must be there for nodes: they are kept apart from other free blocks.
   */
  static growth(count: number, leaves: number, inners: number, height: number): number {
    const moreLeaves = Math.min(count, leaves + 2 + Math.ceil(count / 10));
    const moreInners = Math.min(
      count * (height + 2),
      inners * 2 + Math.ceil((leaves + count / 8 + 4) / 5) + height + 2,
    );
    // And what the last of them, asking for itself alone, would want to see.
    const last = LEAF_UNITS + (height + 3) * INNER_UNITS;
    return moreLeaves * LEAF_UNITS + moreInners * INNER_UNITS + last;
  }

  /** The same for this tree; for one element it looks. */
  growth(count: number): number {
    const height = this.#get(HEIGHT);
    if (count > 1) return ScoreTree.growth(count, this.#get(LEAVES), this.#get(INNERS), height);
    if (height === 0) return LEAF_UNITS + INNER_UNITS;
    const { i32 } = this.#region;
    const isFull = i32[this.#region.word(this.#get(ROOT)) + I_COUNT] === WIDTH;
    return LEAF_UNITS + (height - 1 + (isFull ? 2 : 0)) * INNER_UNITS;
  }

  /** Units of nodes that nothing is in. */
  get freeUnits(): number {
    return this.#get(FREE_LEAVES + 1) * LEAF_UNITS + this.#get(FREE_INNERS + 1) * INNER_UNITS;
  }

  // ── Searching ─────────────────────────────────────────────────────────────────────────────────

  /** Goes to the place of (score, member). */
  seekElement(score: number, bytes: Uint8Array, start: number, end: number): void {
    this.#question = BEFORE_ELEMENT;
    this.#score = score;
    this.#ask(bytes, start, end);
    this.#descend();
    this.#bytes = none;
  }

  /** Goes to a record that is there, with this score and member. */
  seekPresent(record: number, score: number, bytes: Uint8Array, start: number, end: number): void {
    // Through it: the way to the place before it may end in the leaf before.
    this.#question = THROUGH_ELEMENT;
    this.#score = score;
    this.#ask(bytes, start, end);
    const leaf = this.#descendToLeaf();
    this.#bytes = none;
    // In its leaf it is found by its address: no other record needs to be looked at.
    const { i32 } = this.#region;
    const word = this.#region.word(leaf);
    const count = i32[word + L_COUNT];
    let index = 0;
    while (i32[word + L_RECORDS + index] !== record && index < count) index++;
    assert(index < count, 'a record is where its score and member say');
    this.#nodes[0] = leaf;
    this.#indexes[0] = index;
  }

  /** Rank of a record that is there, with this score and member. */
  rankOf(record: number, score: number, bytes: Uint8Array, start: number, end: number): number {
    this.seekPresent(record, score, bytes, start, end);
    return this.#rank();
  }

  countBelowScore(score: number, orEqual: boolean): number {
    this.#question = orEqual ? THROUGH_SCORE : BEFORE_SCORE;
    this.#score = score;
    this.#descend();
    return this.#rank();
  }

  /** Of members of one score. */
  countBelowMember(bytes: Uint8Array, start: number, end: number, orEqual: boolean): number {
    this.#question = orEqual ? THROUGH_MEMBER : BEFORE_MEMBER;
    this.#ask(bytes, start, end);
    this.#descend();
    this.#bytes = none;
    return this.#rank();
  }

  /** Goes to the element of a rank, which must be there, and answers its record. */
  seekRank(rank: number): number {
    const region = this.#region;
    const { i32 } = region;
    let node = this.#get(ROOT);
    let left = rank;
    for (let level = this.#get(HEIGHT); level > 0; level--) {
      const word = region.word(node);
      let i = 0;
      while (left >= i32[word + I_SIZES + i]) left -= i32[word + I_SIZES + i++];
      this.#nodes[level] = node;
      this.#indexes[level] = i;
      node = i32[word + I_CHILDREN + i];
    }
    this.#nodes[0] = node;
    this.#indexes[0] = left;
    return i32[region.word(node) + L_RECORDS + left];
  }

  /** Leaf and index the last search ended at. */
  get leaf(): number {
    return this.#nodes[0];
  }

  get index(): number {
    return this.#indexes[0];
  }

  leafCount(leaf: number): number {
    return this.#region.i32[this.#region.word(leaf) + L_COUNT];
  }

  recordAt(leaf: number, index: number): number {
    return this.#region.i32[this.#region.word(leaf) + L_RECORDS + index];
  }

  nextLeaf(leaf: number): number {
    return this.#region.i32[this.#region.word(leaf) + L_NEXT];
  }

  previousLeaf(leaf: number): number {
    return this.#region.i32[this.#region.word(leaf) + L_PREVIOUS];
  }

  /**
   * Whether the element the last search ended at may take another score and keep its place, as far
   * as its own leaf tells.
   */
  staysInPlace(score: number, bytes: Uint8Array, start: number, end: number): boolean {
    const leaf = this.#nodes[0];
    const index = this.#indexes[0];
    if (index === 0 || index === this.leafCount(leaf) - 1) return false;
    if (this.#leavesLeaf(score)) return false;
    this.#question = BEFORE_ELEMENT;
    this.#score = score;
    this.#ask(bytes, start, end);
    const region = this.#region;
    const before = this.recordAt(leaf, index - 1);
    const after = this.recordAt(leaf, index + 1);
    const stays =
      this.#precedes(scoreOf(region, before), before) &&
      !this.#precedes(scoreOf(region, after), after);
    this.#bytes = none;
    return stays;
  }

  /** Whether an element of the leaf that the last search ended at would leave it with that score. */
  #leavesLeaf(score: number): boolean {
    if (this.#get(HEIGHT) === 0) return false;
    const { i32, f64 } = this.#region;
    const word = this.#region.word(this.#nodes[1]);
    const i = this.#indexes[1];
    const at = ((word + I_SCORES) >>> 1) + i;
    return score < f64[at] || (i + 1 < i32[word + I_COUNT] && score > f64[at + 1]);
  }

  #ask(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  #precedes(score: number, record: number): boolean {
    switch (this.#question) {
      case BEFORE_ELEMENT:
        if (score !== this.#score) return score < this.#score;
        return this.#compare(record) < 0;
      case THROUGH_ELEMENT:
        if (score !== this.#score) return score < this.#score;
        return this.#compare(record) <= 0;
      case BEFORE_SCORE:
        return score < this.#score;
      case THROUGH_SCORE:
        return score <= this.#score;
      case BEFORE_MEMBER:
        return this.#compare(record) < 0;
      default:
        return this.#compare(record) <= 0;
    }
  }

  #compare(record: number): number {
    return compareMember(this.#region, record, this.#bytes, this.#start, this.#end);
  }

  /** Elements in front of where the last search ended. */
  #rank(): number {
    const region = this.#region;
    const { i32 } = region;
    let rank = this.#indexes[0];
    for (let level = this.#get(HEIGHT); level > 0; level--) {
      const sizes = region.word(this.#nodes[level]) + I_SIZES;
      for (let i = this.#indexes[level] - 1; i >= 0; i--) rank += i32[sizes + i];
    }
    return rank;
  }

  #descend(): void {
    const region = this.#region;
    const { i32 } = region;
    const leaf = this.#descendToLeaf();
    const word = region.word(leaf);
    let low = 0;
    let high = i32[word + L_COUNT];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = i32[word + L_RECORDS + middle];
      if (this.#precedes(scoreOf(region, record), record)) low = middle + 1;
      else high = middle;
    }
    this.#nodes[0] = leaf;
    this.#indexes[0] = low;
  }

  /** The leaf on the way, which is remembered. */
  #descendToLeaf(): number {
    const region = this.#region;
    const { i32, f64 } = region;
    let node = this.#get(ROOT);
    for (let level = this.#get(HEIGHT); level > 0; level--) {
      const word = region.word(node);
      const scores = (word + I_SCORES) >>> 1;
      let low = 1;
      let high = i32[word + I_COUNT];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.#precedes(f64[scores + middle], i32[word + I_FIRSTS + middle])) low = middle + 1;
        else high = middle;
      }
      const i = low - 1;
      this.#nodes[level] = node;
      this.#indexes[level] = i;
      node = i32[word + I_CHILDREN + i];
    }
    return node;
  }

  // ── Inserting ─────────────────────────────────────────────────────────────────────────────────

  /** Puts a record where seekElement() went. Room is there. */
  insert(record: number, score: number): void {
    const region = this.#region;
    const { i32 } = region;
    const leaf = this.#nodes[0];
    const at = this.#indexes[0];
    const word = region.word(leaf);
    const count = i32[word + L_COUNT];
    if (count < LEAF_CAPACITY) {
      insertWord(i32, word + L_RECORDS, count, at, record);
      i32[word + L_COUNT] = count + 1;
      this.#grow(1);
      if (at === 0) this.#setFirst(1, record, score);
      return;
    }

    // At either end of all the full leaf stays full: what comes in order packs tightly.
    const appends = at === count && i32[word + L_NEXT] === 0;
    const prepends = at === 0 && i32[word + L_PREVIOUS] === 0;
    const cut = appends ? count : prepends ? 0 : count >>> 1;
    const right = this.#take(FREE_LEAVES, LEAF_UNITS);
    const rightWord = region.word(right);
    const moved = count - cut;
    const from = word + L_RECORDS + cut;
    i32.copyWithin(rightWord + L_RECORDS, from, from + moved);
    i32[word + L_COUNT] = cut;
    i32[rightWord + L_COUNT] = moved;
    this.#linkLeaf(leaf, right);
    if (at > cut || appends) {
      insertWord(i32, rightWord + L_RECORDS, moved, at - cut, record);
      i32[rightWord + L_COUNT] = moved + 1;
    } else {
      insertWord(i32, word + L_RECORDS, cut, at, record);
      i32[word + L_COUNT] = cut + 1;
    }
    if (at === 0) this.#setFirst(1, record, score);
    const first = i32[rightWord + L_RECORDS];
    this.#addChild(
      1,
      i32[word + L_COUNT],
      right,
      i32[rightWord + L_COUNT],
      first,
      scoreOf(region, first),
      appends,
    );
  }

  /** Puts a record behind all others. Room is there. */
  append(record: number, score: number): void {
    const region = this.#region;
    const { i32 } = region;
    let node = this.#get(ROOT);
    for (let level = this.#get(HEIGHT); level > 0; level--) {
      const word = region.word(node);
      const last = i32[word + I_COUNT] - 1;
      this.#nodes[level] = node;
      this.#indexes[level] = last;
      node = i32[word + I_CHILDREN + last];
    }
    this.#nodes[0] = node;
    this.#indexes[0] = i32[region.word(node) + L_COUNT];
    this.insert(record, score);
  }

  #linkLeaf(leaf: number, right: number): void {
    const region = this.#region;
    const { i32 } = region;
    const word = region.word(leaf);
    const rightWord = region.word(right);
    const next = i32[word + L_NEXT];
    i32[rightWord + L_NEXT] = next;
    i32[rightWord + L_PREVIOUS] = leaf;
    i32[word + L_NEXT] = right;
    if (next === 0) this.#set(LAST_LEAF, right);
    else i32[region.word(next) + L_PREVIOUS] = right;
    this.#set(LEAVES, this.#get(LEAVES) + 1);
  }

  /** One more element below the way, from a level up. */
  #grow(from: number): void {
    const region = this.#region;
    const height = this.#get(HEIGHT);
    for (let level = from; level <= height; level++) {
      region.i32[region.word(this.#nodes[level]) + I_SIZES + this.#indexes[level]]++;
    }
  }

  /** The first record below the way is another now: tells the levels that name it. */
  #setFirst(from: number, record: number, score: number): void {
    const region = this.#region;
    const height = this.#get(HEIGHT);
    for (let level = from; level <= height; level++) {
      const word = region.word(this.#nodes[level]);
      const i = this.#indexes[level];
      region.i32[word + I_FIRSTS + i] = record;
      region.f64[((word + I_SCORES) >>> 1) + i] = score;
      if (i !== 0) return;
    }
  }

  /**
   * A child on the way was split: names its right half behind it. One of the halves has the element
   * that came.
   */
  #addChild(
    level: number,
    leftSize: number,
    child: number,
    size: number,
    first: number,
    score: number,
    appends: boolean,
  ): void {
    const region = this.#region;
    const { i32 } = region;
    if (level > this.#get(HEIGHT)) {
      this.#raise(leftSize, child, size, first, score);
      return;
    }
    const word = region.word(this.#nodes[level]);
    const at = this.#indexes[level] + 1;
    const count = i32[word + I_COUNT];
    i32[word + I_SIZES + at - 1] = leftSize;
    if (count < WIDTH) {
      this.#insertChild(word, count, at, child, size, first, score);
      this.#grow(level + 1);
      return;
    }
    const isEnd = appends && at === count;
    const cut = isEnd ? count : (count + 1) >>> 1;
    const right = this.#take(FREE_INNERS, INNER_UNITS);
    const rightWord = region.word(right);
    this.#set(INNERS, this.#get(INNERS) + 1);
    this.#moveChildren(word, cut, rightWord, 0, count - cut);
    i32[word + I_COUNT] = cut;
    i32[rightWord + I_COUNT] = count - cut;
    if (at > cut || isEnd) {
      this.#insertChild(rightWord, count - cut, at - cut, child, size, first, score);
    } else {
      this.#insertChild(word, cut, at, child, size, first, score);
    }
    this.#addChild(
      level + 1,
      this.#sizeOf(word),
      right,
      this.#sizeOf(rightWord),
      i32[rightWord + I_FIRSTS],
      region.f64[(rightWord + I_SCORES) >>> 1],
      appends,
    );
  }

  /** Puts a new root above the old one and the half that was split off it. */
  #raise(leftSize: number, child: number, size: number, first: number, score: number): void {
    const region = this.#region;
    const { i32 } = region;
    const old = this.#get(ROOT);
    const height = this.#get(HEIGHT);
    const root = this.#take(FREE_INNERS, INNER_UNITS);
    const word = region.word(root);
    const oldWord = region.word(old);
    const oldFirst = i32[oldWord + (height === 0 ? L_RECORDS : I_FIRSTS)];
    i32[word + I_COUNT] = 0;
    this.#insertChild(word, 0, 0, old, leftSize, oldFirst, scoreOf(region, oldFirst));
    this.#insertChild(word, 1, 1, child, size, first, score);
    this.#set(ROOT, root);
    this.#set(HEIGHT, height + 1);
    this.#set(INNERS, this.#get(INNERS) + 1);
  }

  #insertChild(
    word: number,
    count: number,
    at: number,
    child: number,
    size: number,
    first: number,
    score: number,
  ): void {
    const { i32, f64 } = this.#region;
    const scores = (word + I_SCORES) >>> 1;
    f64.copyWithin(scores + at + 1, scores + at, scores + count);
    f64[scores + at] = score;
    insertWord(i32, word + I_FIRSTS, count, at, first);
    insertWord(i32, word + I_CHILDREN, count, at, child);
    insertWord(i32, word + I_SIZES, count, at, size);
    i32[word + I_COUNT] = count + 1;
  }

  #moveChildren(from: number, at: number, to: number, toAt: number, count: number): void {
    const { i32, f64 } = this.#region;
    const source = ((from + I_SCORES) >>> 1) + at;
    f64.copyWithin(((to + I_SCORES) >>> 1) + toAt, source, source + count);
    for (const part of [I_FIRSTS, I_CHILDREN, I_SIZES]) {
      i32.copyWithin(to + part + toAt, from + part + at, from + part + at + count);
    }
  }

  #sizeOf(word: number): number {
    const { i32 } = this.#region;
    let size = 0;
    for (let i = 0; i < i32[word + I_COUNT]; i++) size += i32[word + I_SIZES + i];
    return size;
  }

  // ── Removing ──────────────────────────────────────────────────────────────────────────────────

  /** Takes out the element the last search ended at. Needs no room. */
  remove(): void {
    const region = this.#region;
    const { i32 } = region;
    const height = this.#get(HEIGHT);
    const leaf = this.#nodes[0];
    const at = this.#indexes[0];
    const word = region.word(leaf);
    const count = i32[word + L_COUNT] - 1;
    removeWord(i32, word + L_RECORDS, count, at);
    i32[word + L_COUNT] = count;
    for (let level = 1; level <= height; level++) {
      i32[region.word(this.#nodes[level]) + I_SIZES + this.#indexes[level]]--;
    }
    if (height === 0) return;
    if (count === 0) {
      this.#dropLeaf(leaf);
      this.#removeChild(1, this.#indexes[1]);
      return;
    }
    if (at === 0) {
      const first = i32[word + L_RECORDS];
      this.#setFirst(1, first, scoreOf(region, first));
    }
    if (count < LEAF_LOW) this.#joinLeaf(leaf, word, count);
  }

  /** Joins a leaf on the way to a neighbour below the same node, if the two fit well in one. */
  #joinLeaf(leaf: number, word: number, count: number): void {
    const region = this.#region;
    const { i32 } = region;
    const parent = region.word(this.#nodes[1]);
    const i = this.#indexes[1];
    if (i + 1 < i32[parent + I_COUNT]) {
      const right = i32[parent + I_CHILDREN + i + 1];
      const rightWord = region.word(right);
      const more = i32[rightWord + L_COUNT];
      if (count + more <= LEAF_JOINED) {
        const from = rightWord + L_RECORDS;
        i32.copyWithin(word + L_RECORDS + count, from, from + more);
        i32[word + L_COUNT] = count + more;
        i32[parent + I_SIZES + i] += more;
        this.#dropLeaf(right);
        this.#removeChild(1, i + 1);
        return;
      }
    }
    if (i > 0) {
      const leftWord = region.word(i32[parent + I_CHILDREN + i - 1]);
      const there = i32[leftWord + L_COUNT];
      if (count + there <= LEAF_JOINED) {
        const from = word + L_RECORDS;
        i32.copyWithin(leftWord + L_RECORDS + there, from, from + count);
        i32[leftWord + L_COUNT] = there + count;
        i32[parent + I_SIZES + i - 1] += count;
        this.#dropLeaf(leaf);
        this.#removeChild(1, i);
      }
    }
  }

  #dropLeaf(leaf: number): void {
    const region = this.#region;
    const { i32 } = region;
    const word = region.word(leaf);
    const next = i32[word + L_NEXT];
    const previous = i32[word + L_PREVIOUS];
    if (next === 0) this.#set(LAST_LEAF, previous);
    else i32[region.word(next) + L_PREVIOUS] = previous;
    if (previous === 0) this.#set(FIRST_LEAF, next);
    else i32[region.word(previous) + L_NEXT] = next;
    this.#give(FREE_LEAVES, leaf);
    this.#set(LEAVES, this.#get(LEAVES) - 1);
  }

  /** Takes child `at` out of the node on the way at `level`. Its elements are elsewhere, or gone. */
  #removeChild(level: number, at: number): void {
    const region = this.#region;
    const { i32, f64 } = region;
    const node = this.#nodes[level];
    const word = region.word(node);
    const count = i32[word + I_COUNT] - 1;
    const scores = (word + I_SCORES) >>> 1;
    f64.copyWithin(scores + at, scores + at + 1, scores + count + 1);
    removeWord(i32, word + I_FIRSTS, count, at);
    removeWord(i32, word + I_CHILDREN, count, at);
    removeWord(i32, word + I_SIZES, count, at);
    i32[word + I_COUNT] = count;
    if (level === this.#get(HEIGHT)) {
      this.#lower();
      return;
    }
    if (count === 0) {
      this.#dropInner(node);
      this.#removeChild(level + 1, this.#indexes[level + 1]);
      return;
    }
    if (at === 0) this.#setFirst(level + 1, i32[word + I_FIRSTS], f64[scores]);
    if (count < INNER_LOW) this.#joinInner(level, word, count);
  }

  #joinInner(level: number, word: number, count: number): void {
    const region = this.#region;
    const { i32 } = region;
    const parent = region.word(this.#nodes[level + 1]);
    const i = this.#indexes[level + 1];
    if (i + 1 < i32[parent + I_COUNT]) {
      const right = i32[parent + I_CHILDREN + i + 1];
      const rightWord = region.word(right);
      const more = i32[rightWord + I_COUNT];
      if (count + more <= INNER_JOINED) {
        this.#moveChildren(rightWord, 0, word, count, more);
        i32[word + I_COUNT] = count + more;
        i32[parent + I_SIZES + i] += i32[parent + I_SIZES + i + 1];
        this.#dropInner(right);
        this.#removeChild(level + 1, i + 1);
        return;
      }
    }
    if (i > 0) {
      const leftWord = region.word(i32[parent + I_CHILDREN + i - 1]);
      const there = i32[leftWord + I_COUNT];
      if (count + there <= INNER_JOINED) {
        this.#moveChildren(word, 0, leftWord, there, count);
        i32[leftWord + I_COUNT] = there + count;
        i32[parent + I_SIZES + i - 1] += i32[parent + I_SIZES + i];
        this.#dropInner(this.#nodes[level]);
        this.#removeChild(level + 1, i);
      }
    }
  }

  #dropInner(node: number): void {
    this.#give(FREE_INNERS, node);
    this.#set(INNERS, this.#get(INNERS) - 1);
  }

  /** Takes away roots that have a single child. */
  #lower(): void {
    const region = this.#region;
    const { i32 } = region;
    while (this.#get(HEIGHT) > 0) {
      const root = this.#get(ROOT);
      const word = region.word(root);
      if (i32[word + I_COUNT] > 1) return;
      this.#set(ROOT, i32[word + I_CHILDREN]);
      this.#set(HEIGHT, this.#get(HEIGHT) - 1);
      this.#dropInner(root);
    }
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Walks the tree: calls `record` for each element in order and `node` for each node with its
   * units. Answers what is wrong, or undefined.
   */
  audit(
    record: (record: number) => void,
    node: (block: number, units: number) => void,
  ): string | undefined {
    const leaves: number[] = [];
    let inners = 0;
    const region = this.#region;
    const { i32, f64 } = region;

    const walk = (block: number, level: number): string | undefined => {
      const word = region.word(block);
      if (level === 0) {
        node(block, LEAF_UNITS);
        leaves.push(block);
        for (let i = 0; i < i32[word + L_COUNT]; i++) record(i32[word + L_RECORDS + i]);
        return undefined;
      }
      node(block, INNER_UNITS);
      inners++;
      const count = i32[word + I_COUNT];
      if (count < 1 || count > WIDTH) return `node ${block} has ${count} children`;
      for (let i = 0; i < count; i++) {
        const child = i32[word + I_CHILDREN + i];
        const childWord = region.word(child);
        const first = i32[childWord + (level === 1 ? L_RECORDS : I_FIRSTS)];
        if (i32[word + I_FIRSTS + i] !== first) return `node ${block} names a wrong first record`;
        if (!Object.is(f64[((word + I_SCORES) >>> 1) + i] + 0, scoreOf(region, first) + 0)) {
          return `node ${block} has a score that is not its record's`;
        }
        const size = level === 1 ? i32[childWord + L_COUNT] : this.#sizeOf(childWord);
        if (size === 0) return `node ${child} is empty`;
        if (i32[word + I_SIZES + i] !== size) return `node ${block} counts child ${i} wrongly`;
        const fault = walk(child, level - 1);
        if (fault !== undefined) return fault;
      }
      return undefined;
    };

    const fault = walk(this.#get(ROOT), this.#get(HEIGHT));
    if (fault !== undefined) return fault;
    if (leaves.length !== this.#get(LEAVES)) return 'leaves are counted wrongly';
    if (inners !== this.#get(INNERS)) return 'inner nodes are counted wrongly';
    if (this.#get(FIRST_LEAF) !== leaves[0]) return 'the first leaf is another';
    if (this.#get(LAST_LEAF) !== leaves[leaves.length - 1]) return 'the last leaf is another';
    for (let i = 0; i < leaves.length; i++) {
      if (this.nextLeaf(leaves[i]) !== (leaves[i + 1] ?? 0)) return 'the leaves are torn';
      if (this.previousLeaf(leaves[i]) !== (leaves[i - 1] ?? 0)) return 'the leaves are torn';
    }
    for (const [list, units] of [
      [FREE_LEAVES, LEAF_UNITS],
      [FREE_INNERS, INNER_UNITS],
    ]) {
      let free = 0;
      for (let block = this.#get(list); block !== 0; block = i32[region.word(block)]) {
        node(block, units);
        free++;
      }
      if (free !== this.#get(list + 1)) return 'free nodes are counted wrongly';
    }
    return undefined;
  }

  #take(list: number, units: number): number {
    const region = this.#region;
    const node = this.#get(list);
    if (node === 0) return region.take(units);
    this.#set(list, region.i32[region.word(node)]);
    this.#set(list + 1, this.#get(list + 1) - 1);
    return node;
  }

  #give(list: number, node: number): void {
    const region = this.#region;
    region.i32[region.word(node)] = this.#get(list);
    this.#set(list, node);
    this.#set(list + 1, this.#get(list + 1) + 1);
  }

  #get(word: number): number {
    const region = this.#region;
    return region.i32[region.base + this.#header + word];
  }

  #set(word: number, value: number): void {
    const region = this.#region;
    region.i32[region.base + this.#header + word] = value;
  }
}

/** Puts a word at place `at` of `count`. */
function insertWord(i32: Int32Array, base: number, count: number, at: number, word: number): void {
  if (at < count) i32.copyWithin(base + at + 1, base + at, base + count);
  i32[base + at] = word;
}

/** Takes out the word at place `at`; `count` are left. */
function removeWord(i32: Int32Array, base: number, count: number, at: number): void {
  // So few words are moved faster than the call of copyWithin takes.
  const end = base + count;
  for (let i = base + at; i < end; i++) i32[i] = i32[i + 1];
}
