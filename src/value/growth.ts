/**
 * Growth: what a write is about to add to a sorted set, at most.
 *
 * A write of many members adds them up here first. Then room is made once for all of them, and
 * putting them in can't fail half way.
 */

import { packedSize } from './packed.ts';
import { scoredUnits } from './record.ts';

export class Growth {
  count = 0;
  /** Bytes of the elements, packed. */
  packedSize = 0;
  /** Units of their records, and of the largest. */
  units = 0;
  largest = 0;
  memberSizeMax = 0;

  clear(): void {
    this.count = 0;
    this.packedSize = 0;
    this.units = 0;
    this.largest = 0;
    this.memberSizeMax = 0;
  }

  add(memberSize: number, score: number): void {
    const units = scoredUnits(memberSize);
    this.count++;
    this.packedSize += packedSize(memberSize, score);
    this.units += units;
    if (units > this.largest) this.largest = units;
    if (memberSize > this.memberSizeMax) this.memberSizeMax = memberSize;
  }
}
