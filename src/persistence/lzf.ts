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

function hashAt(bytes: Uint8Array, at: number): number {
  const three = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}

const SCRATCH_KEPT = 1024 * 1024;
const BEFORE_MAX = 2 ** 30;
const none: Uint8Array = new Uint8Array(0);

/** Packs one input after the other, each at once or in steps. */
export class Packer {
  /**
   * Where three bytes alike were seen last, counted from one in front of the first input. What is
   * not beyond `#before` was seen in another input: so nothing has to be cleared between two.
   */
  readonly #seen = new Int32Array(1 << HASH_BITS);
  #before = 0;
  /** What is packed lies here until the next input. */
  #output = none;
  // The input, and how far it has come.
  #bytes = none;
  #start = 0;
  #end = 0;
  #sizeMax = 0;
  #origin = 0;
  #at = 0;
  #literals = 0;
  #to = 0;
  #fits = true;

  /** Begins with [start, end), which is to take fewer than `sizeMax` bytes. */
  begin(bytes: Uint8Array, start: number, end: number, sizeMax: number): void {
    if (this.#output.length < sizeMax || this.#output.length > Math.max(sizeMax, SCRATCH_KEPT)) {
      this.#output = new Uint8Array(Math.max(sizeMax, SCRATCH_KEPT));
    }
    if (this.#before > BEFORE_MAX) {
      this.#seen.fill(0);
      this.#before = 0;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#sizeMax = sizeMax;
    this.#origin = this.#before - start;
    this.#before += end - start + 1;
    this.#at = start;
    this.#literals = start;
    this.#to = 0;
    this.#fits = true;
  }

  /** Packs about so many bytes more. False when nothing is left to be packed, or it does not fit. */
  step(size: number): boolean {
    const bytes = this.#bytes;
    const start = this.#start;
    const end = this.#end;
    const sizeMax = this.#sizeMax;
    const origin = this.#origin;
    const seen = this.#seen;
    const output = this.#output;
    let at = this.#at;
    let literals = this.#literals;
    let to = this.#to;
    const until = Math.min(end - 2, at + size);
    while (at < until) {
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
      // What was passed over since the last match, and the match.
      to = copyLiterals(bytes, literals, at, output, to, sizeMax);
      if (to + 3 > sizeMax) {
        this.#fits = false;
        return false;
      }
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
    this.#at = at;
    this.#literals = literals;
    this.#to = to;
    return at < end - 2;
  }

  /** All of it, packed; undefined when it does not fit. Good until the next input begins. */
  end(): Uint8Array | undefined {
    if (!this.#fits) return undefined;
    const to = copyLiterals(
      this.#bytes,
      this.#literals,
      this.#end,
      this.#output,
      this.#to,
      this.#sizeMax,
    );
    return to < this.#sizeMax ? this.#output.subarray(0, to) : undefined;
  }
}

/** Writes bytes as they are. Where that ends, or `sizeMax` when it does not fit. */
function copyLiterals(
  bytes: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  at: number,
  sizeMax: number,
): number {
  let from = start;
  let to = at;
  while (from < end) {
    const count = Math.min(LITERAL_MAX, end - from);
    if (to + 1 + count > sizeMax) return sizeMax;
    output[to++] = count - 1;
    for (let i = 0; i < count; i++) output[to++] = bytes[from++];
  }
  return to;
}

const packer = new Packer();

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
  packer.begin(bytes, start, end, sizeMax);
  packer.step(end - start);
  return packer.end();
}
