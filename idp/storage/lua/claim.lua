-- KEYS mark; ARGV ttl, attempt
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HGET', KEYS[1], 'a') == ARGV[2] and OK or REPLAYED
end
redis.call('HSET', KEYS[1], 'v', '', 'a', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return OK
