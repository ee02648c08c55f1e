-- KEYS entry; ARGV old, new, ttl, attempt
local entry = redis.call('HMGET', KEYS[1], 'v', 'a')
if not entry[1] then return GONE end
if entry[2] == ARGV[4] then return OK end -- this very attempt, sent again
if entry[1] ~= ARGV[1] then return CONFLICT end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'a', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return OK
