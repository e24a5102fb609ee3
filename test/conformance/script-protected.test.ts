/** Calls that may fail, in scripts, and what may not be changed. */

import { conformance } from './harness.ts';
import { inScripts } from './in-scripts.ts';

conformance('protected calls', ({ test }) => {
  test('1 to 81', (verbs) => {
    const { returns, raises } = inScripts(verbs);
    const later = inScripts(verbs.since('7.2'));
    raises(
      "local e = redis.pcall('LPUSH','h','x'); local t={} for k,v in pairs(e) do t[#t+1]=k..tostring(v) end table.sort(t) return t",
    );
    returns("return rawset({},'a',1).a");
    returns('return _G._VERSION');
    returns('return _G == _G._G');
    later.returns('return getfenv() == _G');
    later.returns('return getfenv(0) == _G');
    later.returns('return type(getfenv(1))');
    later.agrees('setfenv(1,{}); return 1');
    later.returns('local f = setfenv(function() return x end, {x=5}); return f()');
    raises('return _G.x');
    returns("return rawget(_G,'x')");
    raises('_G.x = 1');
    raises("rawset(_G,'x',1)");
    raises('redis.foo = 1');
    raises("rawset(redis,'foo',1)");
    raises('table.insert(_G,1)');
    raises('table.insert(redis,1)');
    returns('table.sort(redis)');
    returns('table.remove(redis)');
    returns('table.concat(redis)');
    raises('setmetatable(redis,{})');
    raises('setmetatable(string,{})');
    raises('setmetatable(_G,nil)');
    raises('getmetatable(_G).__newindex = nil');
    raises('getmetatable(_G).x = 1');
    raises('getmetatable(redis).x = 1');
    returns('return getmetatable(redis)');
    returns('return type(getmetatable(_G))');
    returns('return type(getmetatable(redis))');
    returns('return getmetatable(1)');
    returns("return getmetatable(setmetatable({}, {__metatable='locked'}))");
    raises(
      "local e = redis.pcall('HSET','l','x','y'); local t={} for k,v in pairs(e) do t[#t+1]=k..tostring(v) end table.sort(t) return t",
    );
    raises('getmetatable(_G).__index.foo = 1; return foo');
    returns('return type(getmetatable(_G).__index)');
    returns('return type(getmetatable(_G).__newindex)');
    returns('local t={} for k,v in pairs(getmetatable(_G)) do t[#t+1]=k..type(v) end return t');
    returns('return getmetatable(math)');
    raises('table.insert(_G,1); return _G[1]');
    raises('return _G[1]');
    returns('return rawget(_G,1)');
    raises('table.insert(redis,1); return redis[1]');
    returns('return table.getn(redis)');
    returns('table.foreach(redis, function(k) end) return 1');
    returns('local n=0 table.foreach(redis, function(k) n=n+1 end) return n');
    returns('local n=0 for k in pairs(redis) do n=n+1 end return n');
    returns('local n=0 for k in next,redis do n=n+1 end return n');
    returns('return next(redis) ~= nil');
    returns('return table.maxn(redis)');
    returns('return unpack(_G)');
    raises('return cjson.encode(redis) == nil');
    raises('return cjson.encode({redis=math}) == nil');
    later.agrees('return setfenv(1, redis) ~= nil');
    later.agrees('setfenv(1, {redis=redis}); x = 5; return x');
    later.returns('setfenv(function() end, {}) return 1');
    later.returns('return getfenv(redis.call) == _G');
    later.returns('return type(getfenv(redis.call))');
    later.raises('local e = getfenv(redis.call); e.foo2 = 1');
    later.returns('return type(getfenv(pcall))');
    later.returns('return type(getfenv(pairs))');
    later.raises('getfenv(pairs).foo = 1');
    later.raises('getfenv(pairs).real = 1');
    later.returns('return getfenv(pairs) == _G');
    later.raises("local t = getfenv(pairs) rawset(t,'foo3',1)");
    later.raises('setfenv(pairs,{}) return 1');
    later.returns('local c = coroutine.wrap(function() return getfenv(0) == _G end) return c()');
    later.returns('return rawequal(_G, getfenv(1))');
    later.returns('return tostring(_G) == tostring(getfenv())');
    returns("return rawget(redis,'call') == redis.call");
    returns("return type(rawget(_G,'redis'))");
    returns('return _G.redis == redis');
    returns("return _G['string'].rep('x',2)");
    returns("for k,v in pairs(_G) do if v == nil then return k end end return 'ok'");
    returns('return redis.call == redis.pcall');
    returns("local f = redis.call; local ok, e = pcall(f, 'nosuch'); return e");
    raises("local x = rawset(redis,'a',1)");
    raises("local x = rawset(1,'a',1)");
    raises('local x = rawset()');
    raises('local x = rawget(_G)');
    raises('local x = getmetatable()');
    raises("local f = function() local e = redis.pcall('GET') e.err = 'NEW text' error(e) end f()");
    raises(
      "local f = function() local e = redis.pcall('GET') e.err = 'NEW text' return e end return f()",
    );
  });
});
