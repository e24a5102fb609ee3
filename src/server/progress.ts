/** The bar that a terminal shows while what was saved is loaded. */

import type { LoadingProgress } from '../dispatch/call.ts';

const WIDTH = 40;

/** The bar, to be drawn over the one before; a line of its own in the end. */
export function loadingBar({ loadedSize, totalSize }: LoadingProgress): string {
  const part = totalSize === 0 ? 1 : loadedSize / totalSize;
  const done = Math.floor(part * WIDTH);
  const bar = '#'.repeat(done) + '.'.repeat(WIDTH - done);
  return `\r  Loading [${bar}] ${Math.floor(part * 100)}%${part === 1 ? '\n' : ''}`;
}

export function showLoading(progress: LoadingProgress): void {
  process.stdout.write(loadingBar(progress));
}
