import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LogLevel, type LogOptions, openLog, silentLog } from '../../../src/instance/log.ts';
import { ManualClock } from '../../../src/std/clock.ts';

function opened(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = openLog({
    level: 'notice',
    file: '',
    isTerminal: false,
    clock: new ManualClock(1_700_000_000_123),
    sink: { write: (line) => lines.push(line) },
    ...options,
  });
  return { log, lines };
}

describe('the log', () => {
  it('is JSON, a line each, at once', () => {
    const { log, lines } = opened();
    log.notice('Ready', { port: 7000 });
    expect(lines).toEqual(['{"level":"notice","time":1700000000123,"port":7000,"msg":"Ready"}\n']);
  });

  it('is for people on a terminal', () => {
    const { log, lines } = opened({ isTerminal: true });
    log.warning('Full');
    log.notice('Ready', { port: 7000 });
    const plain = lines.map((line) => line.replace(/\x1b\[\d+m/g, ''));
    expect(plain[0]).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.123\] WARNING: Full\n$/);
    expect(plain[1]).toMatch(/NOTICE: Ready.*"port":7000/);
  });

  const heard: [level: LogLevel, words: string][] = [
    ['debug', 'dvnw'],
    ['verbose', 'vnw'],
    ['notice', 'nw'],
    ['warning', 'w'],
    ['nothing', ''],
  ];
  for (const [level, words] of heard) {
    it(`at level ${level} has ${words.length} of the four`, () => {
      const { log, lines } = opened();
      log.setLevel(level);
      log.debug('d');
      log.verbose('v');
      log.notice('n');
      log.warning('w');
      expect(lines.map((line) => JSON.parse(line).msg).join('')).toBe(words);
      expect(opened({ level }).log).toBeDefined();
    });
  }

  it('adds to a file, in JSON even where there is a terminal', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zonis-'));
    const file = join(folder, 'a.log');
    for (const message of ['one', 'two']) {
      const { log } = opened({ sink: undefined, file, isTerminal: true });
      log.notice(message);
      log.close();
    }
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['one', 'two']);
    rmSync(folder, { recursive: true });
  });

  it('may be silent', () => {
    silentLog.warning('nobody hears it');
    silentLog.setLevel('debug');
    silentLog.close();
  });
});
