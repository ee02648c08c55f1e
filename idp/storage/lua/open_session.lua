-- KEYS session, owner, outbox, and perhaps the session it closes; ARGV note, ttl, keep_owner, count, name, value …, events …
local last = 4 + 2 * tonumber(ARGV[4])
if KEYS[4] then
  local owner = redis.call('HGET', KEYS[4], 'o')
  if owner then redis.call('ZREM', owner, KEYS[4]) end
  redis.call('DEL', KEYS[4])
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'n', ARGV[1], 'o', KEYS[2])
for i = 5, last, 2 do
  redis.call('HSET', KEYS[1], '=' .. ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), KEYS[1])
if redis.call('TTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
queue(KEYS[3], ARGV[1], last + 1)
return OK
