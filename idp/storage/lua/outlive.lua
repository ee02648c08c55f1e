-- KEYS entry; ARGV ttl
local entry = redis.call('HMGET', KEYS[1], 'u', 'l', 'v')
if not entry[3] then -- else this very call, sent again
  if not entry[1] or not lives(entry[2]) then return GONE end
  redis.call('HSET', KEYS[1], 'v', entry[1])
  redis.call('HDEL', KEYS[1], 'u', 'l')
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return OK
