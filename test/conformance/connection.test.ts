/** A connection's own matters: greeting, protocol, names, and what is done to broken requests. */

import type { Tree } from '../support/resp-client.ts';
import { conformance } from './harness.ts';

/** A map or a flat array as pairs, without the keys named. */
function pairs({ items }: Tree, without: readonly string[]): string {
  const found: string[] = [];
  for (let i = 0; items !== null && i < items.length; i += 2) {
    const key = items[i].text ?? '';
    if (!without.includes(key)) found.push(`${key}=${items[i + 1].type}${items[i + 1].text}`);
  }
  return found.join(' ');
}

/** Of each line of CLIENT LIST, the fields named; without names, which fields there are. */
function fields(text: string | null, names?: readonly string[]): string {
  return (text ?? '')
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split(' ')
        .map((field) => field.split('='))
        // New in 7.2, which the oracle may not be.
        .filter(([name]) => names?.includes(name) ?? !name.startsWith('lib-'))
        .map(([name, value]) => (names === undefined ? name : `${name}=${value}`))
        .join(' '),
    )
    .join('\n');
}

const sameFields =
  (names?: readonly string[]) =>
  (ours: Tree, theirs: Tree): string | undefined => {
    const [mine, others] = [fields(ours.text, names), fields(theirs.text, names)];
    return ours.type === theirs.type && mine === others ? undefined : `${mine} for ${others}`;
  };

conformance('connection', ({ test }) => {
  test('PING and ECHO', ({ same, fails }) => {
    same('PING');
    same('ping');
    same('PING hello');
    same('PING ""');
    same('PING "\\x00\\r\\n\\xff"');
    same('ECHO hello');
    same('ECHO ""');
    same('ECHO', 'x'.repeat(70_000));
    fails('PING a b');
    fails('ECHO');
    fails('ECHO a b');
  });

  test('a command nobody knows', ({ fails }) => {
    fails('nonsense');
    fails('NONSENSE a b c');
    fails('Nonsense "" "a b" "\\r\\n" "\\xff"');
    fails(['']);
    fails(['', 'a']);
    fails('nonsense', 'x'.repeat(200), 'y');
    fails('nonsense', ...Array.from({ length: 50 }, (_, i) => `argument${i}`));
    fails('x'.repeat(300));
    fails("it's", "'", '"');
    fails('CLIENT nonsense');
    fails('CLIENT', 'x'.repeat(300));
    fails('CLIENT');
    fails('"CLIENT ID"');
    fails('"client|id"');
    fails('GET|x k');
  });

  test('HELLO answers who we are, in the protocol asked for', ({ judge, same }) => {
    const greeting = (ours: Tree, theirs: Tree): string | undefined => {
      const without = ['version', 'id', 'modules'];
      const [mine, others] = [pairs(ours, without), pairs(theirs, without)];
      return ours.type === theirs.type && mine === others ? undefined : `${mine} for ${others}`;
    };
    judge('HELLO', greeting);
    judge('HELLO 2', greeting);
    same('GET none');
    judge('HELLO', greeting);
    judge('HELLO 3', greeting);
    same('GET none');
    judge('HELLO', greeting);
    judge('HELLO 3 SETNAME me', greeting);
    same('CLIENT GETNAME');
    judge('HELLO 3 AUTH default anything', greeting);
    judge('hello 2 setname you auth default x', greeting);
    same('CLIENT GETNAME');
    judge('HELLO 3 SETNAME ""', greeting);
    same('CLIENT GETNAME');
  });

  test('HELLO refuses', ({ fails, same, expects }) => {
    for (const version of ['1', '4', '0', '-1', '99']) fails(`HELLO ${version}`);
    for (const version of ['', 'abc', '3.0', ' 3', '9223372036854775808']) fails('HELLO', version);
    fails('HELLO 3 junk');
    fails('HELLO 3 AUTH');
    fails('HELLO 3 AUTH default');
    fails('HELLO 3 AUTH nobody x');
    fails('HELLO 3 SETNAME');
    fails('HELLO 3 SETNAME "a b"');
    fails('HELLO 3 SETNAME "a\\n"');
    fails('HELLO 3 SETNAME a junk');
    fails('HELLO 3 AUTH nobody x SETNAME a');
    fails('HELLO 4 junk');
    // Before 7.2 the name was set by then.
    expects('CLIENT GETNAME', { resp2: '$-1\r\n', resp3: '_\r\n' });
    same('GET none');
  });

  test('AUTH without a password configured', ({ fails, same }) => {
    fails('AUTH');
    fails('AUTH secret');
    same('AUTH default anything');
    fails('AUTH nobody anything');
    fails('AUTH a b c');
  });

  test('AUTH with a password', ({ same, on, judge }) => {
    same('CONFIG SET requirepass secret');
    const guest = on('guest');
    guest.fails('PING');
    guest.fails('GET k');
    guest.fails('nonsense');
    guest.fails('GET');
    guest.fails('AUTH wrong');
    guest.fails('AUTH default wrong');
    guest.fails('AUTH nobody secret');
    guest.expects(
      'HELLO 3',
      '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
        '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the ' +
        'RESP protocol version at the same time\r\n',
    );
    guest.fails('HELLO 3 AUTH default wrong');
    guest.fails('HELLO 9');
    guest.fails('SELECT 1');
    guest.fails('CLIENT ID');
    guest.fails('COMMAND COUNT');
    guest.same('RESET');
    guest.same('AUTH secret');
    guest.same('PING');
    guest.fails('AUTH wrong');
    guest.same('PING');
    guest.same('RESET');
    guest.fails('PING');
    guest.same('AUTH default secret');
    guest.judge('HELLO 3', (ours, theirs) => (ours.type === theirs.type ? undefined : 'no map'));
    guest.same('GET none');
    judge('HELLO 2 AUTH default secret', (ours, theirs) =>
      ours.type === theirs.type ? undefined : 'no array',
    );
    same('CONFIG SET requirepass ""');
    on('late').same('PING');
  });

  test(
    'what a guest may send at once is bounded',
    ({ same, on }) => {
      same('CONFIG SET requirepass secret');
      const many = on('many');
      many.wire('*11\r\n', 0);
      many.closes();
      const long = on('long');
      long.wire('*2\r\n$16385\r\n', 0);
      long.closes();
      const enough = on('enough');
      enough.wire(`*10\r\n${'$1\r\na\r\n'.repeat(10)}`);
      enough.wire(`*2\r\n$4\r\nPING\r\n$16384\r\n${'x'.repeat(16384)}\r\n`);
      same('CONFIG SET requirepass ""');
    },
    { resp: 2 },
  );

  test('RESET takes a connection back to its beginning', ({ same, judge }) => {
    same('CLIENT SETNAME me');
    same('SELECT 3');
    same('RESET');
    same('CLIENT GETNAME');
    judge('CLIENT INFO', sameFields(['db', 'name', 'resp', 'user', 'flags']));
    same('GET none');
    same('RESET');
  });

  test('QUIT answers and hangs up', ({ on, fails }) => {
    const plain = on('plain');
    plain.wire('*1\r\n$4\r\nQUIT\r\n');
    plain.closes();
    const inline = on('inline');
    inline.wire('QUIT\r\nPING\r\n', 0);
    inline.closes();
    const withArguments = on('more');
    withArguments.wire('quit a b c\r\n', 0);
    withArguments.closes();
    fails('GET');
  });

  test('SELECT', ({ same, fails, judge }) => {
    judge('CLIENT INFO', sameFields(['db']));
    same('SELECT 7');
    judge('CLIENT INFO', sameFields(['db']));
    fails('SELECT 99');
    judge('CLIENT INFO', sameFields(['db']));
    fails('SELECT nowhere');
    fails('SELECT -1');
  });

  test('CLIENT ID, SETNAME and GETNAME', ({ same, shape, fails, expects }) => {
    shape('CLIENT ID');
    same('CLIENT GETNAME');
    same('CLIENT SETNAME worker:1');
    same('CLIENT GETNAME');
    same('CLIENT SETNAME ""');
    same('CLIENT GETNAME');
    same('CLIENT SETNAME "!~"');
    for (const name of ['a b', ' ', 'a\n', '\t', 'é', '\x7f', 'a\r']) {
      fails('CLIENT', 'SETNAME', name);
    }
    same('CLIENT GETNAME');
    expects('CLIENT SETNAME "\\x00"', '+OK\r\n');
    for (const line of ['ID x', 'GETNAME x', 'SETNAME', 'SETNAME a b', 'INFO x']) {
      fails(`CLIENT ${line}`);
    }
  });

  test('CLIENT SETINFO', ({ expects, judge }) => {
    expects('CLIENT SETINFO lib-name redis-js', '+OK\r\n');
    expects('CLIENT SETINFO LIB-VER 1.2.3', '+OK\r\n');
    expects('CLIENT SETINFO lib-name "redis-js(a;b)"', '+OK\r\n');
    expects('CLIENT SETINFO lib-name ""', '+OK\r\n');
    expects(
      'CLIENT SETINFO lib-name "a b"',
      '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
    );
    expects(
      'CLIENT SETINFO LIB-VER "a\\n"',
      '-ERR LIB-VER cannot contain spaces, newlines or special characters.\r\n',
    );
    expects('CLIENT SETINFO junk x', "-ERR Unrecognized option 'junk'\r\n");
    expects(
      'CLIENT SETINFO lib-name',
      "-ERR wrong number of arguments for 'client|setinfo' command\r\n",
    );
    expects(
      'CLIENT SETINFO lib-name a b',
      "-ERR wrong number of arguments for 'client|setinfo' command\r\n",
    );
    judge('CLIENT INFO', (ours) =>
      / lib-name= lib-ver=1\.2\.3\n$/.test(ours.text ?? '') || !/ lib-/.test(ours.text ?? '')
        ? undefined
        : 'not as set',
    );
  });

  test('CLIENT INFO and CLIENT LIST', ({ same, fails, judge, keeps, on }) => {
    const steady = ['name', 'db', 'sub', 'psub', 'ssub', 'multi', 'watch', 'resp', 'user', 'cmd'];
    same('CLIENT SETNAME me');
    judge('CLIENT INFO', sameFields());
    judge('CLIENT INFO', sameFields([...steady, 'flags', 'events', 'redir', 'oll', 'omem']));
    on('other').same('CLIENT SETNAME you');
    on('other').same('SELECT 5');
    on('other').keeps('other', 'CLIENT ID');
    keeps('me', 'CLIENT ID');
    judge('CLIENT LIST ID {me}', sameFields(steady));
    judge('CLIENT LIST ID {other}', sameFields(steady));
    judge('CLIENT LIST ID {other} {me} 999999', sameFields(['name', 'db', 'cmd']));
    judge('CLIENT LIST ID {me} {me}', sameFields(['name', 'db', 'cmd']));
    same('CLIENT LIST ID 999999');
    same('CLIENT LIST TYPE pubsub');
    same('CLIENT LIST TYPE master');
    same('CLIENT LIST TYPE REPLICA');
    fails('CLIENT LIST junk');
    fails('CLIENT LIST TYPE');
    fails('CLIENT LIST TYPE junk');
    fails('CLIENT LIST TYPE normal junk');
    fails('CLIENT LIST ID');
    fails('CLIENT LIST ID abc');
    same('CLIENT LIST ID 0');
    same('CLIENT LIST ID -1');
    fails('CLIENT LIST ID 1 abc');
  });

  test('CLIENT KILL', ({ same, fails, keeps, on, shape }) => {
    keeps('me', 'CLIENT ID');
    on('one').keeps('one', 'CLIENT ID');
    same('CLIENT KILL ID {one}');
    on('one').closes();
    same('CLIENT KILL ID {one}');
    on('two').keeps('two', 'CLIENT ID');
    same('CLIENT KILL ID {two} USER default TYPE normal SKIPME yes');
    on('two').closes();
    on('three').keeps('three', 'CLIENT ID');
    same('CLIENT KILL ID {three} TYPE pubsub');
    same('CLIENT KILL ID {three} ADDR 1.2.3.4:5');
    same('CLIENT KILL ID {three} LADDR 1.2.3.4:5');
    on('three').same('PING');
    same('CLIENT KILL ID {me}');
    same('CLIENT KILL ADDR 1.2.3.4:5');
    same('CLIENT KILL LADDR 1.2.3.4:5');
    same('CLIENT KILL ID 999999');
    same('CLIENT KILL TYPE pubsub');
    same('CLIENT KILL TYPE slave');
    shape('CLIENT KILL TYPE normal');
    on('three').closes();
    fails('CLIENT KILL');
    fails('CLIENT KILL 1.2.3.4:5');
    fails('CLIENT KILL nonsense');
    fails('CLIENT KILL ID');
    fails('CLIENT KILL ID abc');
    fails('CLIENT KILL ID 0');
    fails('CLIENT KILL ID -5');
    fails('CLIENT KILL TYPE junk');
    fails('CLIENT KILL USER nobody');
    fails('CLIENT KILL SKIPME maybe');
    fails('CLIENT KILL junk x');
    fails('CLIENT KILL ID 1 junk');
    fails('CLIENT KILL ID 1 SKIPME');
    on('self').keeps('self', 'CLIENT ID');
    on('self').same('CLIENT KILL ID {self} SKIPME no');
    on('self').closes();
  });

  test('CLIENT NO-EVICT and NO-TOUCH', ({ same, fails, since }) => {
    same('CLIENT NO-EVICT on');
    same('CLIENT NO-EVICT OFF');
    fails('CLIENT NO-EVICT');
    fails('CLIENT NO-EVICT maybe');
    fails('CLIENT NO-EVICT on on');
    const later = since('7.2');
    later.same('CLIENT NO-TOUCH ON');
    later.same('CLIENT NO-TOUCH off');
    later.fails('CLIENT NO-TOUCH');
    later.fails('CLIENT NO-TOUCH maybe');
    later.fails('CLIENT NO-TOUCH on on');
  });

  test('CLIENT REPLY mutes', ({ same, sends, fails }) => {
    same('CLIENT REPLY ON');
    sends('CLIENT REPLY OFF');
    sends('SET k 1');
    sends('nonsense');
    sends('CLIENT REPLY SKIP');
    same('CLIENT REPLY ON');
    same('GET k');
    sends('CLIENT REPLY SKIP');
    sends('SET k 2');
    same('GET k');
    sends('CLIENT REPLY SKIP');
    sends('GET');
    same('ECHO heard');
    fails('CLIENT REPLY');
    fails('CLIENT REPLY maybe');
    fails('CLIENT REPLY ON ON');
  });

  test('CLIENT UNBLOCK', ({ same, fails, keeps }) => {
    keeps('me', 'CLIENT ID');
    same('CLIENT UNBLOCK {me}');
    same('CLIENT UNBLOCK 999999');
    same('CLIENT UNBLOCK 999999 TIMEOUT');
    same('CLIENT UNBLOCK 999999 error');
    fails('CLIENT UNBLOCK');
    fails('CLIENT UNBLOCK abc');
    fails('CLIENT UNBLOCK 1 junk');
    fails('CLIENT UNBLOCK 1 ERROR x');
    fails('CLIENT UNBLOCK abc junk');
  });

  test('CLIENT PAUSE holds writes back until UNPAUSE', ({ same, fails, on }) => {
    same('SET k before');
    same('CLIENT PAUSE 60000 WRITE');
    on('writer').sends('SET k after');
    on('writer').sends('GET k');
    same('GET k');
    on('reader').same('GET k');
    on('reader').fails('SET');
    same('CLIENT UNPAUSE');
    on('writer').receives(2);
    same('GET k');
    same('CLIENT UNPAUSE');
    same('CLIENT PAUSE 0');
    same('CLIENT PAUSE 1 all');
    same('CLIENT UNPAUSE');
    fails('CLIENT PAUSE');
    fails('CLIENT PAUSE abc');
    fails('CLIENT PAUSE -1');
    fails('CLIENT PAUSE 1.5');
    fails('CLIENT PAUSE 10 junk');
    fails('CLIENT PAUSE abc junk');
    fails('CLIENT PAUSE 10 WRITE x');
    fails('CLIENT PAUSE 9223372036854775808');
    fails('CLIENT UNPAUSE x');
  });

  test('CLIENT HELP', ({ since, fails }) => {
    since('7.2').same('CLIENT HELP');
    fails('CLIENT HELP x');
  });

  test('replies of one batch come in order, whatever they are', ({ wire }) => {
    const batch = ['SET k 1', 'GET k', 'nonsense', 'GET', 'INCR k', 'ZADD z 1 a', 'GET z', 'PING'];
    wire(batch.map((line) => `${line}\r\n`).join(''), batch.length);
    wire(`${'PING\r\n'.repeat(3000)}`, 3000);
    wire(
      `${'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nabc\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'.repeat(500)}`,
      1000,
    );
  });
});

conformance('protocol', ({ test }) => {
  /** Bytes after which the peer hangs up, having said why. */
  const fatal: Record<string, string> = {
    'a line of 64 KiB without an end': 'x'.repeat(65_537),
    'a line with open quotes': 'SET k "unclosed\r\n',
    'a line with a closing quote in a word': 'SET k "a"b\r\n',
    'a line with open single quotes': "SET k 'unclosed\r\n",
    'a count that is no number': '*abc\r\n',
    'a count with a space': '* 1\r\n',
    'a count with a plus': '*+1\r\n',
    'a count over the limit': '*2147483648\r\n',
    'a count over 64 bits': '*99999999999999999999\r\n',
    'an empty count': '*\r\n',
    'a count that does not end': `*${'1'.repeat(65_537)}`,
    'something else than a bulk string': '*1\r\n:1\r\n',
    'a letter for a bulk string': '*2\r\n$3\r\nGET\r\nk\r\n',
    'a newline for a bulk string': '*1\r\n\r\n',
    'an array in an array': '*1\r\n*1\r\n$4\r\nPING\r\n',
    'a size that is no number': '*1\r\n$abc\r\n',
    'an empty size': '*1\r\n$\r\n',
    'a negative size': '*1\r\n$-1\r\n',
    'a size over the limit': '*1\r\n$536870913\r\n',
    'a size over 64 bits': '*1\r\n$99999999999999999999\r\n',
    'a size that does not end': `*1\r\n$${'1'.repeat(65_537)}`,
    'a size with a sign': '*1\r\n$+4\r\nPING\r\n',
    'a byte beyond ASCII': '*1\r\n\xff\r\n',
  };
  for (const [what, raw] of Object.entries(fatal)) {
    test(`${what} ends the connection`, ({ wire, closes, on }) => {
      wire(raw, 0);
      closes();
      const busy = on('busy');
      busy.wire(`PING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n${raw}`, 0);
      busy.closes();
    });
  }

  test('what follows a broken request is not read', ({ wire, closes, on }) => {
    wire('*1\r\n$abc\r\nSET k v\r\nPING\r\n', 0);
    closes();
    on('other').same('EXISTS k');
  });

  test('words of HTTP are hung up on', ({ on }) => {
    const post = on('post');
    post.wire('POST / HTTP/1.1\r\n', 0);
    post.closes();
    const host = on('host');
    host.wire('Host: localhost:6379\r\n', 0);
    host.closes();
    const get = on('get');
    get.wire('GET / HTTP/1.1\r\n');
    get.wire('PING\r\n');
  });

  test('requests on a line', ({ wire, same }) => {
    wire('PING\r\n');
    wire('PING\n');
    wire('\r\n\r\n\n  \r\nPING\r\n');
    wire('  PING   hello  \r\n');
    wire('SET k "a\\x00\\n b"\r\n');
    same('GET k');
    wire("SET k 'a\\'b\\n'\r\n");
    same('GET k');
    wire('SET "" ""\r\n');
    same('GET ""');
    wire('\tPING\t\r\n');
    wire('PING\r\r\n', 1);
    wire('SET k \x80\xff\r\n');
    same('GET k');
    wire('ECHO *1\r\n');
    wire('"PING"\r\n');
    wire(`ECHO ${'x'.repeat(60_000)}\r\n`);
  });

  test('requests of nothing are no requests', ({ wire }) => {
    wire('*0\r\n*-1\r\n*-5\r\nPING\r\n');
    wire('*0\r\n$4\r\nPING\r\n', 1);
    wire('PING\r\n');
  });

  test('sizes may have zeroes in front, or may not', ({ wire, closes, on }) => {
    const count = on('count');
    count.wire('*01\r\n$4\r\nPING\r\n', 0);
    count.closes();
    wire('*1\r\n$04\r\nPING\r\n', 0);
    closes();
  });

  test('only the line ends of a request are taken on trust', ({ wire }) => {
    wire('*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n', 2);
    wire('*1\rx$4\rxPING\r\n', 1);
  });

  test('an empty name is a command nobody knows', ({ wire }) => {
    wire('*1\r\n$0\r\n\r\n');
    wire('*2\r\n$0\r\n\r\n$0\r\n\r\n');
  });

  test('a request in pieces is one request', ({ wire, same }) => {
    for (const piece of ['*3', '\r', '\n$3\r\nS', 'ET\r\n$1\r', '\nk\r\n$10', '\r\n01234567']) {
      wire(piece, 0);
    }
    wire('89\r\n');
    same('GET k');
    wire('PI', 0);
    wire('NG\r', 0);
    wire('\n');
  });

  test('a peer that closes its side in the middle of a request does no harm', ({ on, same }) => {
    on('rude').wire('*2\r\n$3\r\nGET\r\n$10\r\nabc', 0);
    same('PING');
  });
});
