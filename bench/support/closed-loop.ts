/**
 * A closed loop: every connection sends one piece of work, waits for all of its replies, and sends
 * the next. It finds out how much a server can do; for how long one waits, see open-loop.ts.
 */

import type { Address } from '../../test/support/resp-client.ts';
import { withLinks } from './link.ts';

export interface Work {
  readonly bytes: Uint8Array;
  /** How many replies it gets. */
  readonly replies: number;
}

export interface LoopResult {
  readonly done: number;
  readonly seconds: number;
  /** CPU time of this process per second of the run: near 1, the generator was the limit. */
  readonly generatorLoad: number;
}

/**
 * Does `count` pieces of work over `connections`, `window` of them under way on each. `next` is
 * asked for each piece as it is sent, and may hand out the same bytes again.
 */
export function closedLoop(
  address: Address,
  { connections, window, count }: { connections: number; window: number; count: number },
  next: (connection: number) => Work,
): Promise<LoopResult> {
  return withLinks(address, connections, async (links) => {
    const cpu = process.cpuUsage();
    const begin = performance.now();
    let begun = 0;
    let done = 0;
    await new Promise<void>((resolve, reject) => {
      links.forEach((link, connection) => {
        // Replies that end a piece of work, in the order they will come.
        const owed: number[] = [];
        const send = (): void => {
          if (begun === count) return;
          begun++;
          const { bytes, replies } = next(connection);
          owed.push(replies);
          link.send(bytes);
        };
        link.listen(() => {
          if (--owed[0] > 0) return;
          owed.shift();
          if (++done === count) resolve();
          else send();
        }, reject);
        for (let i = 0; i < window; i++) send();
      });
    });
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { done, seconds, generatorLoad: (user + system) / 1e6 / seconds };
  });
}
