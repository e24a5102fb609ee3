import { describe, expect, it } from 'vitest';
import { type Lua, REGISTRY_INDEX, TYPE_TABLE } from '../../../src/script/lua.ts';
import { openLua, runLua } from '../../support/lua.ts';

const MIB = 2 ** 20;

/** An interpreter with one more function, `f`. */
function withFunction(run: (lua: Lua) => number): Lua {
  const lua = openLua();
  lua.install({ name: 'test', functions: { f: run } });
  return lua;
}

describe('Lua', () => {
  it('runs code', () => {
    expect(runLua(openLua(), 'return "a" .. ...', 'b\xff\0')).toBe('ab\xff\0');
  });

  it('says what is wrong with code, and where', () => {
    const lua = openLua();
    expect(runLua(lua, 'return )')).toBe("!user_script:1: unexpected symbol near ')'");
    expect(runLua(lua, '\nerror("no")')).toBe('!user_script:2: no');
    expect(runLua(lua, 'return nil .. 1')).toBe(
      '!user_script:1: attempt to concatenate a nil value',
    );
    expect(runLua(lua, 'return 1')).toBe('1');
  });

  it('calls functions, whose errors are errors of Lua', () => {
    const lua = withFunction((lua) => {
      if (lua.isNumber(1)) lua.error(`not ${lua.toNumber(1)}`);
      lua.pushText('fine');
      return 1;
    });
    expect(runLua(lua, 'return test.f()')).toBe('fine');
    expect(runLua(lua, 'return test.f(7)')).toBe('!user_script:1: not 7');
    expect(runLua(lua, 'local ok, text = pcall(test.f, 7) return text')).toBe('not 7');
    expect(runLua(lua, 'return test.f()')).toBe('fine');
  });

  it('gives a function in a coroutine the stack of the coroutine', () => {
    const lua = withFunction((lua) => {
      lua.checkBytes(1);
      lua.pushCopy(1);
      return lua.top();
    });
    const main = lua.state;
    const code = `
      local c = coroutine.wrap(function(...)
        local a, b = test.f(...)
        coroutine.yield(a .. b)
        test.f()
      end)
      local first = c('x')
      local ok, text = pcall(c)
      return first .. ' ' .. text .. ' ' .. test.f('y')`;
    expect(runLua(lua, code)).toBe(
      "xx user_script:5: bad argument #1 to 'f' (string expected, got no value) y",
    );
    expect(lua.state).toBe(main);
  });

  it('survives errors through many levels of pcall and functions', () => {
    const lua = withFunction((lua) => {
      // f(g, n) calls g(n).
      lua.setTop(2);
      lua.x['lua_call'](lua.state, 1, 1);
      return 1;
    });
    const code = `
      local function g(n)
        if n == 0 then error('bottom', 0) end
        local ok, text = pcall(test.f, g, n - 1)
        error(text .. n, 0)
      end
      local ok, text = pcall(g, 20)
      return text`;
    expect(runLua(lua, code)).toBe('bottom1234567891011121314151617181920');
    expect(runLua(lua, 'local function g(n) return test.f(g, n) end g(1)')).toMatch(/overflow/);
    expect(runLua(lua, 'return 1')).toBe('1');
  });

  it('lets an error of JavaScript pass', () => {
    const lua = withFunction(() => {
      throw new RangeError('a mistake');
    });
    expect(() => runLua(lua, 'pcall(test.f)')).toThrow('a mistake');
  });

  it('checks arguments as the C API does', () => {
    const lua = withFunction((lua) => {
      const [first, second] = [lua.checkInteger(1), lua.optionalInteger(2, 42)];
      lua.pushNumber(first);
      lua.pushNumber(second);
      lua.x['lua_concat'](lua.state, 2);
      return 1;
    });
    expect(runLua(lua, 'return test.f(-1.9)')).toBe('-142');
    expect(runLua(lua, 'return test.f("7", "8.5")')).toBe('78');
    expect(runLua(lua, 'return test.f(2^63, nil)')).toBe('-9.2233720368548e+1842');
    expect(runLua(lua, 'return test.f({})')).toBe(
      "!user_script:1: bad argument #1 to 'f' (number expected, got table)",
    );
  });

  it('has as many upvalues and as much room as asked for', () => {
    const lua = openLua();
    const at = lua.pushUserdata(8);
    lua.words[at >> 2] = 7;
    lua.pushFunction((lua) => {
      lua.pushNumber(lua.words[lua.upvaluePointer(1) >> 2]++);
      return 1;
    }, 1);
    lua.x['lua_setfield'](lua.state, REGISTRY_INDEX, lua.name('counter'));
    lua.getField(REGISTRY_INDEX, 'counter');
    lua.x['lua_setfield'](lua.state, -10_002, lua.name('count'));
    expect(runLua(lua, 'count() collectgarbage() return count() .. count()')).toBe('89');
    expect(lua.reserveStack(100)).toBe(true);
    expect(lua.reserveStack(10_000)).toBe(false);
  });

  it('follows the memory when it grows', () => {
    const lua = openLua();
    const before = lua.memory;
    expect(runLua(lua, 'return #string.rep("x", 50 * 2^20)')).toBe(String(50 * MIB));
    expect(lua.memory === before).toBe(false);
    lua.pushText('still here');
    expect(lua.text(-1)).toBe('still here');
    lua.newTable();
    expect(lua.type(-1)).toBe(TYPE_TABLE);
  });

  it('has no more memory than it is given, and goes on behind that', () => {
    const lua = openLua({ memoryMax: 32 * MIB });
    expect(runLua(lua, 'return #string.rep("x", 50 * 2^20)')).toBe('!not enough memory');
    expect(runLua(lua, 'local t = {} while true do t[#t + 1] = {} end')).toBe('!not enough memory');
    expect(runLua(lua, 'return cjson.encode(string.rep("\\1", 4 * 2^20))')).toBe(
      '!not enough memory',
    );
    expect(runLua(lua, 'collectgarbage() return cjson.encode({1})')).toBe('[1]');
    expect(lua.memory.length).toBeLessThanOrEqual(33 * MIB);
  });

  it('reaches no file and no process', () => {
    const lua = openLua();
    expect(runLua(lua, 'local f, text = io.open("package.json") return text')).toMatch(
      /^package\.json: /,
    );
    expect(runLua(lua, 'local f, text = io.open("/x", "w") return text')).toMatch(/^\/x: /);
    expect(runLua(lua, 'return tostring(os.execute("true"))')).not.toBe('0');
    expect(runLua(lua, 'return tostring(os.getenv("PATH"))')).toBe('nil');
    expect(runLua(lua, 'print("to nowhere") return "ok"')).toBe('ok');
  });

  it('hashes all of a string, so that pairs() goes as in Redis', () => {
    // Long keys that differ where Lua itself would not look; recorded from Redis 7.2.6.
    const code = `
      local t, order = {}, {}
      for i = 1, 8 do t[string.rep('k', 40) .. i .. string.rep('k', 40)] = i end
      for _, i in pairs(t) do order[#order + 1] = i end
      return table.concat(order, ' ')`;
    expect(runLua(openLua(), code)).toBe(ORDER);
  });
});

const ORDER = '7 2 8 6 5 4 1 3';
