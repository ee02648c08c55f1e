-- KEYS counter; ARGV to, ttl, attempt
local counter = redis.call('HMGET', KEYS[1], 'v', 'a')
if counter[1] and tonumber(counter[1]) >= tonumber(ARGV[1]) then
  return counter[2] == ARGV[3] and OK or REPLAYED
end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'a', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return OK
