/**
 * The slow log: requests that took longer than `slowlog-log-slower-than`, the newest first.
 *
 * Of a long request the beginning is kept. What is a secret in it is not.
 */

import type { Argv } from '../resp/argv.ts';
import { latin1Text } from '../std/ascii.ts';
import type { Client } from './clients.ts';

/** What stands in place of a secret. */
export const REDACTED = '(redacted)';

/** Arguments kept of a request, and bytes of an argument. */
const ARGUMENTS_MAX = 32;
const ARGUMENT_SIZE_MAX = 128;

export interface SlowRequest {
  readonly id: number;
  /** Unix seconds. */
  readonly time: number;
  readonly micros: number;
  /** Latin-1. */
  readonly arguments: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

export class SlowLog {
  /** The oldest first. */
  readonly #entries: SlowRequest[] = [];
  #nextId = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** The last `count` of them, the newest first. */
  newest(count: number): readonly SlowRequest[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - count)).reverse();
  }

  /** Keeps a request, and at most `lengthMax` in all. `secrets` are indexes of arguments. */
  note(
    { address, isScript, name }: Client,
    argv: Argv,
    secrets: readonly number[],
    micros: number,
    time: number,
    lengthMax: number,
  ): void {
    this.#entries.push({
      id: this.#nextId++,
      time,
      micros,
      arguments: kept(argv, secrets),
      address: isScript ? '' : address,
      clientName: name,
    });
    this.trim(lengthMax);
  }

  /** Forgets the oldest, until there are at most so many. */
  trim(lengthMax: number): void {
    const excess = this.#entries.length - lengthMax;
    if (excess > 0) this.#entries.splice(0, excess);
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

function kept(argv: Argv, secrets: readonly number[]): string[] {
  const isWhole = argv.count <= ARGUMENTS_MAX;
  const count = isWhole ? argv.count : ARGUMENTS_MAX - 1;
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(secrets.includes(i) ? REDACTED : shortened(argv, i));
  if (!isWhole) texts.push(`... (${argv.count - count} more arguments)`);
  return texts;
}

function shortened(argv: Argv, index: number): string {
  const more = argv.size(index) - ARGUMENT_SIZE_MAX;
  if (more <= 0) return argv.text(index);
  const start = argv.starts[index];
  return `${latin1Text(argv.bytes, start, start + ARGUMENT_SIZE_MAX)}... (${more} more bytes)`;
}
