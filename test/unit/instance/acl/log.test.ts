import { describe, expect, it } from 'vitest';
import { AclLog } from '../../../../src/instance/acl/log.ts';

const MINUTE = 60_000;

function denial(object: string, username = 'u') {
  const clientInfo = `of ${object}`;
  return { reason: 'key', context: 'toplevel', object, username, clientInfo } as const;
}

const seen = (log: AclLog) => log.entries.map(({ object, count }) => `${object} ${count}`);

describe('the log of denials', () => {
  it('has the last ones first, and no more than it may', () => {
    const log = new AclLog();
    for (const object of ['a', 'b', 'c']) log.note(denial(object), 0, 2);
    expect(seen(log)).toEqual(['c 1', 'b 1']);
    log.note(denial('d'), 0, 0);
    expect(log.entries).toEqual([]);
  });

  it('counts one that repeats itself within a minute of the last time', () => {
    const log = new AclLog();
    log.note(denial('a'), 0, 10);
    log.note(denial('b'), 0, 10);
    log.note({ ...denial('a'), clientInfo: 'other' }, MINUTE, 10);
    expect(seen(log)).toEqual(['a 2', 'b 1']);
    expect(log.entries[0]).toMatchObject({
      ...{ id: 0, createdAt: 0, updatedAt: MINUTE, clientInfo: 'other' },
    });
    log.note(denial('a'), 2 * MINUTE, 10);
    log.note(denial('b'), MINUTE + 1, 10);
    expect(seen(log)).toEqual(['b 1', 'a 3', 'b 1']);
    expect(log.entries[0].id).toBe(2);
  });

  it('counts only what is alike in all, and not far back', () => {
    const log = new AclLog();
    log.note(denial('a'), 0, 100);
    log.note(denial('a', 'v'), 0, 100);
    log.note({ ...denial('a'), reason: 'channel' }, 0, 100);
    log.note({ ...denial('a'), context: 'multi' }, 0, 100);
    expect(log.entries.length).toBe(4);
    for (let i = 0; i < 9; i++) log.note(denial(`other ${i}`), 0, 100);
    log.note({ ...denial('a'), context: 'multi' }, 0, 100);
    expect(log.entries.length).toBe(13);
    log.note(denial('a'), 0, 100);
    expect(log.entries.length).toBe(14);
  });
});
