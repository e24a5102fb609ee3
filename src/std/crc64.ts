/**
 * CRC-64 as Redis signs its dumps with it: the polynomial of Jones, bits reflected, from zero.
 *
 * Numbers of 64 bits are kept as two words. Eight bytes at a time, by eight tables: what byte i of
 * them does to the register is looked up, not worked out (slicing, of Kounavis and Berry).
 */

const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const SLICES = 8;
/** Of so many bytes it is worth it to look at them as words. */
const WORDWISE_MIN = 64;

/** Two words for each table and byte. */
const low = new Int32Array(SLICES * 256);
const high = new Int32Array(SLICES * 256);

for (let byte = 0; byte < 256; byte++) {
  let h = 0;
  let l = byte;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (l & 1) !== 0;
    l = (l >>> 1) | (h << 31);
    h >>>= 1;
    if (isOdd) {
      l ^= POLYNOMIAL_LOW;
      h ^= POLYNOMIAL_HIGH;
    }
  }
  low[byte] = l;
  high[byte] = h;
}
for (let slice = 1; slice < SLICES; slice++) {
  for (let byte = 0; byte < 256; byte++) {
    const before = (slice - 1) * 256 + byte;
    const next = low[before] & 255;
    low[slice * 256 + byte] = ((low[before] >>> 8) | (high[before] << 24)) ^ low[next];
    high[slice * 256 + byte] = (high[before] >>> 8) ^ high[next];
  }
}

/** A checksum that bytes are added to. */
export class Crc64 {
  #low = 0;
  #high = 0;

  add(bytes: Uint8Array, start: number, end: number): void {
    let l = this.#low;
    let h = this.#high;
    let at = start;
    if (end - start >= WORDWISE_MIN) {
      // Words are read as such where they lie at whole words of the buffer.
      const offset = bytes.byteOffset;
      for (const whole = at + (-(offset + at) & 3); at < whole; at++) {
        const index = (l ^ bytes[at]) & 255;
        l = ((l >>> 8) | (h << 24)) ^ low[index];
        h = (h >>> 8) ^ high[index];
      }
      const words = new Int32Array(bytes.buffer, offset + at, ((end - at) >>> 3) * 2);
      for (let word = 0; word < words.length; word += 2) {
        l ^= words[word];
        h ^= words[word + 1];
        const a = 1792 + (l & 255);
        const b = 1536 + ((l >>> 8) & 255);
        const c = 1280 + ((l >>> 16) & 255);
        const d = 1024 + (l >>> 24);
        const e = 768 + (h & 255);
        const f = 512 + ((h >>> 8) & 255);
        const g = 256 + ((h >>> 16) & 255);
        const i = h >>> 24;
        l = low[a] ^ low[b] ^ low[c] ^ low[d] ^ low[e] ^ low[f] ^ low[g] ^ low[i];
        h = high[a] ^ high[b] ^ high[c] ^ high[d] ^ high[e] ^ high[f] ^ high[g] ^ high[i];
      }
      at += words.length * 4;
    }
    for (; at < end; at++) {
      const index = (l ^ bytes[at]) & 255;
      l = ((l >>> 8) | (h << 24)) ^ low[index];
      h = (h >>> 8) ^ high[index];
    }
    this.#low = l;
    this.#high = h;
  }

  /** Writes the eight bytes of the sum, least first, to target[at…). */
  writeTo(target: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      target[at + i] = this.#low >>> (i * 8);
      target[at + 4 + i] = this.#high >>> (i * 8);
    }
  }

  /** Whether the eight bytes at `at` are the sum. */
  isAt(bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < 4; i++) {
      if (bytes[at + i] !== ((this.#low >>> (i * 8)) & 255)) return false;
      if (bytes[at + 4 + i] !== ((this.#high >>> (i * 8)) & 255)) return false;
    }
    return true;
  }
}
