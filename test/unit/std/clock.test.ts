import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/std/assert.ts';
import {
  type Clock,
  ClockSteps,
  ManualClock,
  systemClock,
  unixMicros,
} from '../../../src/std/clock.ts';

describe('systemClock', () => {
  it('answers whole milliseconds of Unix time', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('answers whole microseconds that never decrease', () => {
    let last = systemClock.monotonicMicros();
    for (let i = 0; i < 1000; i++) {
      const next = systemClock.monotonicMicros();
      expect(Number.isSafeInteger(next)).toBe(true);
      expect(next).toBeGreaterThanOrEqual(last);
      last = next;
    }
  });
});

describe('ClockSteps', () => {
  it('tells once by how much the calendar was set, and nothing while time goes by', () => {
    const clock = new ManualClock();
    const steps = new ClockSteps(clock);
    expect(steps.take()).toBe(0);
    clock.advance(5000);
    expect(steps.take()).toBe(0);
    clock.set(clock.now() - 3000);
    clock.advance(10);
    expect(steps.take()).toBe(-3000);
    expect(steps.take()).toBe(0);
    clock.set(clock.now() + 60_000);
    expect(steps.take()).toBe(60_000);
  });

  it('forgets what a calendar is adjusted by little by little', () => {
    const clock = new ManualClock();
    const steps = new ClockSteps(clock);
    for (let i = 0; i < 100; i++) {
      clock.set(clock.now() + 90);
      expect(steps.take()).toBe(0);
    }
  });
});

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1000);
    expect([clock.now(), clock.now(), clock.monotonicMicros()]).toEqual([1000, 1000, 0]);
  });

  it('advances both faces', () => {
    const clock = new ManualClock(1000);
    clock.advance(25);
    expect(clock.now()).toBe(1025);
    expect(clock.monotonicMicros()).toBe(25_000);
    clock.advance(0.5);
    expect(clock.now()).toBe(1025);
    expect(clock.monotonicMicros()).toBe(25_500);
  });

  it('sets the calendar back without turning monotonic time', () => {
    const clock = new ManualClock(1000);
    clock.advance(10);
    clock.set(500);
    expect(clock.now()).toBe(500);
    expect(clock.monotonicMicros()).toBe(10_000);
  });

  it('refuses to run backwards', () => {
    expect(() => new ManualClock().advance(-1)).toThrow(AssertionError);
    expect(() => new ManualClock().set(0.5)).toThrow(AssertionError);
  });
});

describe('unixMicros', () => {
  it('goes on within a millisecond, and goes back only with the calendar', () => {
    let now = 5000;
    let monotonic = 300;
    const clock: Clock = { now: () => now, monotonicMicros: () => monotonic, stall() {} };
    const elapsed = (ms: number, micros: number): number => {
      now += ms;
      monotonic += micros;
      return unixMicros(clock);
    };
    expect(elapsed(0, 0)).toBe(5_000_000);
    expect(elapsed(0, 400)).toBe(5_000_400);
    expect(elapsed(0, 700)).toBe(5_000_999);
    expect(elapsed(1, 100)).toBe(5_001_099);
    expect(elapsed(1, 100)).toBe(5_002_000);
    expect(elapsed(-1000, 10)).toBe(4_002_999);
  });
});
