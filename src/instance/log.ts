/**
 * Log: what the server says about itself, in Redis's four levels.
 *
 *   a person at a terminal    [2026-01-01 12:30:05.123] NOTICE: Ready to accept connections
 *   anything else, a file     {"level":"notice","time":1767270605123,"msg":"Ready to accept …"}
 *
 * A line is written before the call returns, in this thread: the last words of a process that dies
 * are the ones worth having, and nothing is left running that would keep it from ending.
 */

import { createRequire } from 'node:module';
import { destination, type Logger, pino } from 'pino';
import type { Clock } from '../std/clock.ts';
import type { Values } from './config/directives.ts';

/** From the most to the least talkative; 'nothing' is a level to set, not to log at. */
export type LogLevel = Values['loglevel'];

/** Facts that go with a line, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  verbose(message: string, fields?: LogFields): void;
  notice(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  /** CONFIG SET loglevel. */
  setLevel(level: LogLevel): void;
  /** Nothing may be logged after it. */
  close(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Path of the file that is added to; empty is standard output. */
  readonly file: string;
  /** Whether standard output is a terminal, where people read. */
  readonly isTerminal: boolean;
  readonly clock: Clock;
  /** Takes the lines in place of both. For tests, and for those who embed a server. */
  readonly sink?: LogSink;
}

export interface LogSink {
  write(line: string): void;
}

const LEVELS = { debug: 20, verbose: 30, notice: 40, warning: 50 };
const COLORS = 'debug:gray,verbose:blue,notice:green,warning:yellow';
const STANDARD_OUTPUT = 1;
const require = createRequire(import.meta.url);

export function openLog(options: LogOptions): Log {
  const { clock, file, level, sink } = options;
  const isFile = file !== '';
  const output = sink === undefined ? destinationOf(isFile ? file : STANDARD_OUTPUT) : undefined;
  const lines: LogSink = sink ?? (output as LogSink);
  const isForPeople = options.isTerminal && !isFile;
  const logger = pino(
    {
      level: pinoLevel(level),
      customLevels: LEVELS,
      useOnlyCustomLevels: true,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":${clock.now()}`,
    },
    isForPeople ? readable(lines) : lines,
  ) as Logger<keyof typeof LEVELS>;
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    verbose: (message, fields = {}) => logger.verbose(fields, message),
    notice: (message, fields = {}) => logger.notice(fields, message),
    warning: (message, fields = {}) => logger.warning(fields, message),
    setLevel(next) {
      logger.level = pinoLevel(next);
    },
    close: () => output?.end(),
  };
}

/** A log that says nothing, to nobody. */
export const silentLog: Log = {
  debug() {},
  verbose() {},
  notice() {},
  warning() {},
  setLevel() {},
  close() {},
};

function destinationOf(target: string | number): ReturnType<typeof destination> {
  return destination({ dest: target, sync: true });
}

/** Makes lines of JSON readable. A function, where pino-pretty's transport would be a thread. */
function readable(lines: LogSink): LogSink {
  // Only here, for it takes as long to load as the whole server.
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty');
  const pretty = prettyFactory({
    colorize: true,
    customLevels: LEVELS,
    customColors: COLORS,
    useOnlyCustomProps: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    levelFirst: false,
    singleLine: true,
  });
  return {
    write(line) {
      const text = pretty(line);
      if (text !== undefined) lines.write(text);
    },
  };
}

function pinoLevel(level: LogLevel): string {
  return level === 'nothing' ? 'silent' : level;
}
