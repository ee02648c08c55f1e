-- KEYS entry; ARGV attempt, marker, keep
local entry, fields = read(KEYS[1])
if entry.t then
  if entry.a == ARGV[1] then return {OK, entry.t, fields} end
  return {REPLAYED, entry.m}
end
local value = entry.v or entry.u
if not value or (entry.l and not lives(entry.l)) then return {GONE} end
redis.call('HDEL', KEYS[1], 'v', 'u', 'l')
redis.call('HSET', KEYS[1], 't', value, 'a', ARGV[1], 'm', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {OK, value, fields}
