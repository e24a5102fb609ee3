/** MIGRATE, as far as there is nobody to migrate to. With somebody: test/clients/migrate.test.ts. */

import { conformance } from './harness.ts';

/** Where nobody listens. */
const NOWHERE = '127.0.0.1 1';

conformance('migrate', ({ test }) => {
  test('MIGRATE without a key to move', ({ same }) => {
    same(`MIGRATE ${NOWHERE} none 0 1000`);
    same(`MIGRATE ${NOWHERE} "" 0 1000`);
    same(`MIGRATE ${NOWHERE} "" 0 1000 KEYS a b c`);
    same(`MIGRATE ${NOWHERE} "" 0 1000 KEYS`);
    same(`migrate ${NOWHERE} none 0 -1 copy replace auth x auth2 x y`);
    same(`MIGRATE ${NOWHERE} none 99 1000`);
  });

  test('MIGRATE to where nobody is', ({ same, fails }) => {
    same('SET k v');
    fails(`MIGRATE ${NOWHERE} k 0 1000`);
    fails(`MIGRATE ${NOWHERE} k 0 0`);
    fails(`MIGRATE ${NOWHERE} "" 0 1000 KEYS none k`);
    fails('MIGRATE 127.0.0.1 0 k 0 1000');
    fails('MIGRATE 127.0.0.1 nowhere k 0 1000');
    same('GET k');
  });

  test('what is wrong with MIGRATE', ({ same, fails }) => {
    same('SET k v');
    fails('MIGRATE');
    fails(`MIGRATE ${NOWHERE} k 0`);
    fails(`MIGRATE ${NOWHERE} k 0 x`);
    fails(`MIGRATE ${NOWHERE} k x 1`);
    fails(`MIGRATE ${NOWHERE} k x y`);
    fails(`MIGRATE ${NOWHERE} k 0 1.5`);
    fails(`MIGRATE ${NOWHERE} k 0 9223372036854775808`);
    fails(`MIGRATE ${NOWHERE} k 0 1 MOVE`);
    fails(`MIGRATE ${NOWHERE} k 0 1 COPY x`);
    fails(`MIGRATE ${NOWHERE} k 0 1 AUTH`);
    fails(`MIGRATE ${NOWHERE} k 0 1 AUTH2 x`);
    fails(`MIGRATE ${NOWHERE} k 0 1 KEYS k`);
    fails(`MIGRATE ${NOWHERE} none x y KEYS k`);
    fails(`MIGRATE ${NOWHERE} none x y MOVE KEYS k`);
  });

  test('where the keys of MIGRATE are', ({ agrees }) => {
    for (const words of [
      'k 0 1',
      '"" 0 1',
      '"" 0 1 KEYS a b',
      '"" 0 1 COPY REPLACE KEYS a',
      'k 0 1 KEYS a b',
      '"" 0 1 AUTH x KEYS a b',
      '"" 0 1 AUTH2 x y KEYS a b',
      '"" 0 1 KEYS keys keys',
    ]) {
      agrees(`COMMAND GETKEYS MIGRATE ${NOWHERE} ${words}`);
    }
  });

  test('MIGRATE in a transaction', ({ same, differs }) => {
    same('SET k v');
    same('MULTI');
    same(`MIGRATE ${NOWHERE} none 0 1000`);
    same('EXEC');
    same('MULTI');
    same(`MIGRATE ${NOWHERE} k 0 1000`);
    differs('EXEC', {
      because: 'MIGRATE lets others be served while it waits, which a transaction must not',
      ours: '*1\r\n-ERR Command not allowed inside a transaction\r\n',
    });
  });
});
