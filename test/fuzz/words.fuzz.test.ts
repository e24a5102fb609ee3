/**
 * Small languages at random, beside redis-server: words of a line with quotes, patterns, rules of
 * users, values of directives, values that scripts return, and what libraries of scripts read.
 *
 * Whatever one server answers, the other has to answer. FUZZ_RUNS says how often, FUZZ_SEED from
 * which seed; a line of corpus/words/ is a request that is always tried.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitWords } from '../../src/instance/config/words.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { findRedis, isAtLeast, type Running, startRedis } from '../support/redis.ts';
import { type Answer, RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1970);
const BATCH = 50;
const binary = findRedis();

let servers: Running[] = [];
let clients: RespClient[] = [];

beforeAll(async () => {
  if (binary === undefined) return;
  servers = [await startRedis(binary), await startOurs({ config: { zone: [] } })];
  clients = await Promise.all(servers.map(({ address }) => RespClient.connect(address, 30_000)));
});

afterAll(async () => {
  for (const client of clients) client.close();
  for (const server of servers) await server.close();
});

class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => seed >> (i % 4)));
  }

  below(n: number): number {
    return this.#random.below(n);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  /** Up to so many of what `make` makes. */
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

/** What both answer, as they answer it; where they may differ without being wrong, made alike. */
type Normal = (answer: Answer) => string;

const asIs: Normal = ({ raw }) => raw;

/** Sends the same to both, in batches, and compares what they answer. */
async function compare(
  requests: Iterable<readonly string[]>,
  normal: Normal = asIs,
): Promise<void> {
  const all = [...requests];
  for (let from = 0; from < all.length; from += BATCH) {
    const batch = all.slice(from, from + BATCH);
    const [theirs, ours] = await Promise.all(clients.map((client) => client.pipeline(batch)));
    for (const [i, request] of batch.entries()) {
      expect([request, normal(ours[i])]).toEqual([request, normal(theirs[i])]);
    }
  }
}

function corpus(name: string): string[][] {
  const text = readFileSync(join(import.meta.dirname, 'corpus/words', name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => splitWords(line) as string[]);
}

describe.skipIf(binary === undefined)('beside redis-server (none is here)', () => {
  it('lines with quotes', async () => {
    const dice = new Dice(SEED);
    const pieces = [
      ...['a', 'xyz', ' ', '  ', '\t', '"', '"', "'", "'", '\\', '\\n', '\\x41', '\\xzz', '\\"'],
      ...["\\'", '\\\\', '\x80', '\xff', '""', "''", '" "', '#', '$1', '*', '\x0b', '\x0c'],
    ];
    for (let run = 0; run < RUNS; run++) {
      const line = `ECHO ${dice.some(8, () => dice.of(pieces)).join('')}`;
      const answers: string[] = [];
      for (const { address } of servers) {
        const client = await RespClient.connect(address);
        client.write(`${line}\r\n`);
        client.write('PING\r\n');
        answers.push((await client.message()).raw);
        client.close();
      }
      expect([line, answers[1]]).toEqual([line, answers[0]]);
    }
  });

  it('patterns', async () => {
    const dice = new Dice(SEED + 1);
    const letters = ['a', 'b', 'c', '-', ']', '[', '^', '*', '?', '\\', '\xff'];
    const pieces = [
      ...letters,
      '*',
      '**',
      '[a',
      '[^a',
      '[a-c]',
      '[c-a]',
      '[^a-',
      '\\*',
      '[]',
      '[\\]]',
    ];
    const requests: string[][] = [];
    for (let run = 0; run < RUNS * 4; run++) {
      const name = dice.some(6, () => dice.of(letters)).join('');
      const pattern = dice.some(6, () => dice.of(pieces)).join('');
      requests.push(['DEL', 's'], ['SADD', 's', name], ['SSCAN', 's', '0', 'MATCH', pattern]);
    }
    await compare([...corpus('patterns.txt'), ...requests]);
  });

  it('rules of users', async () => {
    const dice = new Dice(SEED + 2);
    const hash = 'a'.repeat(64);
    const rules = [
      ...[
        'on',
        'off',
        'ON',
        'nopass',
        'resetpass',
        'reset',
        'clearselectors',
        'allkeys',
        'resetkeys',
      ],
      ...[
        'allchannels',
        'resetchannels',
        'allcommands',
        'nocommands',
        '+@all',
        '-@all',
        '~*',
        '&*',
      ],
      ...['>p', '<p', '>', '<', `#${hash}`, `!${hash}`, '#abc', '!abc', '~a', '~a*', '~', '%R~a'],
      ...['%W~a', '%RW~b', '%~b', '%X~b', '&c', '&', '+get', '-get', '+GET', '+config|get'],
      ...['-config|get', '+config', '-config', '+config|none', '+none', '-none', '+select|0'],
      ...['+select|', '-select|0', '+@read', '-@write', '+@none', '-@dangerous', '+@', '(', ')'],
      ...[
        '()',
        '(+get ~a)',
        '(+@read %R~x -config)',
        '(~a',
        '(+get) ',
        '(on)',
        '( +get )',
        '',
        ' ',
      ],
      ...[
        'skip-sanitize-payload',
        'sanitize-payload',
        '+client|id',
        '-client|kill',
        '+memory|doctor',
      ],
    ];
    const requests: string[][] = [];
    for (let run = 0; run < RUNS / 2; run++) {
      requests.push(['ACL', 'SETUSER', 'u', 'reset']);
      for (let i = dice.below(3); i >= 0; i--) {
        requests.push(['ACL', 'SETUSER', 'u', ...dice.some(4, () => dice.of(rules))]);
      }
      // Redis 7.0 keeps rules in another form.
      if (isAtLeast(servers[0].version, '7.2'))
        requests.push(['ACL', 'GETUSER', 'u'], ['ACL', 'LIST']);
      const asked = [
        ['GET', 'a'],
        ['SET', 'abc', 'v'],
        ['CONFIG', 'GET', 'x'],
        ['PUBLISH', 'c', 'm'],
      ];
      requests.push(['ACL', 'DRYRUN', 'u', ...dice.of(asked)]);
    }
    // Redis 7.0 does not say who, and names less of a rule.
    const normal: Normal = ({ raw }) =>
      raw
        .replace(/\$\d+\r\n(?:This user|User u) has/, 'User u has')
        .replace(/((Unmatched parenthesis|Error in ACL SETUSER modifier).{4}).*/, '$1');
    await compare([...corpus('rules.txt'), ...requests], normal);
  });

  it('values of directives', async () => {
    const dice = new Dice(SEED + 3);
    const names = [
      ...[
        'maxmemory-samples',
        'hash-max-listpack-entries',
        'list-max-listpack-size',
        'timeout',
        'hz',
      ],
      ...['maxmemory-policy', 'appendfsync', 'lfu-decay-time', 'notify-keyspace-events', 'save'],
      ...['client-output-buffer-limit', 'slowlog-log-slower-than', 'lazyfree-lazy-expire'],
      ...['proto-max-bulk-len', 'client-query-buffer-limit', 'maxmemory-clients', 'acllog-max-len'],
      ...[
        'latency-tracking-info-percentiles',
        'auto-aof-rewrite-percentage',
        'oom-score-adj-values',
      ],
      ...[
        'set-max-intset-entries',
        'stream-node-max-bytes',
        'busy-reply-threshold',
        'tcp-keepalive',
      ],
      ...['active-expire-effort', 'latency-monitor-threshold', 'shutdown-on-sigterm', 'none', ''],
    ];
    const values = [
      ...[
        '0',
        '1',
        '-1',
        '10',
        '1000000',
        '99999999999999999999',
        '1.5',
        'abc',
        '',
        'yes',
        'no',
        'YES',
      ],
      ...[
        '1k',
        '1kb',
        '1mb',
        '10 mb',
        '1GB',
        '50%',
        '-5%',
        '101%',
        '0x10',
        ' 1',
        '1 ',
        'always',
        'KEA',
      ],
      ...[
        'everysec',
        'allkeys-lru',
        'noeviction',
        'AKE',
        'xyz',
        '3600 1',
        '3600 1 300',
        '3600',
        '""',
      ],
      ...[
        'normal 1mb 0 0',
        'pubsub 1 2',
        'slave 1mb 1kb 60 normal 0 0 0',
        'none 0 0 0',
        '50 99',
        '101',
      ],
      ...[
        'default',
        'nosave',
        'save force',
        'now',
        'now bad',
        '0 200 800',
        '1 2',
        '-2000 0 0',
        '1 0 2',
      ],
    ];
    const requests: string[][] = [];
    for (let run = 0; run < RUNS; run++) {
      const pairs = Array.from({ length: 1 + dice.below(2) }, () => [
        dice.of(names),
        dice.of(values),
      ]);
      requests.push(['CONFIG', 'SET', ...pairs.flat()]);
      requests.push(['CONFIG', 'GET', pairs[0][0]]);
    }
    await compare([...corpus('directives.txt'), ...requests]);
  });

  for (const protocol of ['2', '3']) {
    it(`values that scripts return, in RESP${protocol}`, async () => {
      const dice = new Dice(SEED + 4);
      const value = (depth: number): string => {
        const inner = () => value(depth + 1);
        const kind = dice.below(depth > 3 ? 8 : 16);
        if (kind < 2) return String(dice.of([0, 1, -1, 3.99, -3.99, 1e15, 2 ** 53, 1e100, -0]));
        if (kind < 4)
          return `'${dice.some(4, () => dice.of(['a', ' ', '\\r\\n', '\\0', '\\255'])).join('')}'`;
        if (kind === 4) return dice.of(['true', 'false']);
        if (kind === 5) return 'nil';
        if (kind === 6) return dice.of(['1/0', '-1/0', '0/0', 'print', 'redis.call']);
        if (kind === 7)
          return `{${dice.of(['ok', 'err', 'double', 'big_number'])} = ${dice.of(["'x y'", '3.5', '{}', "'12\\r\\n3'"])}}`;
        if (kind < 12) return `{${dice.some(4, inner).join(', ')}}`;
        if (kind === 12)
          return `{map = {${dice
            .some(1, () => `[${value(9)}] = ${inner()}`)
            .join(', ')
            .replaceAll('[nil]', '[1]')
            .replaceAll('[0/0]', '[2]')}}}`;
        if (kind === 13)
          return `{set = {${dice.some(1, () => `[${dice.of(["'a'", '1'])}] = true`).join(', ')}}}`;
        if (kind === 14) return "{verbatim_string = {format = 'txt', string = 'text'}}";
        return `{${inner()}, x = ${inner()}, ${inner()}}`;
      };
      const requests = Array.from({ length: RUNS / 2 }, () => [
        'EVAL',
        `redis.setresp(${dice.of(['2', '3'])}) return ${value(0)}`,
        '0',
      ]);
      await compare([['HELLO', protocol]], ({ tree }) => tree.type);
      await compare([...corpus('values.txt'), ...requests]);
      await compare([['HELLO', '2']], ({ tree }) => tree.type);
    });
  }

  it('what libraries of scripts read', async () => {
    const dice = new Dice(SEED + 5);
    const json = (depth: number): string => {
      const kind = dice.below(depth > 3 ? 5 : 8);
      if (kind === 0)
        return dice.of(['0', '-1', '1.5e3', '1e400', '01', '-', '1.', '.5', '0x1', 'NaN']);
      if (kind < 3)
        return dice.of([
          '""',
          '"a"',
          '"\\u00e9"',
          '"\\ud83d\\ude00"',
          '"\\ud83d"',
          '"\\x"',
          '"\t"',
        ]);
      if (kind < 5) return dice.of(['true', 'false', 'null', 'nul', '[', ']', '{', '"', '']);
      if (kind < 7)
        return `[${dice.some(4, () => json(depth + 1)).join(dice.of([',', ' , ', ',,']))}]`;
      return `{${dice.some(3, () => `"${dice.of(['a', 'b', ''])}":${json(depth + 1)}`).join(',')}}`;
    };
    const bytes = () =>
      dice
        .some(12, () =>
          String.fromCharCode(
            dice.of([
              0x80,
              0x91,
              0x92,
              0xa1,
              0xc0,
              0xc2,
              0xc3,
              0xca,
              0xcb,
              0xcc,
              0xd0,
              0xd9,
              0xdc,
              0xde,
              0xe0,
              1,
              65,
              dice.below(256),
            ]),
          ),
        )
        .join('');
    const formats = () =>
      dice
        .some(5, () =>
          dice.of([
            'b',
            'B',
            'h',
            'H',
            'i4',
            'I2',
            'l',
            's',
            'c3',
            'c0',
            'd',
            'f',
            '<',
            '>',
            '!4',
            'x',
            ' ',
            'z',
            'i9',
            'c',
          ]),
        )
        .join('');
    const show =
      'local function show(v) if type(v) == "table" then return cjson.encode(v) end return tostring(v) end ';
    const requests = Array.from({ length: RUNS }, () =>
      dice.of([
        () => ['EVAL', 'return cjson.encode(cjson.decode(ARGV[1]))', '0', json(0)],
        () => [
          'EVAL',
          `${show} local r = {cmsgpack.unpack(ARGV[1])} for i = 1, #r do r[i] = show(r[i]) end return r`,
          '0',
          bytes(),
        ],
        () => [
          'EVAL',
          `${show} local r = {struct.unpack(ARGV[1], ARGV[2])} for i = 1, #r do r[i] = show(r[i]) end return r`,
          '0',
          formats(),
          bytes(),
        ],
        () => ['EVAL', 'return struct.pack(ARGV[1], 1, "text", 3, 4.5, "x")', '0', formats()],
        () => ['EVAL', 'return struct.size(ARGV[1])', '0', formats()],
        () => [
          'EVAL',
          'return bit.tohex(bit.bxor(tonumber(ARGV[1]), tonumber(ARGV[2])), tonumber(ARGV[3]))',
          '0',
          dice.of(['1', '-1', '4294967296', '1e15', '0.5']),
          dice.of(['3', '255', '-7']),
          dice.of(['8', '-8', '4', '0']),
        ],
      ])(),
    );
    await compare([...corpus('libraries.txt'), ...requests]);
  });
});
