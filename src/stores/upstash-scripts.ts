// Docs: docs/stores.md#upstash
// Scripts are atomic, write-class (so they run on the primary), and one request. Ids are returned with an `i` in front:
// what looks like JSON would be parsed by a client with automatic deserialization.

// An id is the client's random plus the server's time: a request that arrives twice, however late, gives another id, not
// the same one again (DESIGN section 3, rule 2).
const freshId = `
local at = tonumber(ARGV[1])
local ok, t = pcall(redis.call, 'TIME')
if ok then at = (at + t[1] * 1000000 + t[2]) % 4503599627370496 end
local fresh = string.format('%.0f', at)`;

// A key of another type is as good as missing: one such key must not fail the lookups of a whole batch.
const read = `
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value or false
end`;

/** Plants what is missing, reads the entry and the epochs it names. */
export const lookupScript = `${freshId}${read}
local n, k, seen = (#ARGV - #KEYS - 1) / 2, 0, {}
local function known(key)
  if seen[key] == nil then seen[key] = read(key) end
  return seen[key]
end
local out = {}
for r = 1, n do
  local count, px = tonumber(ARGV[r * 2]), ARGV[r * 2 + 1]
  local answer = {}
  for i = 1, count do
    local key = KEYS[k + i]
    local id = known(key)
    if not id then
      local args = {'SET', key, fresh, 'NX'}
      if ARGV[1 + n * 2 + k + i] ~= '1' then args = {'SET', key, fresh, 'NX', 'PX', px} end
      local planted = redis.pcall(unpack(args))
      if type(planted) == 'table' and planted.ok then id = fresh seen[key] = fresh end
    end
    answer[i] = id and 'i' .. id or false
  end
  local name = KEYS[k + count + 1]
  local entry = name ~= '' and known(name) or false
  answer[count + 1] = entry
  answer[count + 2] = {}
  local cut = entry and string.find(entry, '\\n', 1, true)
  if cut then
    local read, head = pcall(cjson.decode, string.sub(entry, 2, cut - 1))
    if read and type(head) == 'table' and type(head.e) == 'table' then
      for i, epoch in ipairs(head.e) do
        local id = type(epoch) == 'string' and known(epoch)
        answer[count + 2][i] = id and 'i' .. id or ''
      end
    end
  end
  out[r] = answer
  k = k + count + 1
end
return out`;

/** Stores the entry only under the ids it was computed with, and lets its epochs outlive it. */
export const fillScript = `${read}
local n = #KEYS - 1
for i = 1, n do
  if read(KEYS[i + 1]) ~= ARGV[3 + i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 1, n do
  if ARGV[3 + n + i] ~= '1' then
    local left = redis.call('PTTL', KEYS[i + 1])
    if left >= 0 and left < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[i + 1], ARGV[3]) end
  end
end
return 1`;

/** Moves epochs on; one that may not be written (memory, quota) is deleted, which no entry survives either. */
export const advanceScript = `${freshId}
for i, key in ipairs(KEYS) do
  local args = {'SET', key, fresh, 'NX'}
  if ARGV[2 + i] ~= '1' then args = {'SET', key, fresh, 'NX', 'PX', ARGV[2]} end
  local set = redis.pcall(unpack(args))
  local moved = redis.pcall('INCR', key)
  if type(moved) ~= 'number' or (type(set) == 'table' and set.err) then redis.call('DEL', key) end
end
return #KEYS`;
