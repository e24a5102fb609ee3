/** A server that is in no cluster. */

import { conformance } from './harness.ts';

conformance('cluster', ({ test }) => {
  test('READONLY, READWRITE and ASKING are refused', ({ fails }) => {
    fails('READONLY');
    fails('READWRITE');
    fails('ASKING');
    fails('READONLY x');
  });
});
