/** Functions: loading, calling, listing and dumping libraries, and what a load may not do. */

import { dumpLibraries } from '../../src/persistence/functions.ts';
import { latin1Bytes } from '../../src/std/ascii.ts';
import { conformance, type Verbs } from './harness.ts';

const library = (name: string, code: string): string => `#!lua name=${name}\n${code}`;

/** A library of one function, which has the name of the library. */
const single = (name: string, body: string): string =>
  library(name, `redis.register_function('${name}', function(keys, args) ${body} end)`);

/** Bytes as one character each. */
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const dumped = (...codes: string[]): string => text(dumpLibraries(codes.map(latin1Bytes), true));

/** What Redis 7.0.15 dumped of a library `kept`, compressed. */
const DUMP_7_0 = Buffer.from(
  '9cNAbEDSHyMhbHVhIG5hbWU9a2VwdApyZWRpcy5yZWdpc3Rlcl9mCHVuY3Rpb24oJ0AdAicsIOAAEBNr' +
    'ZXlzLCBhcmdzKSByZXR1cm4ge0ATAlsxXYAWYAgAI0AgDX0gZW5kKQotLSBsb25n4FUEAWcgCgCv+fL+' +
    '6knH2Q==',
  'base64',
).toString('latin1');

function load({ same }: Verbs, code: string): void {
  same('FUNCTION', 'LOAD', code);
}

conformance('scripting', ({ test }) => {
  test('FUNCTION LOAD, FCALL and FUNCTION DELETE', (verbs) => {
    const { same, fails } = verbs;
    same('FUNCTION FLUSH');
    load(verbs, single('f', 'return {keys[1], args[1], args[2], #keys, #args}'));
    same('FCALL f 0');
    same('FCALL f 1 k');
    same('FCALL f 1 k a b');
    same('FCALL F 2 a b');
    fails('FCALL g 0');
    fails('FCALL f x');
    fails('FCALL f 1.5');
    fails('FCALL f 2 k');
    fails('FCALL f -1');
    fails('FCALL f');
    fails('FCALL_RO f 0');
    fails('FUNCTION', 'LOAD', single('f', 'return 2'));
    fails('FUNCTION', 'LOAD', 'replace', single('f', 'return )'));
    fails('FUNCTION', 'LOAD', 'replace', library('f', ''));
    same('FCALL f 1 k a b');
    same('FUNCTION', 'LOAD', 'REPLACE', single('f', 'return 2'));
    same('FCALL f 0');
    fails('FUNCTION', 'LOAD', 'again', single('f', 'return 2'));
    fails('FUNCTION LOAD');
    fails('FUNCTION', 'LOAD', 'REPLACE', 'REPLACE', 'x', single('f', 'return 2'));
    same('FUNCTION', 'LOAD', 'REPLACE', 'REPLACE', single('f', 'return 2'));
    fails('FUNCTION DELETE F');
    same('FUNCTION DELETE f');
    fails('FUNCTION DELETE f');
    fails('FCALL f 0');
  });

  test('the first line of a library', ({ same, fails }) => {
    same('FUNCTION FLUSH');
    const body = "redis.register_function('f', function() return 1 end)";
    for (const line of [
      ...['', 'return 1', '#!lua', '#!lua name=a', '#!', '#!\n', '#!lua\n', '#!lua name=\n'],
      ...['#!lua name=a-b\n', '#!lua name=a name=b\n', '#!lua flags=x name=a\n', '#!lua "name=a\n'],
      ...[
        '#!tcl name=a\n',
        '#!lua name=a\0\n',
        '#!lua\0name=a\n',
        ' #!lua name=a\n',
        '#! lua name=a\n',
      ],
    ]) {
      fails('FUNCTION', 'LOAD', line.includes('\n') ? line + body : line);
    }
    for (const line of [
      '#!LUA name=a\n',
      '#!lua NAME=a\n',
      '#!lua "name=a"\n',
      '#!lua  name=a \n',
    ]) {
      same('FUNCTION', 'LOAD', 'REPLACE', line + body);
    }
    same('FUNCTION', 'LIST', 'WITHCODE');
  });

  test('redis.register_function', ({ same, fails }) => {
    same('FUNCTION FLUSH');
    const f = 'function() return 1 end';
    for (const given of [
      ...['', "'f'", `1, 2, ${f}`, `'f', ${f}, 3`, `{}, ${f}`, "'f', 1", `'', ${f}`, `'a-b', ${f}`],
      ...['{}', "{function_name='f'}", `{callback=${f}}`, `{function_name={}, callback=${f}}`],
      ...[`{function_name='f', callback=1}`, `{function_name='f', callback=${f}, flags=1}`],
      ...[`{function_name='f', callback=${f}, flags={'x'}}`, `{function_name='f', [{}]=1}`],
      ...[`{function_name='f', callback=${f}, flags={{}}}`, `{junk=1}`, `{[1]='f'}`],
      ...[`{function_name='f', callback=${f}, description={}}`],
    ]) {
      fails('FUNCTION', 'LOAD', library('l', `redis.register_function(${given})`));
    }
    fails('FUNCTION', 'LOAD', library('l', 'redis.register_function{function_name="f"'));
    const twice = `redis.register_function('f', ${f}) `;
    fails('FUNCTION', 'LOAD', library('l', twice + twice));
    fails('FUNCTION', 'LOAD', library('l', `${twice} error('too bad')`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} error({err='MY bad'})`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} redis.call('PING')`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} redis.setresp(3)`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} local x = math.random()`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} x = 1`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} redis.x = 1`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} redis = nil`));
    fails('FUNCTION', 'LOAD', library('l', `${twice} local x = _G`));
    same('FUNCTION LIST');
    same('FUNCTION', 'LOAD', library('l', `redis.register_function(12, ${f})`));
    same('FCALL 12 0');
    same(
      'FUNCTION',
      'LOAD',
      library(
        'named',
        `redis.register_function{function_name='g', callback=${f}, description='what it does',
         FLAGS={'no-writes', 'ALLOW-OOM', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'}}`,
      ),
    );
    same('FCALL_RO g 0');
    same('FUNCTION LIST LIBRARYNAME named');
    same('FUNCTION LIST LIBRARYNAME NAM* WITHCODE');
    same('FUNCTION LIST WITHCODE LIBRARYNAME no*');
    fails('FUNCTION LIST LIBRARYNAME');
    fails('FUNCTION LIST junk');
    fails('FUNCTION LIST WITHCODE WITHCODE');
    fails('FUNCTION LIST LIBRARYNAME a LIBRARYNAME b');
    same('FUNCTION STATS');
    fails('FUNCTION', 'LOAD', single('G', 'return 1'));
  });

  test('what functions see', (verbs) => {
    const { same, agrees } = verbs;
    same('FUNCTION FLUSH');
    load(
      verbs,
      library(
        'l',
        `local count = 0
         local function helper() return 'helped' end
         redis.register_function('count', function() count = count + 1 return count end)
         redis.register_function('help', function() return helper() end)
         redis.register_function('global', function() x = 1 end)
         redis.register_function('missing', function() return missing end)
         redis.register_function('keys', function() return KEYS end)
         redis.register_function('again', function()
           redis.register_function('more', function() end) end)
         redis.register_function('fail', function() error('no') end)
         redis.register_function('fail_table', function() error({err='MY no'}) end)
         redis.register_function('deep', function() local t = nil
           return t.x end)
         redis.register_function('libraries', function() return cjson.encode({math.floor(1.5)}) end)
         redis.register_function('wrong', function() return redis.call('SET', 'k') end)
         redis.register_function('wrong_p', function() return redis.pcall('SET', 'k') end)
         redis.register_function('types', function() return {1.9, true, false, 'x', {ok='OK'}} end)
         redis.register_function('resp3', function() redis.setresp(3)
           return redis.call('HGETALL', 'h') end)
         redis.register_function('nothing', function() end)
         redis.register_function('eval', function() return redis.call('EVAL', 'return 1', 0) end)`,
      ),
    );
    same('HSET h f v');
    for (const name of [
      ...['count', 'count', 'help', 'global', 'missing', 'keys', 'again', 'fail', 'fail_table'],
      ...['deep', 'libraries', 'wrong', 'wrong_p', 'types', 'resp3', 'nothing', 'eval', 'count'],
    ]) {
      agrees('FCALL', name, '0');
    }
    same('FLUSHALL');
    same('FCALL count 0');
  });

  test('functions that write, and those that may not', (verbs) => {
    const { same, fails } = verbs;
    same('FUNCTION FLUSH');
    load(
      verbs,
      library(
        'l',
        `local function set(keys, args) return redis.call('SET', keys[1], args[1]) end
         local function get(keys) return redis.call('GET', keys[1]) end
         redis.register_function('set', set)
         redis.register_function{function_name='get', callback=get, flags={'no-writes'}}
         redis.register_function{function_name='set_ro', callback=set, flags={'no-writes'}}`,
      ),
    );
    same('FCALL set 1 k v');
    same('FCALL get 1 k');
    same('FCALL_RO get 1 k');
    fails('FCALL_RO set 1 k w');
    fails('FCALL set_ro 1 k w');
    fails('FCALL_RO set_ro 1 k w');
    same('GET k');
    same('MULTI');
    same('FCALL set 1 k in');
    same('FCALL get 1 k');
    same('EXEC');
    fails('EVAL', "return redis.call('FCALL', 'get', 1, 'k')", '0');
    fails('EVAL', "return redis.call('FUNCTION', 'LIST')", '0');
    same('COMMAND GETKEYS FCALL set 2 a b c');
  });

  test('FUNCTION DUMP and FUNCTION RESTORE', (verbs) => {
    const { same, fails } = verbs;
    same('FUNCTION FLUSH');
    const one = single('one', 'return 1');
    const two = single('two', `return 2 -- ${'long '.repeat(20)}\n`);
    same('FUNCTION', 'RESTORE', dumped());
    same('FUNCTION', 'RESTORE', dumped(one, two));
    same('FCALL one 0');
    same('FCALL two 0');
    fails('FUNCTION', 'RESTORE', dumped(single('three', 'return 3'), one));
    fails('FCALL three 0');
    fails('FUNCTION', 'RESTORE', dumped(single('three', 'return 3'), one), 'APPEND');
    same('FUNCTION', 'RESTORE', dumped(single('one', 'return 11')), 'replace');
    same('FCALL one 0');
    fails('FUNCTION', 'RESTORE', dumped(library('x', "redis.register_function('one', print)")));
    fails(
      ...(['FUNCTION', 'RESTORE'] as const),
      dumped(library('x', "redis.register_function('one', function() end)")),
      'REPLACE',
    );
    fails('FUNCTION', 'RESTORE', dumped('junk'), 'FLUSH');
    same('FCALL two 0');
    same('FUNCTION', 'RESTORE', dumped(one), 'FLUSH');
    fails('FCALL two 0');
    same('FUNCTION LIST WITHCODE');
    fails('FUNCTION', 'RESTORE', dumped(one), 'junk');
    fails('FUNCTION', 'RESTORE', dumped(one), 'APPEND', 'x');
    fails('FUNCTION RESTORE junk');
    fails('FUNCTION RESTORE');
    fails('FUNCTION', 'RESTORE', dumped(one).slice(1));
    same('SET k v');
    verbs.keeps('dump', 'DUMP k');
    fails('FUNCTION RESTORE {dump}');
    same('FUNCTION', 'RESTORE', DUMP_7_0, 'FLUSH');
    same('FCALL kept 1 k a b');
    verbs.keeps('functions', 'FUNCTION DUMP');
    same('FUNCTION FLUSH SYNC');
    fails('FCALL kept 0');
    same('FUNCTION RESTORE {functions}');
    same('FCALL kept 1 k a b');
    same('FUNCTION LIST WITHCODE');
    same('DEBUG RELOAD');
    same('FCALL kept 1 k a b');
    same('FUNCTION FLUSH');
  });

  test('FUNCTION FLUSH, KILL, STATS and HELP', ({ same, fails, help }) => {
    same('FUNCTION FLUSH');
    same('FUNCTION FLUSH SYNC');
    same('function flush async');
    fails('FUNCTION FLUSH junk');
    fails('FUNCTION FLUSH SYNC SYNC');
    fails('FUNCTION');
    fails('FUNCTION nonexistent');
    fails('FUNCTION KILL');
    fails('FUNCTION KILL x');
    same('FUNCTION STATS');
    same('FUNCTION LIST');
    help('FUNCTION HELP');
  });
});
