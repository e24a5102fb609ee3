/**
 * MurmurHash64A: bytes to 64 bits, the hash by which a HyperLogLog counts.
 *
 * It must be exactly Austin Appleby's function with Redis's seed: the registers of a HyperLogLog
 * are made of it, and they travel from server to server. JavaScript has no 64-bit words, so a word
 * is two halves here, high and low, and the one hard step is their product with the constant M:
 *
 *        high  low
 *      ×  MH    ML              low half     low·ML, its lower 32 bits
 *   ─────────────────           high half    low·ML, its upper 32 bits, + low·MH + high·ML
 *     (what is above 64 bits is not asked for)
 *
 * It is keyed by nobody and easily made to collide. It is no hash for tables.
 */

const MH = 0xc6a4a793 | 0;
const ML = 0x5bd1e995;
const ML_HIGH = ML >>> 16;
const ML_LOW = ML & 0xffff;

/** What the function answered last, as unsigned halves. */
export const murmur = { high: 0, low: 0 };

/** The high half of (high, low) · M. */
function productHigh(high: number, low: number): number {
  // low·ML in full, by halves of 16 bits: no sum here is beyond 2^34.
  const a = low >>> 16;
  const b = low & 0xffff;
  const cross = a * ML_LOW + (Math.imul(b, ML_LOW) >>> 16);
  const middle = b * ML_HIGH + (cross & 0xffff);
  const carry = a * ML_HIGH + (cross - (cross & 0xffff)) / 0x10000 + Math.floor(middle / 0x10000);
  return (carry + Math.imul(low, MH) + Math.imul(high, ML)) | 0;
}

/** Hashes bytes[start, end) and leaves the result in `murmur`. */
export function murmurHash64A(bytes: Uint8Array, start: number, end: number, seed: number): void {
  const size = end - start;
  let high = productHigh(0, size);
  let low = Math.imul(size, ML) ^ seed;
  const words = end - (size & 7);
  for (let at = start; at < words; at += 8) {
    let l = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    let h = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
    h = productHigh(h, l);
    l = Math.imul(l, ML);
    l ^= h >>> 15; // The word shifted right by 47.
    h = productHigh(h, l);
    l = Math.imul(l, ML);
    h ^= high;
    l ^= low;
    high = productHigh(h, l);
    low = Math.imul(l, ML);
  }
  if (words < end) {
    for (let at = end - 1; at >= words; at--) {
      const place = at - words;
      if (place < 4) low ^= bytes[at] << (place << 3);
      else high ^= bytes[at] << ((place - 4) << 3);
    }
    high = productHigh(high, low);
    low = Math.imul(low, ML);
  }
  low ^= high >>> 15;
  high = productHigh(high, low);
  low = Math.imul(low, ML);
  murmur.high = high >>> 0;
  murmur.low = (low ^ (high >>> 15)) >>> 0;
}
