import { describe, expect, it } from 'vitest';
import {
  type Flag,
  type Group,
  impliedCategories,
  inOrder,
} from '../../../src/dispatch/categories.ts';

const of = (group: Group | undefined, ...flags: Flag[]) =>
  inOrder(impliedCategories(group, new Set(flags))).join(' ');

describe('categories', () => {
  it('follow from group and flags, in the order of Redis', () => {
    expect(of('string', 'readonly', 'fast')).toBe('read string fast');
    expect(of('sorted-set', 'write', 'blocking', 'fast')).toBe('write sortedset fast blocking');
    expect(of('transactions', 'fast')).toBe('fast transaction');
    expect(of('generic', 'write')).toBe('keyspace write slow');
    expect(of('pubsub', 'pubsub', 'fast')).toBe('pubsub fast');
    expect(of('server', 'admin')).toBe('admin slow dangerous');
  });

  it('leave scripts out of those that read', () => {
    expect(of('scripting', 'readonly')).toBe('slow scripting');
  });

  it('of a container are only those of its flags', () => {
    expect(of(undefined)).toBe('slow');
  });
});
