/**
 * Sessions: strings with a deadline, and which indexes each is in.
 *
 *   session   [prefix:]name:key[:suffix]                  a string
 *   index     [prefix:]name:audience:subject[:suffix]     a sorted set: key → expiry, Unix seconds
 *
 * Both are ordinary keys. What makes a session one is its annex, a few words the zone carries along
 * with its entry:
 *
 *   │ where its key stands in its name: start 16, size 16 │ hash of index │ hash of index │ …
 *
 * Whatever makes a session leave (a command, its deadline, eviction) the zone says so first, and
 * forget() takes it out of those indexes at the same moment. An index is found by the hash of its
 * name; two indexes of the same hash would both hold the member only if both were meant.
 *
 * An index is pinned: it is not evicted while anything else can be. It goes with its last member.
 *
 * A write first asks for room for all it is about to take, then makes everything ready that can
 * still fail, and only then changes what anyone can see.
 */

import { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { Growth } from '../value/growth.ts';
import { NO_ROOM, type PackedLimits, SortedSet } from '../value/sorted-set.ts';
import { TYPE_SORTED_SET, TYPE_STRING } from '../value/type.ts';
import { DELETED, WARM_COUNT_MAX, type Zone } from '../zone/zone.ts';
import type { Database } from './database.ts';
import { events } from './events.ts';

const COLON = 0x3a;
/** Unix milliseconds beyond which an index is left without a deadline. */
const LATEST = 2 ** 53;
/** A key that starts or ends beyond what 16 bits tell is not tracked by its place. */
const PLACE_MAX = 0xffff;

/** What a session command says, read from its arguments. */
export interface SessionRequest {
  readonly argv: Argv;
  /** Index of the argument `name`. */
  readonly name: number;
  /** Index of the argument `key`, or of `audience` where there is none. */
  readonly key: number;
  readonly prefix: Uint8Array | undefined;
  readonly suffix: Uint8Array | undefined;
  /** Index of the first of so many pairs of arguments, `audience subject`. */
  readonly pairs: number;
  readonly pairCount: number;
}

/** Names joined for one request: 0 the session, 1 the old one, the rest indexes. */
const SESSION = 0;
const OLD = 1;
const FIRST_INDEX = 2;

export class Sessions {
  readonly #limits: PackedLimits;
  /** Joined names of the request that runs. */
  readonly #names = new Argv();
  #size = 0;
  /** Bytes of the indexes of META, as they are. */
  #indexSize = 0;
  /** Hash of each of them, once they have been looked up: each is hashed once. */
  #nameHashes = new Int32Array(16);
  /** Entry of each of them that was there when it was looked up, good until one leaves its place. */
  #entries = new Int32Array(16);
  #entriesLeaves = -1;
  /** For the request that runs, and for what is called back while it makes room. */
  readonly #set = new SortedSet();
  readonly #forgetting = new SortedSet();
  readonly #growth = new Growth();
  /** Hashes of the indexes the session will be in: those of META first. */
  #hashes = new Int32Array(16);
  #hashCount = 0;
  #member = new Uint8Array(256);

  /** `limits`: up to where an index stays packed. */
  constructor(zones: readonly Zone[], limits: PackedLimits) {
    this.#limits = limits;
    this.#names.bytes = new Uint8Array(1024);
    for (const zone of zones) {
      zone.onRemove = (entry) => {
        if (zone.annexSize(entry) > 0) this.#forget(zone, entry);
      };
    }
  }

  // ── Commands ──────────────────────────────────────────────────────────────────────────────────

  /**
   * SESSION.SET. Times are Unix milliseconds, but for `nowSeconds`, what scores count from. `stale`
   * is the milliseconds the old session may have left; 0 or less deletes it. Throws with nothing
   * changed.
   */
  set(
    database: Database,
    request: SessionRequest,
    valueIndex: number,
    ttlMs: number,
    nowSeconds: number,
    oldIndex: number,
    staleMs: number,
  ): void {
    const { argv } = request;
    const { zone } = database;
    const names = this.#names;
    const deadline = zone.now + ttlMs;
    const score = nowSeconds + ttlMs / 1000;
    this.#joinAll(request, oldIndex);
    const existing = this.#lookUp(database, oldIndex !== 0);
    this.#noteHashes(zone, existing);
    const indexCount = names.count - FIRST_INDEX;

    if (this.#mustFit(zone, argv.size(valueIndex) + this.#size, indexCount)) {
      this.#store(database, existing, request, valueIndex, deadline);
    } else {
      this.#makeRoom(database, request, argv.size(valueIndex));
      try {
        this.#makeReady(database, request, deadline);
        this.#store(database, this.#find(database, SESSION), request, valueIndex, deadline);
      } catch (error) {
        this.#dropEmptyIndexes(database);
        throw error;
      }
    }
    if (!this.#enterAll(database, request, score, deadline)) {
      // Room for an index was made of the session itself, or there was none.
      this.#takeBack(database, request);
      throw errors.outOfMemory;
    }

    // From here on nothing can fail.
    database.tell(names, SESSION, events.set);
    database.tell(names, SESSION, events.expire);
    const isIn = oldIndex === 0 || !argv.sameAs(oldIndex, request.key);
    for (let i = FIRST_INDEX; i < names.count; i++) {
      const set = this.#set.open(zone, this.#entryOf(database, i));
      if (oldIndex !== 0) set.remove(argv.bytes, argv.starts[oldIndex], argv.ends[oldIndex]);
      // As a rule the session is alone there, and its score known.
      const isAlone = isIn && set.count === 1;
      if (!isAlone && set.seek(0) && set.currentScore <= nowSeconds) {
        set.removeRanks(0, set.countBelowScore(nowSeconds, true));
      }
      this.#settleIndex(zone, set.entry, set, isAlone ? score : Number.NaN);
      database.tell(names, i, events.zadd);
    }
    if (oldIndex !== 0) this.#retire(database, indexCount, staleMs);
    database.changed();
  }

  /** SESSION.GET: the entry of a live session, or 0. Counts as a use. */
  find(database: Database, request: SessionRequest): number {
    this.#joinSession(request);
    return database.findString(this.#names, SESSION);
  }

  /** SESSION.DEL: whether there was a live session. */
  remove(database: Database, request: SessionRequest, nowSeconds: number): boolean {
    const { argv, key } = request;
    const { zone } = database;
    this.#joinAll(request, 0);
    const names = this.#names;
    const entry = this.#lookUp(database, false);
    if (entry !== 0) {
      database.remove(entry);
      database.tell(names, SESSION, events.del);
    }
    for (let i = FIRST_INDEX; i < names.count; i++) {
      const index = database.peek(names, i);
      if (index === 0) continue;
      const set = this.#set.open(zone, index);
      let count = set.remove(argv.bytes, argv.starts[key], argv.ends[key]) ? 1 : 0;
      count += set.removeRanks(0, set.countBelowScore(nowSeconds, true));
      if (count > 0) database.changedKey(names, i, events.zrem, count);
      this.#settleIndex(zone, index, set);
    }
    return entry !== 0;
  }

  /** SESSION.META: calls `visit` for each member that lives after `nowSeconds`, soonest first. */
  list(
    database: Database,
    request: SessionRequest,
    nowSeconds: number,
    begin: (count: number) => void,
    visit: (set: SortedSet) => void,
  ): void {
    this.#joinIndex(request);
    const index = database.find(this.#names, SESSION);
    if (index === 0) return begin(0);
    database.expectType(index, TYPE_SORTED_SET);
    const set = this.#set.open(database.zone, index);
    const first = set.countBelowScore(nowSeconds, true);
    begin(set.count - first);
    for (let more = set.seek(first); more; more = set.next()) visit(set);
  }

  /** SESSION.TOUCH: whether the session was live. It and its index entries end `ttlMs` from now. */
  touch(database: Database, request: SessionRequest, ttlMs: number): boolean {
    const { argv, key } = request;
    const { zone } = database;
    this.#joinSession(request);
    let entry = database.findStringForWrite(this.#names, SESSION);
    if (entry === 0) return false;
    zone.table.beforeChange(zone.hash(entry));
    const deadline = zone.now + ttlMs;
    this.#hashCount = 0;
    this.#addHashesOf(zone, entry);
    this.#growth.clear();
    this.#growth.add(argv.size(key), deadline / 1000);
    for (let i = 0; i < this.#hashCount; i++) this.#prepareIndex(database, this.#hashes[i]);
    entry = database.peek(this.#names, SESSION);
    if (entry === 0) {
      this.#dropEmpty(database);
      return false;
    }
    database.setDeadline(entry, deadline);
    database.tell(this.#names, SESSION, events.expire);
    for (let i = 0; i < this.#hashCount; i++) {
      const index = this.#indexOf(database, this.#hashes[i]);
      if (index === 0) continue;
      this.#enter(zone, this.#set.open(zone, index), request, deadline / 1000, deadline);
      this.#settleIndex(zone, this.#set.entry, this.#set);
    }
    return true;
  }

  /** SESSION.DELALL: deletes the sessions of an index but for the key `except`; how many lived. */
  removeAll(database: Database, request: SessionRequest, exceptIndex: number): number {
    const { argv } = request;
    const { zone } = database;
    this.#joinIndex(request);
    const found = database.peek(this.#names, SESSION);
    if (found === 0) return 0;
    database.expectType(found, TYPE_SORTED_SET);
    zone.table.beforeChange(zone.hash(found));
    // Deleting a session takes it out of the index that is walked: the members are noted first.
    const members = this.#membersBut(database, found, argv, exceptIndex);
    const indexName = this.#names.clone();
    let count = 0;
    for (const member of members) {
      this.#joinMember(request, member);
      const entry = database.peek(this.#names, SESSION);
      if (entry !== 0 && zone.type(entry) === TYPE_STRING) {
        database.remove(entry);
        database.tell(this.#names, SESSION, events.del);
        count++;
      }
      const index = database.peek(indexName, SESSION);
      if (index === 0) continue;
      const left = this.#set.open(zone, index);
      // A member whose session is not tracked, or gone, is still there.
      if (left.remove(member, 0, member.length)) database.changed();
      this.#settleIndex(zone, index, left);
      database.tell(indexName, SESSION, events.zrem);
    }
    return count;
  }

  /** The names of the sessions that removeAll() would look for. */
  namesOfAll(database: Database, request: SessionRequest, exceptIndex: number): Uint8Array[] {
    this.#joinIndex(request);
    const found = database.peek(this.#names, SESSION);
    if (found === 0) return [];
    database.expectType(found, TYPE_SORTED_SET);
    return this.#membersBut(database, found, request.argv, exceptIndex).map((member) => {
      this.#joinMember(request, member);
      return this.#names.copy(SESSION);
    });
  }

  /** Copies of the members of an index, without the one that an argument may name. */
  #membersBut({ zone }: Database, entry: number, argv: Argv, exceptIndex: number): Uint8Array[] {
    const except = exceptIndex === 0 ? undefined : argv.copy(exceptIndex);
    const members: Uint8Array[] = [];
    const set = this.#set.open(zone, entry);
    for (let more = set.seek(0); more; more = set.next()) {
      const member = memberOf(set);
      if (except === undefined || !isSame(member, except)) members.push(member);
    }
    return members;
  }

  // ── Names ─────────────────────────────────────────────────────────────────────────────────────

  #joinAll(request: SessionRequest, oldIndex: number): void {
    const { argv, name, key, pairs, pairCount, prefix } = request;
    this.#joinSession(request);
    if (oldIndex === 0) this.#skipName();
    else this.#join(request, name, oldIndex, 0);
    for (let i = 0; i < pairCount; i++) {
      const audience = pairs + i * 2;
      this.#join(request, name, audience, audience + 1);
    }
    // Where the key stands in the session's name is kept with the session.
    this.#keyStart = (prefix === undefined ? 0 : prefix.length + 1) + argv.size(name) + 1;
    this.#keySize = argv.size(key);
  }

  /** Whether the name being joined has a part already, be it an empty one. */
  #hasPart = false;
  #keyStart = 0;
  #keySize = 0;

  #joinSession(request: SessionRequest): void {
    this.#names.count = 0;
    this.#size = 0;
    this.#join(request, request.name, request.key, 0);
  }

  #joinIndex(request: SessionRequest): void {
    this.#names.count = 0;
    this.#size = 0;
    this.#join(request, request.name, request.key, request.key + 1);
  }

  #joinMember(request: SessionRequest, member: Uint8Array): void {
    this.#names.count = 0;
    this.#size = 0;
    this.#begin();
    if (request.prefix !== undefined) this.#add(request.prefix, 0, request.prefix.length);
    const { argv, name } = request;
    this.#add(argv.bytes, argv.starts[name], argv.ends[name]);
    this.#add(member, 0, member.length);
    if (request.suffix !== undefined) this.#add(request.suffix, 0, request.suffix.length);
    this.#end();
  }

  /** Joins [prefix:]first:second[:third][:suffix]; a third of 0 is none. */
  #join(
    { argv, prefix, suffix }: SessionRequest,
    first: number,
    second: number,
    third: number,
  ): void {
    const { bytes, starts, ends } = argv;
    this.#begin();
    if (prefix !== undefined) this.#add(prefix, 0, prefix.length);
    this.#add(bytes, starts[first], ends[first]);
    this.#add(bytes, starts[second], ends[second]);
    if (third !== 0) this.#add(bytes, starts[third], ends[third]);
    if (suffix !== undefined) this.#add(suffix, 0, suffix.length);
    this.#end();
  }

  #begin(): void {
    const names = this.#names;
    names.reserve(names.count + 1);
    names.starts[names.count] = this.#size;
    this.#hasPart = false;
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    const names = this.#names;
    const needed = this.#size + end - start + 1;
    if (needed > names.bytes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(names.bytes.subarray(0, this.#size));
      names.bytes = larger;
    }
    if (this.#hasPart) names.bytes[this.#size++] = COLON;
    this.#hasPart = true;
    const target = names.bytes;
    let at = this.#size;
    for (let i = start; i < end; i++) target[at++] = bytes[i];
    this.#size = at;
  }

  #end(): void {
    const names = this.#names;
    names.ends[names.count++] = this.#size;
  }

  #skipName(): void {
    this.#begin();
    this.#end();
  }

  // ── Before a write ────────────────────────────────────────────────────────────────────────────

  /** Throws where a name holds what it must not. Answers the session's entry, or 0. */
  #lookUp(database: Database, hasOld: boolean): number {
    const names = this.#names;
    let entry = 0;
    this.#indexSize = 0;
    if (this.#nameHashes.length < names.count) {
      this.#nameHashes = new Int32Array(names.count * 2);
      this.#entries = new Int32Array(names.count * 2);
    }
    for (let i = 0; i < names.count; i++) this.#nameHashes[i] = database.hashOf(names, i);
    if (names.count <= WARM_COUNT_MAX) database.zone.warmEntries(this.#nameHashes, names.count);
    this.#entriesLeaves = -1;
    // The session comes last: looking up the others may remove what has expired.
    for (let i = names.count - 1; i >= 0; i--) {
      if (i === OLD && !hasOld) continue;
      database.zone.table.beforeChange(this.#nameHashes[i]);
      entry = i === SESSION ? this.#find(database, i) : this.#entryOf(database, i);
      const wanted = i < FIRST_INDEX ? TYPE_STRING : TYPE_SORTED_SET;
      if (entry !== 0) database.expectType(entry, wanted);
      if (entry !== 0 && i >= FIRST_INDEX) this.#indexSize += database.zone.content.size(entry);
    }
    // A session that has the name of its own index can't be both.
    for (let i = FIRST_INDEX; i < names.count; i++) {
      const isSame = this.#nameHashes[i] === this.#nameHashes[SESSION] && names.sameAs(i, SESSION);
      if (isSame) throw errors.wrongType;
    }
    return entry;
  }

  /** As #find(), which a write right after needs: as a rule it is known where the entry lies. */
  #entryOf(database: Database, name: number): number {
    const { leaves } = database.zone.table;
    const entries = this.#entries;
    if (leaves !== this.#entriesLeaves) {
      this.#entriesLeaves = leaves;
      for (let i = 0; i < this.#names.count; i++) entries[i] = 0;
    } else if (entries[name] !== 0) {
      return entries[name];
    }
    const entry = this.#find(database, name);
    entries[name] = entry;
    return entry;
  }

  /** Entry of a name that #lookUp() has hashed, as it is now, or 0. */
  #find(database: Database, name: number): number {
    return database.peekHashed(this.#names, name, this.#nameHashes[name]);
  }

  /**
   * Whether nothing of a request can fail for want of room: the zone is far from full, or it may
   * evict whatever it holds and the request is small beside it.
   */
  #mustFit({ room, slab, recency, layout }: Zone, size: number, indexes: number): boolean {
    if (room.failIn !== 0) return false;
    // Each entry and each index takes at most a few pages more than its bytes, an index that
    // becomes a tree some times what it took.
    const pages = 16 + 8 * indexes + (2 * size + 4 * this.#indexSize) / layout.pageSize;
    if (slab.freePages() > pages) return true;
    return recency.evicts && !recency.onlyVolatile && slab.pageLimit > 8 * pages;
  }

  /** Asks for room for everything at once: a no comes before anything was evicted. */
  #makeRoom(database: Database, { argv, key }: SessionRequest, valueSize: number): void {
    const { zone } = database;
    const { room, layout } = zone;
    const names = this.#names;
    const indexes = names.count - FIRST_INDEX;
    room.begin();
    zone.addPut(names.size(SESSION) + (indexes + 2) * 4 + 16, TYPE_STRING, valueSize);
    room.addDeadlines(1 + indexes);
    for (let i = FIRST_INDEX; i < names.count; i++) {
      const index = this.#find(database, i);
      const size = index === 0 ? 0 : zone.content.size(index);
      const grown = Math.ceil(size * 1.125) + argv.size(key) + 96;
      if (grown <= layout.chunkSize / 2) zone.addPut(names.size(i) + 16, TYPE_SORTED_SET, grown);
      else {
        room.addSlot(layout.chunkSize);
        room.addChunks(2 + Math.ceil((grown - size) / layout.chunkSize));
      }
    }
    if (!room.take()) throw errors.outOfMemory;
  }

  /** Notes the hashes of all indexes the session will be in: those of META first. */
  #noteHashes(zone: Zone, existing: number): void {
    const { count } = this.#names;
    this.#hashCount = 0;
    for (let i = FIRST_INDEX; i < count; i++) this.#addHash(this.#nameHashes[i]);
    if (existing !== 0) this.#addHashesOf(zone, existing);
  }

  #addHash(hash: number): void {
    if (this.#hashCount === this.#hashes.length) {
      const larger = new Int32Array(this.#hashCount * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#hashCount++] = hash;
  }

  /** Adds the hashes in a session's annex that are not there yet. */
  #addHashesOf(zone: Zone, entry: number): void {
    const count = zone.annexSize(entry);
    if (count === 0) return;
    const words = zone.annexWord(entry);
    for (let i = 1; i < count; i++) {
      const hash = zone.arena.i32[words + i];
      if (hash === 0) continue;
      let known = 0;
      while (known < this.#hashCount && this.#hashes[known] !== hash) known++;
      if (known === this.#hashCount) this.#addHash(hash);
    }
  }

  /** Makes every index there and able to take the member. */
  #makeReady(database: Database, { argv, key }: SessionRequest, deadline: number): void {
    const { zone } = database;
    const names = this.#names;
    this.#growth.clear();
    this.#growth.add(argv.size(key), deadline / 1000);
    for (let i = 0; i < this.#hashCount; i++) this.#prepareIndex(database, this.#hashes[i]);
    for (let i = FIRST_INDEX; i < names.count; i++) {
      let index = this.#find(database, i);
      if (index === 0) {
        this.#createIndex(database, i, argv.size(key));
      } else if (!zone.isVolatile(index)) {
        // A place for a deadline, which it gets with the member; none is seen if that fails.
        index = database.setDeadline(index, deadline);
        zone.clearDeadline(index);
      }
    }
  }

  /** Makes sure that the index of a hash, if there is one, can take what is in #growth. */
  #prepareIndex(database: Database, hash: number): void {
    const index = this.#indexOf(database, hash);
    if (index === 0) return;
    if (!this.#set.open(database.zone, index).prepare(this.#growth, this.#limits)) {
      throw errors.outOfMemory;
    }
  }

  /** Makes an index without members, able to take one. */
  #createIndex(database: Database, nameIndex: number, memberSize: number): number {
    const { zone } = database;
    this.#growth.clear();
    this.#growth.add(memberSize, zone.now / 1000 + 0.001);
    const isTree = SortedSet.beginsAsTree(this.#growth, memberSize, this.#limits);
    const size = SortedSet.contentSize(zone, this.#growth, isTree, this.#limits);
    this.#find(database, nameIndex);
    const index = database.put(this.#names, nameIndex, 0, TYPE_SORTED_SET, size, true);
    this.#set.create(zone, index, isTree);
    zone.setPinned(index, true);
    return index;
  }

  /** Stores the session with its deadline and what indexes it is in. Throws, nothing changed. */
  #store(
    database: Database,
    existing: number,
    { argv }: SessionRequest,
    valueIndex: number,
    deadline: number,
  ): void {
    const { zone } = database;
    const names = this.#names;
    const words = this.#hashCount === 0 ? 0 : this.#hashCount + 1;
    let entry = existing;
    if (entry !== 0 && database.keyspace.touches) zone.touch(entry);
    if (entry !== 0 && words > zone.annexSize(entry)) {
      const place = zone.annexSize(entry) === 0 ? 0 : zone.arena.i32[zone.annexWord(entry)];
      const had = zone.annexSize(entry);
      entry = zone.setAnnexSize(entry, words);
      if (entry === 0) throw errors.outOfMemory;
      // The words it had are still there; until the session is stored, it is in no more indexes.
      const first = zone.annexWord(entry);
      zone.arena.i32[first] = place;
      zone.arena.i32.fill(0, first + Math.max(1, had), first + words);
    }
    const start = argv.starts[valueIndex];
    const end = argv.ends[valueIndex];
    entry = database.setString(
      names,
      SESSION,
      entry,
      argv.bytes,
      start,
      end,
      deadline,
      undefined,
      words,
    );
    if (words > 0) this.#writeAnnex(zone, entry);
  }

  #ownPlace(): number {
    if (this.#keyStart > PLACE_MAX || this.#keySize > PLACE_MAX) return 0;
    return (this.#keyStart << 16) | this.#keySize;
  }

  // ── After a write ─────────────────────────────────────────────────────────────────────────────

  /** Puts the session into all its indexes. Answers false when one did not take it. */
  #enterAll(database: Database, request: SessionRequest, score: number, deadline: number): boolean {
    const { zone } = database;
    const { argv, key } = request;
    const names = this.#names;
    const { moves } = zone;
    const indexCount = names.count - FIRST_INDEX;
    for (let i = FIRST_INDEX; i < names.count; i++) {
      const index = this.#entryOf(database, i) || this.#tryCreateIndex(database, i, argv.size(key));
      if (index === 0) return false;
      const set = this.#set.open(zone, index);
      if (!this.#enter(zone, set, request, score, deadline)) return false;
    }
    // Indexes it was in before, which META does not name.
    for (let i = indexCount; i < this.#hashCount; i++) {
      const index = this.#indexOf(database, this.#hashes[i]);
      if (index === 0) continue;
      const set = this.#set.open(zone, index);
      if (!this.#enter(zone, set, request, score, deadline)) return false;
      this.#settleIndex(zone, set.entry, set);
    }
    // Where nothing left while room was made, all that was entered is still there.
    return zone.moves === moves || this.#isEntered(database, request);
  }

  /** Whether the session is there, and in each index that META names. */
  #isEntered(database: Database, { argv, key }: SessionRequest): boolean {
    if (this.#find(database, SESSION) === 0) return false;
    for (let i = FIRST_INDEX; i < this.#names.count; i++) {
      const index = this.#find(database, i);
      if (index === 0) return false;
      const set = this.#set.open(database.zone, index);
      if (Number.isNaN(set.score(argv.bytes, argv.starts[key], argv.ends[key]))) return false;
    }
    return true;
  }

  /** A session that could not be entered everywhere goes, and what was entered of it. */
  #takeBack(database: Database, { argv, key }: SessionRequest): void {
    const { zone } = database;
    const entry = this.#find(database, SESSION);
    if (entry !== 0) zone.remove(entry, DELETED);
    for (let i = 0; i < this.#hashCount; i++) {
      const index = this.#indexOf(database, this.#hashes[i]);
      if (index === 0) continue;
      const set = this.#set.open(zone, index);
      set.remove(argv.bytes, argv.starts[key], argv.ends[key]);
      this.#settleIndex(zone, index, set);
    }
  }

  /** Removes indexes of the session that have no member left. */
  #dropEmpty(database: Database): void {
    for (let i = 0; i < this.#hashCount; i++) {
      const index = this.#indexOf(database, this.#hashes[i]);
      if (index === 0 || this.#set.open(database.zone, index).count > 0) continue;
      database.zone.remove(index, DELETED);
    }
  }

  #tryCreateIndex(database: Database, name: number, memberSize: number): number {
    try {
      return this.#createIndex(database, name, memberSize);
    } catch (error) {
      if (error === errors.outOfMemory) return 0;
      throw error;
    }
  }

  /** Puts the session's key into an index. Answers false when there is no room. */
  #enter(
    zone: Zone,
    set: SortedSet,
    { argv, key }: SessionRequest,
    score: number,
    deadline: number,
  ): boolean {
    const outcome = set.add(argv.bytes, argv.starts[key], argv.ends[key], score, 0, this.#limits);
    if (outcome === NO_ROOM) return false;
    const { entry } = set;
    zone.setPinned(entry, true);
    if (zone.isVolatile(entry)) {
      if (deadline > zone.deadline(entry)) zone.setDeadline(entry, deadline);
      return true;
    }
    // It had no deadline: it gets that of its longest-lived member, if that ends at all.
    set.seek(set.count - 1);
    const others = set.count === 1 ? 0 : Math.ceil(set.currentScore * 1000);
    const last = Math.max(deadline, others);
    if (last > LATEST) return true;
    const target = zone.setDeadline(entry, last);
    // Its header has grown: it lies elsewhere, or its content does.
    set.open(zone, target === 0 ? entry : target);
    return true;
  }

  /** Shortens the life of the old session to `staleMs`, or ends it, and takes it out of indexes. */
  #retire(database: Database, indexCount: number, staleMs: number): void {
    const { zone } = database;
    const entry = this.#entryOf(database, OLD);
    // An index made just now may have the name of an old session that is not there.
    if (entry === 0 || zone.type(entry) !== TYPE_STRING) return;
    const count = zone.annexSize(entry);
    if (count > 0) {
      const { i32 } = zone.arena;
      const words = zone.annexWord(entry);
      for (let i = 0; i < indexCount; i++) this.#strike(zone, words, count, this.#hashes[i]);
      this.#leaveIndexes(zone, entry, this.#set);
      for (let i = 0; i < count; i++) i32[words + i] = 0;
    }
    if (staleMs <= 0) {
      zone.remove(entry, DELETED);
      database.tell(this.#names, OLD, events.del);
      return;
    }
    const deadline = zone.deadline(entry);
    if (deadline < 0 || deadline > zone.now + staleMs) {
      // A session without a deadline may need room for one. Where there is none, it goes at once.
      if (zone.setDeadline(entry, zone.now + staleMs) === 0) {
        const still = database.peek(this.#names, OLD);
        if (still !== 0) zone.remove(still, DELETED);
      }
      database.tell(this.#names, OLD, events.expire);
    }
  }

  /** Takes an index that the old session has left by name out of its annex. */
  #strike({ table, arena }: Zone, words: number, count: number, hash: number): void {
    const index = table.firstWithHash(hash);
    // Where another key has that hash, the annex may mean that one.
    if (index === 0 || table.nextWithHash(index, hash) !== 0) return;
    for (let i = words + 1; i < words + count; i++) {
      if (arena.i32[i] === hash) arena.i32[i] = 0;
    }
  }

  /**
   * Removes an index without members; lets another live as long as its last member. `sole` is the
   * score of the only one, where it is known.
   */
  #settleIndex(zone: Zone, index: number, set: SortedSet, sole = Number.NaN): void {
    if (set.count === 0) {
      // The index that room is being made for is about to get a member, or is dropped after.
      if (index !== zone.spared) zone.remove(index, DELETED);
      return;
    }
    if (!zone.isVolatile(index) || !zone.isPinned(index)) return;
    let score = sole;
    if (Number.isNaN(score)) {
      set.seek(set.count - 1);
      score = set.currentScore;
    }
    const last = Math.ceil(score * 1000);
    if (last > zone.now && last < zone.deadline(index)) zone.setDeadline(index, last);
  }

  /** Removes what a request that failed made ready. */
  #dropEmptyIndexes(database: Database): void {
    const { zone } = database;
    for (let i = FIRST_INDEX; i < this.#names.count; i++) {
      const index = database.peek(this.#names, i);
      if (index !== 0 && this.#set.open(zone, index).count === 0) zone.remove(index, DELETED);
    }
  }

  // ── Annexes ───────────────────────────────────────────────────────────────────────────────────

  /** The zone is about to lose a session: its indexes lose it too. Runs while room is made. */
  #forget(zone: Zone, entry: number): void {
    if (zone.type(entry) === TYPE_STRING) this.#leaveIndexes(zone, entry, this.#forgetting);
  }

  #leaveIndexes(zone: Zone, entry: number, set: SortedSet): void {
    const words = zone.annexWord(entry);
    const count = zone.annexSize(entry);
    const place = count === 0 ? 0 : zone.arena.i32[words];
    let first = 1;
    while (first < count && zone.arena.i32[words + first] === 0) first++;
    if (place === 0 || first >= count) return;
    const size = place & 0xffff;
    const keySize = zone.keySize(entry);
    if (this.#member.length < keySize) this.#member = new Uint8Array(keySize * 2);
    const member = this.#member;
    zone.readKey(entry, member, 0);
    const start = place >>> 16;
    const database = zone.database(entry);
    for (let i = first; i < count; i++) {
      const hash = zone.arena.i32[words + i];
      if (hash === 0) continue;
      zone.table.beforeChange(hash);
      for (let index = zone.table.firstWithHash(hash); index !== 0; ) {
        const next = zone.table.nextWithHash(index, hash);
        if (zone.type(index) === TYPE_SORTED_SET && zone.database(index) === database) {
          set.open(zone, index);
          if (set.remove(member, start, start + size)) this.#settleIndex(zone, index, set);
        }
        index = next;
      }
    }
  }

  /** Fills the annex of the request's session; words that are not needed are 0, no index's hash. */
  #writeAnnex(zone: Zone, entry: number): void {
    const { i32 } = zone.arena;
    const words = zone.annexWord(entry);
    const count = zone.annexSize(entry);
    i32[words] = this.#ownPlace();
    for (let i = 1; i < count; i++) {
      i32[words + i] = i <= this.#hashCount ? this.#hashes[i - 1] : 0;
    }
  }

  /** The index of a hash, or 0. */
  #indexOf(database: Database, hash: number): number {
    const { zone } = database;
    // It is looked for to be changed.
    zone.table.beforeChange(hash);
    let index = zone.table.firstWithHash(hash);
    while (index !== 0) {
      const isIndex =
        zone.type(index) === TYPE_SORTED_SET && zone.database(index) === database.physical;
      if (isIndex && !zone.isExpired(index)) return index;
      index = zone.table.nextWithHash(index, hash);
    }
    return 0;
  }
}

/** The names a request is about: of the session and of the old one, where it has them, and indexes. */
export function sessionNames(
  { argv, name, key, prefix, suffix, pairs, pairCount }: SessionRequest,
  oldIndex: number,
  isIndex: boolean,
): Uint8Array[] {
  const join = (...indexes: number[]): Uint8Array => {
    const parts = indexes.map((index) => argv.copy(index));
    if (prefix !== undefined) parts.unshift(prefix);
    if (suffix !== undefined) parts.push(suffix);
    const joined: number[] = [];
    for (const [i, part] of parts.entries()) {
      if (i > 0) joined.push(COLON);
      for (const byte of part) joined.push(byte);
    }
    return Uint8Array.from(joined);
  };
  if (isIndex) return [join(name, key, key + 1)];
  const names = [join(name, key)];
  if (oldIndex !== 0) names.push(join(name, oldIndex));
  for (let i = 0; i < pairCount; i++) {
    const audience = pairs + i * 2;
    names.push(join(name, audience, audience + 1));
  }
  return names;
}

/** A copy of the member a walk is at. */
function memberOf(set: SortedSet): Uint8Array {
  const member = new Uint8Array(set.currentSize);
  set.copyCurrent(member, 0);
  return member;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
