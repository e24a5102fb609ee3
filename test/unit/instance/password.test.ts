import { describe, expect, it } from 'vitest';
import { isPassword } from '../../../src/instance/password.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';

describe('passwords', () => {
  it('are right when every byte is', () => {
    const right = 'p\xff\x00ss';
    expect(isPassword(latin1Bytes(right), right)).toBe(true);
    for (const wrong of ['', 'p', 'p\xff', 'p\xff\x00sS', 'p\xff\x00sss', ' p\xff\x00ss']) {
      expect(isPassword(latin1Bytes(wrong), right)).toBe(false);
    }
  });
});
