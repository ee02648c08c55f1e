-- Stands before every script. One entry or session is one hash; names of one character are the store's own:
--   v value of a plain entry      u value of an entry under a session      l name of what it is under
--   n note    o owner index       t value once taken, m marker, a attempt  b buried
--   p proof for what an entry becomes
-- and a field of a session, or one copied from it, is named by '=' and its own name.
-- The keys in l and o are not among KEYS. They lie in the hash slot of their record: all that is linked shares a shard.

local OK, GONE, CONFLICT, REPLAYED, REFUSED = 1, 0, -1, -2, -3

local function read(key)
  local all, own, fields = redis.call('HGETALL', key), {}, {}
  for i = 1, #all, 2 do
    if string.byte(all[i]) == 61 then
      fields[#fields + 1] = string.sub(all[i], 2)
      fields[#fields + 1] = all[i + 1]
    else
      own[all[i]] = all[i + 1]
    end
  end
  return own, fields
end

-- A session lives, or an entry is standing and so is whatever it is under, up to eight deep.
local function lives(key)
  for _ = 1, 8 do
    local entry = redis.call('HMGET', key, 'l', 't', 'b')
    if entry[2] or entry[3] then return false end
    if not entry[1] then return redis.call('EXISTS', key) == 1 end
    key = entry[1]
  end
  return false
end

-- The hash gets these fields and loses all others. It is not deleted and made anew: while a cluster moves a slot, a key
-- that was deleted there may not be touched again, and a script that fails for that has done half of its work.
-- For the same reason scripts read all that they read, also behind l and o, before they change anything.
local function overwrite(key, fields)
  local before, kept = redis.call('HKEYS', key), {}
  for i = 1, #fields, 2000 do -- Lua hands over some 8,000 values at most
    redis.call('HSET', key, unpack(fields, i, math.min(i + 1999, #fields)))
  end
  if #before == 0 then return end
  for i = 1, #fields, 2 do
    kept[fields[i]] = true
  end
  for _, name in ipairs(before) do
    if not kept[name] then redis.call('HDEL', key, name) end
  end
end

local function queue(outbox, note, from)
  for i = from, #ARGV do
    redis.call('XADD', outbox, '*', 'e', ARGV[i], 'n', note or '')
  end
end
