/** Protected calls within each other. Lua has it at 200 calls of C. */
const DEPTH_MAX = 190;

/**
 * What of the sandbox is written in Lua. Run once with the real globals as they come, and the
 * functions that JavaScript gives it as arguments.
 *
 * Redis patched its Lua so that a table can be made read-only; plain Lua has no such thing. So what
 * scripts see of a protected table is an empty one in its place:
 *
 *   script ──► stand-in {} ──__index──► the real table
 *                  └───────__newindex─► refuse()
 *
 * Whatever can look behind a stand-in (rawset, rawget, next, pairs, setmetatable, getmetatable)
 * knows of them. `refuse` raises an error and is no Lua function: an error's place is that of the
 * script which called it.
 */
export const PRELUDE = `
local refuse, nonexistent, isOwn, refuseYield, enter, leave, allowed = ...
local G = getfenv(1)
local type, rawget, rawset, next, select = type, rawget, rawset, next, select
local getmetatable, setmetatable, pairs = getmetatable, setmetatable, pairs
local pcall, xpcall = pcall, xpcall
local loadstring, load, byte = loadstring, load, string.byte
local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local yield, running, getinfo = coroutine.yield, coroutine.running, debug.getinfo
local real = setmetatable({}, { __mode = 'k' })
local standIns = {}

local function protect(t)
  if standIns[t] then return standIns[t] end
  local p = {}
  standIns[t] = p
  real[p] = t
  local mt = { __index = t, __newindex = refuse }
  mt.__metatable = mt
  setmetatable(p, mt)
  real[mt] = mt
  return p
end

function G.rawset(t, k, v)
  if real[t] then refuse(0) end
  return rawset(t, k, v)
end

function G.rawget(t, k)
  return rawget(real[t] or t, k)
end

function G.setmetatable(t, mt)
  if real[t] then refuse(0) end
  return setmetatable(t, mt)
end

function G.getmetatable(t)
  local mt = getmetatable(t)
  if type(mt) == 'table' and real[mt] then return protect(mt) end
  return mt
end

local function following(t, k)
  return next(real[t], k)
end

function G.next(t, k)
  return next(real[t] or t, k)
end

function G.pairs(t)
  if real[t] then return following, t, nil end
  return pairs(t)
end

-- The error of a command is a table; who catches it gets its text.
local function caught(isFine, e, ...)
  if not isFine and type(e) == 'table' then
    local text = e.err
    if type(text) == 'string' or type(text) == 'number' then e = text end
  end
  return isFine, e, ...
end

-- A function of C that calls Lua can't be left in the middle, and pcall is one. So what is called
-- in protected mode runs in a coroutine of its own, which can; those that are written in C don't
-- take long.
local depth = 0
local isOfC = setmetatable({}, { __mode = 'k' })

local function relay(co, ...)
  while status(co) == 'suspended' do
    yield()
    return relay(co, resume(co))
  end
  leave(co)
  depth = depth - 1
  return ...
end

local function protected(f, ...)
  if type(f) ~= 'function' then return pcall(f, ...) end
  local isC = isOfC[f]
  if isC == nil then
    isC = getinfo(f, 'S').what == 'C'
    isOfC[f] = isC
  end
  if isC then return pcall(f, ...) end
  if depth >= ${DEPTH_MAX} then return false, 'C stack overflow' end
  depth = depth + 1
  local co = create(f)
  enter(co)
  return relay(co, resume(co, ...))
end

function G.pcall(...)
  if select('#', ...) == 0 then return false, 'attempt to call a boolean value' end
  return caught(protected(...))
end

local function handled(handler, isFine, ...)
  if isFine then return true, ... end
  return false, (handler((...)))
end

function G.xpcall(...)
  local f, handler = ...
  if select('#', ...) < 2 or depth >= ${DEPTH_MAX} then return xpcall(...) end
  return handled(handler, protected(f))
end

-- A script runs in a coroutine, and so does what it protects; it must not know.
function coroutine.yield(...)
  if isOwn() then refuseYield() end
  return yield(...)
end

function coroutine.running()
  if isOwn() then return nil end
  return running()
end

local function reset()
  depth = 0
end

-- What was compiled elsewhere can break the interpreter.
function G.loadstring(text, ...)
  if type(text) == 'string' and byte(text, 1) == 27 then
    return nil, 'binary chunks are not loaded'
  end
  return loadstring(text, ...)
end

function G.load(reader, ...)
  local isFirst = true
  return load(function()
    local piece = reader()
    if isFirst and type(piece) == 'string' and #piece > 0 then
      isFirst = false
      if byte(piece, 1) == 27 then return nil end
    end
    return piece
  end, ...)
end

for name in pairs(G) do
  if not allowed[name] then G[name] = nil end
end
setmetatable(G, { __index = nonexistent })
local env = protect(G)
for name, value in pairs(G) do
  if type(value) == 'table' and name ~= '_G' then G[name] = protect(value) end
end
G._G = env
local text = getmetatable('')
text.__index = G.string
text.__metatable = protect(text)

-- What a library sees while it is loaded: of all globals redis, and of that what registers.
local limited
local fields = {
  'register_function', 'log', 'LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING',
  'REDIS_VERSION', 'REDIS_VERSION_NUM',
}
local behind = getmetatable(env)
local redis = real[G.redis]
local function limit(isLimited)
  if not isLimited then
    behind.__index = G
    return
  end
  if not limited then
    local some = setmetatable({}, { __index = nonexistent })
    for i = 1, #fields do some[fields[i]] = redis[fields[i]] end
    redis.register_function = nil
    limited = setmetatable({ redis = protect(some) }, { __index = nonexistent })
  end
  behind.__index = limited
end
return env, G, reset, limit
`;
