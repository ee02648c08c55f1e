-- KEYS entry; ARGV whether there was one (0, 1), old, new, ttl, attempt
local entry = redis.call('HMGET', KEYS[1], 'v', 'a')
if entry[1] and entry[2] == ARGV[5] then return OK end -- this very attempt, sent again
if ARGV[1] == '0' then
  if redis.call('EXISTS', KEYS[1]) == 1 then return CONFLICT end
else
  if not entry[1] then return GONE end
  if entry[1] ~= ARGV[2] then return CONFLICT end
end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'a', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return OK
