/**
 * Load: reads a configuration at start-up, or says in which line it is wrong.
 *
 *   the file ─▶ standard input ─▶ the command line       the last line for a directive counts
 *      │
 *      └─ include other.conf                             read at its place; may be a pattern
 *
 * Nothing is half accepted: the first line that is not understood ends the start, with the file,
 * the line and the reason, in the form redis-server prints them.
 */

import { resolve } from 'node:path';
import { checkDefinition } from '../acl/user.ts';
import type { Config } from '../config.ts';
import type { CommandLine } from './command-line.ts';
import { BadValue } from './directive.ts';
import { FORGOTTEN, findDirective } from './directives.ts';
import { type Files, isPattern, systemReason } from './files.ts';
import { splitWords, toNative } from './words.ts';

/** What a configuration is read from and, for the lines that are no directives, by. */
export interface LoadingEnvironment {
  readonly files: Files;
  readStdin(): string;
  /** `rename-command FROM TO`; TO may be empty, which removes it. A reason where that can't be. */
  renameCommand(from: string, to: string): string | undefined;
}

/** What lines that are given as options are said to stand in. */
export const COMMAND_LINE = 'the command line';

const INCLUDE_DEPTH_MAX = 16; // Redis has none, and dies of a file that includes itself.

/** Where a line stands. */
interface Place {
  /** '/etc/zonis.conf', 'standard input', 'the command line'. */
  readonly source: string;
  readonly lineNumber: number;
  readonly text: string;
}

/** Why the server can't start with this configuration. */
export class ConfigError extends Error {
  readonly reason: string;
  readonly source: string | undefined;
  readonly lineNumber: number | undefined;
  /** The line, as it was written. */
  readonly text: string | undefined;

  constructor(reason: string, place?: Place) {
    super(place === undefined ? reason : `${place.source}:${place.lineNumber}: ${reason}`);
    this.name = 'ConfigError';
    this.reason = reason;
    this.source = place?.source;
    this.lineNumber = place?.lineNumber;
    this.text = place?.text;
  }

  /** What is printed before the program ends: `product` is 'Zonis 1.2.3'. */
  report(product: string): string {
    const lines = ['', `*** FATAL CONFIG FILE ERROR (${product}) ***`];
    if (this.source !== undefined) {
      // Redis's sentence, which tools look for, and then what it leaves out.
      lines.push(
        `Reading the configuration file, at line ${this.lineNumber} of ${this.source}`,
        `>>> '${this.text}'`,
      );
    }
    return `${[...lines, this.reason].join('\n')}\n`;
  }
}

/** Reads all that the command line asks for into `config`. Throws ConfigError. */
export function loadConfiguration(
  config: Config,
  commandLine: CommandLine,
  environment: LoadingEnvironment,
): void {
  const loading = new Loading(config, environment);
  if (commandLine.file !== undefined) {
    config.file = resolve(commandLine.file);
    loading.file(config.file, 0);
  }
  if (commandLine.readsStdin) {
    loading.lines(environment.readStdin().split('\n'), 'standard input', 0);
  }
  loading.lines(commandLine.lines, COMMAND_LINE, 0);
  loading.end();
}

class Loading {
  readonly #config: Config;
  readonly #environment: LoadingEnvironment;
  /** Directives that a line was seen for: a further one may add to it. */
  readonly #seen = new Set<string>();

  constructor(config: Config, environment: LoadingEnvironment) {
    this.#config = config;
    this.#environment = environment;
  }

  file(path: string, depth: number): void {
    const paths = isPattern(path) ? this.#environment.files.expand(path) : [path];
    for (const each of paths) {
      let text: string;
      try {
        text = this.#environment.files.read(each);
      } catch (error) {
        const reason = systemReason(error);
        throw new ConfigError(`Fatal error, can't open config file '${each}': ${reason}`);
      }
      this.lines(text.split('\n'), each, depth);
    }
  }

  lines(lines: readonly string[], source: string, depth: number): void {
    for (const [index, line] of lines.entries()) {
      const text = line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
      if (text === '' || text.startsWith('#')) continue;
      const reason = this.#line(text, depth);
      if (reason === undefined) continue;
      throw new ConfigError(reason, { source, lineNumber: index + 1, text });
    }
  }

  /** What only the whole can be wrong in. */
  end(): void {
    const { logfile } = this.#config.values;
    if (logfile !== '') {
      try {
        this.#environment.files.probe(logfile);
      } catch (error) {
        throw new ConfigError(`Can't open the log file: ${systemReason(error)}`);
      }
    }
    const contradiction = this.#config.contradiction();
    if (contradiction !== undefined) {
      throw new ConfigError(`${contradiction.argument}: ${contradiction.reason}`);
    }
  }

  /** Takes one line. Answers the reason if it can't. */
  #line(text: string, depth: number): string | undefined {
    const words = splitWords(text);
    if (words === undefined) return 'Unbalanced quotes in configuration line';
    // Of blanks that are no spaces.
    if (words.length === 0) return undefined;
    const [first, ...rest] = words;
    const name = first.toLowerCase();
    const found = findDirective(name);
    if (found === undefined) return this.#other(name, rest, depth);
    let given = rest;
    if (!found.directive.takesWords) {
      if (rest.length !== 1) return 'wrong number of arguments';
    } else if (rest.length === 1 && rest[0] !== '') {
      // All of them in one pair of quotes: --zone 'sessions 16mb'.
      given = splitWords(rest[0]) ?? [];
    }
    try {
      this.#config.load(found.name, given, !this.#seen.has(found.name));
    } catch (error) {
      if (error instanceof BadValue) return error.reason;
      throw error;
    }
    this.#seen.add(found.name);
    return undefined;
  }

  #user([name, ...rules]: readonly string[]): string | undefined {
    const { users } = this.#config;
    const defined = users.map(([other]) => other);
    const fault = checkDefinition(name, rules, defined);
    if (fault === undefined) users.push([name, ...rules]);
    return fault;
  }

  /** A line that is no directive of the table. */
  #other(name: string, words: readonly string[], depth: number): string | undefined {
    if (FORGOTTEN.has(name) && words.length === 1) return undefined;
    if (name === 'include' && words.length === 1) {
      if (depth === INCLUDE_DEPTH_MAX) return 'Too many files that include one another';
      this.file(toNative(words[0]), depth + 1);
      return undefined;
    }
    if (name === 'rename-command' && words.length === 2) {
      return this.#environment.renameCommand(words[0], words[1]);
    }
    if (name === 'user' && words.length >= 1) {
      // All of them in one pair of quotes, as above: no name has a space in it.
      return this.#user(words.length === 1 ? (splitWords(words[0]) ?? words) : words);
    }
    if (name === 'loadmodule' && words.length >= 1) return 'There are no modules';
    if (name === 'sentinel') return 'sentinel directive while not in sentinel mode';
    if (name.includes('.') && words.length === 0) return 'Module config specified without value';
    return 'Bad directive or wrong number of arguments';
  }
}
