/**
 * Waiting without sleeping.
 *
 * Time itself is a ManualClock (src/std/clock.ts) that the test turns by hand. What remains is the
 * event loop: sockets and children answer some turns later, nobody knows how many.
 */

/** Turns the event loop until `condition` holds, or fails after `limitMs`, which says why. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 5000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await turn();
  }
}

/** One turn of the event loop: everything that was ready has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
