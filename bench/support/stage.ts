/** The servers of a run: started together, alone, or again and again; all of them ended. */

import { runProgram } from './redis-benchmark.ts';
import { ask, flush } from './requests.ts';
import {
  assertDistinct,
  type Failure,
  machineFacts,
  type RunFacts,
  type ServerFacts,
} from './results.ts';
import { type Candidate, describeCommand, type Subject, startSubject } from './servers.ts';
import type { Setup } from './setup.ts';

export class Stage {
  readonly setup: Setup;
  readonly #date = new Date().toISOString().slice(0, 19);
  readonly #machine = machineFacts();
  #redisBenchmark = 'no redis-benchmark';
  readonly #servers = new Map<string, ServerFacts>();
  readonly #failures: Failure[] = [];

  constructor(setup: Setup) {
    assertDistinct(setup.candidates);
    this.setup = setup;
  }

  /** Asks redis-benchmark for its version; who does not use it need not have it. */
  async askBenchmark(): Promise<void> {
    const text = await runProgram(this.setup.redisBenchmark, ['--version'], 10_000);
    this.#redisBenchmark = text.trim().replace(/ \(.*/, '');
  }

  /**
   * Does one case. What goes wrong with it is told and kept; the cases behind it are measured all
   * the same. Answers whether it went well.
   */
  async attempt(name: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.skip(name, String(error instanceof Error ? error.message : error).split('\n')[0]);
      return false;
    }
  }

  /** Says that a case is not measured, and why. */
  skip(name: string, reason: string): void {
    this.#failures.push({ name, reason });
    this.setup.print(`\n${name}: not measured: ${reason}`);
  }

  facts(): RunFacts {
    const { setup } = this;
    const { pins } = setup;
    return {
      ...{ date: this.#date, machine: this.#machine, redisBenchmark: this.#redisBenchmark },
      ...{ rounds: setup.rounds, seconds: setup.seconds, scale: setup.scale },
      pins:
        pins === undefined
          ? 'nobody was pinned to processors'
          : `servers on processors ${pins.server}, the load on ${pins.load}`,
      ...(this.#failures.length === 0 ? {} : { failures: this.#failures }),
      servers: setup.candidates.flatMap(({ name }) => this.#servers.get(name) ?? []),
    };
  }

  /** Starts one server, with arguments behind its own, for as long as the work takes. */
  async withOne<T>(
    candidate: Candidate,
    args: readonly string[],
    work: (subject: Subject) => Promise<T>,
    timeoutMs?: number,
  ): Promise<T> {
    const subject = await this.#start(candidate, args, timeoutMs);
    try {
      return await work(subject);
    } finally {
      await subject.close();
    }
  }

  /** Starts all of them at once. */
  async withAll<T>(
    args: readonly string[],
    work: (subjects: readonly Subject[]) => Promise<T>,
  ): Promise<T> {
    const subjects: Subject[] = [];
    try {
      for (const candidate of this.setup.candidates) {
        subjects.push(await this.#start(candidate, args));
      }
      return await work(subjects);
    } finally {
      for (const subject of subjects) await subject.close();
    }
  }

  async #start(
    candidate: Candidate,
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<Subject> {
    const { command } = candidate;
    const started =
      command === undefined ? candidate : { ...candidate, command: [...command, ...args] };
    let subject = await startSubject(started, timeoutMs);
    if (command === undefined) subject = await borrowed(subject, args);
    if (!this.#servers.has(candidate.name)) {
      const { version } = subject;
      this.#servers.set(candidate.name, {
        name: candidate.name,
        version: candidate.hasSessions ? `${version} (${this.setup.commit})` : version,
        // Without what a case adds, which the case tells.
        command: describeCommand(candidate),
      });
    }
    return subject;
  }
}

/** A server that was there before: it is configured while it is used, and left empty, as it was. */
async function borrowed(subject: Subject, args: readonly string[]): Promise<Subject> {
  const { address } = subject;
  const before: [name: string, value: string][] = [];
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    const { items } = await ask(address, 'CONFIG', 'GET', name);
    before.push([name, items?.[1]?.text ?? '']);
    await ask(address, 'CONFIG', 'SET', name, args[i + 1]);
  }
  const close = async (): Promise<void> => {
    await flush(address);
    for (const [name, value] of before) await ask(address, 'CONFIG', 'SET', name, value);
    await subject.close();
  };
  return { ...subject, close };
}
