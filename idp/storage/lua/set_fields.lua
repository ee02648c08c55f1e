-- KEYS session, outbox; ARGV count, name, value …, events …
local note = redis.call('HGET', KEYS[1], 'n')
if not note then return GONE end
local last = 1 + 2 * tonumber(ARGV[1])
for i = 2, last, 2 do
  redis.call('HSET', KEYS[1], '=' .. ARGV[i], ARGV[i + 1])
end
queue(KEYS[2], note, last + 1)
return OK
