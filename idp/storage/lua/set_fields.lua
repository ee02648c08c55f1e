-- KEYS session, outbox; ARGV count, drop …, count, name, value …, events …
local session = redis.call('HMGET', KEYS[1], 'n', 'o')
if not session[2] then return GONE end
local names = 1 + tonumber(ARGV[1])
for i = 2, names do
  redis.call('HDEL', KEYS[1], '=' .. ARGV[i])
end
local last = names + 1 + 2 * tonumber(ARGV[names + 1])
for i = names + 2, last, 2 do
  redis.call('HSET', KEYS[1], '=' .. ARGV[i], ARGV[i + 1])
end
queue(KEYS[2], session[1], last + 1)
return OK
