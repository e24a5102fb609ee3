/**
 * Id tree: elements by their stream id, each with some words beside it. A B+-tree in a region.
 *
 *   node    │ level, capacity, count │ (root: all elements) │ element │ element │ …
 *   leaf    element:  id, 4 words │ words of the owner
 *   inner   element:  least id there may be below, 4 words │ node
 *
 * A stream has many: one of its log's nodes, one of what each of its groups has pending, one for
 * each consumer. So an empty tree is a root of 0 and takes nothing, and a small one is a leaf that
 * doubles as it fills. Nodes of larger trees have all the same size, so that one given back is
 * good for any other.
 *
 * Ids mostly come in order: a full node at the end is not divided but gets a neighbour, and so
 * nodes are full. Elements go at any place: a node that has become small joins the one beside it,
 * where both fit in one. Nothing else is done about nodes that are not full.
 *
 * The owner keeps the root: open() says where it is, and `root` may be another after each change.
 * What was found is at word `at` of the region, its own words from `own` on. That is good until
 * something in the region changes or room is made.
 */

import { assert } from '../std/assert.ts';
import { type Region, unitsFor } from './region.ts';
import { StreamId } from './stream-id.ts';

/** Words of an id. */
export const ID_WORDS = 4;
/** Units of every node of a tree that has more than one. */
const NODE_UNITS = 64;
const HEADER = 2;
const INNER_STRIDE = ID_WORDS + 1;
const INNER_CAPACITY = capacityOf(INNER_STRIDE);
const LEVELS_MAX = 16;

const COUNT_BITS = 10;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const LEVEL_SHIFT = COUNT_BITS * 2;

function capacityOf(stride: number): number {
  return Math.floor((NODE_UNITS * 2 - HEADER) / stride);
}

function headerOf(level: number, capacity: number, count: number): number {
  return (level << LEVEL_SHIFT) | (capacity << COUNT_BITS) | count;
}

/** What an audit calls for every block of a tree. */
export type Claim = (block: number, units: number) => void;

export class IdTree {
  /** Address of the root, 0 when the tree is empty. */
  root = 0;
  /** Word of the element gone to. */
  at = 0;
  readonly #region: Region;
  readonly #stride: number;
  readonly #capacity: number;
  // The way to the element gone to, by level: nodes, and the places in them.
  readonly #nodes = new Int32Array(LEVELS_MAX);
  readonly #places = new Int32Array(LEVELS_MAX);
  #levels = 0;
  /** The least id of the node, or the id of the element, that is being added. */
  readonly #coming = new Int32Array(ID_WORDS);

  /** A lens on trees in `region` whose elements have `words` words beside their id. */
  constructor(region: Region, words: number) {
    this.#region = region;
    this.#stride = ID_WORDS + words;
    this.#capacity = capacityOf(this.#stride);
  }

  open(root: number): this {
    this.root = root;
    this.at = 0;
    return this;
  }

  /** Elements. */
  get count(): number {
    return this.root === 0 ? 0 : this.#region.i32[this.#region.word(this.root) + 1];
  }

  /** The first word beside the id of the element gone to. */
  get own(): number {
    return this.at + ID_WORDS;
  }

  /** Makes `id` that of the element gone to. */
  readId(id: StreamId): StreamId {
    return id.read(this.#region.i32, this.at);
  }

  // ── Going to an element ───────────────────────────────────────────────────────────────────────

  /** Goes to the element of an id. Answers false when there is none. */
  find(id: StreamId): boolean {
    return this.#descend(id);
  }

  /** Goes to the first element that has that id or a larger one. */
  seekAtLeast(id: StreamId): boolean {
    if (this.root === 0) return false;
    if (this.#descend(id)) return true;
    return this.#places[0] < this.#countAt(0) ? this.#arrive() : this.#stepOver(1);
  }

  /** Goes to the last element that has that id or a smaller one. */
  seekAtMost(id: StreamId): boolean {
    if (this.root === 0) return false;
    return this.#descend(id) || this.previous();
  }

  seekFirst(): boolean {
    if (this.root === 0) return false;
    this.#levels = this.#levelOf(this.root);
    return this.#runDown(this.root, this.#levels, true);
  }

  seekLast(): boolean {
    if (this.root === 0) return false;
    this.#levels = this.#levelOf(this.root);
    return this.#runDown(this.root, this.#levels, false);
  }

  /** Goes to the element behind. Answers false, and is nowhere, behind the last. */
  next(): boolean {
    if (++this.#places[0] < this.#countAt(0)) return this.#arrive();
    return this.#stepOver(1);
  }

  /** Goes to the element in front. Answers false, and is nowhere, in front of the first. */
  previous(): boolean {
    if (--this.#places[0] >= 0) return this.#arrive();
    return this.#stepOver(-1);
  }

  /** Goes down to the leaf where an id belongs, and to the place of the first that is no less. */
  #descend(id: StreamId): boolean {
    if (this.root === 0) return false;
    const region = this.#region;
    const { i32 } = region;
    let node = this.root;
    let level = this.#levelOf(node);
    this.#levels = level;
    for (; level > 0; level--) {
      const elements = region.word(node) + HEADER;
      // The last whose least id is not behind; of the first none is asked.
      let low = 0;
      let high = (i32[elements - HEADER] & COUNT_MASK) - 1;
      while (low < high) {
        const middle = (low + high + 1) >>> 1;
        if (id.compareAt(i32, elements + middle * INNER_STRIDE) >= 0) low = middle;
        else high = middle - 1;
      }
      this.#nodes[level] = node;
      this.#places[level] = low;
      node = i32[elements + low * INNER_STRIDE + ID_WORDS];
    }
    const stride = this.#stride;
    const elements = region.word(node) + HEADER;
    const count = i32[elements - HEADER] & COUNT_MASK;
    this.#nodes[0] = node;
    let low = 0;
    let high = count;
    // Most come behind all others.
    if (count > 0 && id.compareAt(i32, elements + (count - 1) * stride) > 0) low = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (id.compareAt(i32, elements + middle * stride) > 0) low = middle + 1;
      else high = middle;
    }
    this.#places[0] = low;
    this.at = elements + low * stride;
    return low < count && id.compareAt(i32, this.at) === 0;
  }

  #arrive(): boolean {
    this.at = this.#region.word(this.#nodes[0]) + HEADER + this.#places[0] * this.#stride;
    return true;
  }

  /** Goes from one leaf to the near end of the next, or the one before. */
  #stepOver(step: number): boolean {
    const region = this.#region;
    for (let level = 1; level <= this.#levels; level++) {
      const place = this.#places[level] + step;
      if (place < 0 || place >= this.#countAt(level)) continue;
      this.#places[level] = place;
      const elements = region.word(this.#nodes[level]) + HEADER;
      const node = region.i32[elements + place * INNER_STRIDE + ID_WORDS];
      return this.#runDown(node, level - 1, step > 0);
    }
    return false;
  }

  #runDown(from: number, fromLevel: number, toFirst: boolean): boolean {
    const region = this.#region;
    let node = from;
    for (let level = fromLevel; ; level--) {
      this.#nodes[level] = node;
      const place = toFirst ? 0 : this.#countAt(level) - 1;
      this.#places[level] = place;
      if (level === 0) return this.#arrive();
      node = region.i32[region.word(node) + HEADER + place * INNER_STRIDE + ID_WORDS];
    }
  }

  #levelOf(node: number): number {
    return this.#region.i32[this.#region.word(node)] >>> LEVEL_SHIFT;
  }

  #countAt(level: number): number {
    return this.#region.i32[this.#region.word(this.#nodes[level])] & COUNT_MASK;
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Units of a leaf for so many elements. */
  #leafUnits(capacity: number): number {
    return capacity >= this.#capacity ? NODE_UNITS : (HEADER + capacity * this.#stride + 1) >>> 1;
  }

  /** Units of a tree that so many elements are put in, one behind the other, and not more. */
  unitsOf(count: number): number {
    if (count === 0) return 0;
    if (count <= this.#capacity) return this.#leafUnits(count);
    let units = 0;
    let nodes = Math.ceil(count / this.#capacity);
    for (; nodes > 1; nodes = Math.ceil(nodes / INNER_CAPACITY)) units += nodes * NODE_UNITS;
    return units + NODE_UNITS;
  }

  /** Fresh units that such a tree takes at most, where chunks have so many units. */
  freshForTree(count: number, chunkUnits: number): number {
    const units = this.unitsOf(count);
    return units === 0 ? 0 : unitsFor(units, NODE_UNITS, chunkUnits);
  }

  /**
   * Fresh units that `count` new elements can take at most: all of them behind the others, or
   * anywhere. Such demands of several trees may be added up.
   */
  freshFor(count: number, isBehind: boolean): number {
    const units = this.#unitsFor(count, isBehind);
    return units === 0 ? 0 : unitsFor(units, NODE_UNITS, this.#region.chunkUnits);
  }

  #unitsFor(added: number, isBehind: boolean): number {
    const full = this.#capacity;
    let units = 0;
    let levels = 0;
    if (this.root === 0 || this.#levelOf(this.root) === 0) {
      const count = this.count + added;
      let capacity = this.root === 0 ? 0 : this.#capacityOf(this.root);
      // A leaf alone grows: each time the last one is given back only when there is another.
      while (capacity < Math.min(count, full)) {
        capacity = this.#grown(capacity);
        units += this.#leafUnits(capacity);
      }
      if (count <= full) return units;
    } else {
      levels = this.#levelOf(this.root);
    }
    let nodes = isBehind ? Math.ceil(added / full) : this.#splitsFor(added);
    units += nodes * NODE_UNITS;
    for (let level = 1; level <= levels; level++) {
      if (isBehind) nodes = Math.ceil(nodes / INNER_CAPACITY);
      units += nodes * NODE_UNITS;
    }
    // What stands beside the root then gets a root above it.
    for (let tops = nodes + 1; tops > 1; ) {
      tops = Math.ceil(tops / (INNER_CAPACITY >>> 1));
      units += tops * NODE_UNITS;
    }
    return units;
  }

  /**
   * How many leaves are divided at most when so many elements come at any place. All that are full
   * may be, with the first that comes to each; but then half of one must come before the next. At
   * the end none is divided before a whole one has come.
   */
  #splitsFor(added: number): number {
    const full = this.#capacity;
    const most = this.count / full + added / (full >>> 1) + added / full + 2;
    return Math.min(added, Math.ceil(most));
  }

  #capacityOf(node: number): number {
    return (this.#region.i32[this.#region.word(node)] >>> COUNT_BITS) & COUNT_MASK;
  }

  /** What a leaf alone grows to. */
  #grown(capacity: number): number {
    return Math.min(this.#capacity, Math.max(1, capacity * 2));
  }

  /** Gives an empty tree a leaf for so many elements, or the largest. As unitsOf() says then. */
  prepare(count: number): void {
    if (count > 0) this.#addLeaf(Math.min(count, this.#capacity));
  }

  #addLeaf(capacity: number): void {
    const region = this.#region;
    this.root = region.take(this.#leafUnits(capacity));
    const word = region.word(this.root);
    region.i32[word] = headerOf(0, capacity, 0);
    region.i32[word + 1] = 0;
  }

  /**
   * Adds an element for an id that is not there, and goes to it. Room is there. Its own words are
   * whatever they are: the owner writes all of them.
   */
  insert(id: StreamId): void {
    const region = this.#region;
    if (this.root === 0) this.#addLeaf(1);
    const isThere = this.#descend(id);
    assert(!isThere, 'an id is there once');
    id.write(this.#coming, 0);
    const leaf = this.#openPlace(0);
    const word = region.word(leaf) + HEADER + this.#places[0] * this.#stride;
    id.write(region.i32, word);
    this.at = word;
    this.#addCount(1);
  }

  #addCount(change: number): void {
    this.#region.i32[this.#region.word(this.root) + 1] += change;
  }

  #strideAt(level: number): number {
    return level === 0 ? this.#stride : INNER_STRIDE;
  }

  /**
   * Opens a gap at the place of the way at a level, dividing the node if it is full. Answers the
   * node with the gap; `#nodes` and `#places` lead to it.
   */
  #openPlace(level: number): number {
    const region = this.#region;
    const { i32 } = region;
    const stride = this.#strideAt(level);
    const node = this.#nodes[level];
    const word = region.word(node);
    const head = i32[word];
    const count = head & COUNT_MASK;
    const capacity = (head >>> COUNT_BITS) & COUNT_MASK;
    const place = this.#places[level];
    if (count < capacity) {
      const from = word + HEADER + place * stride;
      i32.copyWithin(from + stride, from, word + HEADER + count * stride);
      i32[word] = head + 1;
      return node;
    }
    if (level === 0 && capacity < this.#capacity) {
      this.#growLeaf(word, capacity, count);
      return this.#openPlace(0);
    }
    return this.#divide(level, node, word, count, stride);
  }

  /** A leaf that is the whole tree gets a larger block. */
  #growLeaf(word: number, capacity: number, count: number): void {
    const region = this.#region;
    const { i32 } = region;
    const old = this.root;
    const larger = this.#grown(capacity);
    const made = region.take(this.#leafUnits(larger));
    const to = region.word(made);
    i32.copyWithin(to, word, word + HEADER + count * this.#stride);
    i32[to] = headerOf(0, larger, count);
    region.give(old, this.#leafUnits(capacity));
    this.root = made;
    this.#nodes[0] = made;
  }

  /** A full node gets a neighbour: with its second half, or at its end with nothing. */
  #divide(level: number, node: number, word: number, count: number, stride: number): number {
    const region = this.#region;
    const { i32 } = region;
    const place = this.#places[level];
    const kept = place === count && this.#isLast(level) ? count : count >>> 1;
    const made = region.take(NODE_UNITS);
    const to = region.word(made);
    i32.copyWithin(to + HEADER, word + HEADER + kept * stride, word + HEADER + count * stride);
    i32[word] += kept - count;
    i32[to] = headerOf(level, level === 0 ? this.#capacity : INNER_CAPACITY, count - kept);
    i32[to + 1] = 0;
    const isBehind = place > kept || kept === count;
    if (level === this.#levels) this.#addRoot(node);
    // The least id of the new node: for one with nothing in it, that of what is to come.
    for (let i = 0; i < ID_WORDS && kept < count; i++) this.#coming[i] = i32[to + HEADER + i];
    this.#places[level + 1]++;
    const parent = this.#openPlace(level + 1);
    const at = region.word(parent) + HEADER + this.#places[level + 1] * INNER_STRIDE;
    if (kept < count) i32.copyWithin(at, to + HEADER, to + HEADER + ID_WORDS);
    else i32.set(this.#coming, at);
    i32[at + ID_WORDS] = made;
    if (isBehind) {
      this.#nodes[level] = made;
      this.#places[level] = place - kept;
    } else {
      this.#nodes[level] = node;
      this.#stepParentBack(level + 1);
    }
    return this.#openPlace(level);
  }

  /** Whether the way leads along the end of the tree above a level. */
  #isLast(level: number): boolean {
    for (let above = level + 1; above <= this.#levels; above++) {
      if (this.#places[above] < this.#countAt(above) - 1) return false;
    }
    return true;
  }

  /** The way at a level leads to the new node: makes it lead to the one in front again. */
  #stepParentBack(level: number): void {
    if (this.#places[level] > 0) {
      this.#places[level]--;
      return;
    }
    // The new one is the first of its parent, which was divided between the two.
    const region = this.#region;
    let above = level + 1;
    while (this.#places[above] === 0) above++;
    this.#places[above]--;
    for (; above > level; above--) {
      const elements = region.word(this.#nodes[above]) + HEADER;
      this.#nodes[above - 1] = region.i32[elements + this.#places[above] * INNER_STRIDE + ID_WORDS];
      this.#places[above - 1] = this.#countAt(above - 1) - 1;
    }
  }

  /** Puts a node of one element above the root. */
  #addRoot(old: number): void {
    const region = this.#region;
    const { i32 } = region;
    this.#levels++;
    assert(this.#levels < LEVELS_MAX);
    const made = region.take(NODE_UNITS);
    const word = region.word(made);
    const below = region.word(old);
    i32[word] = headerOf(this.#levels, INNER_CAPACITY, 1);
    i32[word + 1] = i32[below + 1];
    i32[below + 1] = 0;
    i32.copyWithin(word + HEADER, below + HEADER, below + HEADER + ID_WORDS);
    i32[word + HEADER + ID_WORDS] = old;
    this.root = made;
    this.#nodes[this.#levels] = made;
    this.#places[this.#levels] = 0;
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the element gone to. A walk must seek its place anew then. */
  remove(): void {
    this.#addCount(-1);
    this.#close(0);
  }

  /** Closes the place of the way at a level. */
  #close(level: number): void {
    const region = this.#region;
    const { i32 } = region;
    const stride = this.#strideAt(level);
    const node = this.#nodes[level];
    const word = region.word(node);
    const count = (i32[word] & COUNT_MASK) - 1;
    const from = word + HEADER + this.#places[level] * stride;
    i32.copyWithin(from, from + stride, word + HEADER + (count + 1) * stride);
    i32[word]--;
    if (level === this.#levels) this.#settleRoot(count);
    else if (count === 0) this.#drop(level);
    else if (count <= (level === 0 ? this.#capacity : INNER_CAPACITY) >>> 2) this.#join(level);
  }

  #drop(level: number): void {
    this.#region.give(this.#nodes[level], NODE_UNITS);
    this.#close(level + 1);
  }

  /** A root with a single node below is none, nor is one with nothing. */
  #settleRoot(count: number): void {
    const region = this.#region;
    const { i32 } = region;
    if (count === 0) {
      region.give(this.root, this.#leafUnits(this.#capacityOf(this.root)));
      this.root = 0;
      return;
    }
    while (this.#levelOf(this.root) > 0) {
      const word = region.word(this.root);
      if ((i32[word] & COUNT_MASK) > 1) return;
      const below = i32[word + HEADER + ID_WORDS];
      i32[region.word(below) + 1] = i32[word + 1];
      region.give(this.root, NODE_UNITS);
      this.root = below;
    }
  }

  /** Puts a node that has become small and one beside it together, if they fit in one easily. */
  #join(level: number): void {
    const place = this.#places[level + 1];
    const last = this.#countAt(level + 1) - 1;
    if (place > 0 && this.#joinAt(level, place)) return;
    if (place < last) this.#joinAt(level, place + 1);
  }

  /** Moves all of the node at a place of the parent to the end of the one in front of it. */
  #joinAt(level: number, place: number): boolean {
    const region = this.#region;
    const { i32 } = region;
    const stride = this.#strideAt(level);
    const above = region.word(this.#nodes[level + 1]) + HEADER + place * INNER_STRIDE;
    const node = i32[above + ID_WORDS];
    const from = region.word(node);
    const to = region.word(i32[above - INNER_STRIDE + ID_WORDS]);
    const count = i32[from] & COUNT_MASK;
    const held = i32[to] & COUNT_MASK;
    const capacity = level === 0 ? this.#capacity : INNER_CAPACITY;
    if ((held + count) * 4 > capacity * 3) return false;
    const end = to + HEADER + held * stride;
    i32.copyWithin(end, from + HEADER, from + HEADER + count * stride);
    // Nobody asked for the least id of what was first of a node; in the middle it counts.
    if (level > 0) i32.copyWithin(end, above, above + ID_WORDS);
    i32[to] += count;
    region.give(node, NODE_UNITS);
    this.#places[level + 1] = place;
    this.#close(level + 1);
    return true;
  }

  /** Gives back all blocks. The tree is empty then. */
  free(): void {
    if (this.root !== 0) this.#freeNode(this.root, this.#levelOf(this.root));
    this.root = 0;
  }

  #freeNode(node: number, level: number): void {
    const region = this.#region;
    if (level === 0) {
      region.give(node, this.#leafUnits(this.#capacityOf(node)));
      return;
    }
    const elements = region.word(node) + HEADER;
    const count = region.i32[elements - HEADER] & COUNT_MASK;
    for (let i = 0; i < count; i++) {
      this.#freeNode(region.i32[elements + i * INNER_STRIDE + ID_WORDS], level - 1);
    }
    region.give(node, NODE_UNITS);
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /** What is wrong, or undefined. Calls `claim` for every block. */
  audit(claim: Claim): string | undefined {
    if (this.root === 0) return undefined;
    const level = this.#levelOf(this.root);
    const least = new StreamId().setMin();
    const end = new StreamId().setMax();
    const found = { count: 0, problem: undefined as string | undefined };
    this.#auditNode(this.root, level, least, end, true, claim, found);
    if (found.problem === undefined && found.count !== this.count) {
      return 'elements of a tree of ids are counted wrongly';
    }
    return found.problem;
  }

  /** Looks into a node all of whose ids lie from `least` up to `end`, or at it when it is last. */
  #auditNode(
    node: number,
    level: number,
    least: StreamId,
    end: StreamId,
    isLast: boolean,
    claim: Claim,
    found: { count: number; problem: string | undefined },
  ): void {
    const region = this.#region;
    const { i32 } = region;
    const word = region.word(node);
    const head = i32[word];
    const count = head & COUNT_MASK;
    const capacity = (head >>> COUNT_BITS) & COUNT_MASK;
    const isRoot = node === this.root;
    claim(node, level === 0 ? this.#leafUnits(capacity) : NODE_UNITS);
    const full = level === 0 ? this.#capacity : INNER_CAPACITY;
    if (head >>> LEVEL_SHIFT !== level) found.problem ??= `node ${node} is at a wrong level`;
    if (capacity > full || (capacity < full && !isRoot)) found.problem ??= `node ${node} is small`;
    if (count < 1 || count > capacity) found.problem ??= `node ${node} has a wrong count`;
    if (found.problem !== undefined) return;
    const stride = this.#strideAt(level);
    const id = new StreamId();
    const before = new StreamId().copy(least);
    for (let i = 0; i < count; i++) {
      id.read(i32, word + HEADER + i * stride);
      const isFirst = i === 0;
      if (level > 0 && isFirst) id.copy(least);
      const order = id.compare(before);
      if (order < 0 || (order === 0 && !isFirst)) found.problem ??= `node ${node} is out of order`;
      const behind = id.compare(end);
      if (behind > 0 || (behind === 0 && !isLast)) found.problem ??= `node ${node} goes too far`;
      before.copy(id);
      if (level === 0) {
        found.count++;
        continue;
      }
      const own = i === count - 1;
      const next = new StreamId();
      if (own) next.copy(end);
      else next.read(i32, word + HEADER + (i + 1) * stride);
      const below = i32[word + HEADER + i * stride + ID_WORDS];
      this.#auditNode(below, level - 1, id, next, own && isLast, claim, found);
    }
  }
}
