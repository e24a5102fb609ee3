/** Lua code in an interpreter of its own, without a server. */

import { bit } from '../../src/script/lib/bit.ts';
import { cjson } from '../../src/script/lib/cjson.ts';
import { cmsgpack } from '../../src/script/lib/cmsgpack.ts';
import { struct } from '../../src/script/lib/struct.ts';
import { Lua, STATUS_OK } from '../../src/script/lua.ts';

/** What the recorded scripts use: any value as text, and the results of a call or its error. */
export const SHOW = `
  local function show(value)
    if type(value) == 'string' then
      return (string.format('%q', value):gsub('\\n', 'n'):gsub('\\r', '\\\\r'))
    end
    if type(value) == 'number' then return string.format('%.17g', value) end
    if type(value) == 'userdata' then return 'null' end
    if type(value) ~= 'table' then return tostring(value) end
    local items = {}
    for key, item in pairs(value) do items[#items + 1] = show(key) .. '=' .. show(item) end
    return '{' .. table.concat(items, ',') .. '}'
  end
  local function call(...)
    local results, texts = {pcall(...)}, {}
    if not results[1] then return 'error: ' .. results[2] end
    for i = 2, table.maxn(results) do texts[#texts + 1] = show(results[i]) end
    return table.concat(texts, ' ')
  end `;

/** An interpreter with the libraries that scripts have. */
export function openLua(options: { memoryMax?: number } = {}): Lua {
  const lua = new Lua(options);
  for (const library of [bit, cjson, cmsgpack, struct]) lua.install(library);
  return lua;
}

/** Runs code with latin1 strings as its arguments; answers its result, or its error behind '!'. */
export function runLua(lua: Lua, code: string, ...args: string[]): string {
  lua.setTop(0);
  lua.pushText(code);
  lua.readBytes(-1);
  const { start, end, state } = lua;
  const loaded = lua.x['luaL_loadbuffer'](state, start, end - start, lua.name('@user_script'));
  if (loaded !== STATUS_OK) return `!${lua.text(-1)}`;
  for (const arg of args) lua.pushText(arg);
  const status = lua.x['lua_pcall'](state, args.length, 1, 0);
  const text = lua.text(-1) ?? `(${lua.typeName(-1)})`;
  return status === STATUS_OK ? text : `!${text}`;
}
