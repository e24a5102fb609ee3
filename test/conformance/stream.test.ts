/** Streams, as a log: added to, read, trimmed, and followed by those who wait. */

import { conformance, type Verbs } from './harness.ts';

const NOT_IDS = [
  ...['', 'abc', '1-', '-1', '1-2-3', '1-a', '18446744073709551616', '1.5', ' ', '1 -1', '-', '+'],
  ...['$', '>', '(1', '(', '*-1', '**', '1-**', '1--1', '1-18446744073709551616', '0x1', '1e3'],
  '0'.repeat(128),
];
const ODD_IDS = [
  '007-1',
  ' 8-1',
  '+9',
  '10-007',
  '11-+3',
  '12\x0013',
  '13-1\x00a',
  '0'.repeat(127),
];
const MAX = '18446744073709551615';
const INTEGERS = ['0', '1', '5', '100', '9223372036854775807'];
const NEGATIVE = ['-1', '-9223372036854775808'];
const NOT_INTEGERS = ['', 'abc', '1.5', '01', ' 1', '1 ', '9223372036854775808', '+1', '1\x00'];
const BINARY = ['', '\x00', '\xff\xfe', 'a b', '\r\n', '0', '-1', '127', '128', '4096', '-4097'];
const NUMBERS = ['32768', '-8388609', '2147483648', '9007199254740993', '9223372036854775807'];

/** Entries 1-0 to `count`-0, all with the same fields. */
function fill({ same }: Verbs, key: string, count: number, from = 1): void {
  for (let i = from; i < from + count; i++)
    same('XADD', key, `${i}-0`, 'n', `${i}`, 'text', `v${i}`);
}

/** What all of it is, to the byte. */
function shows({ same }: Verbs, key: string): void {
  same('XLEN', key);
  same('XRANGE', key, '-', '+');
  same('XREVRANGE', key, '+', '-');
}

/** Lets a client wait, and makes sure it does. */
function waits({ on, same }: Verbs, client: string, line: string): void {
  on(client).sends(line);
  on(client).sends('PING');
  same('PING');
}

conformance('stream', ({ test }) => {
  test('XADD adds entries with ids that only grow', (verbs) => {
    const { same, fails, agrees } = verbs;
    same('XADD s 1-1 a 1 b 2');
    same('XADD s 1-2 a 1 b 2');
    same('XADD s 2 a 1');
    same('XADD s 2-1 c 1 d 2 c 3');
    for (const id of ['0-0', '0', '1-1', '2-0', '2', '2-1', '1-99', '0-*']) {
      fails('XADD', 's', id, 'a', '1');
    }
    shows(verbs, 's');
    for (const id of NOT_IDS) agrees('XADD', 's', id, 'a', '1');
    for (const id of ODD_IDS) agrees('XADD', 's', id, 'a', '1');
    shows(verbs, 's');
    same('TYPE s');
    same('OBJECT ENCODING s');
    same('SET string v');
    fails('XADD string 1-1 a 1');
    fails('XADD string * a 1');
    fails('XADD');
    fails('XADD s');
    fails('XADD s *');
    fails('XADD s * a');
    fails('XADD s * a 1 b');
    fails('xadd s 1-1 a 1 b');
    fails('XADD none 0-0 a 1');
    same('EXISTS none');
  });

  test('XADD finds the part of an id that is left open', (verbs) => {
    const { same, fails, keeps, shape, since } = verbs;
    same('XADD s 0-* a 1');
    same('XADD s 5-* a 1');
    same('XADD s 5-* a 1');
    same('XADD s 6-* a 1');
    fails('XADD s 5-* a 1');
    same('XADD', 's', `7-${MAX}`, 'a', '1');
    // Before 7.2 it said that elements were too large.
    since('7.2').fails('XADD s 7-* a 1');
    fails('XADD s 7-0 a 1');
    same('XADD s 8-* a 1');
    shape('XADD s * a 1');
    keeps('id', 'XADD s * a 1');
    same('XLEN s');
    same('XADD', 'far', '99999999999999-5', 'a', '1');
    same('XADD far * a 1');
    same('XADD far * a 1');
    same('XADD', 'far', `99999999999999-${MAX}`, 'a', '1');
    same('XADD far * a 1');
    same('XADD', 'far', `${MAX}-*`, 'a', '1');
    same('XADD', 'far', `${MAX}-9223372036854775808`, 'a', '1');
    same('XADD far * a 1');
    same('XADD', 'far', `${MAX}-${MAX}`, 'a', '1');
    fails('XADD far * a 1');
    fails('XADD', 'far', `${MAX}-*`, 'a', '1');
    fails('XADD', 'far', `${MAX}-${MAX}`, 'a', '1');
    fails('XADD far 1-1 a 1');
    shows(verbs, 'far');
  });

  test('fields and values are any bytes', (verbs) => {
    const { same } = verbs;
    let n = 0;
    for (const text of [...BINARY, ...NUMBERS, 'x'.repeat(63), 'x'.repeat(64), 'y'.repeat(5000)]) {
      same('XADD', 's', `${++n}-0`, text, text);
      same('XADD', 's', `${++n}-0`, 'same', text);
      same('XADD', 's', `${++n}-0`, 'same', text, text, 'other');
    }
    shows(verbs, 's');
    for (const text of NUMBERS) {
      same('XADD', 'ints', `${++n}-0`, text, '1', text, '2');
      same('XADD', 'ints', `${++n}-0`, text, '3', text, '4');
    }
    shows(verbs, 'ints');
  });

  test('NOMKSTREAM makes no stream', ({ same, fails }) => {
    same('XADD none NOMKSTREAM * a 1');
    same('XADD none NOMKSTREAM 1-1 a 1');
    same('EXISTS none');
    same('XADD s 1-1 a 1');
    same('XADD s nomkstream 2-1 a 1');
    same('XADD s NOMKSTREAM NOMKSTREAM MAXLEN 2 3-1 a 1');
    same('XLEN s');
    fails('XADD none NOMKSTREAM 0-0 a 1');
    fails('XADD none NOMKSTREAM');
    fails('XADD none NOMKSTREAM *');
    fails('XADD none NOMKSTREAM a 1');
    same('SET string v');
    fails('XADD string NOMKSTREAM * a 1');
  });

  test('XADD trims as it adds', (verbs) => {
    const { same } = verbs;
    for (let i = 1; i <= 6; i++) same('XADD', 's', 'MAXLEN', '3', `${i}-0`, 'n', `${i}`);
    shows(verbs, 's');
    same('XADD s MAXLEN = 2 7-0 n 7');
    same('XADD s MAXLEN ~ 1 8-0 n 8');
    same('XLEN s');
    same('XADD s MINID 8 9-0 n 9');
    same('XADD s MINID = 9-0 10-0 n 10');
    same('XADD s MINID ~ 10 11-0 n 11');
    same('XADD s MINID ~ 99 LIMIT 0 12-0 n 12');
    shows(verbs, 's');
    same('XADD s MAXLEN 0 13-0 n 13');
    shows(verbs, 's');
    same('EXISTS s');
    same('XADD s 14-0 n 14');
    shows(verbs, 's');
  });

  test('options of XADD are refused as in Redis', ({ same, fails, agrees }) => {
    same('XADD s 1-1 a 1');
    fails('XADD s MAXLEN 5 MINID 1 * a 1');
    fails('XADD s MINID 5 MAXLEN 1 * a 1');
    fails('XADD s MAXLEN 5 MAXLEN 1 * a 1');
    fails('XADD s LIMIT 5 * a 1');
    agrees('XADD s LIMIT 0 * a 1');
    fails('XADD s MAXLEN 5 LIMIT 5 * a 1');
    fails('XADD s MAXLEN = 5 LIMIT 5 * a 1');
    fails('XADD s MAXLEN 5 LIMIT 0 * a 1');
    fails('XADD s MAXLEN ~ 5 LIMIT -1 * a 1');
    for (const bad of [...NEGATIVE, ...NOT_INTEGERS]) {
      agrees('XADD', 's', 'MAXLEN', bad, '2-1', 'a', '1');
      agrees('XADD', 's', 'MAXLEN', '~', bad, '2-1', 'a', '1');
      agrees('XADD', 's', 'MAXLEN', '~', '5', 'LIMIT', bad, '2-1', 'a', '1');
    }
    for (const bad of NOT_IDS) agrees('XADD', 's', 'MINID', bad, '3-1', 'a', '1');
    fails('XADD s MAXLEN');
    fails('XADD s MAXLEN ~');
    fails('XADD s MAXLEN ~ *');
    fails('XADD s MAXLEN ~ 5');
    fails('XADD s MAXLEN 5 *');
    fails('XADD s MAXLEN 5 * a');
    fails('XADD s LIMIT');
    fails('XADD s LIMIT 5');
    fails('XADD s COUNT 5 * a 1');
    fails('XADD s ~ 5 * a 1');
    same('XLEN s');
  });

  test('XLEN counts', ({ same, fails }) => {
    same('XLEN none');
    same('XADD s 1-1 a 1');
    same('XLEN s');
    same('XTRIM s MAXLEN 0');
    same('XLEN s');
    same('SET string v');
    fails('XLEN string');
    fails('XLEN');
    fails('XLEN a b');
  });

  test('XRANGE and XREVRANGE tell what lies between two ids', (verbs) => {
    const { same, fails, agrees } = verbs;
    for (const id of ['1-1', '1-2', '2-0', '2-5', '4-0', `4-${MAX}`, '7-7']) {
      same('XADD', 's', id, 'id', id);
    }
    const ends = ['-', '+', '0', '1', '1-1', '1-2', '2', '2-4', '3', '4', '7-7', '8', MAX];
    for (const start of ends) {
      for (const end of ends) {
        agrees('XRANGE', 's', start, end);
        agrees('XREVRANGE', 's', end, start);
        agrees('XRANGE', 's', `(${start}`, end, 'COUNT', '2');
        agrees('XREVRANGE', 's', end, `(${start}`, 'COUNT', '2');
        agrees('XREVRANGE', 's', `(${end}`, start);
      }
    }
    agrees('XRANGE', 's', `(${MAX}-${MAX}`, '+');
    agrees('XRANGE', 's', '-', '(0-0');
    agrees('XREVRANGE', 's', `(${MAX}-${MAX}`, '-');
    agrees('XREVRANGE', 's', '+', '(0');
    for (const id of [...NOT_IDS, ...ODD_IDS]) {
      agrees('XRANGE', 's', id, '+');
      agrees('XRANGE', 's', '-', id);
      agrees('XREVRANGE', 's', `(${id}`, '-');
    }
    for (const count of [...INTEGERS, ...NEGATIVE, ...NOT_INTEGERS]) {
      agrees('XRANGE', 's', '-', '+', 'COUNT', count);
      agrees('XREVRANGE', 's', '+', '-', 'count', count);
      agrees('XRANGE', 'none', '-', '+', 'COUNT', count);
    }
    same('XRANGE s - + COUNT 1 COUNT 3');
    same('XRANGE none - +');
    same('XREVRANGE none + -');
    same('SET string v');
    fails('XRANGE string - +');
    fails('XREVRANGE string + -');
    agrees('XRANGE string - + COUNT 0');
    fails('XRANGE s - + COUNT');
    fails('XRANGE s - + LIMIT 1');
    fails('XRANGE s -');
    fails('XREVRANGE s +');
  });

  test('entries of many nodes are told in both directions', (verbs) => {
    const { same } = verbs;
    same('CONFIG SET stream-node-max-entries 7');
    fill(verbs, 's', 60);
    for (const id of [1, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21, 60]) same('XDEL', 's', `${id}-0`);
    shows(verbs, 's');
    for (const [start, end] of [
      ...[
        ['1', '9'],
        ['7', '8'],
        ['15', '21'],
        ['14', '22'],
        ['58', '61'],
        ['30-1', '33-1'],
      ],
    ]) {
      same('XRANGE', 's', start, end);
      same('XREVRANGE', 's', end, start);
      same('XRANGE', 's', start, '+', 'COUNT', '3');
      same('XREVRANGE', 's', end, '-', 'COUNT', '3');
    }
    same('CONFIG SET stream-node-max-entries 100');
  });

  test('nodes end where Redis ends them', (verbs) => {
    const { same } = verbs;
    const sizes = [0, 1, 100, 500, 1000, 3000, 4000, 4085, 4096, 5000];
    for (const [bytes, entries] of [
      ['4096', '100'],
      ['0', '3'],
      ['1', '0'],
      ['200', '0'],
    ]) {
      same('DEL s');
      same('CONFIG', 'SET', 'stream-node-max-bytes', bytes);
      same('CONFIG', 'SET', 'stream-node-max-entries', entries);
      let n = 0;
      for (const size of sizes) {
        for (let i = 0; i < 3; i++) same('XADD', 's', `${++n}-0`, 'f', 'v'.repeat(size));
      }
      // Whole nodes go, as many as fit.
      for (let rest = n; rest > 0; rest -= 2) {
        same('XTRIM', 's', 'MAXLEN', '~', `${rest}`);
        same('XLEN s');
      }
    }
    same('CONFIG SET stream-node-max-bytes 4096 stream-node-max-entries 100');
  });

  test('XDEL removes entries by their ids', (verbs) => {
    const { same, fails, agrees } = verbs;
    fill(verbs, 's', 9);
    same('XDEL s 5');
    same('XDEL s 5-0 5 5');
    same('XDEL s 1 9 99 3-1 3');
    shows(verbs, 's');
    same('XDEL s 2 4 6 7');
    shows(verbs, 's');
    same('XDEL s 8');
    shows(verbs, 's');
    same('EXISTS s');
    fails('XADD s 9-0 a 1');
    same('XADD s 9-1 a 1');
    shows(verbs, 's');
    same('XDEL none 1');
    agrees('XDEL none abc');
    for (const id of [...NOT_IDS, ...ODD_IDS]) agrees('XDEL', 's', id, '9-1');
    shows(verbs, 's');
    same('SET string v');
    fails('XDEL string 1');
    fails('XDEL s');
    fails('XDEL');
  });

  test('XTRIM leaves so many, or those from an id on', (verbs) => {
    const { same } = verbs;
    same('CONFIG SET stream-node-max-entries 10');
    fill(verbs, 's', 100);
    same('XDEL s 3 4 15 100 50 51 52');
    for (const rest of ['200', '93', '92', '88', '80']) {
      same('XTRIM', 's', 'MAXLEN', '~', rest);
      same('XTRIM', 's', 'MAXLEN', '=', rest);
      same('XLEN s');
    }
    same('XTRIM s MAXLEN 75');
    same('XTRIM s MAXLEN ~ 0 LIMIT 25');
    same('XTRIM s MAXLEN ~ 30 LIMIT 5');
    same('XRANGE s - + COUNT 3');
    for (const id of ['1', '50', '53', '55-1', '61', '60-18446744073709551615']) {
      same('XTRIM', 's', 'MINID', '~', id);
      same('XTRIM', 's', 'MINID', id);
      same('XRANGE s - + COUNT 1');
    }
    same('XTRIM s MINID ~ 95 LIMIT 12');
    same('XTRIM s MINID ~ 95 LIMIT 0');
    same('XTRIM s MINID = 95');
    shows(verbs, 's');
    same('XTRIM s MINID 100');
    shows(verbs, 's');
    same('XTRIM s MAXLEN 0');
    same('XADD s 101-0 a 1');
    shows(verbs, 's');
    same('XTRIM', 's', 'MINID', `${MAX}-${MAX}`);
    same('XTRIM s MAXLEN 0');
    same('EXISTS s');
    same('XTRIM none MAXLEN 0');
    same('CONFIG SET stream-node-max-entries 100');
  });

  test('a node of nothing but what was deleted goes in the end', (verbs) => {
    const { same } = verbs;
    same('CONFIG SET stream-node-max-entries 5');
    fill(verbs, 's', 14);
    same('XDEL s 5 10 9 14');
    same('XTRIM s MINID 5');
    shows(verbs, 's');
    same('XTRIM s MINID 9');
    shows(verbs, 's');
    same('XTRIM s MINID 14');
    shows(verbs, 's');
    fill(verbs, 's', 8, 20);
    same('XTRIM s MAXLEN ~ 3');
    same('XTRIM s MAXLEN 2');
    shows(verbs, 's');
    same('CONFIG SET stream-node-max-entries 100');
  });

  test('options of XTRIM are refused as in Redis', ({ same, fails, agrees }) => {
    same('XADD s 1-1 a 1');
    fails('XTRIM s');
    fails('XTRIM s MAXLEN');
    fails('XTRIM s MAXLEN ~');
    fails('XTRIM s MAXLEN =');
    fails('XTRIM s LIMIT 5');
    agrees('XTRIM s LIMIT 0 LIMIT 0');
    fails('XTRIM s MAXLEN 5 MINID 5');
    fails('XTRIM s MAXLEN 5 MAXLEN 5');
    fails('XTRIM s MAXLEN 5 LIMIT 5');
    fails('XTRIM s MAXLEN = 5 LIMIT 5');
    fails('XTRIM s MAXLEN ~ 5 LIMIT -1');
    fails('XTRIM s MAXLEN ~ 5 LIMIT');
    fails('XTRIM s MAXLEN 5 NOMKSTREAM');
    fails('XTRIM s MAXLEN 5 more');
    fails('XTRIM s NOMKSTREAM MAXLEN 5');
    fails('XTRIM s * 5');
    same('XTRIM s LIMIT 5 MAXLEN ~ 5');
    same('SET string v');
    fails('XTRIM string MAXLEN 5');
    for (const bad of [...INTEGERS, ...NEGATIVE, ...NOT_INTEGERS]) {
      agrees('XTRIM', 's', 'MAXLEN', '~', bad);
      agrees('XTRIM', 's', 'MAXLEN', '~', '5', 'LIMIT', bad);
      agrees('XTRIM', 'none', 'MAXLEN', bad);
    }
    for (const id of [...NOT_IDS, ...ODD_IDS]) agrees('XTRIM', 's', 'MINID', '~', id);
    same('XLEN s');
  });

  test('XSETID sets what is remembered', (verbs) => {
    const { same, fails, agrees, since } = verbs;
    fails('XSETID none 1-1');
    same('XADD s 1-1 a 1');
    same('XADD s 1-2 a 1');
    same('XADD s 1-3 a 1');
    same('XSETID s 1-3');
    same('XSETID s 200-1');
    fails('XSETID s 1-2');
    fails('XADD s 200-1 a 1');
    same('XADD s 200-* a 1');
    same('XDEL s 1-2');
    same('XSETID s 300 ENTRIESADDED 3');
    fails('XSETID s 300 ENTRIESADDED 2');
    same('XSETID s 300 ENTRIESADDED 9223372036854775807 MAXDELETEDID 5-5');
    same('XADD s 301 a 1');
    fails('XSETID s 300 MAXDELETEDID 301');
    same('XSETID s 400 MAXDELETEDID 0-0');
    same('XSETID s 400 MAXDELETEDID 350');
    // Before 7.2 it was not held against what had been deleted.
    since('7.2').fails('XSETID s 349-5');
    same('XSETID s 400 entriesadded 100 maxdeletedid 400');
    for (const bad of [...NEGATIVE, ...NOT_INTEGERS])
      agrees('XSETID', 's', '500', 'ENTRIESADDED', bad);
    for (const id of [...NOT_IDS, ...ODD_IDS]) {
      since('7.2').agrees('XSETID', 's', id);
      agrees('XSETID', 's', '600', 'MAXDELETEDID', id);
    }
    fails('XSETID s 500 ENTRIESADDED');
    fails('XSETID s 500 MAXDELETEDID');
    fails('XSETID s 500 NOSUCH 5');
    fails('XSETID s');
    fails('XSETID');
    same('SET string v');
    fails('XSETID string 1-1');
    shows(verbs, 's');
    same('XTRIM s MAXLEN 0');
    same('XSETID s 700-5 ENTRIESADDED 0');
    fails('XADD s 700-5 a 1');
    same('XADD s 700-6 a 1');
    shows(verbs, 's');
  });

  test('XREAD tells what came after given ids', (verbs) => {
    const { same, fails, agrees, since } = verbs;
    fill(verbs, 's', 5);
    fill(verbs, 't', 3, 10);
    same('XREAD STREAMS s 0');
    same('XREAD COUNT 2 STREAMS s 0');
    same('XREAD COUNT 0 STREAMS s 3');
    same('XREAD COUNT -5 STREAMS s 3-0');
    same('xread count 1 streams s t none 2 11 0');
    same('XREAD STREAMS s t 5 11-5');
    same('XREAD STREAMS s t 5 12');
    same('XREAD STREAMS s $');
    same('XREAD STREAMS s t $ 0');
    same('XREAD STREAMS none 0');
    same('XREAD STREAMS s s 4 3');
    same('XREAD', 'STREAMS', 's', `${MAX}-${MAX}`);
    same('XREAD', 'STREAMS', 's', `4-${MAX}`);
    same('XDEL s 5');
    same('XREAD STREAMS s 4');
    same('XREAD STREAMS s 3');
    same('XTRIM s MAXLEN 0');
    same('XREAD STREAMS s 0');
    same('SET string v');
    fails('XREAD STREAMS string 0');
    fails('XREAD STREAMS s string 0 0');
    fails('XREAD STREAMS string abc');
    fails('XREAD STREAMS s');
    since('7.2').fails('XREAD STREAMS s t 0');
    fails('XREAD STREAMS');
    fails('XREAD STREAMS s >');
    fails('XREAD COUNT 1');
    fails('XREAD COUNT 1 2 3');
    fails('XREAD GROUP g c STREAMS s 0');
    fails('XREAD NOACK STREAMS s 0');
    fails('XREAD GROUP g STREAMS s 0');
    fails('XREAD nosuch STREAMS s 0');
    fails('XREAD');
    fails('XREAD COUNT');
    fails('XREAD BLOCK STREAMS s 0');
    for (const count of [...INTEGERS, ...NEGATIVE, ...NOT_INTEGERS]) {
      agrees('XREAD', 'COUNT', count, 'STREAMS', 't', '11');
    }
    for (const id of [...NOT_IDS, ...ODD_IDS]) agrees('XREAD', 'STREAMS', 't', id);
    for (const bad of [...NEGATIVE, ...NOT_INTEGERS]) {
      agrees('XREAD', 'BLOCK', bad, 'STREAMS', 't', '$');
    }
  });

  test('XREAD waits for what comes', (verbs) => {
    const { on, same, shape } = verbs;
    same('XREAD BLOCK 1 STREAMS s $');
    same('XREAD BLOCK 1 COUNT 5 STREAMS s t 0 0');
    waits(verbs, 'a', 'XREAD BLOCK 0 STREAMS s $');
    waits(verbs, 'b', 'XREAD BLOCK 0 COUNT 2 STREAMS t s $ $');
    waits(verbs, 'c', 'XREAD BLOCK 0 STREAMS s 5-5');
    waits(verbs, 'd', 'XREAD BLOCK 100000 STREAMS t 0');
    shape('CLIENT LIST');
    same('XADD s 1-1 a 1');
    for (const client of ['a', 'b']) on(client).receives(2);
    same('XADD s 5-5 a 1');
    same('XADD s 5-6 a 1');
    on('c').receives(2);
    same('RPUSH t not-a-stream');
    same('DEL t');
    same('XADD t 1-1 a 1');
    on('d').receives(2);
    waits(verbs, 'a', 'XREAD BLOCK 0 STREAMS s t $ $');
    same('XADD s 6-6 b 2');
    on('a').receives(2);
    same('XREAD BLOCK 0 STREAMS s 5-5');
    shows(verbs, 's');
  });

  test('who waits sees a transaction whole, and never what was there', (verbs) => {
    const { on, same } = verbs;
    same('XADD s 1-1 a 1');
    waits(verbs, 'a', 'XREAD BLOCK 0 STREAMS s $');
    same('MULTI');
    same('XADD s 2-1 a 1');
    same('XADD s 3-1 a 1');
    same('DEL gone');
    same('XADD s 4-1 a 1');
    same('EXEC');
    on('a').receives(2);
    // Before 7.2 one was served who found nothing.
    const newer = verbs.since('7.2');
    waits(newer, 'a', 'XREAD BLOCK 0 STREAMS s $');
    newer.same('MULTI');
    newer.same('XADD s 5-1 a 1');
    newer.same('XDEL s 5-1');
    newer.same('EXEC');
    newer.same('XADD s 6-1 a 1');
    newer.on('a').receives(2);
    same('MULTI');
    same('XREAD BLOCK 0 STREAMS s $');
    same('XREAD BLOCK 0 STREAMS s 0');
    same('EXEC');
  });

  test('a stream that comes by another name is told', (verbs) => {
    const { on, same } = verbs;
    same('XADD other 1-1 a 1');
    waits(verbs, 'a', 'XREAD BLOCK 0 STREAMS s 0');
    same('RENAME other s');
    on('a').receives(2);
    waits(verbs, 'a', 'XREAD BLOCK 0 STREAMS t 0');
    same('COPY s t');
    on('a').receives(2);
  });

  test('a stream is copied, moved and renamed with all it remembers', (verbs) => {
    const { same, fails } = verbs;
    fill(verbs, 's', 150);
    same('XDEL s 1 150');
    same('COPY s t');
    same('RENAME s u');
    shows(verbs, 't');
    shows(verbs, 'u');
    fails('XADD u 150-0 a 1');
    same('XADD u 150-1 a 1');
    same('XLEN t');
    same('MOVE u 3');
    same('SELECT 3');
    shows(verbs, 'u');
    same('SELECT 0');
    same('DBSIZE');
    fails('SORT t');
    fails('GET t');
    same('EXPIRE t 100');
    same('XADD t 151-1 a 1');
    same('TTL t');
    same('SCAN 0 TYPE stream');
  });
});
