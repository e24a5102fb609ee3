import { describe, expect, it } from 'vitest';
import { Argv } from '../../../src/resp/argv.ts';
import { ARGUMENTS_KEPT } from '../../../src/resp/limits.ts';

function framed(text: string, ...ranges: [number, number][]): Argv {
  const argv = new Argv();
  argv.bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  argv.reserve(ranges.length);
  for (const [start, end] of ranges) {
    argv.starts[argv.count] = start;
    argv.ends[argv.count++] = end;
  }
  return argv;
}

describe('argv', () => {
  it('an argument is a range of the bytes', () => {
    const argv = framed('..SET..k..', [2, 5], [7, 8], [9, 9]);
    expect([argv.text(0), argv.text(1), argv.text(2)]).toEqual(['SET', 'k', '']);
    expect([argv.size(0), argv.size(1), argv.size(2)]).toEqual([3, 1, 0]);
  });

  it('text has a character for each byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const text = Argv.of(bytes).text(0);
    expect([...text].map((char) => char.charCodeAt(0))).toEqual([...bytes]);
  });

  it('a token is found whatever its case, and only whole', () => {
    const argv = Argv.of('keepTTL', 'keepttlx', 'keeptt', '');
    expect(argv.is(0, 'KEEPTTL')).toBe(true);
    expect(argv.is(1, 'KEEPTTL')).toBe(false);
    expect(argv.is(2, 'KEEPTTL')).toBe(false);
    expect(argv.is(3, 'KEEPTTL')).toBe(false);
  });

  it('two arguments are the same when their bytes are', () => {
    const argv = Argv.of('SWAP', 'a', 'A', 'a', 'aa');
    expect(argv.sameAs(1, 3)).toBe(true);
    expect(argv.sameAs(1, 2)).toBe(false);
    expect(argv.sameAs(1, 4)).toBe(false);
  });

  it('a copy outlives the bytes it was taken from', () => {
    const argv = framed('SETkey', [0, 3], [3, 6]);
    const key = argv.copy(1);
    argv.bytes.fill(0);
    expect([...key]).toEqual([0x6b, 0x65, 0x79]);
  });

  it('a copy of a Buffer is no view of it', () => {
    const argv = new Argv();
    argv.bytes = Buffer.from('abc');
    argv.starts[0] = 0;
    argv.ends[0] = 3;
    argv.count = 1;
    const copy = argv.copy(0);
    argv.bytes[0] = 0;
    expect(copy[0]).toBe(0x61);
  });

  it('a clone holds the arguments and nothing of what lay between them', () => {
    const argv = framed('*2..SET..key..value..', [4, 7], [9, 12], [14, 19]);
    const clone = argv.clone();
    argv.bytes.fill(0);
    argv.count = 0;
    expect(clone.count).toBe(3);
    expect([clone.text(0), clone.text(1), clone.text(2)]).toEqual(['SET', 'key', 'value']);
    expect(clone.bytes.length).toBe(11);
  });

  it('a clone of many arguments has them all', () => {
    const names = Array.from({ length: 100 }, (_, i) => `k${i}`);
    const clone = Argv.of(...names).clone();
    expect(names.map((_, i) => clone.text(i))).toEqual(names);
  });

  it('arguments stay when place is made for more', () => {
    const argv = Argv.of('a', 'b');
    argv.reserve(1000);
    expect(argv.starts.length).toBeGreaterThanOrEqual(1000);
    expect(argv.ends.length).toBe(argv.starts.length);
    expect([argv.text(0), argv.text(1)]).toEqual(['a', 'b']);
  });

  it('place grows by doubling, so that a long request costs few copies', () => {
    const argv = new Argv();
    let growthCount = 0;
    for (let i = 1; i <= 100_000; i++) {
      const before = argv.starts;
      argv.reserve(i);
      if (argv.starts !== before) growthCount++;
    }
    expect(growthCount).toBeLessThan(20);
  });

  it('the place of an unusually long request is given back, that of others kept', () => {
    const argv = new Argv();
    argv.reserve(ARGUMENTS_KEPT);
    const kept = argv.starts;
    argv.trim();
    expect(argv.starts).toBe(kept);
    argv.reserve(ARGUMENTS_KEPT + 1);
    argv.count = 5;
    argv.trim();
    expect(argv.count).toBe(0);
    expect(argv.starts.length).toBeLessThan(ARGUMENTS_KEPT);
    expect(argv.ends.length).toBe(argv.starts.length);
  });
});
