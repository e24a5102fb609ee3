/** Scripts, line by line: what they return, the errors they raise, and what they may not touch. */

import { conformance } from './harness.ts';
import { inScripts } from './in-scripts.ts';

conformance('scripts', ({ test }) => {
  test('values as replies', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    verbs.same('SET k text');
    returns('return 1');
    returns("return {KEYS[1],ARGV[1],'x',3.7,true,false}", '1', 'k', 'v');
    returns("return redis.status_reply('fine')");
    returns("return redis.status_reply('fi\\r\\nne')");
    raises('return redis.status_reply()');
    raises("return {err='plain'}");
    returns("return {ok='plain'}");
    raises("return {ok='a', err='b'}");
    returns('return {1,2,nil,4}');
    returns("return {1,{2,{3,'x'}}}");
    returns('return {double=3.5}');
    returns('return {double=1}');
    returns('return {map={a=1}}');
    returns('return {set={a=true}}');
    returns("return {big_number='123456789'}");
    returns("return {verbatim_string={format='txt',string='hi'}}");
    returns("return {verbatim_string={format='txt'}}");
    returns('return nil');
    returns('return');
    returns('return 1,2,3');
    returns('return true');
    returns('return false');
    returns('return 3.99');
    returns('return -3.99');
    returns('return 1e20');
    returns('return -1e20');
    returns('return 0/0');
    returns('return 1/0');
    returns('return 9007199254740993');
    returns('return {function() end}');
    returns('redis.setresp(3) return true');
    returns('redis.setresp(3) return false');
    returns("redis.setresp(3) return redis.call('HGETALL','nokey')");
    returns("redis.setresp(3) return redis.call('GET','nokey')");
    returns("redis.setresp(3) return type(redis.call('GET','nokey'))");
    raises("redis.setresp(3) return redis.call('debug','protocol','verbatim')");
    raises("redis.setresp(3) return redis.call('debug','protocol','bignum')");
    raises("redis.setresp(3) return redis.call('debug','protocol','double')");
    raises("redis.setresp(3) return redis.call('debug','protocol','true')");
    raises("redis.setresp(3) return redis.call('debug','protocol','null')");
    raises("redis.setresp(3) return redis.call('debug','protocol','map')");
    raises("redis.setresp(3) return redis.call('debug','protocol','set')");
    raises("redis.setresp(3) return redis.call('debug','protocol','attrib')");
    returns('return {unpack({1,2,3})}');
    raises("return 1 < 'x'");
    raises("return {err='a\\0b'}");
    returns("return {ok='a\\0b'}");
  });

  test('errors', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    verbs.same('SET k text');
    raises("return redis.pcall('INCR', KEYS[1])", '1', 'k');
    raises("error('boom')");
    raises("error({err='MY boom'})");
    raises("error({err='MY boom', x=1}, 2)");
    raises("error('boom', 2)");
    raises("error('boom', 0)");
    raises('error()');
    raises('error(5)');
    raises('error(nil)');
    raises('error(true)');
    returns("return {pcall(redis.call,'nope')}");
    raises('return redis.pcall()');
    raises("return redis.error_reply('My Err')");
    raises("return redis.error_reply('-My Err')");
    raises("return redis.error_reply('MYERR')");
    raises("return redis.error_reply('x\\r\\ny z')");
    raises('return redis.error_reply()');
    raises('return redis.error_reply({})');
    returns("return {xpcall(function() error('x') end, function(e) return 'handled ' .. e end)}");
    returns("return {pcall(error, 'x')}");
    returns("return {pcall(error, {err='ERR tab'})}");
    returns('return {pcall(error, {a=1})}');
    returns('return {pcall(function() return 1, 2, 3 end)}');
    returns('return {pcall()}');
    returns('return {pcall(1)}');
    returns("return {redis.pcall('lpush', 'k', 1).err}");
    returns("local ok, e = pcall(redis.call, 'lpush', 'k', 1) return {tostring(ok), type(e), e}");
    returns("return redis.pcall('lpush', 'k', 1)['ignore_error_stats_update']");
  });

  test('globals and libraries', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    const later = inScripts(verbs.since('7.2'));
    verbs.same('SET k text');
    raises('setmetatable(_G, {})');
    raises('getmetatable(_G).__index = 1');
    raises('local g = getmetatable(_G) g.__index = {}');
    raises('redis = function() return 1 end');
    raises('_G = {}');
    raises('_G.x = 1');
    raises('cjson.encode = 1');
    raises("rawset(_G,'a',1)");
    returns('local t = {} for k in pairs(redis) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(string) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(table) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(math) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(cjson) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(cmsgpack) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(struct) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(bit) do t[#t+1]=k end table.sort(t) return t');
    returns('local t = {} for k in pairs(coroutine) do t[#t+1]=k end table.sort(t) return t');
    returns("return loadstring('return 5')()");
    returns("return loadstring('\\27Lua')");
    returns("local f = loadstring('x = 1') return {pcall(f)}");
    returns("local f = loadstring('return y') return {pcall(f)}");
    later.returns('return setfenv(function() return x end, {x=7})()');
    later.returns('return tostring(getfenv(1) == _G)');
    raises("print('x')");
    raises('return dofile');
    raises('return loadfile');
    raises('return os.time()');
    raises('return os');
    raises('return io');
    raises('return require');
    raises('return debug');
  });

  test('what redis.* does', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    const later = inScripts(verbs.since('7.2'));
    verbs.same('SET k text');
    returns("return redis.call('SET', KEYS[1], ARGV[1])", '1', 'k', 'v');
    raises("return redis.call('INCR', KEYS[1])", '1', 'k');
    raises('redis.call = 1');
    returns("return redis.sha1hex('abc')");
    raises('return redis.sha1hex()');
    returns('return redis.sha1hex(1)');
    raises('return redis.call()');
    raises('return redis.call({})');
    raises("return redis.call('GET')");
    raises("return redis.call('GET', 'a', 'b')");
    raises("return redis.call('nosuch')");
    raises("return redis.call('SUBSCRIBE', 'x')");
    raises("return redis.call('CONFIG', 'nosuch')");
    raises("return redis.call('EVAL', 'return 1', '0')");
    returns("redis.call('hset','h','a','1') redis.setresp(3) return redis.call('HGETALL','h')");
    returns("redis.call('sadd','s','a') redis.setresp(3) return redis.call('SMEMBERS','s')");
    returns(
      "redis.call('zadd','z','1.5','a') redis.setresp(3) return redis.call('ZSCORE','z','a')",
    );
    returns(
      "redis.call('zadd','z','1.5','a') redis.setresp(3) return redis.call('ZRANGE','z',0,-1,'withscores')",
    );
    returns("return redis.call('ZSCORE','z','a')");
    returns("return type(redis.call('GET','nokey'))");
    raises('return redis.setresp(4)');
    raises('return redis.setresp()');
    returns("return redis.setresp('3')");
    returns("return redis.log(redis.LOG_WARNING, 'x')");
    raises("return redis.log('x')");
    raises("return redis.log('a','b')");
    raises("return redis.log(9,'b')");
    returns('return redis.set_repl(redis.REPL_ALL)');
    raises('return redis.set_repl(9)');
    later.raises('return redis.set_repl()');
    returns('return redis.replicate_commands()');
    returns('return redis.breakpoint()');
    returns("return redis.debug('x')");
    returns("return redis.acl_check_cmd('get','k')");
    raises("return redis.acl_check_cmd('nosuch','k')");
    raises('return redis.acl_check_cmd()');
    later.returns("return redis.call('set','n',0.1) and redis.call('get','n')");
    returns("return redis.call('set','n',3) and redis.call('get','n')");
    returns("return redis.call('set','n',1e15) and redis.call('get','n')");
    later.returns("return redis.call('set','n',1e17) and redis.call('get','n')");
    returns("return redis.call('set','n',1e21) and redis.call('get','n')");
    later.returns("return redis.call('set','n',-0.0) and redis.call('get','n')");
    later.returns("return redis.call('set','n',1/3) and redis.call('get','n')");
    returns("return redis.call('set','n',1/0) and redis.call('get','n')");
    returns("return redis.call('set','n',123456789012345) and redis.call('get','n')");
    returns(
      "local co = coroutine.create(function() return redis.call('get','k') end) return {coroutine.resume(co)}",
    );
    raises("return redis.call('eval_ro', 'return 1', 0)");
    raises("redis.call('multi')");
    returns("return redis.call('select', 5)");
    returns("redis.call('select', 5) redis.call('set', 'five', 1) return redis.call('dbsize')");
    returns("return redis.call('exists', 'five')");
    returns("return redis.call('publish', 'ch', 'm')");
    later.returns("return redis.call('blpop', 'nolist', 0)");
    returns("return redis.call('command', 'count') > 100");
    raises("return redis.call('config', 'get', 'maxmemory-samples')");
    returns("return redis.call('object', 'encoding', 'k')");
    returns("return redis.call('ping')");
    returns("return redis.call('echo', 'x')");
    returns("return redis.call('time')[1] ~= nil");
    raises("return redis.call('lpush', 'k', 1)");
  });

  test('the language', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    const later = inScripts(verbs.since('7.2'));
    verbs.same('SET k text');
    raises('return foo');
    raises('foo = 1');
    raises('retur 1');
    raises('string.x = 1');
    raises("rawset(redis,'a',1)");
    raises('getmetatable(nil).__index = function() return 1 end');
    raises('getmetatable(1).__index = 1');
    returns("return tostring(math.random()) .. ' ' .. math.random(10) .. ' ' .. math.random(5,7)");
    returns(
      'math.randomseed(42) return {math.random(100), math.random(100), tostring(math.random())}',
    );
    raises('local a = {} return a.b.c');
    returns('return function() end');
    returns('return tostring(123456789012345)');
    returns('return tostring(0.1)');
    returns("return string.format('%.17g %s %d %5.2f %q', 0.1, 'x', 3, 2.5, 'a\"b')");
    raises('#!lua');
    raises('#!lua flags=no-writes nosuch');
    raises('#!lua name=x');
    raises('#!python');
    raises('#!lua flags=nosuch');
    returns('return load(function() return nil end)');
    later.returns('return type(newproxy(true))');
    returns("return collectgarbage('count') > 0");
    returns('return gcinfo() > 0');
    returns('return _VERSION');
    returns("return select('#', 1, 2, 3)");
    returns(
      'local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return {select(2, coroutine.resume(co, 1)), select(2, coroutine.resume(co, 5)), coroutine.status(co)}',
    );
    raises("local co = coroutine.wrap(function() error('in co') end) co()");
    raises('coroutine.yield(1)');
    returns('return KEYS[1]', '1', 'key');
    raises('KEYS = nil');
    returns("ARGV[1] = 'y' return ARGV", '0', 'x');
    returns('return #KEYS', '2', 'a', 'b', 'c');
    returns('return next({}) == nil');
    returns('return next(redis) ~= nil');
    returns('local n = 0 for k, v in next, redis do n = n + 1 end return n');
    returns('return tostring(redis):sub(1, 6)');
    returns('return #string');
    returns(
      "local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) return t.x",
    );
    returns("return table.concat({1, 2, 'x'}, ',')");
    returns('local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t');
    returns("return ('x'):rep(3)");
    returns("return ('abc'):upper()");
    returns("return string.gsub('hello', 'l', function(c) return c:upper() end)");
    returns('local s = 0 for i = 1, 1000 do s = s + i end return s');
    returns("string.rep('x', -1) return 1");
    returns("return #string.rep('x', 100000)");
    raises('local a = 1 + nil');
    raises("local a = 'x' + 1");
    raises("local a = {} .. 'x'");
    raises('return ({}) < ({})');
    raises('nil()');
    raises('return (nil)()');
    raises('local t = nil; t.x = 1');
    raises('goto x');
    returns("return '\\0abc'");
  });

  test('EVALSHA and the cache', ({ same, fails, since }) => {
    const sha = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';
    same('SCRIPT FLUSH');
    fails(`EVALSHA ${sha} 0`);
    same('SCRIPT', 'LOAD', 'return 1');
    same(`EVALSHA ${sha} 0`);
    same(`EVALSHA ${sha.toUpperCase()} 0`);
    same(`SCRIPT EXISTS ${sha} ${sha.toUpperCase()} ffff`);
    fails('EVALSHA short 0');
    fails('SCRIPT', 'LOAD', 'retur 1');
    same('EVAL', 'return 2', '0');
    same('SCRIPT EXISTS 7f923f79fe76194c868d7e1d0820de36700eb649');
    same('SCRIPT FLUSH');
    same(`SCRIPT EXISTS ${sha}`);
    same('SCRIPT FLUSH ASYNC');
    same('SCRIPT FLUSH SYNC');
    fails('SCRIPT FLUSH junk');
    fails('SCRIPT KILL');
    fails('SCRIPT DEBUG junk');
    same('SCRIPT DEBUG NO');
    fails('SCRIPT junk');
    since('7.2').same('SCRIPT HELP');
  });

  test('the number of keys', ({ same, fails }) => {
    fails('EVAL', 'return 1', '1');
    fails('EVAL', 'return 1', '-1');
    fails('EVAL', 'return 1', 'x');
    fails('EVAL', 'return 1', '99999999999999999999');
    same('EVAL', 'return {#KEYS, #ARGV}', '2', 'a', 'b', 'c');
  });

  test('what a script says of itself', ({ same, fails }) => {
    const [reading, writing] = [
      "return redis.call('GET', 'k')",
      "return redis.call('SET', 'k', 1)",
    ];
    for (const script of [reading, `#!lua flags=no-writes\n${reading}`]) {
      same('EVAL', script, '0');
      same('EVAL_RO', script, '0');
    }
    same('EVAL', writing, '0');
    fails('EVAL_RO', writing, '0');
    fails('EVAL', `#!lua flags=no-writes\n${writing}`, '0');
    fails('EVAL_RO', `#!lua\n${reading}`, '0');
    same('EVAL', `#!lua\n${writing}`, '0');
    same('EVAL', '#!lua flags=allow-oom,allow-stale,no-cluster\nreturn 1', '0');
    same('EVAL', '#!lua flags=\nreturn 1', '0');
    fails('EVAL', '#!lua flags=junk\nreturn 1', '0');
    fails('EVAL', '#!lua name=x\nreturn 1', '0');
    fails('EVAL', '#!python\nreturn 1', '0');
    fails('EVAL', '#!lua "\nreturn 1', '0');
    same('EVAL', 'return 1', '0');
    fails('EVALSHA_RO ffff 0');
  });

  test('in transactions', ({ same }) => {
    same('MULTI');
    same('EVAL', "return redis.call('INCR', KEYS[1])", '1', 'n');
    same('EVAL', "return redis.call('INCR', KEYS[1]) .. 'x'", '1', 'n');
    same('EVAL', "error('no')", '0');
    same('EXEC');
    same('GET n');
  });

  test('others see what scripts do', ({ on, same }) => {
    same('SET k v');
    const watcher = on('watcher');
    watcher.same('WATCH k');
    same('EVAL', "return redis.call('SET', 'k', 'w')", '0');
    watcher.same('MULTI');
    watcher.same('GET k');
    watcher.same('EXEC');
    const waiter = on('waiter');
    waiter.sends('BLPOP l 0');
    same('EVAL', "redis.call('RPUSH', 'l', 'a', 'b') return redis.call('LLEN', 'l')", '0');
    waiter.receives();
  });

  test('numbers that are none, and numbers by chance, of one sequence for all', (verbs) => {
    const { returns } = inScripts(verbs);
    verbs.same('FUNCTION FLUSH');
    returns("return redis.call('ECHO', 0/0)");
    returns("return redis.call('ECHO', -(0/0))");
    returns('math.randomseed(7) return math.random(1000)');
    returns('return math.random(1000)');
    verbs.same('SCRIPT FLUSH');
    returns('return math.random(1000)');
    verbs.same([
      'FUNCTION',
      'LOAD',
      "#!lua name=l\nredis.register_function('f', function() return math.random(1000) end)",
    ]);
    verbs.same('FCALL f 0');
    returns('return math.random(1000)');
    verbs.same('FUNCTION DELETE l');
  });

  test('what is counted of scripts that fail', ({ same, fails, judge }) => {
    same('CONFIG RESETSTAT');
    fails('EVAL', "return redis.call('GET')", '0');
    fails('EVAL', "return redis.pcall('GET')", '0');
    fails('EVAL', "return redis.call('INCR', 'k', 'x')", '0');
    fails('EVAL', "error('no')", '0');
    const counts = (text: string): string =>
      [...text.matchAll(/^(cmdstat_(?:eval|get|incr):|errorstat_).*$/gm)]
        .map(([line]) => line.replace(/usec.*?,rejected/, 'rejected').trim())
        .sort()
        .join('; ');
    judge('INFO commandstats errorstats', (ours, theirs) => {
      const [a, b] = [counts(ours.text ?? ''), counts(theirs.text ?? '')];
      return a === b ? undefined : `${a} instead of ${b}`;
    });
  });

  test('a database that a script selects is its own', ({ same }) => {
    same('EVAL', "redis.call('SELECT', 5) return redis.call('SET', 'five', 1)", '0');
    same('EXISTS five');
    same('SELECT 5');
    same('EXISTS five');
    same('EVAL', "return redis.call('GET', 'five')", '0');
  });

  test('where scripts find something else', ({ differs, since }) => {
    differs(['EVAL', 'return type(__redis__err__handler)', '0'], {
      because: 'What makes error replies of errors is no function of Lua',
      ours:
        "-ERR user_script:1: Script attempted to access nonexistent global variable '__redis__err__handler' " +
        'script: 8b28fa0d9fa8595eb5a934ea23ab5c7839b80168, on @user_script:1.\r\n',
    });
    differs(['EVAL', 'error(function() end)', '0'], {
      because: 'An error that is a function has no address to tell',
      ours: '-ERR function script: fa438f8670e3932b4fe4dfd4fcdffd0456e89d7b, on @user_script:1.\r\n',
    });
    const deep =
      'local h = 0 local function r() xpcall(r, function() h = h + 1 end) end r() return h';
    differs(['EVAL', deep, '0'], {
      because: 'Where calls are too deep for one more, xpcall does not call its handler',
      ours: ':0\r\n',
    });
    since('7.2').differs(['EVAL', "getmetatable('').__index = nil return 1", '0'], {
      because: 'One script could change what strings can do for all, as it could not in 7.0',
      ours:
        '-ERR user_script:1: Attempt to modify a readonly table ' +
        'script: 25ae685d43b673ffb5e7b16d3f30d827aa2e3cee, on @user_script:1.\r\n',
    });
  });
});
