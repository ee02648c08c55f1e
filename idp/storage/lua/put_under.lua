-- KEYS what it is under, entry, outbox; ARGV value, ttl, note, attempt, events …
if not lives(KEYS[1]) then return GONE end
if redis.call('EXISTS', KEYS[2]) == 1 then
  return redis.call('HGET', KEYS[2], 'a') == ARGV[4] and OK or CONFLICT
end
redis.call('HSET', KEYS[2], 'u', ARGV[1], 'l', KEYS[1], 'n', ARGV[3], 'a', ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[2])
queue(KEYS[3], ARGV[3], 5)
return OK
