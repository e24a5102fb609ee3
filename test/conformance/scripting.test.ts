/** Scripts and functions. */

import { conformance } from './harness.ts';

conformance('scripting', ({ test }) => {
  test('FUNCTION FLUSH', ({ same, fails }) => {
    same('FUNCTION FLUSH');
    same('FUNCTION FLUSH SYNC');
    same('function flush async');
    fails('FUNCTION FLUSH junk');
    fails('FUNCTION FLUSH SYNC SYNC');
    fails('FUNCTION');
    fails('FUNCTION nonexistent');
  });
});
