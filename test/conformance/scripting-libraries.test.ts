/** What Redis gives its scripts: cjson, cmsgpack, struct and bit, call by call. */

import { SeededRandom } from '../../src/std/random.ts';
import { SHOW } from '../support/lua.ts';
import { conformance, type Verbs } from './harness.ts';

/** Calls a function of a library with an argument given to the script as A. */
function call({ same }: Verbs, name: string, values: string, given = ''): void {
  const list = values === '' ? name : `${name}, ${values}`;
  same('EVAL', `${SHOW} local A = ARGV[1] return call(${list})`, '0', given);
}

class Draw {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  below(n: number): number {
    return this.#random.below(n);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick(words: readonly string[]): string {
    return words[this.below(words.length)];
  }

  list(most: number, item: () => string): string[] {
    return Array.from({ length: this.below(most + 1) }, item);
  }

  number(): string {
    if (this.chance(5)) return this.pick(['1/0', '-1/0', '0/0']);
    if (this.chance(60)) return this.pick(NUMBERS);
    return String((this.below(2 ** 30) - 2 ** 29) / this.below(1000));
  }

  string(): string {
    if (this.chance(3)) return `string.rep('a\\\\"', ${this.below(30_000)})`;
    const char = (): string =>
      this.chance(50) ? 'abc/"'[this.below(5)] : `\\${String(this.below(256)).padStart(3, '0')}`;
    return `"${this.list(20, char)
      .map((char) => (char === '"' ? '\\"' : char))
      .join('')}"`;
  }

  value(depth: number): string {
    if (depth === 0 || this.chance(50)) {
      if (this.chance(40)) return this.number();
      if (this.chance(50)) return this.string();
      return this.pick(['true', 'false', 'nil', 'cjson.null', '"10"', '{}', 'type']);
    }
    const kind = this.below(3);
    const items = this.list(5, () => {
      const item = this.value(depth - 1);
      if (kind === 0) return item;
      return kind === 1 ? `[${this.string()}]=${item}` : `[${this.pick(KEYS)}]=${item}`;
    });
    return `{${items.join(',')}}`;
  }

  json(depth: number): string {
    if (depth === 0 || this.chance(50)) return this.pick(JSON_SCALARS);
    const space = (): string => this.pick(['', '', ' ', '\n', '\t\r']);
    const isArray = this.chance(50);
    const items = this.list(4, () => {
      const item = space() + this.json(depth - 1) + space();
      const key = this.chance(95) ? this.pick(['"a"', '"b"', '"\\u0041"', '""']) : '1';
      return isArray ? item : `${space()}${key}${this.chance(97) ? ':' : ''}${item}`;
    });
    const end = isArray === this.chance(96) ? ']' : '}';
    return `${isArray ? '[' : '{'}${items.join(this.chance(96) ? ',' : this.pick([':', ',,']))}${end}`;
  }

  bytes(most: number): string {
    const byte = (): string =>
      String.fromCharCode(this.chance(40) ? 0x80 + this.below(0x60) : this.below(256));
    return this.list(most, byte).join('');
  }

  format(): string {
    return this.list(6, () => this.pick(FORMATS)).join('');
  }
}

const NUMBERS = [
  ...['0', '-0', '1', '-1', '0.1', '1.5', '2.5', '-0.5', '1e10', '1e14', '1e15', '1e300', '1/3'],
  ...[
    '2^31',
    '2^31-1',
    '-2^31',
    '2^32',
    '2^53',
    '2^63',
    '2^64',
    '-2^63',
    '2^64-1025',
    '127',
    '128',
  ],
  ...['255', '256', '65535', '65536', '-32', '-33', '-128', '-129', '-32768', '-32769', '1e-5'],
  ...['-2147483649', '3.14159265358979', '99999999999999', '12345.678', '2^51+0.5', '0.00001234'],
];
const KEYS = ['1', '2', '3', '4', '10', '11', '12', '20', '1e10', '1.5', '-1', '0', '2^31', 'true'];
const JSON_SCALARS = [
  ...['1', '-1', '0', '-0', '1.5', '1e5', '1E+5', '0x10', '0x1p4', '+5', '-inf', 'Infinity', 'nan'],
  ...['-nan', 'nan(12)', 'true', 'false', 'null', 'nul', '"a"', '"\\u0041"', '"\\u00e9\\u20ac"'],
  ...['"\\ud83d\\ude00"', '"\\ud83d"', '"\\udc00"', '"\\q"', '"\\n\\t\\/\\\\\\""', '"\\u12"', '"a'],
  ...['01', '1.', '.5', '-', '1e', '12345678901234567890', '0.1234567890123456789', '1e400', 'i'],
  ...['9007199254740993', '"\xe9\xff"', '""', '123abc', '--1', '\\', '\x01', '1-2', 'tru', '{}'],
];
const FORMATS = [
  ...['b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I', 'i1', 'i3', 'I8', 'i9', 'I16', 'I32', 'i33'],
  ...['i0', 'f', 'd', 's', 'c0', 'c1', 'c3', 'c', 'x', '>', '<', '!', '!2', '!4', '!16', '!3', ' '],
  ...['z', '%', 'c99999999999'],
];
const BIT_FUNCTIONS = [
  ...['tobit', 'bnot', 'band', 'bor', 'bxor', 'lshift', 'rshift', 'arshift', 'rol', 'ror'],
  ...['bswap', 'tohex'],
];
const SETTINGS = [
  ...['encode_sparse_array', 'encode_max_depth', 'decode_max_depth', 'encode_number_precision'],
  ...['encode_keep_buffer', 'encode_invalid_numbers', 'decode_invalid_numbers'],
];

const COUNT = 60;

conformance('scripting', ({ test }) => {
  test('bit', (verbs) => {
    const draw = new Draw(1);
    for (const name of BIT_FUNCTIONS) {
      for (let i = 0; i < 12; i++) {
        const odd = (): string => draw.pick(['nil', '"12"', '"x"', '{}', 'true', '8', '-8', '3']);
        const values = draw.list(3, () => (draw.chance(85) ? draw.number() : odd()));
        call(verbs, `bit.${name}`, values.join());
      }
    }
  });

  test('struct', (verbs) => {
    const draw = new Draw(2);
    for (let i = 0; i < COUNT; i++) {
      const value = (): string =>
        draw.chance(60) ? draw.number() : draw.chance(60) ? draw.string() : 'nil';
      const values = draw.list(6, value);
      call(verbs, 'struct.pack', [`'${draw.format()}'`, ...values].join());
      const offset = draw.chance(30)
        ? `,${draw.pick(['1', '2', '0', '-1', '1.5', '"2"', '{}'])}`
        : '';
      call(verbs, 'struct.unpack', `'${draw.format()}', A${offset}`, draw.bytes(40));
      call(verbs, 'struct.size', `'${draw.format()}'`);
    }
  });

  test('cmsgpack', (verbs) => {
    const draw = new Draw(3);
    for (let i = 0; i < COUNT; i++) {
      call(verbs, 'cmsgpack.pack', draw.list(3, () => draw.value(4)).join());
      call(verbs, 'cmsgpack.unpack', 'A', draw.bytes(16));
      const number = (): string => draw.pick(['0', '1', '2', '-1', '100', 'nil', '1.7', '{}']);
      call(verbs, 'cmsgpack.unpack_one', ['A', number()].join(), draw.bytes(16));
      call(verbs, 'cmsgpack.unpack_limit', ['A', number(), number()].join(), draw.bytes(16));
    }
    const t = '{1, 2.5, "x", {a = {true, false}}, [7] = {}}';
    call(verbs, 'function() return cmsgpack.unpack(cmsgpack.pack(1, "a"), 2) end', '');
    call(verbs, `function() return cmsgpack.unpack(cmsgpack.pack(${t}, ${t})) end`, '');
  });

  test('cjson', (verbs) => {
    const draw = new Draw(4);
    for (let i = 0; i < COUNT * 2; i++) {
      call(verbs, 'cjson.encode', draw.value(4));
      call(verbs, 'cjson.decode', 'A', draw.json(4));
    }
    call(verbs, 'cjson.encode', '');
    call(verbs, 'cjson.decode', '1, 2');
    call(verbs, 'cjson.decode', '{}');
    call(verbs, 'cjson.decode', 'A', '\0\0');
  });

  test('settings of cjson', ({ same }) => {
    const draw = new Draw(5);
    for (let i = 0; i < COUNT; i++) {
      const setting = `c.${draw.pick(SETTINGS)}`;
      const value = (): string =>
        draw.pick([
          '1',
          '2',
          '14',
          '15',
          '0',
          'true',
          'false',
          '"on"',
          '"null"',
          'nil',
          '{}',
          '1.9',
        ]);
      const values = [setting, ...draw.list(3, value)].join();
      const lines = [
        ...[`${SHOW} local c = cjson.new() local r = {call(${values})}`],
        `r[2] = call(c.encode, ${draw.value(3)}) r[3] = call(c.decode, ARGV[1])`,
        `r[4] = call(${setting}) return r`,
      ];
      same('EVAL', lines.join(' '), '0', draw.json(3));
    }
  });

  test('how deep each of them goes', ({ same }) => {
    const counted = (code: string): void =>
      same('EVAL', `local ok, text = pcall(${code}) return ok and 'fine' or text`, '0');
    for (const count of [999, 1000, 1001]) {
      counted(`cjson.decode, string.rep('[', ${count}) .. string.rep(']', ${count})`);
      counted(`function() local t = {} for i = 2, ${count} do t = {t} end cjson.encode(t) end`);
    }
    for (const count of [3999, 4000])
      counted(`cmsgpack.unpack, string.rep('\\145', ${count}) .. 'a'`);
    for (const count of [7990, 8000]) counted(`cmsgpack.unpack, string.rep('a', ${count})`);
    counted('function() local t = {} t[1] = t cmsgpack.pack(t) end');
  });

  test('what the tables hold besides', ({ same }) => {
    for (const name of ['cjson', 'cmsgpack', 'struct', 'bit']) {
      same(
        'EVAL',
        `local names = {} for name, value in pairs(${name}) do
           names[#names + 1] = name .. ' ' .. type(value)
             .. (type(value) == 'string' and value or '') end
         table.sort(names) return names`,
        '0',
      );
    }
  });
});
