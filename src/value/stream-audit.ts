/** Stream audit: whether blocks, and nodes and entries in them, are as they must be. */

import type { Claim, IdTree } from './id-tree.ts';
import { validateListpack } from './listpack.ts';
import type { Region } from './region.ts';
import type { Segments } from './segments.ts';
import type { StreamGroups } from './stream-groups.ts';
import { StreamId } from './stream-id.ts';
import { HEADER_UNITS } from './stream-layout.ts';
import { DELETED, StreamNode, sizeAt } from './stream-node.ts';

/** A stream, as far as it is looked into. */
interface Audited {
  readonly region: Region;
  readonly segments: Segments;
  readonly log: IdTree;
  readonly groups: StreamGroups;
  readonly length: number;
  lastId(id: StreamId): StreamId;
}

/** What is wrong, or undefined. */
export function auditBlocks(stream: Audited): string | undefined {
  const { region, log, groups } = stream;
  const taken = new Uint8Array(region.limit);
  let problem: string | undefined;
  const claim: Claim = (block, units) => {
    if (block < 1 || block + units > region.bump) {
      problem ??= `block ${block} lies behind the end`;
      return;
    }
    if (taken.subarray(block, block + units).includes(1)) problem ??= `block ${block} overlaps`;
    taken.fill(1, block, block + units);
  };
  taken.fill(1, 0, HEADER_UNITS);
  region.eachFree(claim);
  problem ??= log.audit(claim) ?? auditNodes(stream, claim) ?? groups.audit(claim);
  const lost = taken.subarray(0, region.bump).indexOf(0);
  if (lost >= 0) problem ??= `unit ${lost} is in no block`;
  return problem;
}

function auditNodes(stream: Audited, claim: Claim): string | undefined {
  const { region, log, segments } = stream;
  const node = new StreamNode();
  const before = new StreamId();
  let length = 0;
  for (let more = log.seekFirst(); more; more = log.next()) {
    const first = region.i32[log.own];
    const id = log.readId(new StreamId());
    const capacity = segments.claim(first, claim);
    const size = sizeAt(region.u8, segments.at(first));
    if (size > capacity) return `node ${id} is larger than its room`;
    const bytes = new Uint8Array(size);
    segments.read(first, bytes, size);
    if (validateListpack(bytes, 0, size) < 0) return `node ${id} is a torn listpack`;
    const problem = auditNode(node.openBytes(bytes, id), before);
    if (problem !== undefined) return `node ${id}: ${problem}`;
    length += node.live;
  }
  if (length !== stream.length) return 'entries are counted wrongly';
  if (before.compare(stream.lastId(new StreamId())) > 0) return 'the last id is too small';
  return undefined;
}

/** Looks at the entries of a node that come behind `before`, and makes that the last of them. */
function auditNode(node: StreamNode, before: StreamId): string | undefined {
  let live = 0;
  let deleted = 0;
  for (let at = node.firstEntry; at < node.end; at = node.behind) {
    node.readEntry(at);
    const isFirst = live + deleted === 0;
    if (isFirst && node.id.compare(node.masterId) < 0) return 'its id is larger than an entry';
    if (node.id.compare(before) <= 0) return 'entries are out of order';
    before.copy(node.id);
    if ((node.flags & DELETED) !== 0) deleted++;
    else live++;
  }
  return live === node.live && deleted === node.deleted ? undefined : 'counts are wrong';
}
