/** Coroutines in scripts: how deep they go, and how they end. */

import { conformance } from './harness.ts';
import { inScripts } from './in-scripts.ts';

conformance('script threads', ({ test }) => {
  test('1 to 80', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    const later = inScripts(verbs.since('7.2'));
    returns('local n=0 local function r() n=n+1 pcall(r) end r() return n');
    returns(
      'local n=0 local function r() n=n+1 local ok, e = pcall(r) return e end return {r(), n}',
    );
    returns(
      'local n=0 local e local function r() n=n+1 local ok, x = pcall(r) if not ok then e = x end end r() return {e, n}',
    );
    returns("return {xpcall(function() error('x') end, function(e) error('y') end)}");
    returns("return {xpcall(function() error('x') end, function(e) error(e, 0) end)}");
    returns(
      "local n=0 return {xpcall(function() error('x') end, function(e) n=n+1 if n<3 then error('y'..n) end return 'h'..n..e end)}",
    );
    returns("return {xpcall(function() error({err='x'}) end, function(e) return e end)}");
    returns('return {xpcall(function() return 1 end, 5)}');
    returns("return {xpcall(function() error('x') end, 5)}");
    returns("return {xpcall(function() error('x') end, nil)}");
    returns("return {xpcall(error, function(e) return 'H'..tostring(e) end)}");
    returns("return {xpcall(nil, function(e) return 'H'..tostring(e) end)}");
    returns("return {xpcall(function() error('x') end, function(e) return 1,2,3 end)}");
    returns("return {xpcall(function() error('x') end, function(e) end)}");
    returns("return {pcall(function(...) return select('#',...), ... end, 1, nil, 3)}");
    returns('return {pcall(function() return unpack({}, 1, 7000) end)}');
    returns(
      'return #{pcall(function() local t = {} for i=1,7000 do t[i]=1 end return unpack(t) end)}',
    );
    returns(
      'return #{pcall(function() local t = {} for i=1,8500 do t[i]=1 end return unpack(t) end)}',
    );
    returns(
      'return {pcall(function() local t = {} for i=1,8500 do t[i]=1 end return unpack(t) end)}',
    );
    returns('return {pcall(function() error() end)}');
    returns('return {pcall(function() error(nil) end)}');
    returns('return {pcall(function() error({}) end)}');
    returns("return {pcall(function() error('x', 2) end)}");
    returns("return {pcall(function() error('x', 1) end)}");
    returns("local function f() error('x', 2) end return {pcall(function() f() end)}");
    returns('return {pcall(function() local x = nil; x() end)}');
    returns('return {pcall(setmetatable({}, {__call=function(self, a) return a end}), 5)}');
    returns("return {pcall(coroutine.wrap(function() error('x') end))}");
    returns('return {pcall(function() return coroutine.yield() end)}');
    returns('return {pcall(function() return coroutine.running() end)}');
    returns(
      'local c = coroutine.wrap(function() return pcall(function() return coroutine.yield(1) end) end); return {c()}',
    );
    returns(
      'local c = coroutine.wrap(function() return pcall(coroutine.yield, 1) end); return {c()}',
    );
    returns(
      'local co; co = coroutine.create(function() return pcall(function() return coroutine.running() == co end) end); return {coroutine.resume(co)}',
    );
    returns(
      'local co; co = coroutine.create(function() return coroutine.running() == co end); return {coroutine.resume(co)}',
    );
    returns(
      'local c = coroutine.wrap(function(a) local b = coroutine.yield(a) local c = coroutine.yield(b) return c end); return {c(1),c(2),c(3)}',
    );
    raises('local c = coroutine.wrap(function() return 1 end); c() c()');
    returns('local c = coroutine.wrap(function() return 1 end); c() return {pcall(c)}');
    raises('local c; c = coroutine.wrap(function() return c() end); c()');
    returns('local c; c = coroutine.wrap(function() return c() end); return {pcall(c)}');
    returns(
      "for k in coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end) do redis.call('INCR','cnt') end return redis.call('GET','cnt')",
    );
    returns(
      "local co = coroutine.create(function() pcall(function() error('x') end) coroutine.yield(5) return 6 end); local a,b = coroutine.resume(co); local c,d = coroutine.resume(co); return {b, d, coroutine.status(co)}",
    );
    returns('return {coroutine.status(coroutine.create(function() end))}');
    raises("local co = coroutine.wrap(function() redis.call('nosuch') end) co()");
    returns("local ok, e = pcall(function() redis.call('nosuch') end) return e");
    returns("local ok, e = pcall(function() return redis.call('GET') end) return {ok, e}");
    returns(
      'local t = {} for i = 1, 5 do t[i] = select(2, pcall(function() return i * 2 end)) end return t',
    );
    returns("return pcall(function() return 'tail' end)");
    returns(
      "return select(2, pcall(function() return pcall(function() return pcall(error, 'deep') end) end))",
    );
    later.returns('return getfenv(pcall) == _G');
    later.raises('setfenv(pcall, {})');
    later.raises('setfenv(coroutine.wrap, {})');
    later.raises('setfenv(xpcall, {})');
    later.returns('return {pcall(function() return getfenv(0) == _G end)}');
    returns("return {pcall(function() return loadstring('return redis') () == redis end)}");
    returns('return pcall');
    returns('local s = 0 for i = 1, 1000 do pcall(function() s = s + i end) end return s');
    returns("local a = 1 pcall(function() a = 2 error('x') end) return a");
    returns('table.sort({3,2,1}, function(a, b) pcall(function() end) return a < b end) return 1');
    returns('return {pcall(string.rep)}');
    returns("return {pcall(string.rep, 'x')}");
    returns('return {pcall(function() string.rep() end)}');
    returns('return {pcall(redis.call)}');
    returns('return {pcall(redis.pcall)}');
    returns("return {pcall(redis.error_reply, 'x')}");
    raises("local function f() return redis.call('GET') end f()");
    raises("local function f() redis.call('GET') end local function g() f() end g()");
    raises("local function f() error('x') end local function g() return f() end g()");
    raises("local function f() error({err='x'}) end return f()");
    raises("table.sort({1,2,3}, function() error('x') end)");
    raises("table.sort({1,2,3}, function() redis.call('GET') end)");
    raises("string.gsub('x', 'x', function() error({err='x y'}) end)");
    raises("local x = setmetatable({}, {__index = function() redis.call('nosuch') end}).y");
    raises("local x = setmetatable({}, {__index = function() error('x') end}).y");
    raises("tostring(setmetatable({}, {__tostring = function() error('x') end}))");
    raises("return rawset(redis, 'x', 1)");
    raises('return setmetatable(redis, {})');
    raises('return redis.foo.bar');
    raises('return foo.bar');
    raises("return next(redis, 'zz')");
    raises('return _G.foo');
  });
});
