/**
 * A walk over the entries of a stream, from one id to another, in either order.
 *
 *   walk.begin(stream, start, end, false);
 *   while (walk.next()) { walk.id … walk.fieldCount … walk.writeFields(reply) }
 *
 * Nothing may be added to the log, removed from it or reserved meanwhile. Blocks of the region may
 * be taken and given back.
 */

import { NONE } from './listpack.ts';
import type { Stream } from './stream.ts';
import { StreamId } from './stream-id.ts';
import { DELETED, SAME_FIELDS, StreamNode } from './stream-node.ts';
import type { BulkSink } from './string.ts';

export class StreamWalk {
  readonly #node = new StreamNode();
  readonly #start = new StreamId();
  readonly #end = new StreamId();
  #stream!: Stream;
  #isReverse = false;
  /** Whether tombstones are gone to as well. */
  #seesDeleted = false;
  /** Whether the log is gone to a node, and which entry of it comes next. */
  #isInNode = false;
  #hasNode = false;
  #at = 0;
  /** Where the entry gone to is; and how far behind the start of its node the first one is. */
  #entryAt = 0;
  #skipped = 0;

  /** Begins a walk over the entries whose ids lie from `start` to `end`, both included. */
  begin(
    stream: Stream,
    start: StreamId,
    end: StreamId,
    isReverse: boolean,
    seesDeleted = false,
  ): void {
    this.#stream = stream;
    this.#start.copy(start);
    this.#end.copy(end);
    this.#isReverse = isReverse;
    this.#seesDeleted = seesDeleted;
    this.#isInNode = false;
    this.#skipped = 0;
    const { log } = stream;
    this.#hasNode = isReverse ? log.seekAtMost(end) : log.seekAtMost(start) || log.seekFirst();
  }

  /** Begins at an entry of which id and offset are known, unless the log has changed since. */
  beginAt(stream: Stream, start: StreamId, end: StreamId, offset: number): void {
    this.begin(stream, start, end, false);
    this.#skipped = offset;
  }

  /** How far behind the start of its node the entry is, on the way forward. */
  get offset(): number {
    return this.#entryAt - this.#node.listpack.start;
  }

  /** Id of the entry. */
  get id(): StreamId {
    return this.#node.id;
  }

  get fieldCount(): number {
    return this.#node.fieldCount;
  }

  /** Goes to the next entry. Answers false at the end. */
  next(): boolean {
    return this.#isReverse ? this.#previousEntry() : this.#nextEntry();
  }

  #nextEntry(): boolean {
    const node = this.#node;
    for (;;) {
      if (!this.#isInNode) {
        if (!this.#hasNode) return false;
        this.#stream.openNode(node);
        this.#isInNode = true;
        this.#at = this.#skipped === 0 ? node.firstEntry : node.listpack.start + this.#skipped;
        this.#skipped = 0;
      } else if (this.#at < 0) {
        this.#at = node.behind;
      }
      while (this.#at < node.end) {
        node.readEntry(this.#at);
        if ((node.flags & DELETED) === 0 || this.#seesDeleted) {
          if (node.id.compare(this.#start) >= 0) {
            // Where the entry ends is told when it is asked for the next.
            this.#entryAt = this.#at;
            this.#at = NONE;
            return node.id.compare(this.#end) <= 0;
          }
        }
        this.#at = node.behind;
      }
      this.#isInNode = false;
      this.#hasNode = this.#stream.log.next();
    }
  }

  #previousEntry(): boolean {
    const node = this.#node;
    for (;;) {
      if (!this.#isInNode) {
        if (!this.#hasNode) return false;
        this.#stream.openNode(node);
        this.#isInNode = true;
        this.#at = node.end;
      }
      for (let at = node.previousOf(this.#at); at !== NONE; at = node.previousOf(at)) {
        this.#at = at;
        node.readEntry(at);
        if ((node.flags & DELETED) !== 0 && !this.#seesDeleted) continue;
        if (node.id.compare(this.#end) > 0) continue;
        return node.id.compare(this.#start) >= 0;
      }
      this.#isInNode = false;
      this.#hasNode = this.#stream.log.previous();
    }
  }

  /** Writes the fields and values of the entry in turn, as so many bulks. */
  writeFields(sink: BulkSink): void {
    const { listpack, bodyAt, masterAt, fieldCount, flags } = this.#node;
    let at = bodyAt;
    let fieldAt = masterAt;
    const isSame = (flags & SAME_FIELDS) !== 0;
    for (let i = 0; i < fieldCount; i++) {
      if (isSame) fieldAt = listpack.writeAt(fieldAt, sink);
      else at = listpack.writeAt(at, sink);
      at = listpack.writeAt(at, sink);
    }
    // The walk goes on from here, behind the number at the end of the entry.
    if (!this.#isReverse) this.#at = listpack.nextOf(at);
  }
}
