-- KEYS entry, outbox; ARGV ttl, events …
local note = redis.call('HGET', KEYS[1], 'n')
overwrite(KEYS[1], {'b', ''})
redis.call('EXPIRE', KEYS[1], ARGV[1])
queue(KEYS[2], note, 2)
return OK
