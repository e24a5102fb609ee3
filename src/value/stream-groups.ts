/**
 * Stream groups: who of a consumer group was given which entries, and has not acknowledged them.
 *
 *   stream ── list of groups, by name
 *               group ── last id · entries read
 *                 ├── pending: by id   consumer · deliveries · time of the last
 *                 └── list of consumers, by name
 *                       consumer ── seen · active
 *                         └── own: ids of those that are its
 *
 * All of it lies in the region of the stream, which has one word for it: the list of groups. What
 * is pending is kept once, in the tree of its group; a consumer has only ids, so that its own can be
 * walked in order, and what is known of one is looked up by its id.
 *
 * One group and one consumer are gone to, by name or by place; so is one pending entry, by id. The
 * rest of the face speaks of them. Addresses stay good while room is made, places in the trees do
 * not. A write reserves first, see reserve(), and can't fail then.
 */

import { type Claim, ID_WORDS, IdTree } from './id-tree.ts';
import { BlockNeed, NAMED, NameList } from './name-list.ts';
import type { Region } from './region.ts';
import { StreamId } from './stream-id.ts';
import {
  type ConsumerImage,
  type GroupImage,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  PENDING_WORDS,
} from './stream-image.ts';
import type { BulkSink } from './string.ts';

// Words of a group.
const G_LAST_ID = NAMED;
const G_READ = G_LAST_ID + ID_WORDS;
const G_PENDING = G_READ + 2;
const G_CONSUMERS = G_PENDING + 1;
const GROUP_WORDS = G_CONSUMERS + 1;

// Words of a consumer. Times are doubles.
const C_SEEN = NAMED;
const C_ACTIVE = C_SEEN + 2;
const C_OWN = C_ACTIVE + 2;
const CONSUMER_WORDS = C_OWN + 2;

// Words of a pending entry beside its id, as an image has them.
const P_TIME = PENDING_TIME - ID_WORDS;
const P_COUNT = PENDING_COUNT - ID_WORDS;
const P_CONSUMER = PENDING_CONSUMER - ID_WORDS;
const OWN_WORDS = PENDING_WORDS - ID_WORDS;

const NODE_UNITS = 64;
const TWO_32 = 2 ** 32;
/** The time at which a consumer was active that never was. */
const NEVER = -1;

export class StreamGroups {
  readonly #region: Region;
  readonly #word: number;
  readonly #groups: NameList;
  readonly #consumers: NameList;
  readonly #pending: IdTree;
  readonly #own: IdTree;
  readonly #need = new BlockNeed();
  readonly #id = new StreamId();
  /** Address of the group gone to, and of the consumer. */
  #group = 0;
  #consumer = 0;

  /** A lens on the groups in `region`, whose list is named by a word of its header. */
  constructor(region: Region, word: number) {
    this.#region = region;
    this.#word = word;
    this.#groups = new NameList(region, GROUP_WORDS);
    this.#consumers = new NameList(region, CONSUMER_WORDS);
    this.#pending = new IdTree(region, OWN_WORDS);
    this.#own = new IdTree(region, 0);
  }

  #openGroups(): NameList {
    const { i32, base } = this.#region;
    return this.#groups.open(i32[base + this.#word]);
  }

  #saveGroups(): void {
    const { i32, base } = this.#region;
    i32[base + this.#word] = this.#groups.list;
  }

  #get(record: number, word: number): number {
    return this.#region.i32[this.#region.word(record) + word];
  }

  #set(record: number, word: number, value: number): void {
    this.#region.i32[this.#region.word(record) + word] = value;
  }

  #time(word: number): number {
    return this.#region.f64[(this.#region.word(this.#consumer) + word) >>> 1];
  }

  #setTime(word: number, time: number): void {
    this.#region.f64[(this.#region.word(this.#consumer) + word) >>> 1] = time;
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────

  get count(): number {
    return this.#openGroups().count;
  }

  /** Goes to the group of a name. Answers false when there is none. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    const record = this.#openGroups().find(bytes, start, end);
    if (record === 0) return false;
    this.#enter(record);
    return true;
  }

  /** Goes to the group at a place in the order of names. */
  goTo(place: number): void {
    this.#enter(this.#openGroups().at(place));
  }

  /** Names the group gone to, until something is removed. */
  get mark(): number {
    return this.#group;
  }

  /** Goes to the group of a mark. */
  goToMark(mark: number): void {
    this.#enter(mark);
  }

  #enter(record: number): void {
    this.#group = record;
    this.#consumer = 0;
    this.#openTrees();
  }

  /** Looks at the trees and the list of the group anew: something may have changed them. */
  #openTrees(): void {
    this.#pending.open(this.#get(this.#group, G_PENDING));
    this.#consumers.open(this.#get(this.#group, G_CONSUMERS));
  }

  writeName(sink: BulkSink): void {
    this.#groups.writeName(this.#group, sink);
  }

  readLastId(id: StreamId): StreamId {
    const region = this.#region;
    return id.read(region.i32, region.word(this.#group) + G_LAST_ID);
  }

  setLastId(id: StreamId): void {
    const region = this.#region;
    id.write(region.i32, region.word(this.#group) + G_LAST_ID);
  }

  /** Order of an id and the last delivered one. */
  compareToLast(id: StreamId): number {
    const region = this.#region;
    return id.compareAt(region.i32, region.word(this.#group) + G_LAST_ID);
  }

  get knowsEntriesRead(): boolean {
    return (this.#get(this.#group, G_READ) & this.#get(this.#group, G_READ + 1)) !== -1;
  }

  /** Entries read since the stream began, -1 when it is not known. */
  get entriesRead(): bigint {
    const low = BigInt(this.#get(this.#group, G_READ) >>> 0);
    return (BigInt(this.#get(this.#group, G_READ + 1)) << 32n) | low;
  }

  set entriesRead(count: bigint) {
    this.#set(this.#group, G_READ, Number(BigInt.asIntN(32, count)));
    this.#set(this.#group, G_READ + 1, Number(BigInt.asIntN(32, count >> 32n)));
  }

  /** Counts one more entry read, without a bigint. */
  countRead(): void {
    const { i32 } = this.#region;
    const word = this.#region.word(this.#group) + G_READ;
    i32[word]++;
    if (i32[word] === 0) i32[word + 1]++;
  }

  /** Entries pending in the group. */
  get pendingCount(): number {
    return this.#pending.count;
  }

  /** Makes room for a group whose name has so many bytes. Answers false when there is none. */
  reserveGroup(nameSize: number): boolean {
    const need = this.#need.clear(this.#region.chunkUnits);
    this.#openGroups().addNeed(need, nameSize);
    return this.#region.reserveFresh(need.fresh);
  }

  /** Fresh units for the first group, where chunks have so many units. */
  freshForFirst(nameSize: number, chunkUnits: number): number {
    const need = this.#need.clear(chunkUnits);
    this.#groups.open(0).addNeed(need, nameSize);
    return need.fresh;
  }

  /** Adds a group of a name that find() did not find, and goes to it. Room is there. */
  create(
    bytes: Uint8Array,
    start: number,
    end: number,
    lastId: StreamId,
    entriesRead: bigint,
  ): void {
    const groups = this.#openGroups();
    const record = groups.insert(bytes, start, end);
    this.#saveGroups();
    this.#enter(record);
    this.setLastId(lastId);
    this.entriesRead = entriesRead;
  }

  /** Removes the group that find() found, with all it has. */
  destroy(): void {
    const consumers = this.#consumers;
    for (let i = 0; i < consumers.count; i++) {
      this.#own.open(this.#get(consumers.at(i), C_OWN)).free();
    }
    consumers.free();
    this.#pending.free();
    this.#groups.remove();
    this.#saveGroups();
    this.#group = 0;
    this.#consumer = 0;
  }

  // ── Consumers of the group ────────────────────────────────────────────────────────────────────

  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** Goes to the consumer of a name. Answers false when there is none. */
  findConsumer(bytes: Uint8Array, start: number, end: number): boolean {
    this.#consumer = this.#consumers.find(bytes, start, end);
    return this.#consumer !== 0;
  }

  /** Goes to the consumer at a place in the order of names. */
  goToConsumer(place: number): void {
    this.#consumer = this.#consumers.at(place);
  }

  writeConsumerName(sink: BulkSink): void {
    this.#consumers.writeName(this.#consumer, sink);
  }

  get seenTime(): number {
    return this.#time(C_SEEN);
  }

  set seenTime(time: number) {
    this.#setTime(C_SEEN, time);
  }

  /** -1 when it never was active. */
  get activeTime(): number {
    return this.#time(C_ACTIVE);
  }

  set activeTime(time: number) {
    this.#setTime(C_ACTIVE, time);
  }

  /** Entries pending for the consumer. */
  get ownCount(): number {
    return this.#openOwn().count;
  }

  #openOwn(): IdTree {
    return this.#own.open(this.#get(this.#consumer, C_OWN));
  }

  #saveOwn(consumer: number): void {
    this.#set(consumer, C_OWN, this.#own.root);
  }

  /** Adds a consumer of a name that findConsumer() did not find. Room is there. */
  createConsumer(bytes: Uint8Array, start: number, end: number, now: number): void {
    this.#consumer = this.#consumers.insert(bytes, start, end);
    this.#set(this.#group, G_CONSUMERS, this.#consumers.list);
    this.seenTime = now;
    this.activeTime = NEVER;
  }

  /** Removes the consumer that findConsumer() found. What was pending for it is so no more. */
  deleteConsumer(): void {
    const own = this.#openOwn();
    const pending = this.#pending;
    for (let more = own.seekFirst(); more; more = own.next()) {
      if (pending.find(own.readId(this.#id))) pending.remove();
    }
    this.#set(this.#group, G_PENDING, pending.root);
    own.free();
    this.#consumers.remove();
    this.#set(this.#group, G_CONSUMERS, this.#consumers.list);
    this.#consumer = 0;
  }

  // ── Pending entries of the group ──────────────────────────────────────────────────────────────

  /** Goes to what is pending of an id. Answers false when nothing is. */
  findPending(id: StreamId): boolean {
    return this.#pending.find(id);
  }

  /** Goes to the first pending entry with that id or a larger one. */
  seekPending(id: StreamId): boolean {
    return this.#pending.seekAtLeast(id);
  }

  seekFirstPending(): boolean {
    return this.#pending.seekFirst();
  }

  seekLastPending(): boolean {
    return this.#pending.seekLast();
  }

  nextPending(): boolean {
    return this.#pending.next();
  }

  readPendingId(id: StreamId): StreamId {
    return this.#pending.readId(id);
  }

  /** Whether it is pending for the consumer gone to. */
  get isOwn(): boolean {
    return this.#region.i32[this.#pending.own + P_CONSUMER] === this.#consumer;
  }

  writeOwnerName(sink: BulkSink): void {
    const consumer = this.#region.i32[this.#pending.own + P_CONSUMER];
    this.#consumers.writeName(consumer, sink);
  }

  get deliveryTime(): number {
    const word = this.#pending.own + P_TIME;
    return this.#region.i32[word + 1] * TWO_32 + (this.#region.i32[word] >>> 0);
  }

  set deliveryTime(time: number) {
    const word = this.#pending.own + P_TIME;
    this.#region.i32[word] = time | 0;
    this.#region.i32[word + 1] = Math.floor(time / TWO_32) | 0;
  }

  /** How often it was delivered, as Redis prints it: beyond 2^63 - 1 it is negative. */
  get deliveries(): bigint {
    const word = this.#pending.own + P_COUNT;
    const low = BigInt(this.#region.i32[word] >>> 0);
    return (BigInt(this.#region.i32[word + 1]) << 32n) | low;
  }

  set deliveries(count: bigint) {
    const word = this.#pending.own + P_COUNT;
    this.#region.i32[word] = Number(BigInt.asIntN(32, count));
    this.#region.i32[word + 1] = Number(BigInt.asIntN(32, count >> 32n));
  }

  /** The same where it is a small number, else -1. */
  get fewDeliveries(): number {
    const word = this.#pending.own + P_COUNT;
    return this.#region.i32[word + 1] === 0 ? this.#region.i32[word] >>> 0 : -1;
  }

  countDelivery(): void {
    const { i32 } = this.#region;
    const word = this.#pending.own + P_COUNT;
    i32[word]++;
    if (i32[word] === 0) i32[word + 1]++;
  }

  /** Goes to the first id of the consumer's own that is no less than `id`. */
  seekOwn(id: StreamId): boolean {
    return this.#openOwn().seekAtLeast(id);
  }

  nextOwn(): boolean {
    return this.#own.next();
  }

  readOwnId(id: StreamId): StreamId {
    return this.#own.readId(id);
  }

  // ── Changing what is pending ──────────────────────────────────────────────────────────────────

  /**
   * Makes room for what is about to change: a consumer whose name has `nameSize` bytes (-1 for
   * none), and so many ids for the group and for the consumer gone to, or the new one. Ids are
   * `isBehind` when they come in order, all behind the last that was delivered.
   */
  reserve(nameSize: number, groupIds: number, ownIds: number, isBehind: boolean): boolean {
    const need = this.#need.clear(this.#region.chunkUnits);
    if (nameSize >= 0) this.#consumers.addNeed(need, nameSize);
    const pending = this.#pending;
    const own = nameSize >= 0 ? this.#own.open(0) : this.#openOwn();
    const areLast = isBehind && this.nothingIsBehind();
    need.addMany(pending.freshFor(groupIds, areLast), NODE_UNITS);
    need.addMany(own.freshFor(ownIds, areLast), NODE_UNITS);
    return this.#region.reserveFresh(need.fresh);
  }

  /** Whether no id is pending behind the last one delivered: SETID may have set that back. */
  nothingIsBehind(): boolean {
    return !this.#pending.seekLast() || this.compareToLast(this.readPendingId(this.#id)) <= 0;
  }

  /** An entry is delivered to the consumer, for the first time or, unless it `isNew`, again. */
  deliver(id: StreamId, now: number, isNew: boolean): void {
    if (!isNew && this.#pending.find(id)) {
      if (!this.isOwn) this.takeOver(id);
    } else {
      this.addPending(id);
    }
    this.#setDelivered(now);
  }

  #setDelivered(now: number): void {
    const word = this.#pending.own + P_COUNT;
    this.#region.i32[word] = 1;
    this.#region.i32[word + 1] = 0;
    this.deliveryTime = now;
  }

  /** Makes an id that is not pending so for the consumer. Its other words are to be written. */
  addPending(id: StreamId): void {
    const pending = this.#pending;
    pending.insert(id);
    this.#set(this.#group, G_PENDING, pending.root);
    this.#addOwn(id);
  }

  #addOwn(id: StreamId): void {
    this.#openOwn().insert(id);
    this.#saveOwn(this.#consumer);
    this.#region.i32[this.#pending.own + P_CONSUMER] = this.#consumer;
  }

  /** Makes the pending entry gone to, of another consumer, one of this. */
  takeOver(id: StreamId): void {
    this.#removeFromOwner(id);
    this.#addOwn(id);
  }

  #removeFromOwner(id: StreamId): void {
    const owner = this.#region.i32[this.#pending.own + P_CONSUMER];
    const own = this.#own.open(this.#get(owner, C_OWN));
    if (own.find(id)) own.remove();
    this.#saveOwn(owner);
  }

  /** Makes the pending entry gone to pending no more. A walk must seek its place anew. */
  removePending(id: StreamId): void {
    this.#removeFromOwner(id);
    this.#pending.remove();
    this.#set(this.#group, G_PENDING, this.#pending.root);
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /** All groups, outside of any zone. */
  images(): GroupImage[] {
    const images: GroupImage[] = [];
    for (let i = 0; i < this.count; i++) {
      this.goTo(i);
      images.push(this.#image());
    }
    return images;
  }

  #image(): GroupImage {
    const consumers: ConsumerImage[] = [];
    const places = new Map<number, number>();
    for (let i = 0; i < this.consumerCount; i++) {
      this.goToConsumer(i);
      places.set(this.#consumer, i);
      consumers.push({
        name: this.#consumers.copyName(this.#consumer),
        seenTime: this.seenTime,
        activeTime: this.activeTime,
      });
    }
    const tree = this.#pending;
    const pending = new Int32Array(tree.count * PENDING_WORDS);
    let at = 0;
    for (let more = tree.seekFirst(); more; more = tree.next()) {
      const { i32 } = this.#region;
      pending.set(i32.subarray(tree.at, tree.at + PENDING_WORDS), at);
      pending[at + PENDING_CONSUMER] = places.get(pending[at + PENDING_CONSUMER]) ?? -1;
      at += PENDING_WORDS;
    }
    return {
      name: this.#groups.copyName(this.#group),
      lastId: this.readLastId(new StreamId()),
      entriesRead: this.entriesRead,
      consumers,
      pending,
    };
  }

  /** Fresh units that addImages() may take, where chunks have so many units. */
  unitsForImages(images: readonly GroupImage[], chunkUnits: number): number {
    const need = this.#need.clear(chunkUnits);
    const groups = this.#groups.open(0);
    const consumers = this.#consumers.open(0);
    groups.addListNeed(need, images.length);
    for (const image of images) {
      groups.addRecordNeed(need, image.name.length);
      consumers.addListNeed(need, image.consumers.length);
      for (const { name } of image.consumers) consumers.addRecordNeed(need, name.length);
      need.addMany(this.#pending.unitsOf(image.pending.length / PENDING_WORDS), NODE_UNITS);
      for (const count of ownCounts(image)) need.addMany(this.#own.unitsOf(count), NODE_UNITS);
    }
    return need.fresh;
  }

  /** Makes these all the groups of a stream that has none. They are in order; room is there. */
  addImages(images: readonly GroupImage[]): void {
    const groups = this.#openGroups();
    groups.prepare(images.length);
    this.#saveGroups();
    for (const [place, image] of images.entries()) {
      groups.place = place;
      const { name } = image;
      this.#enter(groups.insert(name, 0, name.length));
      this.setLastId(image.lastId);
      this.entriesRead = image.entriesRead;
      this.#addConsumers(image);
      this.#addPendingOf(image);
    }
  }

  #addConsumers({ consumers: images }: GroupImage): void {
    const consumers = this.#consumers;
    consumers.prepare(images.length);
    this.#set(this.#group, G_CONSUMERS, consumers.list);
    for (const [place, { name, seenTime, activeTime }] of images.entries()) {
      consumers.place = place;
      this.#consumer = consumers.insert(name, 0, name.length);
      this.seenTime = seenTime;
      this.activeTime = activeTime;
    }
  }

  #addPendingOf(image: GroupImage): void {
    for (const [place, count] of ownCounts(image).entries()) {
      this.goToConsumer(place);
      if (count === 0) continue;
      this.#openOwn().prepare(count);
      this.#saveOwn(this.#consumer);
    }
    const { pending: words } = image;
    const tree = this.#pending;
    tree.prepare(words.length / PENDING_WORDS);
    for (let at = 0; at < words.length; at += PENDING_WORDS) {
      const id = this.#id.read(words, at);
      this.goToConsumer(words[at + PENDING_CONSUMER]);
      tree.insert(id);
      for (let i = 0; i < OWN_WORDS; i++) {
        this.#region.i32[tree.own + i] = words[at + ID_WORDS + i];
      }
      this.#addOwn(id);
    }
    this.#set(this.#group, G_PENDING, tree.root);
  }

  /** What is wrong, or undefined. Calls `claim` for every block. */
  audit(claim: Claim): string | undefined {
    let problem = this.#openGroups().audit(claim);
    for (let i = 0; problem === undefined && i < this.count; i++) {
      this.goTo(i);
      problem = this.#auditGroup(claim);
    }
    return problem;
  }

  #auditGroup(claim: Claim): string | undefined {
    const pending = this.#pending;
    const problem = pending.audit(claim) ?? this.#consumers.audit(claim);
    if (problem !== undefined) return problem;
    let count = 0;
    for (let i = 0; i < this.consumerCount; i++) {
      this.goToConsumer(i);
      const own = this.#openOwn();
      const ownProblem = own.audit(claim);
      if (ownProblem !== undefined) return ownProblem;
      count += own.count;
      for (let more = own.seekFirst(); more; more = own.next()) {
        if (!pending.find(own.readId(this.#id))) return 'an id of a consumer is not pending';
        if (!this.isOwn) return 'an id of a consumer is pending for another';
      }
    }
    return count === pending.count ? undefined : 'what is pending has no consumer';
  }
}

/** How many entries are pending for each consumer. */
function ownCounts({ consumers, pending }: GroupImage): Int32Array {
  const counts = new Int32Array(consumers.length);
  for (let at = 0; at < pending.length; at += PENDING_WORDS) {
    counts[pending[at + PENDING_CONSUMER]]++;
  }
  return counts;
}
