/**
 * Left: a request whose script takes long, and was left in the middle.
 *
 * The handler throws it, and it rises through all that would have gone on behind the handler: a
 * transaction, the gates. Each says what it would have done. The script is gone on with in slices of
 * time (script-runner.ts); when it has ended and replied, that is done, at once and in this order, so
 * that nobody sees the rest of a transaction missing.
 */

export class Left {
  /** Monotonic microseconds. */
  readonly began: number;
  #further: (() => void)[] = [];

  constructor(began: number) {
    this.began = began;
  }

  afterwards(run: () => void): void {
    this.#further.push(run);
  }

  /** The script has ended. What is to be done may come to be left, too: the rest is for later then. */
  end(): void {
    for (;;) {
      const run = this.#further.shift();
      if (run === undefined) return;
      try {
        run();
      } catch (error) {
        if (!(error instanceof Left)) throw error;
        error.#further.push(...this.#further);
        return;
      }
    }
  }
}
