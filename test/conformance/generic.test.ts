/** What works on any key: existence, names, expiry, iteration, databases. */

import type { Tree } from '../support/resp-client.ts';
import { conformance } from './harness.ts';

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';
/** 3021-04-29, in seconds and in milliseconds. */
const FAR = '33177117420';
const FAR_MS = '33177117420123';
const EXPIRE_COMMANDS = ['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT'];

conformance('generic', ({ test }) => {
  test('DEL, UNLINK, EXISTS and TOUCH count keys', ({ same, fails }) => {
    same('MSET a 1 b 2 c 3 d 4 "" 5');
    same('ZADD z 1 m');
    same('EXISTS a');
    same('EXISTS a a a none b z');
    same('EXISTS ""');
    same('TOUCH a a none b');
    same('TOUCH none');
    same('DEL a a none');
    same('DEL z');
    same('UNLINK b b none ""');
    same('UNLINK none');
    same('DBSIZE');
    same('EXISTS a b c d z');
    for (const name of ['DEL', 'UNLINK', 'EXISTS', 'TOUCH']) fails(name);
  });

  test('TYPE', ({ same, fails }) => {
    same('TYPE none');
    same('SET k v');
    same('TYPE k');
    same('SET n 1');
    same('TYPE n');
    same('ZADD z 1 m');
    same('TYPE z');
    same('ZREM z m');
    same('TYPE z');
    fails('TYPE');
    fails('TYPE a b');
  });

  test('RENAME and RENAMENX take value and expiry along', ({ same, fails, near }) => {
    fails('RENAME none k');
    fails('RENAME none none');
    fails('RENAMENX none k');
    same('SET a 1 EX 100');
    same('SET b 2');
    same('RENAME a b');
    same('EXISTS a');
    same('GET b');
    near(1, 'TTL b');
    same('RENAME b b');
    near(1, 'TTL b');
    same('RENAMENX b b');
    same('SET c 3 EX 500');
    same('RENAMENX b c');
    same('GET c');
    near(1, 'TTL c');
    same('RENAMENX b d');
    same('GET d');
    near(1, 'TTL d');
    same('SET e 5');
    same('RENAME e c');
    same('TTL c');
    same('ZADD z 1 m 2 n');
    same('RENAME z c');
    same('TYPE c');
    same('ZRANGE c 0 -1 WITHSCORES');
    same('SET z plain');
    same('RENAME z ""');
    same('GET ""');
    same('DBSIZE');
    fails('RENAME a');
    fails('RENAME a b c');
    fails('RENAMENX a');
    fails('RENAMENX a b c');
  });

  test('MOVE takes a key to another database', ({ same, fails, near }) => {
    same('SET a 1 EX 100');
    same('MOVE a 1');
    same('EXISTS a');
    same('MOVE a 1');
    same('SELECT 1');
    same('GET a');
    near(1, 'TTL a');
    fails('MOVE a 1');
    fails('MOVE none 1');
    same('MOVE none 2');
    same('SELECT 0');
    same('SET a 2');
    same('MOVE a 1');
    same('GET a');
    same('ZADD z 1 m');
    same('MOVE z 15');
    same('SELECT 15');
    same('ZSCORE z m');
    for (const db of ['abc', '', '1.5', '-1', '99', '1000000', INT64_MAX, '9223372036854775808']) {
      fails('MOVE', 'z', db);
      fails('MOVE', 'none', db);
    }
    fails('MOVE z');
    fails('MOVE z 1 2');
  });

  test('COPY', ({ same, fails, near }) => {
    same('COPY none b');
    same('SET a 1 EX 100');
    same('COPY a b');
    same('GET b');
    near(1, 'TTL b');
    same('SET c 3');
    same('COPY c a');
    same('GET a');
    same('COPY c a REPLACE');
    same('GET a');
    same('TTL a');
    same('COPY b c replace');
    near(1, 'TTL c');
    same('COPY a a DB 3');
    same('COPY a a DB 3');
    same('COPY a x db 3 REPLACE');
    same('COPY a a REPLACE DB 3');
    same('SELECT 3');
    same('MGET a x');
    same('DBSIZE');
    same('SELECT 0');
    same('ZADD z 1 m 2 n');
    same('SET late 1 PXAT 9223372036854775807');
    same('PEXPIREAT late 9223372036854775807 LT');
    same('PEXPIREAT late 9223372036854775806 GT');
    same('PEXPIREAT late 9223372036854775806 LT');
    same('PEXPIREAT late 9223372036854775807 GT');
    same('COPY late later');
    same('PEXPIRETIME later');
    same('RENAME', 'later', 'x'.repeat(9000)); // It is longer than a slot: copied.
    same('PEXPIRETIME', 'x'.repeat(9000));
    same('DEL', 'late', 'x'.repeat(9000));
    same('COPY z y');
    same('ZADD y 3 o');
    same('ZREM z m');
    same('ZRANGE z 0 -1');
    same('ZRANGE y 0 -1');
    same('COPY y a REPLACE');
    same('TYPE a');
    fails('COPY a a');
    fails('COPY none none');
    fails('COPY a a DB 0');
    fails('COPY a b DB 0 junk');
    fails('COPY a b DB');
    fails('COPY a b DB abc');
    fails('COPY a b DB -1');
    fails('COPY a b DB 99');
    fails(`COPY a b DB ${INT64_MAX}`);
    fails('COPY a b DB 99 junk');
    fails('COPY a a junk');
    fails('COPY none b junk');
    fails('COPY none b DB 1.5');
    fails('COPY a');
    fails('COPY');
    same('COPY a b REPLACE REPLACE');
    same('COPY a b DB 1 DB 2');
    same('SELECT 2');
    same('TYPE b');
  });

  test('the EXPIRE family sets deadlines', ({ same, near, fails }) => {
    for (const name of EXPIRE_COMMANDS) {
      same(`${name} none 100`);
      same(`${name} none ${FAR} GT`);
    }
    same('SET k v');
    same('TTL k');
    same('PTTL k');
    same('EXPIRETIME k');
    same('PEXPIRETIME k');
    for (const name of ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME', 'PERSIST']) {
      same(`${name} none`);
      fails(name);
      fails(`${name} a b`);
    }
    same('EXPIRE k 100');
    near(1, 'TTL k');
    near(500, 'PTTL k');
    near(1, 'EXPIRETIME k');
    near(500, 'PEXPIRETIME k');
    same('PEXPIRE k 100500');
    near(1, 'TTL k');
    near(500, 'PTTL k');
    same(`EXPIREAT k ${FAR}`);
    same('EXPIRETIME k');
    same('PEXPIRETIME k');
    near(500, 'PTTL k');
    same(`PEXPIREAT k ${FAR_MS}`);
    same('EXPIRETIME k');
    same('PEXPIRETIME k');
    for (const last of ['499', '500', '501', '999', '000']) {
      same(`PEXPIREAT k 33177117420${last}`);
      same('EXPIRETIME k');
    }
    same('PERSIST k');
    same('PERSIST k');
    same('TTL k');
    same('GET k');
  });

  test('a deadline that has passed removes the key', ({ same }) => {
    for (const line of [
      ...['EXPIRE k 0', 'EXPIRE k -1', 'PEXPIRE k 0', 'PEXPIRE k -100', 'EXPIREAT k 0'],
      ...['EXPIREAT k 1', 'PEXPIREAT k 1', 'EXPIREAT k -1', 'PEXPIREAT k -5', 'EXPIRE k -1 XX'],
      ...['EXPIRE k -1 NX', 'EXPIRE k -1 LT', 'EXPIRE k -1 GT', 'PEXPIREAT k 1600000000000'],
    ]) {
      same('SET k v');
      same(line);
      same('EXISTS k');
      same('DBSIZE');
      same('SET k v EX 100');
      same(line);
      same('EXISTS k');
      same('TTL k');
    }
  });

  test('expiry under conditions', ({ same, agrees, fails }) => {
    const conditions = ['NX', 'XX', 'GT', 'LT', 'nx', 'gt XX', 'XX LT', 'GT GT', 'NX NX', 'LT xx'];
    for (const condition of conditions) {
      for (const before of ['', `EXAT ${FAR}`]) {
        for (const time of ['33177117419', FAR, '33177117421']) {
          same(`SET k v ${before}`);
          same(`EXPIREAT k ${time} ${condition}`);
          same('EXPIRETIME k');
          same(`PEXPIREAT k ${time}000 ${condition}`);
          same('EXPIRETIME k');
          same(`EXPIREAT none ${time} ${condition}`);
        }
      }
    }
    same('SET k v');
    for (const first of ['NX', 'XX', 'GT', 'LT', 'junk', '']) {
      for (const second of ['NX', 'XX', 'GT', 'LT', 'junk', '']) {
        agrees(['PEXPIREAT', 'k', FAR_MS, first, second]);
        agrees(`EXPIREAT k ${FAR} ${first} ${second}`);
        agrees(`EXPIREAT none ${FAR} ${first} ${second}`);
        agrees(`EXPIREAT k abc ${first} ${second}`);
      }
    }
    fails('EXPIRE k 100 junk');
    fails('EXPIRE k 100 NX XX');
    fails('EXPIRE k 100 GT LT');
    fails('EXPIRE k abc NX XX');
  });

  test('what is no time for expiry', ({ same, fails, agrees }) => {
    same('SET k v');
    for (const name of EXPIRE_COMMANDS) {
      for (const time of ['abc', '', '1.5', ' 1', '1 ', '+1', '1e3', '9223372036854775808']) {
        fails(name, 'k', time);
        fails(name, 'none', time);
      }
      fails(name);
      fails(`${name} k`);
    }
    for (const name of EXPIRE_COMMANDS) {
      for (const time of [INT64_MAX, INT64_MIN, '9223372036854775', '9223372036854776']) {
        same('SET k v');
        agrees(name, 'k', time);
        same('EXISTS k');
        agrees(name, 'none', time);
        agrees(name, 'k', `-${time}`);
      }
    }
    fails(`EXPIRE k ${INT64_MAX}`);
    fails(`EXPIRE k ${INT64_MIN}`);
    fails(`PEXPIRE k ${INT64_MAX}`);
    fails(`EXPIREAT k ${INT64_MAX}`);
    same('SET k v');
    same(`PEXPIREAT k ${INT64_MAX}`);
    same('PEXPIRETIME k');
    same('EXPIRETIME k');
  });

  test('an expired key is gone for every command', ({ same }) => {
    same('MSET a 1 b 2');
    same('ZADD z 1 m');
    same('PEXPIRE a 1');
    same('PEXPIRE z 1');
    same('SET c 3 PX 1');
    same('DEBUG SLEEP 0.005');
    same('GET a');
    same('EXISTS a c z');
    same('TTL a');
    same('TYPE z');
    same('ZCARD z');
    same('KEYS *');
    same('DBSIZE');
    same('SET a 4 XX');
    same('SET a 5 NX');
    same('ZADD z 2 n');
    same('ZRANGE z 0 -1');
    same('TTL z');
  });

  test('KEYS by pattern', ({ same, unordered, fails }) => {
    same('MSET key:1 1 key:2 2 Key:3 3 other 4 "" 5 "a*b" 6 "a\\\\b" 7 "h[llo" 8 "\\xff\\x00" 9');
    same('MSET hello 1 hallo 2 hillo 3 hllo 4 heeeello 5 "h^llo" 6 "h-llo" 7 "h]llo" 8');
    for (const pattern of [
      ...['*', 'key:*', 'KEY:*', 'key:?', '*:*', '?*', '', '**', '*?*', 'none*', '*o*', '?????'],
      ...['h[ae]llo', 'h[^e]llo', 'h[a-i]llo', 'h[i-a]llo', 'h[^a-i]llo', 'h*llo', 'h?llo'],
      ...['h[]llo', 'h[', 'h[a', 'h[^', 'h[a-', 'h[\\]]llo', 'h[\\-a]llo', 'h\\[llo', '\\*', '*\\'],
      ...['a\\*b', 'a\\\\b', 'a[*]b', 'h[a-]llo', 'h[]]llo', '[h]allo', '[^h]*', '\\h\\a\\l\\l\\o'],
      ...['\xff\0', '\xff?', '[\xf0-\xff]*', 'key:[0-9]', 'key:[^0-9]', 'h[^]llo', 'h**o', '*****'],
    ]) {
      unordered('KEYS', pattern);
    }
    fails('KEYS');
    fails('KEYS a b');
    same('SELECT 1');
    same('KEYS *');
  });

  test('RANDOMKEY', ({ same, fails }) => {
    same('RANDOMKEY');
    same('SET only v');
    same('RANDOMKEY');
    same('SELECT 1');
    same('RANDOMKEY');
    fails('RANDOMKEY x');
  });

  test('SCAN removes the keys past their deadline that it comes by', ({ same, unordered }) => {
    same('DEBUG SET-ACTIVE-EXPIRE 0');
    for (const key of ['aa', 'ab', 'b', 'c']) same(`SET ${key} v PX 1`);
    same('SET there v');
    same('DEBUG SLEEP 0.005');
    same('DBSIZE');
    same('SCAN 0 MATCH a* COUNT 100');
    same('DBSIZE');
    same('SCAN 0 MATCH b TYPE zset COUNT 100');
    same('DBSIZE');
    unordered('SCAN 0 COUNT 100 TYPE string');
    same('DBSIZE');
    same('DEBUG SET-ACTIVE-EXPIRE 1');
  });

  test('SCAN of a small keyspace in one step', ({ same, unordered, fails, judge }) => {
    same('SCAN 0');
    same('MSET key:1 1 key:2 2 other 3 n 10');
    same('ZADD z 1 m');
    unordered('SCAN 0 COUNT 1000');
    unordered('SCAN 0 MATCH key:* COUNT 1000');
    unordered('SCAN 0 COUNT 1000 MATCH *');
    unordered('SCAN 0 MATCH none COUNT 1000');
    unordered('SCAN 0 count 1000 type string');
    unordered('SCAN 0 COUNT 1000 TYPE ZSET');
    unordered('SCAN 0 COUNT 1000 TYPE zset MATCH z');
    unordered('SCAN 0 COUNT 1000 TYPE list');
    unordered('SCAN 0 COUNT 1 COUNT 1000 MATCH a MATCH key:1');
    unordered('SCAN 0 COUNT 10000000');
    fails('SCAN');
    fails('SCAN abc');
    // No cursor of ours, and yet a cursor: strtoul() takes both.
    unordered('SCAN "" COUNT 1000');
    judge('SCAN -1', (ours, theirs) => (ours.type === theirs.type ? undefined : 'refused'));
    fails('SCAN " 0"');
    fails('SCAN 1.5');
    fails('SCAN 18446744073709551616');
    fails('SCAN 0 COUNT');
    fails('SCAN 0 COUNT 0');
    fails('SCAN 0 COUNT -5');
    fails('SCAN 0 COUNT abc');
    fails('SCAN 0 COUNT 9223372036854775808');
    fails('SCAN 0 MATCH');
    fails('SCAN 0 TYPE');
    fails('SCAN 0 junk');
    fails('SCAN 0 junk 1');
    fails('SCAN 0 COUNT 0 junk');
    fails('SCAN abc COUNT abc');
    fails('SCAN abc junk');
  });

  test('SCAN answers a cursor and an array', ({ same, judge }) => {
    const pairs = Array.from({ length: 1000 }, (_, i) => [`key:${i}`, 'v']);
    same('MSET', ...pairs.flat());
    const isPage = ({ items }: Tree): boolean =>
      items?.length === 2 && items[0].type === '$' && /^\d+$/.test(items[0].text ?? '');
    for (const options of ['', 'COUNT 5', 'MATCH key:1*', 'TYPE string', 'COUNT 100 MATCH none']) {
      judge(`SCAN 0 ${options}`, (ours, theirs) => {
        if (!isPage(ours) || !isPage(theirs)) return 'not a page';
        return ours.items?.[0].text === '0' ? 'all at once' : undefined;
      });
    }
  });

  test('OBJECT', ({ same, fails, near, agrees, help }) => {
    for (const name of ['ENCODING', 'REFCOUNT', 'IDLETIME', 'FREQ']) {
      same(`OBJECT ${name} none`);
      fails(`OBJECT ${name}`);
      fails(`OBJECT ${name} a b`);
    }
    same('SET k v');
    same('OBJECT ENCODING k');
    same('object encoding k');
    same('OBJECT REFCOUNT k');
    near(1, 'OBJECT IDLETIME k');
    fails('OBJECT FREQ k');
    same('ZADD z 1 m');
    same('OBJECT ENCODING z');
    same('OBJECT REFCOUNT z');
    near(1, 'OBJECT IDLETIME z');
    help('OBJECT HELP');
    fails('OBJECT');
    fails('OBJECT junk');
    fails('OBJECT junk k');
    fails('OBJECT HELP x');
    agrees('OBJECT "" k');
  });

  test('OBJECT REFCOUNT', ({ same, differs }) => {
    for (const value of ['0', '9', '9999', '10000', '-1', '-0', '007', '1.0', '""', 'abc']) {
      same(`SET k ${value}`);
      same('OBJECT REFCOUNT k');
    }
    same('SET n -1');
    same('INCR n');
    same('OBJECT REFCOUNT n');
    same('INCRBY n 9999');
    same('OBJECT REFCOUNT n');
    same('INCR n');
    same('OBJECT REFCOUNT n');
    same('DECR n');
    same('OBJECT REFCOUNT n');
    same('MSET a 1 b 2');
    same('OBJECT REFCOUNT b');
    same('RENAME b c');
    same('OBJECT REFCOUNT c');
    same('COPY c d');
    differs('OBJECT REFCOUNT d', {
      because: 'Told by the bytes: Redis stops sharing a small integer when it is copied',
      ours: ':2147483647\r\n',
    });
    same('APPEND e 1');
    same('OBJECT REFCOUNT e');
    same('SET f 1');
    same('INCRBYFLOAT f 1');
    same('OBJECT REFCOUNT f');
  });

  test('OBJECT REFCOUNT of small integers under a policy that needs clocks', ({ same }) => {
    same('CONFIG SET maxmemory 512mb');
    const policies = ['allkeys-lru', 'volatile-lru', 'allkeys-lfu', 'volatile-lfu'];
    for (const policy of [...policies, 'allkeys-random', 'volatile-ttl', 'noeviction']) {
      same(`CONFIG SET maxmemory-policy ${policy}`);
      same('SET k 7');
      same('OBJECT REFCOUNT k');
    }
  });

  test('OBJECT FREQ and IDLETIME follow the policy', ({ same, fails, near }) => {
    same('CONFIG SET maxmemory-policy allkeys-lfu');
    same('SET k v');
    near(10, 'OBJECT FREQ k');
    fails('OBJECT IDLETIME k');
    same('OBJECT IDLETIME none');
    same('CONFIG SET maxmemory-policy noeviction');
    fails('OBJECT FREQ k');
  });

  test('databases are apart', ({ same, fails }) => {
    same('SET k zero');
    same('SELECT 1');
    same('GET k');
    same('SET k one');
    same('DBSIZE');
    same('SELECT 15');
    same('DBSIZE');
    same('SELECT 0');
    same('GET k');
    same('FLUSHDB');
    same('DBSIZE');
    same('SELECT 1');
    same('GET k');
    same('FLUSHALL');
    same('DBSIZE');
    for (const db of ['-1', '99', 'abc', '', '1.5', '9223372036854775808', INT64_MAX, ' 1', '01']) {
      fails('SELECT', db);
    }
    fails('SELECT');
    fails('SELECT 1 2');
    fails('DBSIZE x');
  });

  test('FLUSHDB and FLUSHALL', ({ same, fails }) => {
    for (const name of ['FLUSHDB', 'FLUSHALL']) {
      for (const option of ['', 'SYNC', 'ASYNC', 'async']) {
        same('SET k v EX 100');
        same('ZADD z 1 m');
        same(`${name} ${option}`);
        same('DBSIZE');
        same('GET k');
        same('TTL k');
      }
      fails(`${name} junk`);
      fails(`${name} SYNC ASYNC`);
      fails(`${name} SYNC x`);
    }
  });

  test('SWAPDB', ({ same, fails, near }) => {
    same('SET k zero');
    same('SELECT 1');
    same('SET k one EX 100');
    same('ZADD z 1 m');
    same('SWAPDB 0 1');
    same('GET k');
    same('DBSIZE');
    same('SELECT 0');
    same('GET k');
    near(1, 'TTL k');
    same('ZSCORE z m');
    same('SWAPDB 0 0');
    same('GET k');
    same('SWAPDB 1 0');
    same('GET k');
    fails('SWAPDB abc 0');
    fails('SWAPDB 0 abc');
    fails('SWAPDB abc abc');
    fails('SWAPDB -1 0');
    fails('SWAPDB 0 99');
    fails('SWAPDB 99 abc');
    fails('SWAPDB 0 9223372036854775808');
    fails('SWAPDB 0');
    fails('SWAPDB 0 1 2');
  });
});
