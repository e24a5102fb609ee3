/** Lua as scripts find it: errors, strings, tables, what is not there. */

import { conformance } from './harness.ts';
import { inScripts } from './in-scripts.ts';

conformance('script language', ({ test }) => {
  test('1 to 100', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    raises("error('x')");
    raises("error('x',0)");
    raises("error('x',2)");
    raises("error({err='x'})");
    raises("error({err='FOO x', source='s', line='l'})");
    raises('error({err=1})');
    raises("error(redis.error_reply('FOO bar'))");
    raises('error(nil)');
    raises('error(1)');
    raises('error(print)');
    raises("local function f() error('deep') end f()");
    raises('local function f() local x = nil; return x.y end return f()');
    raises('return 1 + {}');
    raises('return 1 + nil');
    raises("return 'a' + 1");
    raises("return 'a' < 1");
    raises("return {} .. 'x'");
    raises('return #nil');
    raises('local x; x()');
    raises('local x = {}; x.y.z = 1');
    raises('string.rep()');
    returns("return ('x'):rep(3)");
    raises("return ('x'):nosuch()");
    returns("return string.rep('x', -1)");
    raises("return string.format('%d', 'x')");
    raises("return string.format('%y', 1)");
    returns(
      "return string.format('%5.2f|%s|%q|%x|%c|%i|%g|%e', 3.14159, 'hi', 'a\"b\\n', 255, 65, 3, 1e20, 12345.678)",
    );
    returns("return string.find('hello','l+')");
    returns("return {string.find('hello','(l)(l)')}");
    returns("return {string.gsub('hello','l',function(c) return c:upper() end)}");
    returns("return {string.gsub('hello','l',{l='L'})}");
    returns("return {loadstring('\\27Lua')}");
    returns("return loadstring('return 1')()");
    returns("return loadstring('x x')");
    returns("return {loadstring('x x')}");
    returns("return {loadstring('return ...','=name')(7)}");
    returns('return {load(function() return nil end)}');
    returns("local n=0; return load(function() n=n+1; if n==1 then return 'return 5' end end)()");
    returns("return {loadstring('error(\"in chunk\")','=chunk')}");
    raises("loadstring('error(\"in chunk\")','=chunk')()");
    raises("loadstring('error(\"in chunk\")','@chunk')()");
    raises('loadstring(\'error("in chunk")\')()');
    returns('return {pcall(error)}');
    returns("return {pcall(error,'x')}");
    returns("return {pcall(error,{err='x'})}");
    returns('return {pcall(error,{1,2})}');
    returns('return {pcall(error,nil)}');
    returns("return {pcall(redis.call,'INCR')}");
    returns("return {pcall(redis.call,'LPUSH','h','x')}");
    returns("return {pcall(function() return redis.call('LPUSH','h','x') end)}");
    returns("local ok,e = pcall(redis.call,'LPUSH','h','x'); return type(e)");
    raises("local e = redis.pcall('LPUSH','h','x'); return e.err");
    raises("local ok,e = pcall(redis.call,'LPUSH','h','x'); error(e)");
    raises("local e = redis.pcall('LPUSH','h','x'); error(e)");
    returns("local e = redis.pcall('LPUSH','h','x'); return e");
    returns("return {xpcall(function() error('x') end, function(e) return 'H:'..tostring(e) end)}");
    returns("return {xpcall(function() error({err='x'}) end, function(e) return type(e) end)}");
    returns('return {xpcall(function() return 1,2,3 end, error)}');
    returns('return {xpcall(error, error)}');
    returns(
      "return {xpcall(function() redis.call('LPUSH','h','x') end, function(e) return type(e) end)}",
    );
    returns('return {pcall()}');
    raises('return {xpcall()}');
    returns('return {pcall(1)}');
    raises('return {xpcall(1)}');
    returns('return {pcall(pcall)}');
    returns("return {pcall(pcall,error,'x')}");
    returns("return {select('#',pcall(error))}");
    returns("return select('#')");
    returns("return {select(2,'a','b','c')}");
    returns("return {select(-1,'a','b','c')}");
    raises('return select(0)');
    returns('return unpack({1,2,3})');
    returns('return {unpack({1,2,3},2)}');
    returns('return {unpack({1,2,3},2,5)}');
    raises('return unpack({},1,1e8)');
    returns("return {tostring(nil),tostring(true),tostring(12),tostring('x')}");
    returns("return tonumber('0x10')");
    returns("return tonumber('10',2)");
    returns("return tonumber('z',36)");
    returns("return tonumber('')");
    returns("return tonumber(' 10 ')");
    returns("return tonumber('1e2')");
    returns("return tonumber('nan')");
    returns("return tonumber('inf')");
    raises('return tonumber()');
    raises('return assert(false)');
    raises("return assert(nil,'msg')");
    returns("return assert(1,'msg')");
    raises("return assert(false,{err='FOO z'})");
    raises('return assert()');
    raises('return type()');
    returns('return type(nil)');
    returns('return rawequal(1,1)');
    returns("return rawget({a=5},'a')");
    returns('return next({})');
    raises("return next({},'x')");
    returns('return {next({5})}');
    returns('return collectgarbage()');
    raises("return collectgarbage('nosuch')");
    returns('return gcinfo() > 0');
  });

  test('101 to 200', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    returns('return _VERSION');
    raises('return x');
    raises('x = 1');
    raises('function foo() end');
    raises('math.foo = 1');
    raises('string.foo = 1');
    returns('return cjson.encode({1,2,3})');
    raises('cjson.encode = nil');
    raises('cjson.foo = 1');
    raises('cjson.null = 1');
    returns('return cjson.null');
    returns('return type(cjson.null)');
    returns('return {cjson.null}');
    raises('KEYS = 1');
    raises('ARGV = 1');
    returns("KEYS[1] = 'x'; return KEYS[1]");
    raises('return coroutine.yield()');
    raises('return coroutine.yield(1)');
    returns('return coroutine.running()');
    returns('return coroutine.status(coroutine.create(function() end))');
    returns(
      'return {coroutine.resume(coroutine.create(function(a) local b = coroutine.yield(a+1); return b end), 1)}',
    );
    returns(
      'local c = coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end); return {c(),c(),c()}',
    );
    raises("local c = coroutine.wrap(function() error('in co') end); c()");
    raises("local c = coroutine.wrap(function() error({err='in co'}) end); c()");
    returns(
      "local c = coroutine.create(function() error('in co') end); return {coroutine.resume(c)}",
    );
    returns(
      "local c = coroutine.create(function() return redis.call('PING') end); return {coroutine.resume(c)}",
    );
    returns(
      "local c = coroutine.create(function() return redis.call('nosuch') end); return {coroutine.resume(c)}",
    );
    raises("local c = coroutine.wrap(function() return redis.call('nosuch') end); return c()");
    returns('local c = coroutine.wrap(function() pcall(coroutine.yield, 1) end); return c()');
    returns('return {pcall(coroutine.yield, 1)}');
    returns(
      'local c = coroutine.create(function() end); coroutine.resume(c); return {coroutine.resume(c)}',
    );
    raises('return {coroutine.resume(1)}');
    raises('return coroutine.wrap(1)');
    returns(
      'local c = coroutine.wrap(function() return coroutine.running() ~= nil end); return c()',
    );
    returns(
      'local c; c = coroutine.create(function() return coroutine.resume(c) end); return {coroutine.resume(c)}',
    );
    returns('table.sort({3,2,1}, function(a,b) return true end)');
    raises("table.sort({3,'x',1})");
    returns('local t = {5,3,9,1}; table.sort(t, function(a,b) return a > b end); return t');
    returns('local t = {}; for i=1,100 do t[i]=(i*37)%101 end; table.sort(t); return t');
    returns("return table.concat({1,2,3},',')");
    raises("return table.concat({1,{},3},',')");
    returns('return table.getn({1,2})');
    returns('return table.maxn({1,2,[10]=3})');
    returns("local s='' table.foreach({1,2},function(k,v) s=s..k..v end) return s");
    raises('return table.setn({},1)');
    returns('return math.pi');
    returns('return math.fmod(7,3)');
    returns('return math.mod(7,3)');
    returns('return math.huge');
    returns('return math.floor(3.7)');
    raises('return math.max()');
    returns("return {string.byte('abc',1,-1)}");
    returns('return string.char(65,66)');
    raises('return string.char(300)');
    returns("return string.len('a\\0b')");
    returns("return 'a\\0b'");
    returns("return string.reverse('abc')");
    returns('return string.gfind');
    returns("return string.gmatch('a b','%a')()");
    returns("return string.match('key=val','(%w+)=(%w+)')");
    returns('local function r() return r() end');
    raises('local function r() return 1 + r() end return r()');
    returns('local function r() return pcall(r) end return r()');
    returns('local function r() local a, b = pcall(r) return a end return r()');
    raises('local t = setmetatable({}, {__index=function(t,k) return t[k+1] end}) return t[1]');
    returns(
      "local s = string.rep('(', 300) .. '1' .. string.rep(')', 300) return loadstring('return '..s)",
    );
    returns("local s = string.rep('a.', 300) return loadstring('return '..s..'a') ~= nil");
    returns(
      "local t = {} for i=1,300 do t[i]='local a'..i..'=1' end return {loadstring(table.concat(t,'\\n'))}",
    );
    returns('local t = {} for i=1,10 do t = {t} end return t');
    returns("return setmetatable({}, {__index=function() return 'x' end})");
    returns('return setmetatable({1,2}, {__len=function() return 100 end})');
    returns("return setmetatable({}, {__tostring=function() return 'x' end})");
    returns("return tostring(setmetatable({}, {__tostring=function() return 'x' end}))");
    returns('return tostring(setmetatable({}, {__tostring=function() return 1 end}))');
    returns("return setmetatable({}, {__metatable='locked'})");
    raises("setmetatable(setmetatable({}, {__metatable='locked'}),{})");
    returns('return function() end');
    raises('return print');
    returns('return nil');
    returns('return');
    returns('return 1,2,3');
    returns('return ...');
    returns('return {...}');
    raises('local a <const> = 1');
    raises('goto x');
    returns('return 0x10');
    raises('return 1 // 2');
    returns("return 'x' -- comment");
    returns('-- comment');
    returns('--[[ x ]] return 1');
    returns('return [==[x]==]');
    returns("return '\\65\\066'");
    returns("return '\\x41'");
    raises('return #!x');
    raises('return 5 return 6');
    raises('#!x');
    raises('if');
    raises('return 1 end');
    raises('local function f( return 1 end');
    raises('return "unfinished');
  });

  test('201 to 285', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    raises("return 'abc\\");
    raises("x'");
    returns("local e = redis.pcall('HSET','l','x','y'); return e");
    returns("return {pcall(redis.call,'HSET','l','x','y')}");
    returns("return {pcall(function() return redis.call('HSET','l','x','y') end)}");
    raises("local ok,e = pcall(redis.call,'HSET','l','x','y'); error(e)");
    raises("local e = redis.pcall('HSET','l','x','y'); error(e)");
    returns(
      "return {xpcall(function() redis.call('HSET','l','x') end, function(e) return type(e) end)}",
    );
    raises('return foo');
    returns('return redis[1]');
    returns('return #redis');
    returns('return unpack(redis)');
    returns('return type(cmsgpack.pack(math))');
    returns("return table.concat(math,',')");
    raises('return foo2');
    raises('return foo3');
    returns('return pairs({}) ~= nil');
    raises('local c = coroutine.wrap(function() foo4 = 1 end) return c()');
    raises("return loadstring('foo5 = 1')()");
    raises("return loadstring('return foo6')()");
    returns("return rawequal(string, ('').rep)");
    returns("for i,v in ipairs(redis) do return v end return 'none'");
    returns("local call = redis.call; return call('PING')");
    returns("return pcall(redis.call, 'nosuch')");
    returns("return redis.pcall('nosuch').err");
    returns("return redis.pcall('get').err");
    returns("return redis.pcall('get').source");
    returns("return redis.pcall('get').line");
    returns("local ok,e = pcall(function() error({err='A b'}) end) return type(e)..tostring(e)");
    returns(
      "local ok,e = pcall(function() error({err='A b', x=2}) end) return type(e)..tostring(e)",
    );
    returns('local ok,e = pcall(function() error({x=2}) end) return type(e)');
    returns('local ok,e = pcall(function() error({err={}}) end) return type(e)');
    returns('local ok,e = pcall(function() error({err=12}) end) return type(e)');
    returns(
      'local ok,e = pcall(error, setmetatable({},{__index=function(t,k) return k end})) return e',
    );
    returns("return {pcall(next,{}, 'zz')}");
    raises("local x = next({},'zz')");
    raises('local x = rawget()');
    raises('local x = rawget(1,2)');
    raises('local x = pairs()');
    raises('local x = pairs(1)');
    raises('local x = next()');
    raises('local x = next(1)');
    raises('local x = setmetatable()');
    raises('local x = setmetatable(1,{})');
    raises('local x = setmetatable({})');
    raises('local x = setmetatable({},1)');
    returns('local x = pcall()');
    raises('local x = loadstring()');
    raises('local x = loadstring({})');
    raises('local x = load()');
    raises("local x = load('return 1')");
    returns("local x = {load(function() error('x') end)} return x");
    returns('local x = {load(function() return {} end)} return x');
    raises('local x = coroutine.yield()');
    raises('local x = coroutine.wrap()');
    raises('local x = coroutine.resume()');
    raises('local x = coroutine.status()');
    raises('local x = unpack()');
    raises('local x = cjson.encode()');
    raises("local x = cjson.decode('{')");
    raises('local x = cmsgpack.pack()');
    raises('local x = struct.pack()');
    raises('local x = bit.tobit()');
    raises('local x = ipairs()');
    raises('local x = tostring()');
    raises('local x = math.floor()');
    raises("local x = string.rep('x')");
    raises("local x = ('x'):rep()");
    raises("local s = 'x' local x = s:bad()");
    raises("local x = redis.call('GET')");
    raises("redis.call('GET')");
    raises("  redis.call('GET')");
    raises("pcall(redis.call,'GET') redis.call('GET')");
    raises("local function f() redis.call('GET') end f()");
    raises("local function f() return redis.call('GET') end return f()");
    raises("local f = function() local ok, e = pcall(redis.call,'GET') error(e) end f()");
    raises("local f = function() local e = redis.pcall('GET') error(e) end f()");
    raises("error('a\\0b')");
    raises("error({err='a\\0b'})");
    raises("return {err='a\\0b'}");
    returns("return {ok='a\\0b'}");
    raises("return redis.error_reply('a\\0b')");
    returns("return redis.status_reply('a\\0b')");
    raises("return {err='A', source='x', line='3'}");
    raises('\x01return 1\x020');
  });
});
