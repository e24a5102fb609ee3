/**
 * The ACL log: who was refused what. The last refusals come first; one that repeats itself within
 * a minute is counted, not listed again.
 */

/** What a refusal was about, as ACL LOG has it. */
export type DenialReason = 'command' | 'key' | 'channel' | 'auth';

/** What the request was part of. */
export type DenialContext = 'toplevel' | 'multi' | 'lua';

export interface LoggedDenial {
  readonly reason: DenialReason;
  readonly context: DenialContext;
  /** The command, key or channel that was refused; latin1. */
  readonly object: string;
  readonly username: string;
  /** The client as CLIENT LIST shows it, when it was last refused. */
  clientInfo: string;
  count: number;
  readonly id: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  updatedAt: number;
}

/** How many of the last entries a new one may be counted with, and for how long. */
const LOOK_BACK = 10;
const REPEAT_MS = 60_000;

export class AclLog {
  /** The newest first. */
  readonly #entries: LoggedDenial[] = [];
  #nextId = 0;

  get entries(): readonly LoggedDenial[] {
    return this.#entries;
  }

  note(
    denial: Pick<LoggedDenial, 'reason' | 'context' | 'object' | 'username' | 'clientInfo'>,
    now: number,
    lengthMax: number,
  ): void {
    const entries = this.#entries;
    const at = entries
      .slice(0, LOOK_BACK)
      .findIndex(
        (entry) =>
          entry.reason === denial.reason &&
          entry.context === denial.context &&
          Math.abs(entry.updatedAt - now) <= REPEAT_MS &&
          entry.object === denial.object &&
          entry.username === denial.username,
      );
    if (at < 0) {
      const entry = { ...denial, count: 1, id: this.#nextId++, createdAt: now, updatedAt: now };
      entries.unshift(entry);
      if (entries.length > lengthMax) entries.length = lengthMax;
      return;
    }
    const [entry] = entries.splice(at, 1);
    entry.clientInfo = denial.clientInfo;
    entry.updatedAt = now;
    entry.count++;
    entries.unshift(entry);
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
