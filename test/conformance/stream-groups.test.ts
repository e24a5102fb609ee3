/** Streams, in groups: made and ended, read, acknowledged, claimed, and looked into. */

import { conformance, type Verbs } from './harness.ts';

const NOT_IDS = ['', 'abc', '1-', '-1', '1-2-3', '1-a', '18446744073709551616', '1.5', ' ', '1 -1'];
const ODD_IDS = [
  '-',
  '+',
  '$',
  '>',
  '(1',
  '007-1',
  ' 7-1',
  '+7',
  '7-007',
  '1-18446744073709551615',
];
const INTEGERS = ['0', '1', '-1', '-2', '9223372036854775807', '-9223372036854775808'];
const NOT_INTEGERS = ['', 'abc', '1.5', '01', ' 1', '9223372036854775808', '+1'];
const NAMES = ['', 'a', 'ab', 'b', 'a\x00', '\xff', 'long'.repeat(40), ' ', 'B', '\r\n'];

/** Entries 1-1 to `count`-1. */
function fill({ same }: Verbs, key: string, count: number): void {
  for (let i = 1; i <= count; i++) same('XADD', key, `${i}-1`, 'field', `value ${i}`, 'n', `${i}`);
}

conformance('stream-groups', ({ test }) => {
  test('XGROUP CREATE makes a group, and a stream where it may', ({ same, fails, agrees }) => {
    fails('XGROUP CREATE s g $');
    fails('XGROUP CREATE s g 0');
    same('EXISTS s');
    same('XGROUP CREATE s g $ MKSTREAM');
    same('TYPE s');
    same('OBJECT ENCODING s');
    same('XLEN s');
    same('XINFO GROUPS s');
    fails('XGROUP CREATE s g $ MKSTREAM');
    fails('XGROUP CREATE s g $');
    same('XADD s 5-5 a b');
    same('XGROUP CREATE s h $');
    same('XGROUP CREATE s i 0');
    same('XGROUP CREATE s j 3-4 ENTRIESREAD 7');
    same('XGROUP CREATE s k 99 mkstream entriesread -1');
    same('XGROUP CREATE s l 99-1 ENTRIESREAD 2 MKSTREAM');
    same('XGROUP CREATE s m 18446744073709551615-18446744073709551615');
    same('XINFO GROUPS s');
    same('SET string v');
    fails('XGROUP CREATE string g $');
    fails('XGROUP CREATE string g $ MKSTREAM');
    for (const id of [...NOT_IDS, ...ODD_IDS]) agrees('XGROUP', 'CREATE', 's', `g${id}`, id);
    for (const read of [...INTEGERS, ...NOT_INTEGERS]) {
      agrees('XGROUP', 'CREATE', 's', `r${read}`, '0', 'ENTRIESREAD', read);
      agrees('XGROUP', 'CREATE', 'none', 'g', '0', 'ENTRIESREAD', read);
    }
    same('XINFO GROUPS s');
    agrees('XGROUP CREATE none g abc MKSTREAM');
    same('EXISTS none');
    fails('XGROUP CREATE s g');
    fails('XGROUP CREATE s');
    fails('XGROUP CREATE s g2 0 NOSUCH');
    fails('XGROUP CREATE s g2 0 ENTRIESREAD');
    fails('XGROUP CREATE none g2 0 NOSUCH');
    fails('XGROUP CREATE string g2 0 NOSUCH');
    fails('XGROUP CREATE s g2 0 MKSTREAM MKSTREAM MKSTREAM MKSTREAM');
    fails('XGROUP CREATE none g2 0 MKSTREAM MKSTREAM MKSTREAM MKSTREAM');
    same('XGROUP CREATE s g2 0 MKSTREAM MKSTREAM MKSTREAM');
    fails('XGROUP NOSUCH s g');
    fails('XGROUP');
  });

  test('XGROUP HELP and XINFO HELP list the subcommands', ({ help, fails }) => {
    help('XGROUP HELP');
    help('XINFO HELP');
    fails('XGROUP HELP me');
    fails('XINFO HELP me');
    fails('XINFO');
    fails('XINFO NOSUCH s');
  });

  test('XGROUP SETID moves a group', ({ same, fails, agrees }) => {
    fails('XGROUP SETID s g 0');
    same('XADD s 1-1 a b');
    same('XADD s 2-1 a b');
    fails('XGROUP SETID s g 0');
    same('XGROUP CREATE s g 0');
    same('XGROUP SETID s g $');
    same('XINFO GROUPS s');
    same('XGROUP SETID s g 1-1 ENTRIESREAD 1');
    same('XINFO GROUPS s');
    for (const id of [...NOT_IDS, ...ODD_IDS]) {
      agrees('XGROUP', 'SETID', 's', 'g', id);
      same('XINFO GROUPS s');
    }
    for (const read of [...INTEGERS, ...NOT_INTEGERS]) {
      agrees('XGROUP', 'SETID', 's', 'g', '0', 'ENTRIESREAD', read);
      same('XINFO GROUPS s');
    }
    fails('XGROUP SETID s g');
    fails('XGROUP SETID s g 0 MKSTREAM');
    fails('XGROUP SETID s g 0 ENTRIESREAD');
    fails('XGROUP SETID s g 0 ENTRIESREAD 1 ENTRIESREAD 2');
    same('SET string v');
    fails('XGROUP SETID string g 0');
  });

  test('XGROUP DESTROY, CREATECONSUMER and DELCONSUMER', (verbs) => {
    const { same, fails } = verbs;
    fails('XGROUP DESTROY s g');
    fails('XGROUP CREATECONSUMER s g c');
    fails('XGROUP DELCONSUMER s g c');
    fill(verbs, 's', 10);
    same('XGROUP DESTROY s g');
    fails('XGROUP CREATECONSUMER s g c');
    fails('XGROUP DELCONSUMER s g c');
    same('XGROUP CREATE s g 0');
    same('XGROUP CREATECONSUMER s g c');
    same('XGROUP CREATECONSUMER s g c');
    same('XGROUP DELCONSUMER s g c');
    same('XGROUP DELCONSUMER s g c');
    same('XREADGROUP GROUP g c COUNT 4 STREAMS s >');
    same('XREADGROUP GROUP g d COUNT 3 STREAMS s >');
    same('XPENDING s g');
    same('XGROUP DELCONSUMER s g c');
    same('XPENDING s g');
    same('XGROUP CREATE s h 0');
    same('XREADGROUP GROUP h e STREAMS s >');
    same('XGROUP DESTROY s g');
    same('XGROUP DESTROY s g');
    same('XINFO GROUPS s');
    same('XPENDING s h');
    for (const subcommand of ['DESTROY', 'CREATECONSUMER', 'DELCONSUMER']) {
      fails('XGROUP', subcommand, 's');
      fails('XGROUP', subcommand, 's', 'g', 'c', 'd');
    }
    fails('XGROUP DESTROY s g c');
    fails('XGROUP CREATECONSUMER s g');
    same('SET string v');
    fails('XGROUP DESTROY string g');
    fails('XGROUP CREATECONSUMER string g c');
    fails('XGROUP DELCONSUMER string g c');
  });

  test('groups and consumers are told in the order of their names', ({ same }) => {
    same('XADD s 1-1 a b');
    for (const name of NAMES) same('XGROUP', 'CREATE', 's', name, '0');
    for (const name of NAMES) same('XGROUP', 'CREATECONSUMER', 's', 'ab', name);
    same('XINFO GROUPS s');
    for (const name of NAMES) same('XREADGROUP', 'GROUP', name, 'c', 'STREAMS', 's', '>');
    for (const [i, name] of NAMES.entries()) {
      same(`XADD s ${i + 2}-1 a b`);
      same('XGROUP', 'SETID', 's', 'ab', '0');
      same('XREADGROUP', 'GROUP', 'ab', name, 'COUNT', '1', 'STREAMS', 's', '>');
      same('XPENDING s ab');
    }
    for (const name of NAMES) same('XGROUP', 'DELCONSUMER', 's', 'ab', name);
    for (const name of NAMES) same('XGROUP', 'DESTROY', 's', name);
    same('XINFO GROUPS s');
  });

  test('XREADGROUP delivers each entry to one consumer', (verbs) => {
    const { same, fails } = verbs;
    fails('XREADGROUP GROUP g c STREAMS s >');
    fill(verbs, 's', 12);
    fails('XREADGROUP GROUP g c STREAMS s >');
    same('XGROUP CREATE s g 0');
    same('XREADGROUP GROUP g c COUNT 2 STREAMS s >');
    same('XREADGROUP GROUP g d COUNT 3 STREAMS s >');
    same('XREADGROUP GROUP g c COUNT 1 NOACK STREAMS s >');
    same('XPENDING s g');
    same('XREADGROUP GROUP g c STREAMS s 0');
    same('XREADGROUP GROUP g d COUNT 2 STREAMS s 3');
    same('XREADGROUP GROUP g d COUNT 0 STREAMS s 3-1');
    same('XREADGROUP GROUP g e STREAMS s 0');
    same('XREADGROUP GROUP g e STREAMS s >');
    same('XREADGROUP GROUP g e STREAMS s >');
    same('XREADGROUP GROUP g d COUNT -1 STREAMS s 0');
    same('XACK s g 3-1 3-1 4-1 99-1');
    same('XREADGROUP GROUP g d STREAMS s 0');
    same('XDEL s 5-1 7-1');
    same('XREADGROUP GROUP g d STREAMS s 0');
    same('XREADGROUP GROUP g e STREAMS s 6');
    same('XGROUP SETID s g 0');
    same('XREADGROUP GROUP g f COUNT 6 STREAMS s >');
    same('XPENDING s g');
    same('XREADGROUP GROUP g f STREAMS s 18446744073709551615-18446744073709551615');
    same('XREADGROUP GROUP g f STREAMS s 18446744073709551615-18446744073709551614');
    same('XPENDING s g');
  });

  test('XREADGROUP reads several streams', (verbs) => {
    const { same, fails, since } = verbs;
    for (const key of ['a', 'b', 'c']) {
      fill(verbs, key, 4);
      same('XGROUP', 'CREATE', key, 'g', '0');
    }
    same('XREADGROUP GROUP g x COUNT 1 STREAMS a b c > > >');
    same('XREADGROUP GROUP g x COUNT 2 STREAMS a b c 0 > 0');
    same('XREADGROUP GROUP g x COUNT 1 STREAMS a a > >');
    same('XREADGROUP GROUP g x STREAMS a b a > > 0');
    same('XREADGROUP GROUP g x STREAMS a b > >');
    same('XREADGROUP GROUP g y STREAMS a b c > > 0');
    fails('XREADGROUP GROUP g x STREAMS a none > >');
    since('7.2').fails('XREADGROUP GROUP g x STREAMS a b c > >');
    same('SET string v');
    fails('XREADGROUP GROUP g x STREAMS c string > >');
    same('XREADGROUP GROUP g x STREAMS c a b > > >');
    since('7.2').same('XINFO GROUPS a');
  });

  test('XREADGROUP refuses what is none of its options', ({ same, fails, agrees, since }) => {
    same('XADD s 1-1 a b');
    same('XGROUP CREATE s g 0');
    fails('XREADGROUP GROUP g c STREAMS s $');
    for (const id of [...NOT_IDS, ...ODD_IDS]) {
      agrees('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', id);
      agrees('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'none', id);
    }
    for (const count of [...INTEGERS, ...NOT_INTEGERS]) {
      agrees('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', count, 'STREAMS', 's', '0');
      agrees('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', count, 'STREAMS', 'none', '0');
    }
    for (const time of ['-1', '-9223372036854775808', '0', '1', ...NOT_INTEGERS]) {
      agrees('XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', time, 'STREAMS', 's', '0');
    }
    since('7.2').fails('XREADGROUP GROUP g c BLOCK 9223372036854775807 STREAMS s 0');
    fails('XREADGROUP');
    fails('XREADGROUP GROUP g c STREAMS s');
    since('7.2').fails('XREADGROUP GROUP g c STREAMS s s >');
    fails('XREADGROUP GROUP g STREAMS s > >');
    fails('XREADGROUP GROUP g c COUNT 1 BLOCK 1');
    fails('XREADGROUP NOACK NOACK NOACK NOACK NOACK NOACK');
    fails('XREADGROUP COUNT 1 NOACK STREAMS s >');
    fails('XREADGROUP GROUP g c NOSUCH STREAMS s >');
    fails('XREADGROUP GROUP g c COUNT STREAMS s >');
    fails('XREADGROUP GROUP g c COUNT 1 STREAMS');
    fails('XREAD GROUP g c STREAMS s >');
    fails('XREAD NOACK STREAMS s 0');
    fails('XREAD STREAMS s >');
    same('xreadgroup count 5 noack group g c count 1 streams s >');
    same('XPENDING s g');
    same('SET string v');
    fails('XREADGROUP GROUP g c STREAMS string >');
    fails('XREADGROUP GROUP g c STREAMS string abc');
  });

  test('XACK takes what is pending off', (verbs) => {
    const { same, fails, agrees } = verbs;
    same('XACK s g 1-1');
    fill(verbs, 's', 40);
    same('XACK s g 1-1');
    same('XACK s g abc');
    same('XGROUP CREATE s g 0');
    same('XREADGROUP GROUP g c STREAMS s >');
    for (const id of [...NOT_IDS, ...ODD_IDS]) agrees('XACK', 's', 'g', '1-1', id);
    same('XPENDING s g');
    same('XACK s g 3 3-1 3-2 39-1');
    same('XACK', 's', 'g', ...Array.from({ length: 40 }, (_, i) => `${i + 1}-1`));
    same('XPENDING s g');
    fails('XACK s g');
    same('SET string v');
    fails('XACK string g 1-1');
  });

  test('XPENDING tells what is pending', (verbs) => {
    const { same, fails, agrees } = verbs;
    fails('XPENDING s g');
    fill(verbs, 's', 30);
    fails('XPENDING s g');
    fails('XPENDING s g - + 10');
    same('XGROUP CREATE s g 0');
    same('XPENDING s g');
    same('XPENDING s g - + 10');
    same('XGROUP CREATECONSUMER s g idle');
    same('XPENDING s g');
    same('XREADGROUP GROUP g b COUNT 20 STREAMS s >');
    same('XREADGROUP GROUP g a COUNT 5 STREAMS s >');
    same('XPENDING s g');
    const TOLERANCE = 2000;
    const near = (...line: string[]) => verbs.near(TOLERANCE, 'XPENDING', 's', 'g', ...line);
    near('-', '+', '100');
    near('-', '+', '3');
    near('-', '+', '0');
    near('-', '+', '-5');
    near('5', '7', '100');
    near('(5-1', '(7-1', '100');
    near('(5', '7-0', '100');
    near('22', '3', '100');
    near('-', '+', '100', 'a');
    near('3', '24', '2', 'a');
    near('-', '+', '100', 'none');
    near('-', '+', '100', 'idle');
    near('-', '+', '100', 'a', 'more');
    near('-', '+', '100', 'a', 'more', 'and more');
    near('IDLE', '0', '-', '+', '4');
    near('IDLE', '-10', '-', '+', '4', 'b');
    near('IDLE', '100000000', '-', '+', '4');
    near('idle', '100000000', '-', '+', '4', 'b');
    for (const id of [...NOT_IDS, ...ODD_IDS, '(', '(-', '(+', '(abc', '(0']) {
      agrees('XPENDING', 's', 'g', id, '0', '10');
      agrees('XPENDING', 's', 'g', '99', id, '10');
      agrees('XPENDING', 'none', 'g', '99', id, '10');
    }
    agrees('XPENDING s g (18446744073709551615-18446744073709551615 + 10');
    agrees('XPENDING s g 99 (0-0 10');
    for (const count of NOT_INTEGERS) {
      agrees('XPENDING', 's', 'g', '-', '+', count);
      agrees('XPENDING', 's', 'g', 'IDLE', count, '-', '+', '1');
      agrees('XPENDING', 's', 'g', 'abc', '+', count);
    }
    fails('XPENDING s');
    fails('XPENDING s g -');
    fails('XPENDING s g - +');
    fails('XPENDING s g IDLE 1');
    fails('XPENDING s g IDLE 1 - +');
    fails('XPENDING s g IDLE abc - +');
    fails('XPENDING s g - + 1 a b c d');
    same('SET string v');
    fails('XPENDING string g');
    fails('XPENDING string g - + 1');
  });

  test('XCLAIM gives what is pending to another consumer', (verbs) => {
    const { same, fails, agrees, near, since } = verbs;
    fails('XCLAIM s g c 0 1-1');
    fill(verbs, 's', 20);
    fails('XCLAIM s g c 0 1-1');
    same('XGROUP CREATE s g 0');
    same('XREADGROUP GROUP g a COUNT 10 STREAMS s >');
    same('XCLAIM s g b 0 1-1 2-1 99-1 15-1');
    same('XCLAIM s g b 0 3-1 4-1 JUSTID');
    same('XCLAIM s g b 10000000 5-1 6-1');
    same('XCLAIM s g b -5 5-1');
    same('XCLAIM s g b 0 1-1');
    near(2000, 'XPENDING s g - + 20');
    same('XCLAIM s g c 0 15-1 FORCE');
    same('XCLAIM s g c 100000 16-1 17-1 99-1 FORCE JUSTID');
    near(2000, 'XPENDING s g - + 20');
    same('XCLAIM s g d 0 7-1 IDLE 5000');
    same('XCLAIM s g d 0 8-1 TIME 1000');
    same('XCLAIM s g d 0 9-1 TIME 99999999999999');
    same('XCLAIM s g d 0 10-1 IDLE 99999999999999');
    same('XCLAIM s g d 0 10-1 TIME -1 IDLE -1');
    same('XCLAIM s g d 0 6-1 RETRYCOUNT 77');
    same('XCLAIM s g d 0 5-1 RETRYCOUNT 9223372036854775807 JUSTID');
    same('XCLAIM s g d 0 4-1 RETRYCOUNT -3');
    near(2000, 'XPENDING s g - + 20');
    same('XCLAIM s g d 0 5-1');
    near(2000, 'XPENDING s g 5 5 20');
    same('XDEL s 1-1 2-1 18-1');
    same('XCLAIM s g d 0 1-1 2-1 18-1 FORCE');
    near(2000, 'XPENDING s g - + 20');
    same('XCLAIM s g d 0 3-1 LASTID 5-5');
    same('XINFO GROUPS s');
    same('XCLAIM s g e 0 99-1 LASTID 12-5');
    since('7.2').same('XINFO GROUPS s');
    same('XPENDING s g');
    same('XCLAIM s g f 0 idle 1 force');
    for (const value of [...INTEGERS, ...NOT_INTEGERS]) {
      agrees('XCLAIM', 's', 'g', 'b', value, '99-1');
      agrees('XCLAIM', 's', 'g', 'b', '0', '99-1', 'IDLE', value);
      agrees('XCLAIM', 's', 'g', 'b', '0', '99-1', 'TIME', value);
      agrees('XCLAIM', 's', 'g', 'b', '0', '99-1', 'RETRYCOUNT', value);
    }
    for (const id of [...NOT_IDS, ...ODD_IDS]) {
      agrees('XCLAIM', 's', 'g', 'b', '0', '3-1', id);
      agrees('XCLAIM', 's', 'g', 'b', '0', '99-1', 'LASTID', id);
    }
    fails('XCLAIM s g b 0 3-1 IDLE');
    fails('XCLAIM s g b 0 3-1 NOSUCH');
    fails('XCLAIM s g b 0 3-1 FORCE 4-1');
    fails('XCLAIM s g b 0');
    fails('XCLAIM s g b abc');
    same('SET string v');
    fails('XCLAIM string g b 0 3-1');
    near(2000, 'XPENDING s g - + 20');
  });

  test('XAUTOCLAIM claims what has been pending for long', (verbs) => {
    const { same, fails, agrees, near } = verbs;
    fails('XAUTOCLAIM s g c 0 0');
    fill(verbs, 's', 20);
    fails('XAUTOCLAIM s g c 0 0');
    same('XGROUP CREATE s g 0');
    same('XAUTOCLAIM s g c 0 0');
    same('XREADGROUP GROUP g a COUNT 15 STREAMS s >');
    same('XAUTOCLAIM s g b 0 - COUNT 2');
    same('XAUTOCLAIM s g b 0 3 COUNT 2 JUSTID');
    same('XAUTOCLAIM s g b 0 (3-1 COUNT 2');
    same('XAUTOCLAIM s g b 10000000 0 COUNT 1');
    same('XAUTOCLAIM s g b 10000000 0 COUNT 3');
    near(2000, 'XPENDING s g - + 20');
    same('XDEL s 3-1 5-1 6-1 14-1 15-1');
    same('XAUTOCLAIM s g c 0 0 COUNT 4');
    same('XAUTOCLAIM s g c 0 5-2 COUNT 3 JUSTID');
    same('XAUTOCLAIM s g c 0 13-2 COUNT 1');
    same('XAUTOCLAIM s g c 0 13-2');
    same('XAUTOCLAIM s g c 0 16-1');
    same('XPENDING s g');
    near(2000, 'XPENDING s g - + 20');
    same('XAUTOCLAIM s g d 0 0 JUSTID COUNT 100');
    same('XPENDING s g');
    for (const value of [...INTEGERS, ...NOT_INTEGERS, '576460752303423488']) {
      agrees('XAUTOCLAIM', 's', 'g', 'b', value, '99-1');
      agrees('XAUTOCLAIM', 's', 'g', 'b', '0', '99-1', 'COUNT', value);
    }
    for (const id of [...NOT_IDS, ...ODD_IDS, '(', '(-', '(+', '(0']) {
      agrees('XAUTOCLAIM', 's', 'g', 'b', '0', id, 'JUSTID');
    }
    agrees('XAUTOCLAIM s g b 0 (18446744073709551615-18446744073709551615');
    fails('XAUTOCLAIM s g b 0 0 COUNT');
    fails('XAUTOCLAIM s g b 0 0 NOSUCH');
    fails('XAUTOCLAIM s g b 0');
    fails('XAUTOCLAIM s g b abc def NOSUCH');
    same('SET string v');
    fails('XAUTOCLAIM string g b 0 0');
    fails('XAUTOCLAIM string g b abc 0');
  });

  test('the lag of a group is known as long as nothing is missing', (verbs) => {
    const { same } = verbs;
    same('XGROUP CREATE s early $ MKSTREAM');
    same('XINFO GROUPS s');
    fill(verbs, 's', 5);
    same('XGROUP CREATE s first 0');
    same('XGROUP CREATE s at-first 1-1');
    same('XGROUP CREATE s last $');
    same('XGROUP CREATE s between 3');
    same('XGROUP CREATE s beyond 99');
    same('XGROUP CREATE s known 2-1 ENTRIESREAD 2');
    same('XGROUP CREATE s wrong 2-1 ENTRIESREAD 100');
    same('XGROUP CREATE s largest 2-1 ENTRIESREAD 9223372036854775807');
    const GROUPS = ['early', 'first', 'at-first', 'last', 'between', 'beyond', 'known', 'wrong'];
    for (const group of GROUPS) same('XGROUP', 'CREATECONSUMER', 's', group, 'c');
    same('XINFO GROUPS s');
    const readAll = (...options: string[]) => {
      for (const group of GROUPS)
        same('XREADGROUP', 'GROUP', group, 'c', ...options, 'STREAMS', 's', '>');
      same('XINFO GROUPS s');
    };
    readAll('COUNT', '1');
    same('XDEL s 1-1');
    same('XINFO GROUPS s');
    same('XDEL s 4-1');
    same('XINFO GROUPS s');
    readAll('COUNT', '1', 'NOACK');
    readAll();
    same('XADD s 6-1 a b');
    same('XADD s 7-1 a b');
    same('XINFO GROUPS s');
    readAll('COUNT', '1');
    same('XTRIM s MAXLEN 1');
    same('XINFO GROUPS s');
    same('XTRIM s MAXLEN 0');
    same('XINFO GROUPS s');
    same('XADD s 8-1 a b');
    readAll();
    same('XTRIM s MAXLEN 0');
    same('XSETID s 9-1 ENTRIESADDED 0');
    same('XINFO GROUPS s');
    same('XADD s 10-1 a b');
    same('XINFO GROUPS s');
    readAll();
    same('XSETID s 11-1 ENTRIESADDED 9223372036854775807 MAXDELETEDID 10-5');
    same('XINFO GROUPS s');
  });

  test('XINFO tells of groups and consumers', (verbs) => {
    const { same, fails, near, since } = verbs;
    fails('XINFO GROUPS s');
    fails('XINFO CONSUMERS s g');
    fails('XINFO STREAM s');
    fails('XINFO STREAM s NOSUCH');
    fill(verbs, 's', 25);
    same('XINFO GROUPS s');
    fails('XINFO CONSUMERS s g');
    same('XGROUP CREATE s g 0');
    same('XINFO CONSUMERS s g');
    same('XGROUP CREATECONSUMER s g a');
    same('XREADGROUP GROUP g b COUNT 12 STREAMS s >');
    same('XREADGROUP GROUP g c COUNT 1 NOACK STREAMS s >');
    same('XREADGROUP GROUP g d STREAMS s 0');
    since('7.2').near(2000, 'XINFO CONSUMERS s g');
    same('XINFO GROUPS s');
    same('XGROUP CREATE s h $');
    since('7.2').near(2000, 'XINFO STREAM s FULL');
    since('7.2').near(2000, 'XINFO STREAM s FULL COUNT 2');
    since('7.2').near(2000, 'XINFO STREAM s FULL COUNT 0');
    since('7.2').near(2000, 'XINFO STREAM s FULL COUNT -3');
    same('XINFO STREAM s');
    same('XDEL s 1-1 25-1');
    near(2000, 'XINFO STREAM s');
    same('XTRIM s MAXLEN 0');
    near(2000, 'XINFO STREAM s');
    since('7.2').near(2000, 'XINFO STREAM s FULL');
    fails('XINFO STREAM s FULL COUNT');
    fails('XINFO STREAM s FULL COUNT abc');
    fails('XINFO STREAM s FULL NOSUCH 1');
    fails('XINFO STREAM s FULL COUNT 1 2');
    fails('XINFO STREAM s NOSUCH');
    fails('XINFO STREAM');
    fails('XINFO GROUPS');
    fails('XINFO GROUPS s g');
    fails('XINFO CONSUMERS s');
    fails('XINFO CONSUMERS s g c');
    same('SET string v');
    fails('XINFO GROUPS string');
    fails('XINFO CONSUMERS string g');
    fails('XINFO STREAM string');
    fails('XINFO STREAM string NOSUCH');
  });

  test('XREADGROUP waits for new entries', ({ same, on }) => {
    same('XGROUP CREATE s g $ MKSTREAM');
    same('XGROUP CREATE t g $ MKSTREAM');
    on('a').sends('XREADGROUP GROUP g a BLOCK 0 STREAMS s t > >');
    on('a').sends('PING');
    on('b').same('PING');
    on('b').same('XADD t 1-1 a b');
    on('a').receives(2);
    same('XPENDING t g');
    on('a').sends('XREADGROUP GROUP g a COUNT 1 BLOCK 0 STREAMS s >');
    same('PING');
    on('b').sends('XREADGROUP GROUP g b COUNT 1 BLOCK 0 STREAMS s >');
    same('PING');
    same('XADD s 1-1 a b');
    on('a').receives();
    same('XADD s 2-1 a b');
    on('b').receives();
    same('XPENDING s g');
    on('a').same('XREADGROUP GROUP g a BLOCK 10 STREAMS s >');
    on('a').same('XREADGROUP GROUP g a BLOCK 0 STREAMS s 0');
    on('a').same('MULTI');
    on('a').same('XREADGROUP GROUP g a BLOCK 0 STREAMS s >');
    on('a').same('EXEC');
    same('XINFO GROUPS s');
  });

  test('XREADGROUP waits no more when its group or its stream goes', ({ since, same, on }) => {
    const endings = [
      ['XGROUP DESTROY s g'],
      ['DEL s'],
      ['SET s v'],
      ['MULTI', 'DEL s', 'SADD s a', 'EXEC'],
      ['RENAME other s'],
      ['MULTI', 'DEL s', 'XGROUP CREATE s g 0 MKSTREAM', 'XADD s 1-1 a b', 'EXEC'],
    ];
    for (const lines of endings) {
      same('DEL s other');
      same('LPUSH other a');
      same('XGROUP CREATE s g $ MKSTREAM');
      since('7.2').on('a').sends('XREADGROUP GROUP g a BLOCK 0 STREAMS s >');
      since('7.2').same('PING');
      for (const line of lines) since('7.2').same(line);
      since('7.2').on('a').receives();
    }
    same('DEL s');
    same('XGROUP CREATE s g $ MKSTREAM');
    on('a').sends('XREADGROUP GROUP g a BLOCK 0 STREAMS s >');
    same('PING');
    same('XGROUP CREATE s h $');
    same('XGROUP DESTROY s h');
    same('XGROUP CREATECONSUMER s g b');
    same('XGROUP SETID s g 0');
    same('XADD s 1-1 a b');
    on('a').receives();
  });

  test('a watched stream has changed when its entries have', ({ same }) => {
    same('XADD s 1-1 a b');
    same('XGROUP CREATE s g 0');
    same('WATCH s');
    same('XGROUP SETID s g 0');
    same('XGROUP CREATE s h 0');
    same('XGROUP CREATECONSUMER s g c');
    same('XREADGROUP GROUP g d STREAMS s >');
    same('XCLAIM s g e 0 1-1');
    same('XACK s g 1-1');
    same('XGROUP DELCONSUMER s g c');
    same('XGROUP DESTROY s h');
    same('MULTI');
    same('EXEC');
    same('WATCH s');
    same('XADD s 2-1 a b');
    same('MULTI');
    same('EXEC');
    same('WATCH none');
    same('XGROUP CREATE none g 0 MKSTREAM');
    same('MULTI');
    same('EXEC');
  });

  test('groups go with their stream', (verbs) => {
    const { same } = verbs;
    fill(verbs, 's', 30);
    same('XGROUP CREATE s g 0');
    same('XGROUP CREATE s h 5-1 ENTRIESREAD 5');
    same('XREADGROUP GROUP g a COUNT 20 STREAMS s >');
    same('XREADGROUP GROUP g b COUNT 5 STREAMS s >');
    same('COPY s t');
    same('RENAME s u');
    for (const key of ['t', 'u']) {
      same('XINFO', 'GROUPS', key);
      same('XPENDING', key, 'g');
      same('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', key, '0');
    }
    same('XACK t g 1-1');
    same('XPENDING t g');
    same('XPENDING u g');
    same('DEL u');
    same('XPENDING t g');
  });

  test('dumps of streams are those of redis', (verbs) => {
    const { same, keeps } = verbs;
    // What Redis compresses depends on what it compressed before.
    same('CONFIG SET rdbcompression no');
    // Without the type in front, and the version and the checksum behind, which are those of 7.0.
    const body = ({ text }: { text: string | null }) => text?.slice(1, -10);
    const dump = () =>
      verbs.judge('DUMP s', (ours, theirs) =>
        body(ours) === body(theirs) && (body(ours)?.length ?? 0) > 20 ? undefined : 'another dump',
      );
    same('XGROUP CREATE s g 0 MKSTREAM');
    dump();
    fill(verbs, 's', 300);
    same('XADD s 301-18446744073709551615 other fields of it');
    same('XGROUP CREATE s $ $');
    same('XGROUP CREATE s h 5-1 ENTRIESREAD 5');
    same('XDEL s 1-1 7-1');
    dump();
    same('XREADGROUP GROUP g a COUNT 20 STREAMS s >');
    same('XREADGROUP GROUP g b COUNT 5 STREAMS s >');
    same('XCLAIM s g b 0 3-1 RETRYCOUNT 9223372036854775807 JUSTID');
    keeps('dump', 'DUMP s');
    same('RESTORE t 0 {dump}');
    same('DEBUG DIGEST-VALUE s');
    for (const key of ['s', 't']) {
      same('XINFO', 'GROUPS', key);
      same('XPENDING', key, 'g');
      verbs.near(2000, 'XPENDING', key, 'g', '-', '+', '100');
      same('XRANGE', key, '-', '+');
      same('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', key, '0');
      same('XREADGROUP', 'GROUP', 'h', 'a', 'COUNT', '2', 'STREAMS', key, '>');
      same('XADD', key, '302-1', 'a', 'b');
    }
    same('DEBUG RELOAD');
    same('XPENDING t g');
    same('XRANGE t - +');
    same('CONFIG SET rdbcompression yes');
  });
});
