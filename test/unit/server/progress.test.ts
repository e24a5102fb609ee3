import { expect, test } from 'vitest';
import type { LoadingProgress } from '../../../src/dispatch/call.ts';
import { loadingBar } from '../../../src/server/progress.ts';

function bar(loadedSize: number, totalSize: number): string {
  return loadingBar({ loadedSize, totalSize } as LoadingProgress);
}

test('the bar grows with what is loaded, and ends its line when all is', () => {
  expect(bar(0, 1000)).toBe(`\r  Loading [${'.'.repeat(40)}] 0%`);
  expect(bar(999, 1000)).toBe(`\r  Loading [${'#'.repeat(39)}.] 99%`);
  expect(bar(1000, 1000)).toBe(`\r  Loading [${'#'.repeat(40)}] 100%\n`);
});
