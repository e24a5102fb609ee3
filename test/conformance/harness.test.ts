import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/clock.ts';
import { findRedis, isAtLeast, type Running, startRedis } from '../support/redis.ts';
import { NoAnswer, parse, RespClient } from '../support/resp-client.ts';
import {
  collectDifferences,
  conformance,
  Mismatch,
  modes,
  perform,
  splitLine,
  type Verbs,
} from './harness.ts';

const fakes: Running[] = [];

afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

/** A peer that answers from a table: request as text → reply. null: hangs up. */
async function startFake(
  replies: Record<string, string | null>,
  { name = 'zonis', version = '7.2.6' } = {},
): Promise<Running> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let received = '';
    sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      for (let parsed = parse(received, 0); parsed !== undefined; parsed = parse(received, 0)) {
        received = received.slice(parsed.end);
        const line = parsed.tree.items?.map((item) => item.text).join(' ') ?? '';
        const reply = replies[line];
        if (reply === null) socket.end();
        else socket.write(reply ?? '+OK\r\n', 'latin1');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address !== 'object') throw new Error('no address');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  const fake = { name, version, address: { host: '127.0.0.1', port: address.port }, close };
  fakes.push(fake);
  return fake;
}

/** What performing a body says against one reply of each side to `LINE`: undefined when all is well. */
async function verdict(
  theirs: string | null,
  ours: string | null,
  body: (verbs: Verbs) => void,
  { oracleVersion = '7.2.6', mode = modes[0] } = {},
): Promise<string | undefined> {
  const oracle = await startFake({ LINE: theirs }, { name: 'redis', version: oracleVersion });
  const subject = await startFake({ LINE: ours });
  try {
    await perform(body, mode, { oracle, subject });
    return undefined;
  } catch (error) {
    if (error instanceof Mismatch) return error.message;
    throw error;
  }
}

describe('a line', () => {
  it.each([
    ['GET k', ['GET', 'k']],
    ['  SET  k\tv ', ['SET', 'k', 'v']],
    ['SET "a b" \'c d\'', ['SET', 'a b', 'c d']],
    ['SET "" \'\'', ['SET', '', '']],
    ['"\\x00\\xfF\\n\\r\\t\\a\\b\\"\\\\\\q"', ['\x00\xff\n\r\t\x07\b"\\q']],
    ["'\\x00\\''", ["\\x00'"]],
    ['a"b c', ['a"b', 'c']],
    ['', []],
  ])('%j is split as redis-cli splits it', (line, argv) => {
    expect(splitLine(line)).toEqual(argv);
  });

  it.each(['"a', "'a", '"a"b', "'a'b"])('%s is refused', (line) => {
    expect(() => splitLine(line)).toThrow(/quote/);
  });

  it('is sent as an array of arguments too', async () => {
    const oracle = await startFake({ 'SET k a b': '+one\r\n' });
    const subject = await startFake({ 'SET k a b': '+one\r\n' });
    await perform(
      ({ same }) => {
        same('SET', 'k', 'a b');
        same(['SET', 'k', 'a b']);
        same('SET k "a b"');
      },
      modes[0],
      { oracle, subject },
    );
  });
});

describe('same', () => {
  it('demands the same bytes', async () => {
    expect(await verdict(':1\r\n', ':1\r\n', ({ same }) => same('LINE'))).toBeUndefined();
    expect(await verdict(':1\r\n', '$1\r\n1\r\n', ({ same }) => same('LINE'))).toMatch(
      /LINE: not the same\n +redis +":1\\r\\n"\n +zonis +"\$1\\r\\n1\\r\\n"/,
    );
  });

  it('is not for errors, nor fails for successes', async () => {
    const error = '-ERR x\r\n';
    expect(await verdict(error, error, ({ same }) => same('LINE'))).toMatch('say fails');
    expect(await verdict(error, error, ({ fails }) => fails('LINE'))).toBeUndefined();
    expect(await verdict(error, error, ({ agrees }) => agrees('LINE'))).toBeUndefined();
    expect(await verdict(error, '-ERR y\r\n', ({ agrees }) => agrees('LINE'))).toMatch('same');
    expect(await verdict(error, '-ERR y\r\n', ({ fails }) => fails('LINE'))).toMatch(
      'not the same',
    );
    expect(await verdict(':1\r\n', ':1\r\n', ({ fails }) => fails('LINE'))).toMatch('say same');
  });
});

describe('sameDoubles', () => {
  it('lets an older oracle print the same number in its own way', async () => {
    const body = ({ sameDoubles }: Verbs): void => sameDoubles('LINE');
    const long = '*1\r\n,0.10000000000000001\r\n';
    const old = { oracleVersion: '7.0.15' };
    expect(await verdict(long, '*1\r\n,0.1\r\n', body, old)).toBeUndefined();
    expect(await verdict(long, '*1\r\n,0.1\r\n', body)).toMatch('not the same');
    expect(await verdict(long, '*1\r\n,0.11\r\n', body, old)).toMatch('apart');
    expect(await verdict(long, '*1\r\n$3\r\n0.1\r\n', body, old)).toMatch('not the same');
    expect(await verdict(',inf\r\n', ',inf\r\n', body, old)).toBeUndefined();
    expect(await verdict(',inf\r\n', ',-inf\r\n', body, old)).toMatch('apart');
  });
});

describe('help', () => {
  it('overlooks the one word that changed in every help', async () => {
    const body = ({ help }: Verbs): void => help('LINE');
    const text = (last: string): string => `*2\r\n+HELP\r\n+${last}\r\n`;
    const [before, now] = [text('    Prints this help.'), text('    Print this help.')];
    expect(await verdict(before, now, body)).toBeUndefined();
    expect(await verdict(before, text('    Print help.'), body)).toMatch('not the same');
  });
});

describe('unordered', () => {
  it('takes elements in any order, but the same ones as often', async () => {
    const body = ({ unordered }: Verbs): void => unordered('LINE');
    expect(await verdict('*2\r\n+a\r\n+b\r\n', '*2\r\n+b\r\n+a\r\n', body)).toBeUndefined();
    expect(await verdict('*2\r\n+a\r\n+b\r\n', '*2\r\n+b\r\n+b\r\n', body)).toMatch('elements');
    expect(await verdict('*1\r\n+a\r\n', '~1\r\n+a\r\n', body)).toMatch('elements');
    const scan = (...keys: string[]): string =>
      `*2\r\n$1\r\n0\r\n*${keys.length}\r\n${keys.map((key) => `+${key}\r\n`).join('')}`;
    expect(await verdict(scan('a', 'b'), scan('b', 'a'), body)).toBeUndefined();
    expect(await verdict(scan('a', 'b'), scan('a', 'a'), body)).toMatch('elements');
  });

  it('keeps the pairs of a map together', async () => {
    const body = ({ unordered }: Verbs): void => unordered('LINE');
    const map = (...items: string[]): string => `%2\r\n${items.map((it) => `+${it}\r\n`).join('')}`;
    expect(await verdict(map('a', '1', 'b', '2'), map('b', '2', 'a', '1'), body)).toBeUndefined();
    expect(await verdict(map('a', '1', 'b', '2'), map('b', '1', 'a', '2'), body)).toMatch(
      'elements',
    );
  });
});

describe('near', () => {
  it('lets numbers differ by the tolerance, and nothing else', async () => {
    const body = ({ near }: Verbs): void => near(2, 'LINE');
    expect(await verdict(':100\r\n', ':98\r\n', body)).toBeUndefined();
    expect(await verdict(':100\r\n', ':97\r\n', body)).toMatch('3 apart');
    expect(await verdict(':1\r\n', '$1\r\n1\r\n', body)).toMatch('not the same');
    expect(await verdict('*2\r\n+a\r\n:5\r\n', '*2\r\n+a\r\n:6\r\n', body)).toBeUndefined();
    expect(await verdict('*2\r\n+a\r\n:5\r\n', '*2\r\n+b\r\n:5\r\n', body)).toMatch('not the same');
    expect(await verdict('*1\r\n:5\r\n', '*2\r\n:5\r\n:5\r\n', body)).toMatch('not the same');
  });
});

describe('shape', () => {
  it('compares types all the way down', async () => {
    const body = ({ shape }: Verbs): void => shape('LINE');
    expect(await verdict('*2\r\n+a\r\n:5\r\n', '*2\r\n+b\r\n:6\r\n', body)).toBeUndefined();
    expect(await verdict('*1\r\n+a\r\n', '*1\r\n$1\r\na\r\n', body)).toMatch('a $ where');
    expect(await verdict('*1\r\n+a\r\n', '*2\r\n+a\r\n+a\r\n', body)).toMatch('2 elements');
    expect(await verdict('$1\r\na\r\n', '$-1\r\n', body)).toMatch('null');
    expect(await verdict('$1\r\n1\r\n', '$1\r\na\r\n', body)).toMatch('number');
  });
});

describe('differs', () => {
  const because = 'we know better';

  it('demands that a declared difference is one still', async () => {
    const body = ({ differs }: Verbs): void => differs('LINE', { because });
    expect(await verdict(':1\r\n', ':2\r\n', body)).toBeUndefined();
    expect(await verdict(':1\r\n', ':1\r\n', body)).toMatch('no longer differs');
  });

  it('holds us to the reply it declares', async () => {
    const body = ({ differs }: Verbs): void => differs('LINE', { because, ours: ':2\r\n' });
    expect(await verdict(':1\r\n', ':2\r\n', body)).toBeUndefined();
    expect(await verdict(':1\r\n', ':3\r\n', body)).toMatch('expected of us ":2');
  });

  it('is collected without a server, once for all modes', async () => {
    let bodies = 0;
    const found = await collectDifferences(async () => {
      conformance('family', ({ test }) => {
        test('sentence', ({ differs, same }) => {
          bodies++;
          same('LINE');
          differs('LINE "a b"', { because });
        });
      });
    });
    expect(found).toEqual([{ family: 'family', line: 'LINE "a b"', because }]);
    expect(bodies).toBe(2);
  });
});

describe('lines for a later oracle', () => {
  it('since skips them on both sides', async () => {
    const body = ({ since }: Verbs): void => since('7.2').same('LINE');
    expect(await verdict(':1\r\n', ':2\r\n', body, { oracleVersion: '7.0.15' })).toBeUndefined();
    expect(await verdict(':1\r\n', ':2\r\n', body)).toMatch('not the same');
  });

  it('expects is asked of us always, of the oracle when it is new enough', async () => {
    const body = ({ expects }: Verbs): void => expects('LINE', ':2\r\n');
    const old = { oracleVersion: '7.0.15' };
    expect(await verdict(':1\r\n', ':2\r\n', body, old)).toBeUndefined();
    expect(await verdict(':1\r\n', ':3\r\n', body, old)).toMatch('expected ":2');
    expect(await verdict(':1\r\n', ':2\r\n', body)).toMatch('expected of redis 7.2 ":2');
    expect(await verdict(':2\r\n', ':2\r\n', body)).toBeUndefined();
  });

  it('versions are compared number by number', () => {
    expect(isAtLeast('7.2.6', '7.2')).toBe(true);
    expect(isAtLeast('7.0.15', '7.2')).toBe(false);
    expect(isAtLeast('7.10.0', '7.2')).toBe(true);
    expect(isAtLeast('8.0.0', '7.2')).toBe(true);
    expect(isAtLeast('7.2', '7.2.6')).toBe(false);
  });
});

describe('keeps', () => {
  it('hands each side its own answer', async () => {
    const oracle = await startFake({ ID: ':7\r\n', 'KILL 7': ':1\r\n' }, { name: 'redis' });
    const subject = await startFake({ ID: ':12\r\n', 'KILL 12': ':1\r\n' });
    const body = ({ keeps, same }: Verbs): void => {
      keeps('id', 'ID');
      same('KILL {id}');
    };
    await perform(body, modes[0], { oracle, subject });
    await subject.close();
    const other = await startFake({ ID: ':12\r\n', 'KILL 12': ':0\r\n' });
    await expect(perform(body, modes[0], { oracle, subject: other })).rejects.toThrow('KILL {id}');
  });

  it('demands answers of one form', async () => {
    const body = ({ keeps }: Verbs): void => keeps('id', 'LINE');
    expect(await verdict(':1\r\n', '$1\r\n1\r\n', body)).toMatch('a $ where');
  });
});

describe('judge', () => {
  it('is given both trees, ours first', async () => {
    const body = ({ judge }: Verbs): void =>
      judge('LINE', (ours, theirs) => `${ours.text} and ${theirs.text}`);
    expect(await verdict(':1\r\n', ':2\r\n', body)).toMatch('LINE: 2 and 1');
  });
});

describe('raw bytes', () => {
  const raw = '*1\r\n$4\r\nLINE\r\n';

  it('are written as they are, and that many messages read', async () => {
    const body = ({ wire }: Verbs): void => wire(raw + raw, 2);
    expect(await verdict(':1\r\n', ':1\r\n', body)).toBeUndefined();
    expect(await verdict(':1\r\n', ':2\r\n', body)).toMatch('not the same');
  });

  it('may be unread, and received later', async () => {
    const body = ({ sends, receives }: Verbs): void => {
      sends('LINE');
      receives();
    };
    expect(await verdict(':1\r\n', ':1\r\n', body)).toBeUndefined();
    expect(await verdict(':1\r\n', ':2\r\n', body)).toMatch('not the same');
  });

  it('may be the last: then both hang up', async () => {
    const body = ({ wire, closes }: Verbs): void => {
      wire(raw, 0);
      closes();
    };
    expect(await verdict(null, null, body)).toBeUndefined();
  });

  it('tell who hung up when only one did', async () => {
    const message = await verdict(':1\r\n', null, ({ same }) => same('LINE'));
    expect(message).toMatch(/LINE: no answer\n.*":1\\r\\n"\n.*hung up/);
  });
});

describe('a failed test', () => {
  it('tells every wrong line, what went before, and the mode', async () => {
    const replies = { A: ':1\r\n', B: ':1\r\n', C: ':1\r\n' };
    const oracle = await startFake(replies, { name: 'redis' });
    const subject = await startFake({ ...replies, B: ':2\r\n', C: ':3\r\n' });
    const body = ({ same, on }: Verbs): void => {
      same('A');
      same('B');
      on('other').same('C');
    };
    const failed = perform(body, modes[1], { oracle, subject });
    await expect(failed).rejects.toThrow(
      [
        'in RESP3',
        'B: not the same',
        '    redis          ":1\\r\\n"',
        '    zonis          ":2\\r\\n"',
        '    after: A',
        '[other] C: not the same',
        '    redis          ":1\\r\\n"',
        '    zonis          ":3\\r\\n"',
      ].join('\n'),
    );
  });

  it('points at the line in the test', async () => {
    const oracle = await startFake({ LINE: ':1\r\n' });
    const subject = await startFake({ LINE: ':2\r\n' });
    const error: unknown = await perform(({ same }) => same('LINE'), modes[0], {
      oracle,
      subject,
    }).catch((thrown) => thrown);
    expect((error as Error).stack?.split('\n').find((line) => /^\s+at /.test(line))).toMatch(
      /harness\.test\.ts/,
    );
  });
});

describe('the client', () => {
  it('reads every type, nested and in pieces', async () => {
    const raw =
      '*7\r\n+a\r\n:-1\r\n$2\r\n\r\n\r\n$-1\r\n%1\r\n+k\r\n*-1\r\n~2\r\n_\r\n#t\r\n=5\r\ntxt:a\r\n';
    for (let size = 0; size < raw.length; size++) {
      expect(parse(raw.slice(0, size), 0)).toBeUndefined();
    }
    const parsed = parse(`${raw}rest`, 0);
    expect(parsed?.end).toBe(raw.length);
    expect(parsed?.tree.items?.map(({ type, text }) => type + text)).toEqual([
      '+a',
      ':-1',
      '$\r\n',
      '$null',
      '%null',
      '~null',
      '=txt:a',
    ]);
  });

  it.each(['OK\r\n', '$1x\r\n', '*-2\r\n', '$1\r\nabc\r\n'])('does not accept %j', (raw) => {
    expect(() => parse(raw, 0)).toThrow(NoAnswer);
  });

  it('gives up on a silent peer', async () => {
    const { address } = await startFake({ LINE: '' });
    const client = await RespClient.connect(address, 20);
    await expect(client.call('LINE')).rejects.toThrow('nothing within 20 ms');
    client.close();
  });

  it('keeps pushes apart from replies', async () => {
    const { address } = await startFake({ LINE: '>1\r\n+news\r\n:1\r\n' });
    const client = await RespClient.connect(address);
    expect((await client.call('LINE')).raw).toBe(':1\r\n');
    expect(client.pushes.map(({ raw }) => raw)).toEqual(['>1\r\n+news\r\n']);
    client.close();
  });

  it('reads the replies of a pipeline in order', async () => {
    const { address } = await startFake({ A: ':1\r\n', 'B x': ':2\r\n' });
    const client = await RespClient.connect(address);
    const answers = await client.pipeline([['A'], ['B', 'x']]);
    expect(answers.map(({ tree }) => tree.text)).toEqual(['1', '2']);
    client.close();
  });
});

describe('the oracle', () => {
  it('is named by the environment, found in the PATH, or demanded by CI', () => {
    expect(findRedis({ ZONIS_ORACLE: process.execPath })).toBe(process.execPath);
    expect(() => findRedis({ ZONIS_ORACLE: '/nowhere/redis-server' })).toThrow('not a program');
    expect(findRedis({ PATH: '/nowhere' })).toBeUndefined();
    expect(() => findRedis({ PATH: '/nowhere', CI: 'true' })).toThrow('CI=true demands one');
  });

  const binary = findRedis();

  it.skipIf(binary === undefined)('is gone once it is closed', async () => {
    const redis = await startRedis(binary as string);
    expect(redis.version).toMatch(/^\d+\.\d+\.\d+$/);
    const client = await RespClient.connect(redis.address);
    expect((await client.call('PING')).raw).toBe('+PONG\r\n');
    await redis.close();
    expect(await client.rest()).toBe('');
    await eventually('its port is closed', () =>
      RespClient.connect(redis.address).then(
        () => false,
        () => true,
      ),
    );
  });

  it.skipIf(binary === undefined)('says why it did not start', async () => {
    await expect(startRedis(binary as string, ['--no-such-directive', 'yes'])).rejects.toThrow(
      /no-such-directive/,
    );
  });
});
