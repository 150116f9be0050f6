// Docs: docs/stores.md#scripts
// Scripts are atomic, write-class (so they run on the primary), and one request. Ids are returned with an `i` in front:
// what looks like JSON would be parsed by a client with automatic deserialization.

// An id is the client's random plus the server's time: a request that arrives twice, however late, gives another id, not
// the same one again (docs/how-it-works.md, rule 2 of epochs).
const freshId = `
local at
local function fresh()
  if not at then
    at = tonumber(ARGV[1])
    local ok, t = pcall(redis.call, 'TIME')
    if ok then at = (at + t[1] * 1000000 + t[2]) % 4503599627370496 end
    at = string.format('%.0f', at)
  end
  return at
end`;

const asItIs = `
local function inThisRun(key, value) return value end`;

// A primary that became a replica keeps its clients, and hears late of invalidations: it must not answer. That it
// refuses to write is not enough: on a connection for reading, a script that finds nothing to write would succeed, and one
// with `replica-read-only no` takes what its primary never hears of. Clients that connect anew on `READONLY` do so here, too.
const ofPrimary = `
local function replication()
  local info = redis.call('INFO', 'replication')
  if not string.find(info, 'role:master', 1, true) then error('READONLY: this server is a replica') end
  return info
end`;

// A server that came back, from a snapshot or as a promoted replica, may hold ids of the past: its run as primary is part of
// the namespace's id, so what was filled under another run is gone (docs/decisions/0009-run-id-in-the-namespace-epoch.md).
const withItsRun = `${ofPrimary}
local run
local function inThisRun(key, value)
  if string.sub(key, -6) ~= ':e:all' then return value end
  if not run then
    run = string.match(replication(), 'master_replid:(%x+)') or error('this server does not tell its replication id')
  end
  return value .. '@' .. run
end`;

// What a script reads, it reads in one command where it can: servers that bill commands count those of scripts, too.
// A key of another type is as good as missing: one such key must not fail the lookups of a whole batch.
const read = `
local seen = {}
local function readAll(keys)
  for from = 1, #keys, 1000 do
    local asked = {}
    for i = from, math.min(from + 999, #keys) do
      if type(keys[i]) == 'string' and keys[i] ~= '' and seen[keys[i]] == nil then asked[#asked + 1] = keys[i] end
    end
    local values = #asked > 0 and redis.call('MGET', unpack(asked)) or {}
    for i, key in ipairs(asked) do seen[key] = values[i] and inThisRun(key, values[i]) or false end
  end
end
local function read(key)
  if seen[key] == nil then readAll({key}) end
  return seen[key]
end`;

// The names in entries are those of epochs without the hash tag of their shard.
const namingWith = (tag: string) => `
local tag = ${tag}
local function tagged(names)
  local keys = {}
  for i, name in ipairs(names) do keys[i] = type(name) == 'string' and tag .. name or '' end
  return keys
end
local function idsOf(names)
  local ids = {}
  for i, name in ipairs(names) do
    local id = type(name) == 'string' and name ~= '' and read(name)
    ids[i] = id and 'i' .. id or ''
  end
  return ids
end`;

const release = `
local function release(name, token)
  if name and name ~= '' and read(name) == token then redis.call('DEL', name) end
end`;

/** The scripts of one kind of server. */
export interface Scripts {
  /** Plants what is missing, reads the entry and the epochs it names. */
  readonly lookup: string;
  /** Stores the entry only under the ids it was computed with, and lets its epochs outlive it. */
  readonly fill: string;
  /** Moves epochs on; one that may not be written (memory, quota) is deleted, which no entry survives either. */
  readonly advance: string;
  /** Takes a lease unless somebody holds it, and tells whether there is an entry by now. */
  readonly lease: string;
  /** Gives a lease back to nobody, if it still has this token. */
  readonly release: string;
  /** Reads the heads of entries, how long they are, and the ids of the epochs that they name. */
  readonly heads: string;
}

/** What a kind of server is able to. */
export interface ScriptTraits {
  /** The server says which of its runs this is. */
  readonly tellsRuns: boolean;
  /** Moving on tells others, on the channel in the arguments. */
  readonly publishes?: boolean;
  /** Keys begin with a hash tag, which the names in entries are without; there are many copies of each epoch. */
  readonly isSharded?: boolean;
}

// An epoch that is not there is moved on already: no entry carries it, and it is planted with an id never used before. To
// plant it in every shard would cost memory for each tag that nobody reads. What a replica does not hold has not moved.
const movesUnlessMissing = `
  if redis.call('EXISTS', key) == 1 then`;
const plantsBefore = `
  local args = {'SET', key, fresh(), 'NX'}
  if string.sub(ARGV[4], i, i) ~= '1' then args = {'SET', key, fresh(), 'NX', 'PX', ARGV[2]} end
  local set = redis.pcall(unpack(args))
  seen[key] = nil
  if type(set) == 'table' and set.err then redis.call('DEL', key) else`;

/** The scripts for a kind of server. */
export function scriptsFor({ tellsRuns, publishes = false, isSharded = false }: ScriptTraits): Scripts {
  const reading = `${tellsRuns ? withItsRun : asItIs}${read}`;
  const naming = namingWith(isSharded ? "string.match(KEYS[1] or '', '^{%w+}') or ''" : "''");
  return {
    lookup: `${freshId}${reading}
readAll(KEYS)
local requests, k, own = cjson.decode(ARGV[2]), 0, {}
${naming}
local out = {}
for r, request in ipairs(requests) do
  local answer = {}
  for i = 1, request.n do
    local key = KEYS[k + i]
    local id = read(key)
    if not id then
      local args = {'SET', key, fresh(), 'NX'}
      if string.sub(request.b, i, i) ~= '1' then args = {'SET', key, fresh(), 'NX', 'PX', request.x} end
      local planted = redis.pcall(unpack(args))
      if type(planted) == 'table' and planted.ok then
        seen[key] = nil
        id = read(key)
      end
    end
    answer[i] = id and 'i' .. id or false
  end
  k = k + request.n + request.k
  local held = {}
  for i = 1, request.h do held[i] = KEYS[k + i] end
  local entry = request.k == 1 and read(KEYS[k]) or false
  own[r] = held
  k = k + request.h
  local cut = entry and string.find(entry, '\\n', 1, true)
  if cut then
    local isJson, head = pcall(cjson.decode, string.sub(entry, 2, cut - 1))
    if isJson and type(head) == 'table' then
      if request.i and head.n == request.i then entry = false
      else own[r] = type(head.e) == 'table' and tagged(head.e) or {} end
    end
  end
  answer[request.n + 1] = entry
  out[r] = answer
end
local names = {}
for _, list in ipairs(own) do for _, name in ipairs(list) do names[#names + 1] = name end end
readAll(names)
for r, request in ipairs(requests) do out[r][request.n + 2] = idsOf(own[r]) end
return out`,

    fill: `${reading}${release}
local n = tonumber(ARGV[1])
local px = ARGV[4]
seen[KEYS[1]] = false -- the entry before this one may be large, and nobody asks for it
readAll(KEYS)
if #KEYS > n + 1 then release(KEYS[n + 2], ARGV[6 + n]) end
for i = 1, n do
  if read(KEYS[i + 1]) ~= ARGV[5 + i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
for i = 1, n do
  if string.sub(ARGV[5], i, i) ~= '1' then
    local left = redis.call('PTTL', KEYS[i + 1])
    if left >= 0 and left < tonumber(px) then redis.call('PEXPIRE', KEYS[i + 1], px) end
  end
end
return 1`,

    // Moving on is an increment; expiring puts a new soft part behind the id, and leaves what entries need to be stale.
    advance: `${freshId}${asItIs}${read}${tellsRuns ? `${ofPrimary}\nreplication()` : ''}
for i, key in ipairs(KEYS) do${isSharded ? movesUnlessMissing : plantsBefore}
  local hard, soft = string.match(read(key) or '', '^(%d+)(.*)$')
  local moved
  if ARGV[3] == 'expire' then
    moved = hard and redis.pcall('SET', key, hard .. '~' .. fresh(), 'KEEPTTL')
  else
    if soft and soft ~= '' then redis.pcall('SET', key, hard, 'KEEPTTL') end
    moved = redis.pcall('INCR', key)
  end
  local done = type(moved) == 'number' or (type(moved) == 'table' and moved.ok)
  if not done then redis.call('DEL', key) end
  end
end${publishes ? `\nredis.pcall('PUBLISH', ARGV[5], cjson.encode(KEYS))` : ''}
return #KEYS`,

    // A client that lost the reply asks again for what it holds already.
    lease: `${asItIs}${read}
local function there() return redis.call('EXISTS', KEYS[2]) == 1 end
if ARGV[3] == 'entry' and there() then return 4 end
local holder = read(KEYS[1])
if holder == 'alone' then return 3 end
if holder and holder ~= ARGV[1] then return 0 end
if not holder and ARGV[3] == 'holder' and there() then return 4 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1 + redis.call('EXISTS', KEYS[2])`,

    release: `${asItIs}${read}${release}
if ARGV[2] ~= '0' and read(KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], 'alone', 'PX', ARGV[2])
else release(KEYS[1], ARGV[1]) end
return 1`,

    // A head is the first line; what has none within reason, or is of another type, is no entry. What may not be read might be.
    heads: `${reading}${naming}
local out, own, names = {}, {}, {}
for i, key in ipairs(KEYS) do
  local line, cut = '', nil
  for _, last in ipairs({4095, 65535}) do
    local got = redis.pcall('GETRANGE', key, 0, last)
    if type(got) == 'table' and not string.find(got.err, 'WRONGTYPE', 1, true) then return got end
    if type(got) ~= 'string' or string.sub(got, 1, 1) ~= '~' then break end
    cut = string.find(got, '\\n', 1, true)
    if cut then line = string.sub(got, 1, cut - 1) end
    if cut or #got <= last then break end
  end
  out[i], own[i] = {line, cut and redis.call('STRLEN', key) - cut or 0}, {}
  local isJson, head = pcall(cjson.decode, string.sub(line, 2))
  if isJson and type(head) == 'table' and type(head.e) == 'table' then own[i] = tagged(head.e) end
  for _, name in ipairs(own[i]) do names[#names + 1] = name end
end
readAll(names)
for i, list in ipairs(own) do out[i][3] = idsOf(list) end
return out`,
  };
}
