import { describe, expect, it } from 'vitest';
import { type CommandCounts, Stats } from '../../../src/instance/stats.ts';
import { ManualClock } from '../../../src/std/clock.ts';

function counts(): CommandCounts {
  return { calls: 0, microseconds: 0, turnCalls: 0, rejected: 0, failed: 0 };
}

describe('stats', () => {
  it('share the time of a turn out among its calls', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    const [get, set] = [counts(), counts()];
    stats.beginTurn();
    for (const command of [get, set, get, get]) stats.noteCall(command);
    clock.advance(8);
    stats.endTurn();
    expect([get.calls, get.microseconds]).toEqual([3, 6000]);
    expect([set.calls, set.microseconds]).toEqual([1, 2000]);
    expect(stats.commandsProcessed).toBe(4);
    expect(stats.mostCallsInCycle).toBe(4);
  });

  it('tell the time of commands from that of what is done regularly', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    stats.beginTurn();
    stats.noteCall(counts());
    clock.advance(2);
    stats.endTurn();
    stats.beginTurn();
    clock.advance(5);
    stats.endCron();
    stats.beginTurn();
    clock.advance(100);
    stats.endTurn(); // Nothing was run: a request is not whole yet.
    expect(stats.cycles).toBe(2);
    expect([stats.commandMicros, stats.cronMicros, stats.cycleMicros]).toEqual([2000, 5000, 7000]);
    expect(stats.longestCycleMicros).toBe(5000);
  });

  it('give rates over the last samples', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    for (let i = 0; i < 40; i++) {
      for (let call = 0; call < 5; call++) stats.noteCall(counts());
      stats.inputBytes += 1024;
      clock.advance(100);
      stats.sample();
    }
    expect(stats.operations.perSecond).toBeCloseTo(50);
    expect(stats.input.perSecond).toBeCloseTo(10240);
    for (let i = 0; i < 16; i++) {
      clock.advance(100);
      stats.sample();
    }
    expect(stats.operations.perSecond).toBe(0);
  });

  it('count errors by code, and only so many codes', () => {
    const stats = new Stats(new ManualClock());
    stats.noteError('WRONGTYPE Operation against a key');
    stats.noteError('ERR a');
    stats.noteError('ERR b');
    stats.noteError('ALONE');
    expect([...stats.errors]).toEqual([
      ['WRONGTYPE', 1],
      ['ERR', 2],
      ['ALONE', 1],
    ]);
    for (let i = 0; i < 1000; i++) stats.noteError(`E${i} text`);
    expect(stats.errors.size).toBe(128);
    expect(stats.errorReplies).toBe(1004);
  });

  it('begin again at nothing after a reset', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    const command = counts();
    stats.beginTurn();
    stats.noteCall(command);
    clock.advance(1);
    stats.endTurn();
    stats.noteError('ERR a');
    stats.reset([command]);
    expect(command).toEqual(counts());
    expect([stats.commandsProcessed, stats.errorReplies, stats.errors.size]).toEqual([0, 0, 0]);
    expect([stats.cycles, stats.commandMicros, stats.mostCallsInCycle]).toEqual([0, 0, 0]);
  });
});
