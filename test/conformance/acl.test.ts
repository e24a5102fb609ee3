/** Users: what rules make of them, what they may do, and what is told of it. */

import type { Tree } from '../support/resp-client.ts';
import { conformance, type Verbs } from './harness.ts';

/** Sets a user anew and shows it; before 7.2, rules were shown in another form. */
function shows({ same, since }: Verbs, ...rules: readonly string[]): void {
  same('ACL', 'SETUSER', 'u', 'reset', ...rules);
  since('7.2').same('ACL GETUSER u');
  since('7.2').same('ACL LIST');
}

/** A connection of its own that acts as a new user `u`. */
function acting({ on, same }: Verbs, ...rules: readonly string[]): Verbs {
  same('ACL', 'SETUSER', 'u', 'reset', 'on', 'nopass', ...rules);
  const u = on('u');
  u.same('AUTH u x');
  return u;
}

/** An answer as text, with refusals as 7.2 has them: who, and less of why. */
function asIn72({ type, text, items }: Tree): string {
  const told = (text ?? '(null)')
    .replace(/^(NOPERM )?this user has/i, '$1User u has')
    .replace(/ access the '(.*)' (channel|key)s?$/, " access the '$1' $2")
    .replace(
      /User u has (no permissions to access) one of the (key|channel).*/,
      'No permissions to access a $2',
    )
    .replace(/ as arguments .*$/, ' as arguments');
  return `${type}${told}${items === null ? '' : `[${items.map(asIn72).join(' ')}]`}`;
}

/** The same answer, be it a refusal in the words of an older version. */
function agrees({ judge }: Verbs, line: string): void {
  judge(line, (ours, theirs) => {
    const [a, b] = [asIn72(ours), asIn72(theirs)];
    return a === b ? undefined : `${a} instead of ${b}`;
  });
}

/** The same refusal. */
function denied({ judge }: Verbs, line: string): void {
  judge(line, (ours, theirs) => {
    const [a, b] = [asIn72(ours), asIn72(theirs)];
    if (!b.startsWith('-')) return 'it is permitted';
    return a === b ? undefined : `${a} instead of ${b}`;
  });
}

/** The entries of ACL LOG as text, without what tells the time, an address or what is new in 7.2. */
function entriesOf({ items }: Tree): string {
  const told = ['count', 'reason', 'context', 'object', 'username'];
  const entries = (items ?? []).map((entry) => {
    const words = (entry.items ?? []).map(({ text }) => text);
    return told.map((name) => words[words.indexOf(name) + 1]).join(' ');
  });
  return entries.join(', ');
}

function logged({ judge }: Verbs, line = 'ACL LOG'): void {
  judge(line, (ours, theirs) => {
    const [a, b] = [entriesOf(ours), entriesOf(theirs)];
    return a === b ? undefined : `${a} instead of ${b}`;
  });
}

conformance('acl', ({ test }) => {
  test('a user begins without any permission', ({ same, since, fails }) => {
    since('7.2').same('ACL LIST');
    same('ACL USERS');
    same('ACL WHOAMI');
    same('ACL SETUSER u');
    since('7.2').same('ACL LIST');
    since('7.2').same('ACL GETUSER u');
    same('ACL GETUSER nobody');
    same('ACL USERS');
    fails('AUTH u x');
    same('ACL DELUSER u nobody');
    same('ACL DELUSER u');
    fails('ACL DELUSER default');
    fails('ACL DELUSER u default');
    fails('ACL', 'SETUSER', 'a b');
    fails('ACL', 'SETUSER', 'a\0b');
    fails('ACL', 'SETUSER', 'a\n');
    same('ACL SETUSER "" on');
    same('ACL', 'SETUSER', '\xff\x01');
    same('ACL USERS');
    same('ACL', 'DELUSER', '', '\xff\x01');
  });

  test('flags', (verbs) => {
    shows(verbs, 'on');
    shows(verbs, 'ON', 'Off');
    shows(verbs, 'nopass');
    shows(verbs, 'nopass', 'resetpass');
    shows(verbs, 'skip-sanitize-payload');
    shows(verbs, 'skip-sanitize-payload', 'SANITIZE-payload');
    shows(verbs, 'allkeys', 'allchannels', 'allcommands');
    shows(verbs, '~*', '&*', '+@all', 'resetkeys', 'resetchannels', 'nocommands');
    shows(verbs, '', '');
    verbs.fails('ACL SETUSER u allkeys junk on');
    verbs.since('7.2').same('ACL GETUSER u');
    verbs.same('ACL DELUSER u');
  });

  test('passwords', (verbs) => {
    const { same, fails } = verbs;
    const hash = '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90';
    shows(verbs, '>one', '>two', '>one');
    shows(verbs, `#${hash}`, '>a', '<a');
    shows(verbs, '>', '>\0\xff a');
    shows(verbs, '>one', `#${hash}`, `!${hash}`);
    shows(verbs, '>one', 'nopass');
    shows(verbs, 'nopass', '>one');
    for (const rule of ['<none', `!${hash}`, '#', '#abc', `#${hash.toUpperCase()}`, '!abc']) {
      fails('ACL', 'SETUSER', 'u', 'reset', rule);
    }
    same('ACL SETUSER u reset on >one >two');
    same('AUTH u two');
    denied(verbs, 'ACL WHOAMI');
    same('AUTH default x');
    fails('AUTH u three');
    fails('AUTH u ""');
    same('ACL SETUSER u off');
    fails('AUTH u one');
    same('ACL SETUSER u on nopass');
    same('AUTH u anything');
    same('AUTH default ""');
    same('ACL', 'SETUSER', 'u', 'reset', 'on', '>a\0\xff');
    same('AUTH', 'u', 'a\0\xff');
    same('AUTH default ""');
    same('ACL DELUSER u');
  });

  test('keys and channels', (verbs) => {
    shows(verbs, '~a*', '~b', '~a*', '~');
    shows(verbs, '%R~a', '%W~b', '%rw~c', '%WR~d', '%R~e', '%W~e', '~a');
    shows(verbs, '&a*', '&b', '&a*', '&');
    shows(verbs, '~*', 'resetkeys', '~a', '&*', 'resetchannels', '&a');
    shows(verbs, '~a', 'allkeys', '&a', 'allchannels');
    shows(verbs, '%RW~*');
    shows(verbs, '~\xff\x01', '&\xfe"');
    for (const rule of ['~a b', '~a\0', '&a b', '%~a', '%X~a', '%RR~a', 'a', '*', '%R a']) {
      verbs.fails('ACL', 'SETUSER', 'u', rule);
    }
    verbs.fails('ACL SETUSER u reset ~* ~a');
    verbs.fails('ACL SETUSER u reset ~* %R~a');
    verbs.fails('ACL SETUSER u reset &* &a');
    verbs.since('7.2').same('ACL GETUSER u');
    verbs.differs('ACL SETUSER u reset %R', {
      because: 'uses of a key without a pattern are a mistake, not the pattern that is empty',
      ours: "-ERR Error in ACL SETUSER modifier '%R': Syntax error\r\n",
    });
    verbs.same('ACL DELUSER u');
  });

  test('commands', (verbs) => {
    shows(verbs, '+get', '+SET', '-get', '+get');
    shows(verbs, '+@all', '-get', '-@dangerous', '+keys');
    shows(verbs, '+config|get', '+config', '-config|set');
    shows(verbs, '+config', '-config|SET', '+Config|Get', '-config');
    shows(verbs, '+@read', '-@read', '+@hash', '+@READ');
    shows(verbs, '-@all', '+@all', '-@all', '+@string');
    shows(verbs, '+@all', '-@all');
    shows(verbs, '+select|1', '+select|0', '+SELECT|A', '+select|a');
    shows(verbs, '+select|1', '+select', '+select|2');
    shows(verbs, '+select|1', '-select');
    shows(verbs, '+select|1', '+@connection', '-@connection');
    shows(verbs, '+@all', '+select|1', '-select', '+select|1');
    shows(verbs, '+config|get', '-@admin', '+client|id', '-@slow');
    for (const rule of [
      ...['+none', '-none', '+@none', '-@none', '+', '-', '+@', '+get|', '+config|', '+|'],
      ...['+config|none', '-config|none', '+config|get|x', '-config|get|x', '-select|0', '++get'],
      ...['+none|x', '-get|x', '+@all|x', '+ get'],
    ]) {
      verbs.fails('ACL', 'SETUSER', 'u', rule);
    }
    verbs.same('ACL DELUSER u');
  });

  test('selectors', (verbs) => {
    shows(verbs, '~a', '(~b +get)', '(%R~c', '+@read', '-get)', '+set');
    shows(verbs, '(+get)', '(~x)', 'clearselectors', '(&c)');
    shows(verbs, '()', '( )', '(~* &* +@all)');
    for (const rules of [['(~a'], ['(~a', '+get'], ['(+none)'], ['(on)'], ['(~* ~a)'], [')']]) {
      verbs.fails('ACL', 'SETUSER', 'u', ...rules);
    }
    verbs.fails('ACL SETUSER u ~a (~b ~c) (+x)');
    verbs.since('7.2').same('ACL GETUSER u');
    verbs.same('ACL DELUSER u');
  });

  test('who gives a name and a password is that user', ({ same, fails, shape, on, since }) => {
    fails('AUTH x');
    fails('AUTH nobody x');
    fails('AUTH a b c');
    same('ACL SETUSER u on >p +@all');
    on('a').fails('HELLO 3 AUTH u wrong');
    on('a').shape('HELLO 3 AUTH u p');
    on('a').same('ACL WHOAMI');
    on('a').same('RESET');
    on('a').same('ACL WHOAMI');
    since('7.2').same('CONFIG SET requirepass secret');
    since('7.2').same('ACL LIST');
    since('7.2').on('b').fails('ACL WHOAMI');
    since('7.2').on('b').fails('AUTH u secret');
    since('7.2').on('b').fails('AUTH p');
    since('7.2').on('b').same('AUTH secret');
    since('7.2').on('b').same('ACL WHOAMI');
    since('7.2').same('CONFIG SET requirepass ""');
    same('ACL SETUSER default off');
    on('c').fails('PING');
    on('c').fails('GET a');
    on('c').same('AUTH u p');
    on('c').same('PING');
    same('ACL SETUSER default on');
    shape('CLIENT LIST');
    same('ACL DELUSER u');
    on('c').closes();
  });

  test('only permitted commands run', (verbs) => {
    const u = acting(verbs, '~*', '+get', '+config|get', '+select|3', '+@hash', '-hset');
    u.same('GET a');
    denied(u, 'SET a b');
    denied(u, 'set a b');
    denied(u, 'NONE');
    denied(u, 'SET');
    u.shape('CONFIG GET port');
    denied(u, 'CONFIG SET port 1');
    denied(u, 'CONFIG NONE');
    denied(u, 'CONFIG');
    u.same('SELECT 3');
    denied(u, 'SELECT 2');
    u.same('HGET a b');
    denied(u, 'HSET a b c');
    denied(u, 'PING');
    denied(u, 'MULTI');
    denied(u, 'ACL WHOAMI');
    denied(u, 'CLIENT ID');
    denied(u, 'RESET x');
    u.same('AUTH u y');
    verbs.same('ACL DELUSER u');
    u.closes();
  });

  test('only permitted keys are touched, in the ways that are permitted', (verbs) => {
    const rules = ['+@all', '~rw:*', '%R~r:*', '%W~w:*'];
    const u = acting(verbs, ...rules);
    for (const key of ['rw:a', 'r:a', 'w:a', 'x']) {
      for (const line of [
        ...[`GET ${key}`, `SET ${key} v`, `SET ${key} v GET`, `GETDEL ${key}`, `APPEND ${key} x`],
        ...[`TYPE ${key}`, `EXISTS ${key} rw:a`, `DEL ${key}`, `EXPIRE ${key} 5`, `TOUCH ${key}`],
        ...[`LPUSH ${key}l x`, `LPOP ${key}l`, `LLEN ${key}l`, `SORT ${key}l`],
        ...[`RPOPLPUSH ${key}l rw:l`, `RPOPLPUSH rw:l ${key}l`, `SORT rw:l STORE ${key}l`],
        ...[`COPY ${key} rw:b`, `COPY rw:a ${key}b`, `RENAME ${key} rw:a`, `RENAME rw:a ${key}`],
        ...[
          `BITFIELD ${key} GET u8 0`,
          `BITFIELD ${key} SET u8 0 1`,
          `BITFIELD_RO ${key} GET u8 0`,
        ],
        ...[`ZADD ${key}z 1 a`, `ZINTERCARD 2 ${key}z rw:z`, `ZUNIONSTORE ${key}z 1 rw:z`],
        ...[`ZUNIONSTORE rw:z 1 ${key}z`, `PFADD ${key}p a`, `PFCOUNT ${key}p`, `PFMERGE ${key}p`],
        ...[`PFMERGE rw:p ${key}p`, `XADD ${key}s 1-* a b`, `XREAD STREAMS ${key}s 0`],
        ...[`XREADGROUP GROUP g c STREAMS ${key}s >`, `GEORADIUS ${key}g 0 0 1 m STORE rw:g`],
        ...[
          `GEORADIUS rw:g 0 0 1 m STORE ${key}g`,
          `GEOSEARCHSTORE ${key}g rw:g FROMLONLAT 0 0 BYRADIUS 1 m`,
        ],
        ...[`OBJECT ENCODING ${key}`, `MEMORY USAGE ${key}`, `DUMP ${key}`, `WATCH ${key}`],
        ...[`MSET ${key} 1 rw:a 2`, `LMPOP 2 ${key}l rw:l LEFT`, `SINTERSTORE ${key}t rw:t`],
        ...[`LMOVE ${key}l rw:l LEFT LEFT`, `BLPOP ${key}l 0.01`, `GETEX ${key} PERSIST`],
        ...[`SORT_RO ${key}l`, `UNLINK ${key}`, `MIGRATE h 1 ${key} 0 1`, `RESTORE ${key} 0 x`],
        ...[
          `MIGRATE h 1 "" 0 1 KEYS ${key}`,
          `HGETALL ${key}h`,
          `HINCRBY ${key}h a 1`,
          `STRLEN ${key}`,
        ],
      ]) {
        const name = line.split(' ')[0];
        // What it says of one key or another than the permission would differ from run to run.
        if (name === 'MEMORY' || name === 'DUMP' || name === 'MIGRATE') {
          u.judge(line, (ours, theirs) => {
            const isDenied = ({ text }: Tree) => text?.startsWith('NOPERM') === true;
            return isDenied(ours) === isDenied(theirs) ? undefined : 'denied by one alone';
          });
        } else agrees(u, line);
      }
    }
    verbs.same('FLUSHALL');
    verbs.same('ACL DELUSER u');
    u.closes();
  });

  test('an option that is given twice does not hide a key', (verbs) => {
    const u = acting(verbs, '+@all', '~a*', '~s*', '~BY');
    verbs.same('GEOADD a 1 1 m');
    u.same('GEORADIUS a 1 1 1 m STORE a1 STORE a2');
    denied(u, 'GEORADIUS a 1 1 1 m STORE x STOREDIST a');
    for (const line of [
      'GEORADIUS a 1 1 1 m STORE a STORE x',
      'GEORADIUSBYMEMBER a m 1 m STOREDIST a STOREDIST x',
      'SORT a ALPHA STORE BY STORE x',
    ]) {
      u.differs(line, {
        because: 'of several STORE the last one counts, so its key has to be permitted too',
        ours: '-NOPERM No permissions to access a key\r\n',
      });
    }
    verbs.same('XGROUP CREATE y streams $ MKSTREAM');
    denied(u, 'XREADGROUP GROUP streams s STREAMS y >');
    u.differs('XREADGROUP COUNT 1 GROUP streams s streams y >', {
      because: 'the keys are behind STREAMS also where a group has that name',
      ours: '-NOPERM No permissions to access a key\r\n',
    });
    verbs.same('ACL DELUSER u');
    verbs.same('FLUSHALL');
  });

  test('SORT reads by pattern for who may read every key', (verbs) => {
    const { same } = verbs;
    same('RPUSH l 2 1');
    const lines = ['SORT l BY w_*', 'SORT l GET #', 'SORT l GET v_*', 'SORT l BY none', 'SORT l'];
    for (const rules of [
      ['~*'],
      ['%R~*'],
      ['%R~l'],
      ['~l'],
      ['(+sort ~*)'],
      ['~l*', '(+sort %R~*)'],
    ]) {
      const u = acting(verbs, '+sort', '+sort_ro', ...rules);
      for (const line of lines) agrees(u, line);
      for (const line of lines) agrees(u, line.replace('SORT', 'SORT_RO'));
    }
    same('ACL DELUSER u');
  });

  test('a request needs one selector that permits all of it', (verbs) => {
    const u = acting(verbs, '+get', '~a', '(+set ~b)', '(+@read %R~c*)', '(+copy %R~x %W~y)');
    for (const line of [
      ...['GET a', 'GET b', 'GET c1', 'SET a 1', 'SET b 1', 'SET c 1', 'MGET a c', 'MGET c c2'],
      ...['COPY x y', 'COPY y x', 'DEL a', 'PUBLISH a b', 'STRLEN a', 'STRLEN c'],
    ]) {
      agrees(u, line);
    }
    verbs.same('ACL DELUSER u');
  });

  test('only permitted channels are spoken to and heard', (verbs) => {
    const u = acting(verbs, '+@all', '~*', '&a*', '&b?', '&lit');
    for (const line of [
      ...['PUBLISH a 1', 'PUBLISH ax 1', 'PUBLISH b 1', 'PUBLISH b1 1', 'PUBLISH x 1'],
      ...['SPUBLISH a 1', 'SPUBLISH x 1', 'SUBSCRIBE x', 'SUBSCRIBE a x', 'PSUBSCRIBE a'],
      ...['PSUBSCRIBE *', 'PSUBSCRIBE a* c*', 'SSUBSCRIBE x', 'PUBSUB CHANNELS'],
    ]) {
      agrees(u, line);
    }
    u.sends('SUBSCRIBE ax lit');
    u.receives(2);
    u.sends('PSUBSCRIBE a* lit');
    u.receives(2);
    u.sends('SSUBSCRIBE b2');
    u.receives();
    u.sends('UNSUBSCRIBE x');
    u.receives();
    u.sends('PUNSUBSCRIBE y*');
    u.receives();
    u.sends('SUNSUBSCRIBE z');
    u.receives();
    verbs.same('ACL SETUSER u &more');
    verbs.same('PUBLISH lit 1');
    u.receives(2);
    verbs.same('ACL SETUSER u resetchannels &a* &b? &li*');
    u.closes();
    verbs.same('ACL DELUSER u');
  });

  test('who listens stays as long as every channel is permitted', (verbs) => {
    const { same, on } = verbs;
    same('ACL SETUSER u reset on nopass +@all &*');
    const names = ['SUBSCRIBE a', 'PSUBSCRIBE p*', 'SSUBSCRIBE s'];
    for (const [i, line] of names.entries()) {
      on(`u${i}`).same('AUTH u x');
      on(`u${i}`).sends(line);
      on(`u${i}`).receives();
    }
    same('ACL SETUSER u resetchannels &a &s (&p*)');
    same('PUBLISH a 1');
    on('u0').receives();
    same('ACL SETUSER u resetchannels &[a] &s &p*');
    same('PUBLISH p 1');
    on('u1').receives();
    same('ACL SETUSER u resetchannels &a clearselectors &s &*p*');
    same('ACL SETUSER u resetchannels &a');
    on('u1').closes();
    on('u2').closes();
    same('PUBLISH a 2');
    on('u0').receives();
    same('ACL SETUSER u reset');
    on('u0').closes();
    same('ACL DELUSER u');
  });

  test('a transaction is permitted when it is queued, and again when it runs', (verbs) => {
    const { same } = verbs;
    same('ACL LOG RESET');
    const u = acting(verbs, '~a', '&c', '+@all', '-ping');
    u.same('MULTI');
    denied(u, 'PING');
    u.same('GET a');
    denied(u, 'EXEC');
    u.same('MULTI');
    denied(u, 'GET b');
    denied(u, 'PUBLISH d 1');
    denied(u, 'EXEC');
    u.same('MULTI');
    u.same('GET a');
    u.same('STRLEN a');
    u.same('SET a 1');
    u.same('PUBLISH c 1');
    u.same('SET a 2');
    same('ACL SETUSER u -get %R~a resetkeys %R~a resetchannels');
    agrees(u, 'EXEC');
    logged(verbs);
    same('ACL DELUSER u');
  });

  test('EXEC itself may not be permitted', (verbs) => {
    const u = acting(verbs, '+@all', '-exec', '~*');
    u.same('MULTI');
    u.same('GET a');
    denied(u.since('7.2'), 'EXEC');
    agrees(u, 'DISCARD');
    u.same('GET a');
    verbs.same('ACL DELUSER u');
  });

  test('what waits for a key is asked again when it has it', (verbs) => {
    const u = acting(verbs, '+@all', '~l');
    u.sends('BLPOP l 0');
    verbs.same('ACL SETUSER u resetkeys ~m');
    verbs.since('7.2').same('RPUSH l a');
    verbs.since('7.2').on('u').receives();
    verbs.since('7.2').on('u').sends('BLPOP m 0');
    verbs.same('ACL DELUSER u');
    verbs.on('u').closes();
  });

  test('the log tells what was refused', (verbs) => {
    const { same, fails } = verbs;
    same('ACL LOG RESET');
    logged(verbs);
    const u = acting(verbs, '~a', '+get', '+mget', '+publish', '(+set ~b)');
    for (const line of ['SET a 1', 'set a 1', 'GET x', 'GET y', 'PUBLISH c 1', 'KEYS *', 'GET x']) {
      denied(u, line);
    }
    denied(u, 'MGET a x y');
    denied(u, 'AUTH u2 p');
    denied(u, 'auth nobody p');
    denied(u, 'AUTH nobody p');
    denied(u, 'HELLO 3 AUTH nobody p');
    denied(u, 'CONFIG GET a');
    logged(verbs);
    logged(verbs, 'ACL LOG 3');
    logged(verbs, 'ACL LOG 100');
    same('ACL LOG 0');
    same('ACL LOG -5');
    for (const line of ['ACL LOG x', 'ACL LOG 1 2', 'ACL LOG RESET x', 'ACL LOG 1.5']) fails(line);
    verbs.since('7.2').shape('ACL LOG 3');
    same('CONFIG SET acllog-max-len 2');
    denied(u, 'GET another');
    logged(verbs);
    same('CONFIG SET acllog-max-len 0');
    denied(u, 'GET another');
    denied(u, 'GET other');
    logged(verbs);
    same('CONFIG SET acllog-max-len 128');
    same('ACL LOG reset');
    same('ACL LOG');
    same('ACL DELUSER u');
  });

  test('a user that goes takes its connections along', (verbs) => {
    const { same, on } = verbs;
    same('ACL SETUSER u on nopass +@all ~*');
    same('ACL SETUSER v on nopass +@all ~*');
    on('a').same('AUTH u x');
    on('b').same('AUTH v x');
    on('b').sends('ACL DELUSER u v');
    on('b').receives();
    on('b').closes();
    on('a').closes();
    same('ACL USERS');
  });

  test('ACL CAT', ({ same, fails, unordered, judge }) => {
    same('ACL CAT');
    fails('ACL CAT none');
    fails('ACL CAT read write');
    fails('ACL', 'CAT', 'x'.repeat(200));
    unordered('ACL CAT geo');
    unordered('ACL CAT HASH');
    unordered('ACL CAT bitmap');
    for (const category of ['read', 'write', 'dangerous', 'fast', 'slow', 'pubsub', 'connection']) {
      judge(`ACL CAT ${category}`, (ours, theirs) => {
        const names = new Set(theirs.items?.map(({ text }) => text));
        const added = ours.items?.filter(({ text }) => !names.has(text)) ?? [];
        const strange = added.filter(({ text }) => !/^(session\.|zone)/.test(text ?? ''));
        // Redis before 7.2 lacks these.
        const others = strange.filter(
          ({ text }) => !/setinfo|no-touch|withscore|myshardid|waitaof/.test(text ?? ''),
        );
        return others.length === 0 ? undefined : others.map(({ text }) => text).join(' ');
      });
    }
  });

  test('ACL DRYRUN', (verbs) => {
    const { same, fails } = verbs;
    same('ACL SETUSER u reset +@all -config +select|1 -select %R~r ~rw &c (+config|get)');
    for (const line of [
      ...[
        'GET r',
        'GET x',
        'SET r 1',
        'SET rw 1',
        'get rw',
        'COPY r rw',
        'COPY rw r',
        'CONFIG GET x',
      ],
      ...[
        'CONFIG SET a b',
        'PUBLISH c 1',
        'PUBLISH d 1',
        'SELECT 1',
        'SELECT 2',
        'PING',
        'MGET r x y',
      ],
      ...['SUBSCRIBE c d', 'PSUBSCRIBE c', 'AUTH a b'],
    ]) {
      agrees(verbs, `ACL DRYRUN u ${line}`);
    }
    fails('ACL DRYRUN nobody GET a');
    fails('ACL DRYRUN u none');
    fails('ACL DRYRUN u GET');
    fails('ACL DRYRUN u GET a b');
    fails('ACL DRYRUN u CONFIG none');
    fails('ACL DRYRUN u CONFIG');
    fails('ACL DRYRUN u CONFIG GET');
    fails('ACL DRYRUN u');
    same('ACL DELUSER u');
  });

  test('ACL GENPASS, SAVE, LOAD and HELP', ({ fails, shape, judge, help }) => {
    for (const bits of ['', ' 1', ' 4', ' 5', ' 256', ' 4096']) {
      judge(`ACL GENPASS${bits}`, (ours, theirs) => {
        const isHex = /^[0-9a-f]+$/.test(ours.text ?? '');
        return isHex && ours.text?.length === theirs.text?.length ? undefined : 'no such password';
      });
    }
    for (const bits of ['0', '-1', '4097', 'x', '1.5', '5 5']) fails(`ACL GENPASS ${bits}`);
    fails('ACL SAVE');
    fails('ACL LOAD');
    shape('ACL GENPASS');
    help('ACL HELP');
    fails('ACL');
    fails('ACL none');
    fails('ACL LIST x');
    fails('ACL WHOAMI x');
  });

  test('acl-pubsub-default says what a new user hears', ({ same, since, fails }) => {
    same('CONFIG SET acl-pubsub-default allchannels');
    same('ACL SETUSER u (+get)');
    since('7.2').same('ACL LIST');
    fails('ACL SETUSER u &a');
    same('ACL SETUSER u reset');
    since('7.2').same('ACL GETUSER u');
    same('CONFIG SET acl-pubsub-default resetchannels');
    since('7.2').same('ACL GETUSER u');
    same('ACL SETUSER u reset');
    since('7.2').same('ACL GETUSER u');
    same('ACL DELUSER u');
  });
});
