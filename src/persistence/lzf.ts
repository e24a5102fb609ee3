/**
 * LZF: the light compression of strings in Redis's files and dumps, after Marc Lehmann's liblzf.
 *
 *   000LLLLL literal…              L + 1 bytes as they are
 *   LLLooooo oooooooo              L + 2 bytes again, from o + 1 back
 *   111ooooo LLLLLLLL oooooooo     L + 9 bytes again
 */

const LITERAL_MAX = 32;
const MATCH_MAX = 264;
const OFFSET_MAX = 8192;
const HASH_BITS = 14;

/**
 * Unpacks [start, end) to exactly `size` bytes. Undefined when these bytes do not make so many.
 */
export function decompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
): Uint8Array | undefined {
  const output = new Uint8Array(size);
  let to = 0;
  let at = start;
  while (at < end) {
    const control = bytes[at++];
    if (control < LITERAL_MAX) {
      const count = control + 1;
      if (at + count > end || to + count > size) return undefined;
      for (let i = 0; i < count; i++) output[to++] = bytes[at++];
      continue;
    }
    let count = (control >>> 5) + 2;
    if (count === 9) {
      if (at >= end) return undefined;
      count += bytes[at++];
    }
    if (at >= end) return undefined;
    let from = to - ((control & 31) << 8) - bytes[at++] - 1;
    if (from < 0 || to + count > size) return undefined;
    for (let i = 0; i < count; i++) output[to++] = output[from++];
  }
  return to === size ? output : undefined;
}

/**
 * Where three bytes alike were seen last, counted from one in front of the first input. What is not
 * beyond `before` was seen in another input: so nothing has to be cleared between two.
 */
const seen = new Int32Array(1 << HASH_BITS);
let before = 0;
const BEFORE_MAX = 2 ** 30;
/** What is packed lies here until the next time. */
let scratch = new Uint8Array(4096);
const SCRATCH_KEPT = 1024 * 1024;

function hashAt(bytes: Uint8Array, at: number): number {
  const three = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/**
 * Packs [start, end) into fewer than `sizeMax` bytes, or answers undefined when that can't be. The
 * bytes are good until the next call.
 */
export function compress(
  bytes: Uint8Array,
  start: number,
  end: number,
  sizeMax: number,
): Uint8Array | undefined {
  if (scratch.length < sizeMax || scratch.length > Math.max(sizeMax, SCRATCH_KEPT)) {
    scratch = new Uint8Array(Math.max(sizeMax, SCRATCH_KEPT));
  }
  const output = scratch;
  if (before > BEFORE_MAX) {
    seen.fill(0);
    before = 0;
  }
  const origin = before - start;
  before += end - start + 1;
  let to = 0;
  let literals = start;
  let at = start;

  /** Writes what was passed over since the last match. False: it does not fit. */
  const flush = (): boolean => {
    while (literals < at) {
      const count = Math.min(LITERAL_MAX, at - literals);
      if (to + 1 + count > sizeMax) return false;
      output[to++] = count - 1;
      for (let i = 0; i < count; i++) output[to++] = bytes[literals++];
    }
    return true;
  };

  while (at + 2 < end) {
    const slot = hashAt(bytes, at);
    const candidate = seen[slot] - 1 - origin;
    seen[slot] = at + 1 + origin;
    const isMatch =
      candidate >= start &&
      at - candidate <= OFFSET_MAX &&
      bytes[candidate] === bytes[at] &&
      bytes[candidate + 1] === bytes[at + 1] &&
      bytes[candidate + 2] === bytes[at + 2];
    if (!isMatch) {
      at++;
      continue;
    }
    let count = 3;
    const most = Math.min(MATCH_MAX, end - at);
    while (count < most && bytes[candidate + count] === bytes[at + count]) count++;
    if (!flush() || to + 3 > sizeMax) return undefined;
    const offset = at - candidate - 1;
    if (count < 9) {
      output[to++] = ((count - 2) << 5) | (offset >>> 8);
    } else {
      output[to++] = (7 << 5) | (offset >>> 8);
      output[to++] = count - 9;
    }
    output[to++] = offset & 255;
    at += count;
    literals = at;
  }
  at = end;
  return flush() && to < sizeMax ? output.subarray(0, to) : undefined;
}
