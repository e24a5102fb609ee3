import { describe, expect, it } from 'vitest';
import { AssertionError, assert, unreachable } from '../../../src/std/assert.ts';

describe('assert', () => {
  it('passes what is true', () => {
    assert(true);
    assert('text');
  });

  it('throws an AssertionError with its message', () => {
    expect(() => assert(false, 'used + free = total')).toThrow(AssertionError);
    expect(() => assert(0, 'used + free = total')).toThrow('used + free = total');
    expect(() => assert(undefined)).toThrow('assertion failed');
  });

  it('names the value nobody foresaw', () => {
    expect(() => unreachable('x' as never)).toThrow('unreachable: x');
  });
});
