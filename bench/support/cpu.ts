/** Who used the processors while something was measured. */

import { cpuSeconds, machineCpuSeconds } from './servers.ts';

export interface CpuUse {
  /** Microseconds of the server's CPU time per request; null where it can't be seen. */
  readonly cpuMicros: number | null;
  /** Cores that neither server nor load generator used meanwhile; null where it can't be seen. */
  readonly othersLoad: number | null;
}

/** From its making to its reading. */
export class CpuMeter {
  readonly #pid: number | undefined;
  readonly #begin = performance.now();
  readonly #server: number | undefined;
  readonly #machine: ReturnType<typeof machineCpuSeconds>;

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#server = this.#serverNow();
    this.#machine = machineCpuSeconds();
  }

  #serverNow(): number | undefined {
    return this.#pid === undefined ? undefined : cpuSeconds(this.#pid);
  }

  read(requests: number): CpuUse {
    const machine = machineCpuSeconds();
    const now = this.#serverNow();
    if (now === undefined || this.#server === undefined) {
      return { cpuMicros: null, othersLoad: null };
    }
    const server = now - this.#server;
    const cpuMicros = (server * 1e6) / requests;
    if (machine === undefined || this.#machine === undefined)
      return { cpuMicros, othersLoad: null };
    const others = machine.all - this.#machine.all - (machine.self - this.#machine.self) - server;
    const seconds = (performance.now() - this.#begin) / 1000;
    // Ticks are rounded for each process apart, so nobody can come out below nothing.
    return { cpuMicros, othersLoad: Math.max(0, others / seconds) };
  }
}
