/** DEBUG, as far as it says the same of different insides. */

import { conformance } from './harness.ts';

conformance('debug', ({ test }) => {
  test('DEBUG DIGEST tells equal data sets from others', ({ same, since }) => {
    same('DEBUG DIGEST');
    same('SET a 1');
    same('DEBUG DIGEST');
    same('SET b "some longer text \\x00\\xff"');
    same('APPEND b more');
    same('SET c 1 EX 1000');
    same('DEBUG DIGEST');
    same('SELECT 3');
    same('SET a 1');
    same('ZADD z 1.5 one -inf two');
    same('DEBUG DIGEST');
    same('DEL a');
    same('DEBUG DIGEST');
    same('ZADD z 1e300 three 0.1 four');
    since('7.2').same('DEBUG DIGEST'); // Doubles were printed in another way before.
  });

  test('DEBUG DIGEST-VALUE knows type, elements and expiry', ({ same, since }) => {
    same('SET a 1');
    same('SET b 1 EX 1000');
    same('SET c 12345678901234567890123456789012345678901234567890');
    same('ZADD z 1 one 2 two 3.25 three');
    same('ZADD y 3.25 three 2 two 1 one');
    same('DEBUG DIGEST-VALUE a b c z y none');
    same('DEBUG DIGEST-VALUE');
    same('ZADD z 4 one');
    same('DEBUG DIGEST-VALUE z');
    const many = Array.from({ length: 300 }, (_, i) => [i / 8, `member ${i}`]).flat();
    same(['ZADD', 'large', ...many]);
    same('DEBUG DIGEST-VALUE large');
    same('ZADD large 0.1 more');
    since('7.2').same('DEBUG DIGEST-VALUE large');
  });

  test('DEBUG PROTOCOL writes a reply of each type', ({ same, fails, resp, since }) => {
    for (const type of [
      ...['string', 'integer', 'double', 'bignum', 'null', 'array', 'set', 'map', 'verbatim'],
      ...['true', 'FALSE'],
    ]) {
      same(`DEBUG PROTOCOL ${type}`);
    }
    if (resp === 2) same('DEBUG PROTOCOL attrib');
    if (resp === 2) fails('DEBUG PROTOCOL push');
    else since('7.2').wire('DEBUG PROTOCOL push\r\n', 2);
    fails('DEBUG PROTOCOL');
    fails('DEBUG PROTOCOL nothing');
    fails('DEBUG PROTOCOL string string');
  });

  test('DEBUG POPULATE', ({ same, fails }) => {
    same('DEBUG POPULATE 3');
    same('GET key:2');
    same('DBSIZE');
    same('SET few:1 mine');
    same('DEBUG POPULATE 5 few');
    same('GET few:1');
    same('GET few:4');
    same('DEBUG POPULATE 2 sized 20');
    same('GET sized:1');
    same('DEBUG POPULATE 2 short 3');
    same('GET short:1');
    same('DBSIZE');
    fails('DEBUG POPULATE');
    fails('DEBUG POPULATE abc');
    fails('DEBUG POPULATE -1');
    fails('DEBUG POPULATE 1 a -1');
    fails('DEBUG POPULATE 1 a 1 b');
  });

  test('DEBUG ERROR, LOG and the switches of tests', ({ same, fails }) => {
    fails('DEBUG ERROR', 'ERR of my own');
    fails('DEBUG', 'ERROR', 'MINE in\r\ntwo lines');
    same('DEBUG LOG message');
    same('DEBUG SET-SKIP-CHECKSUM-VALIDATION 1');
    same('DEBUG SET-SKIP-CHECKSUM-VALIDATION 0');
    same('DEBUG SET-DISABLE-DENY-SCRIPTS 0');
    same('DEBUG QUICKLIST-PACKED-THRESHOLD 100b');
    same('DEBUG QUICKLIST-PACKED-THRESHOLD 0');
    fails('DEBUG QUICKLIST-PACKED-THRESHOLD many');
    same('DEBUG REPLYBUFFER RESIZING 1');
    same('DEBUG REPLYBUFFER PEAK-RESET-TIME reset');
    fails('DEBUG REPLYBUFFER nonsense 1');
    fails('DEBUG REPLYBUFFER RESIZING');
    same('SET k v');
    fails('DEBUG LISTPACK k');
    fails('DEBUG LISTPACK none');
    same('ZADD z 1 a');
    same('DEBUG LISTPACK z');
  });

  test('DEBUG SDSLEN knows how long strings are', ({ judge, same, fails }) => {
    same('SET key value');
    same('SET n 12');
    same('ZADD z 1 a');
    judge('DEBUG SDSLEN key', (ours, theirs) => {
      const line =
        /^(key_sds_len:\d+), key_sds_avail:\d+, key_zmalloc: \d+, (val_sds_len:\d+), val_sds_avail:\d+, val_zmalloc: \d+$/;
      const [mine, others] = [ours, theirs].map(({ text }) => line.exec(text ?? ''));
      return mine?.[1] === others?.[1] && mine?.[2] === others?.[2] && mine ? undefined : 'no';
    });
    fails('DEBUG SDSLEN n');
    fails('DEBUG SDSLEN z');
    fails('DEBUG SDSLEN none');
    fails('DEBUG SDSLEN');
    fails('DEBUG SDSLEN key key');
  });

  test('DEBUG HTSTATS counts keys and those with a deadline', ({ same, fails, judge }) => {
    same('DEBUG HTSTATS 3');
    same('SET a 1');
    same('SET b 1');
    same('SET c 1 EX 100');
    judge('DEBUG HTSTATS 0', (ours, theirs) => {
      const [mine, others] = [ours, theirs].map(({ type, text }) => [
        type,
        ...(text?.match(/^.*(HT|stats.*|elements: \d+)\]?$/gm) ?? []),
      ]);
      return mine.join() === others.join() && mine.length === 7 ? undefined : mine.join();
    });
    fails('DEBUG HTSTATS a');
    fails('DEBUG HTSTATS -1');
    fails('DEBUG HTSTATS 999999');
    fails('DEBUG HTSTATS');
  });

  test('DEBUG without what is not here', ({ differs, fails }) => {
    const missing = 'Says nothing of structures that are not here';
    differs('DEBUG STRUCTSIZE', { because: missing });
    fails('DEBUG HTSTATS-KEY');
    fails('DEBUG nonsense');
  });

  test('DEBUG RELOAD leaves everything as it was', ({ same, unordered, near }) => {
    same('SET s text');
    same('SET n 12 PX 100000');
    same('APPEND raw abc');
    same('RPUSH l a 1 b 2');
    same('HSET h a 1 b 2');
    same('ZADD z 1 a 2.5 b -inf c');
    same('PFADD p a b c');
    same(['SET', 'long', 'ab'.repeat(5000)]);
    same('SELECT 3');
    same('SET there v');
    same('DEBUG RELOAD');
    same('GET there');
    same('SELECT 0');
    unordered('KEYS *');
    for (const key of ['s', 'n', 'raw', 'l', 'h', 'z', 'p', 'long']) {
      // A small list is a listpack only since 7.2.
      if (key !== 'l') same(`OBJECT ENCODING ${key}`);
      same(`DEBUG DIGEST-VALUE ${key}`);
    }
    near(1000, 'PTTL n');
    same('PTTL s');
  });

  test('a key past its deadline stays while DEBUG has it so', ({ same }) => {
    same('DEBUG SET-ACTIVE-EXPIRE 0');
    same('SET k v PX 1');
    same('DEBUG SLEEP 0.01');
    same('DBSIZE');
    same('GET k');
    same('DBSIZE');
    same('DEBUG SET-ACTIVE-EXPIRE 1');
  });
});
