/** DUMP and RESTORE: options and refusals as redis has them. */

import { conformance } from './harness.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
/** DUMP of SET k hello, of Redis 7.0. */
const HELLO = bytes('000568656c6c6f0a0080ac2fc44f4be163');

conformance('dump', ({ test }) => {
  test('RESTORE makes keys of what DUMP told', ({ same, fails, keeps }) => {
    same('DUMP none');
    same('SET k hello EX 100');
    keeps('dump', 'DUMP k');
    same('RESTORE new 0 {dump}');
    same('GET new');
    same('TTL new');
    fails('RESTORE new 0 {dump}');
    fails('RESTORE k 0 {dump}');
    same('RESTORE k 0 {dump} REPLACE');
    same('TTL k');
    same('RESTORE k 5000000 {dump} REPLACE');
    same('TTL k');
    same('RESTORE k 99999999999999 {dump} REPLACE ABSTTL');
    same('PEXPIRETIME k');
    same('RESTORE k 1 {dump} REPLACE ABSTTL');
    same('EXISTS k');
    same('RESTORE none 1 {dump} ABSTTL');
    same('EXISTS none');
    same('RESTORE late 9223372036854775807 {dump} ABSTTL');
    same('PEXPIRETIME late');
    same('RESTORE late 9007199254740993 {dump} ABSTTL REPLACE');
    same('PEXPIRETIME late');
    same('RESTORE late 9223372036854775807 {dump} REPLACE');
    same('EXISTS late');
    same('RESTORE idle 0 {dump} IDLETIME 1000');
    same('OBJECT IDLETIME idle');
    same('RESTORE often 0 {dump} FREQ 100');
    fails('OBJECT FREQ often');
    same('RESTORE typed 0 {dump} replace absttl IDLETIME 1');
  });

  test('RESTORE refuses what Redis refuses, in its order', ({ fails, same }) => {
    same('SET k v');
    const line = (...options: string[]) => fails(['RESTORE', 'r', '0', HELLO, ...options]);
    fails(['RESTORE', 'k', 'x', 'junk']);
    fails(['RESTORE', 'k', '-1', 'junk']);
    fails(['RESTORE', 'r', 'x', 'junk']);
    fails(['RESTORE', 'r', '-1', 'junk']);
    fails(['RESTORE', 'r', '0', 'junk']);
    fails(['RESTORE', 'r', '0', '']);
    fails(['RESTORE', 'r', '0', '0123456789']);
    line('junk');
    line('IDLETIME');
    line('IDLETIME', '-1');
    line('IDLETIME', 'x');
    line('FREQ', '-1');
    line('FREQ', '256');
    line('FREQ', '1', 'IDLETIME', '1');
    line('IDLETIME', '1', 'FREQ', '1');
    same('EXISTS r');
    fails('RESTORE r 0');
    fails('DUMP');
  });
});
