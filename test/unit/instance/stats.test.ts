import { describe, expect, it } from 'vitest';
import { type CommandCounts, Stats } from '../../../src/instance/stats.ts';
import { ManualClock } from '../../../src/std/clock.ts';

function counts(): CommandCounts {
  return {
    calls: 0,
    microseconds: 0,
    stretchCalls: 0,
    rejected: 0,
    failed: 0,
    histogram: undefined,
  };
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

  it('give a command that may take long its own time', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    const [get, sort, set] = [counts(), counts(), counts()];
    stats.beginTurn();
    stats.noteCall(get);
    stats.noteCall(set);
    clock.advance(2);
    const began = stats.beginTimed();
    clock.advance(50);
    expect(stats.endTimed(sort, began)).toBe(50_000);
    stats.noteCall(set);
    clock.advance(3);
    expect(stats.settle()).toBe(3000);
    stats.endTurn();
    expect([get.microseconds, set.microseconds, sort.microseconds]).toEqual([1000, 4000, 50_000]);
    expect([get.calls, set.calls, sort.calls]).toEqual([1, 2, 1]);
    expect([stats.commandMicros, stats.mostCallsInCycle]).toEqual([55_000, 4]);
    expect(sort.histogram?.percentile(100)).toBeCloseTo(50e6, -6);
    expect(set.histogram?.total).toBe(2);
  });

  it('count the time of commands within another twice: as theirs, and as its', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    const [exec, get, keys] = [counts(), counts(), counts()];
    stats.beginTurn();
    const began = stats.beginTimed();
    stats.noteCall(get);
    clock.advance(1);
    const inner = stats.beginTimed();
    clock.advance(4);
    stats.endTimed(keys, inner);
    stats.noteCall(get);
    clock.advance(2);
    expect(stats.endTimed(exec, began)).toBe(7000);
    stats.endTurn();
    expect([get, keys, exec].map((one) => one.microseconds)).toEqual([3000, 4000, 7000]);
    expect(stats.commandMicros).toBe(7000);
  });

  it('name the short command with the large reply', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    const [get, large] = [counts(), counts()];
    stats.beginTurn();
    for (let i = 0; i < 3; i++) stats.noteCall(get);
    stats.noteCall(large);
    clock.advance(20);
    expect(stats.settle(large)).toBe(19_997);
    expect([get.calls, get.microseconds]).toEqual([3, 3]);
    expect([large.calls, large.microseconds]).toEqual([1, 19_997]);
  });

  it('have every command timed while one is looked for that took less than a millisecond', () => {
    const stats = new Stats(new ManualClock());
    stats.slowFrom = 1000;
    expect(stats.isExact).toBe(false);
    stats.slowFrom = 999;
    expect(stats.isExact).toBe(true);
  });

  it('have a number of commands timed after several were slow together', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    stats.slowFrom = 10_000;
    stats.beginTurn();
    stats.noteCall(counts());
    stats.noteCall(counts());
    clock.advance(10);
    expect(stats.settle()).toBe(-1);
    let timed = 0;
    while (stats.isExact) {
      stats.endTimed(counts(), stats.beginTimed());
      timed++;
    }
    expect(timed).toBe(4096);
  });

  it('keep no latencies when told not to', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    stats.keepsLatency = false;
    const command = counts();
    stats.beginTurn();
    stats.noteCall(command);
    clock.advance(1);
    stats.endTurn();
    expect([command.microseconds, command.histogram]).toEqual([1000, undefined]);
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

  it('give rates that are none below zero after a reset', () => {
    const clock = new ManualClock();
    const stats = new Stats(clock);
    for (let i = 0; i < 3; i++) {
      if (i === 2) stats.reset([]);
      stats.inputBytes += 1024;
      clock.advance(100);
      stats.sample();
    }
    stats.inputBytes += 160;
    clock.advance(100);
    stats.sample();
    expect(stats.input.perSecond).toBeCloseTo(100);
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
