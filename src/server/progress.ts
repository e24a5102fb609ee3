/** The bar that a terminal shows while what was saved is loaded. */

import type { LoadingProgress } from '../dispatch/call.ts';

const WIDTH = 40;

/** Draws it in place of what it drew before. */
export function showLoading({ loadedSize, totalSize }: LoadingProgress): void {
  const part = totalSize === 0 ? 1 : loadedSize / totalSize;
  const done = Math.round(part * WIDTH);
  const bar = '#'.repeat(done) + '.'.repeat(WIDTH - done);
  const end = part === 1 ? '\n' : '';
  process.stdout.write(`\r  Loading [${bar}] ${Math.floor(part * 100)}%${end}`);
}
