/**
 * What of the sandbox is written in Lua. Run once with the globals as they come, and with functions
 * of JavaScript as arguments:
 *
 *   setReadOnly(table, bool)      nonexistent(table, name), which raises an error
 *   allowed                       which globals stay, by name
 *
 * Every table that scripts find is made read-only, and its metatable, and that of strings.
 *
 * Where there is a redis.register_function, code has a table of globals of its own with nothing in
 * it. What stands behind that can be exchanged: while a library is loaded it sees of all globals
 * redis, and of that what registers.
 */
export const PRELUDE = `
local setReadOnly, nonexistent, allowed = ...
local G = getfenv(1)
local type, pairs, getmetatable, setmetatable = type, pairs, getmetatable, setmetatable
local redis = G.redis

for name in pairs(G) do
  if not allowed[name] then G[name] = nil end
end

local done = {}
local function protect(t)
  if type(t) ~= 'table' or done[t] then return t end
  done[t] = true
  for _, value in pairs(t) do protect(value) end
  protect(getmetatable(t))
  setReadOnly(t, true)
  return t
end

local env, limit = G, nil
if redis.register_function then
  local some = setmetatable({}, { __index = nonexistent })
  for _, field in pairs({
    'register_function', 'log', 'LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING',
    'REDIS_VERSION', 'REDIS_VERSION_NUM',
  }) do some[field] = redis[field] end
  redis.register_function = nil
  local limited = protect(setmetatable({ redis = some }, { __index = nonexistent }))
  local behind = { __index = G }
  env = setmetatable({}, behind)
  G._G = env
  function limit(isLimited)
    setReadOnly(behind, false)
    behind.__index = isLimited and limited or G
    setReadOnly(behind, true)
  end
end
setmetatable(G, { __index = nonexistent })
protect(G)
protect(env)
protect(getmetatable(''))
return env, limit
`;
