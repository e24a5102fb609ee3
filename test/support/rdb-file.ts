/**
 * RDB files by hand: every way in which some version of Redis wrote a number, a string or a value.
 *
 *   rdbFile(9, 254, 0, T_STRING, bulk('key'), bulk('value'))
 *
 * What is written here is as Redis describes it, not as our writer does it: a reader that is tested
 * with it is tested against another hand.
 */

/** Bytes, also of parts of parts. */
export type Bytes = number | string | Uint8Array | readonly Bytes[];

/** Text is latin1. */
export function bytesOf(...parts: readonly Bytes[]): Uint8Array {
  return Uint8Array.from(flat(parts));
}

function flat(part: Bytes): number[] {
  if (typeof part === 'number') return [part & 255];
  if (typeof part === 'string') return [...Buffer.from(part, 'latin1')];
  if (part instanceof Uint8Array) return [...part];
  return part.flatMap(flat);
}

/** A file of this version, without a checksum: from 5 on, eight zeros say so. */
export function rdbFile(version: number, ...parts: readonly Bytes[]): Uint8Array {
  const sum = version < 5 ? [] : [0, 0, 0, 0, 0, 0, 0, 0];
  return bytesOf('REDIS', String(version).padStart(4, '0'), parts, 255, sum);
}

/** So many bytes of a number, the least first. */
export function little(value: number | bigint, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
}

export function big(value: number | bigint, size: number): number[] {
  return little(value, size).reverse();
}

/** A length, in so many bytes, or in as few as it takes. */
export function length(value: number, size = value < 64 ? 1 : value < 16384 ? 2 : 5): number[] {
  if (size === 1) return [value];
  if (size === 2) return [0x40 | (value >> 8), value & 255];
  return size === 5 ? [0x80, ...big(value, 4)] : [0x81, ...big(value, 8)];
}

/** A string as it is. */
export function bulk(text: Bytes): Uint8Array {
  const bytes = bytesOf(text);
  return bytesOf(length(bytes.length), bytes);
}

/** A string that is an integer of 1, 2 or 4 bytes. */
export function integer(value: number, size: 1 | 2 | 4): number[] {
  return [0xc0 | Math.log2(size), ...little(value, size)];
}

/** Text and the same once more behind it, compressed: at least 9 bytes, and 32 at most. */
export function compressedTwice(text: string): Uint8Array {
  const { length: size } = text;
  const back = size - 1;
  const packed = bytesOf(size - 1, text, 0xe0 | (back >> 8), size - 9, back & 255);
  return bytesOf(0xc3, length(packed.length), length(size * 2), packed);
}

/** A double of the first versions. */
export function textScore(score: number): Bytes {
  if (score === Number.POSITIVE_INFINITY) return 254;
  if (score === Number.NEGATIVE_INFINITY) return 255;
  return bulk(String(score));
}

export function binaryScore(score: number): Uint8Array {
  return new Uint8Array(Float64Array.of(score).buffer);
}

/** Elements of packed values: integers as such, text also where it looks like a number. */
export type Packed = readonly (string | number | bigint)[];

export function ziplist(elements: Packed): Uint8Array {
  let before: number[] = [];
  let tail = 10;
  const entries: number[] = [];
  for (const element of elements) {
    tail = 10 + entries.length;
    const { length: size } = before;
    const own = [...(size < 254 ? [size] : [254, ...little(size, 4)]), ...ziplistEntry(element)];
    before = own;
    entries.push(...own);
  }
  const size = 10 + entries.length + 1;
  return bytesOf(little(size, 4), little(tail, 4), little(elements.length, 2), entries, 255);
}

function ziplistEntry(element: string | number | bigint): number[] {
  if (typeof element === 'string') {
    const bytes = flat(element);
    const { length: size } = bytes;
    if (size < 64) return [size, ...bytes];
    if (size < 16384) return [0x40 | (size >> 8), size & 255, ...bytes];
    return [0x80, ...big(size, 4), ...bytes];
  }
  const value = BigInt(element);
  if (value >= 0n && value <= 12n) return [0xf1 + Number(value)];
  for (const [size, tag] of [
    [1, 0xfe],
    [2, 0xc0],
    [3, 0xf0],
    [4, 0xd0],
  ]) {
    if (BigInt.asIntN(8 * size, value) === value) return [tag, ...little(value, size)];
  }
  return [0xe0, ...little(value, 8)];
}

/** Keys and values in turn; each value has `free` bytes behind it that are not in use. */
export function zipmap(pairs: readonly string[], free = 0): Uint8Array {
  const size = ({ length }: string): Bytes => (length < 254 ? length : [254, little(length, 4)]);
  const parts = pairs.map((text, i) =>
    i % 2 === 0 ? [size(text), text] : [size(text), free, text, '?'.repeat(free)],
  );
  return bytesOf(Math.min(254, pairs.length / 2), parts, 255);
}

export function intset(members: readonly bigint[], width: 2 | 4 | 8): Uint8Array {
  const contents = members.map((member) => little(member, width));
  return bytesOf(little(width, 4), little(members.length, 4), contents);
}

export function listpack(elements: Packed): Uint8Array {
  const entries = elements.map((element) => {
    const own = listpackEntry(element);
    return [...own, ...backSize(own.length)];
  });
  const size = 6 + entries.reduce((sum, { length }) => sum + length, 0) + 1;
  return bytesOf(little(size, 4), little(elements.length, 2), entries, 255);
}

function listpackEntry(element: string | number | bigint): number[] {
  if (typeof element === 'string') {
    const bytes = flat(element);
    const { length: size } = bytes;
    if (size < 64) return [0x80 | size, ...bytes];
    if (size < 4096) return [0xe0 | (size >> 8), size & 255, ...bytes];
    return [0xf0, ...little(size, 4), ...bytes];
  }
  const value = BigInt(element);
  if (value >= 0n && value < 128n) return [Number(value)];
  if (BigInt.asIntN(13, value) === value) {
    const bits = Number(BigInt.asUintN(13, value));
    return [0xc0 | (bits >> 8), bits & 255];
  }
  for (const [size, tag] of [
    [2, 0xf1],
    [3, 0xf2],
    [4, 0xf3],
  ]) {
    if (BigInt.asIntN(8 * size, value) === value) return [tag, ...little(value, size)];
  }
  return [0xf4, ...little(value, 8)];
}

/** A size that is read from its end: seven bits a byte, all but the first with the eighth set. */
function backSize(size: number): number[] {
  const bytes = [size & 127];
  for (let left = size >>> 7; left > 0; left >>>= 7) {
    bytes[0] |= 128;
    bytes.unshift(left & 127);
  }
  return bytes;
}
