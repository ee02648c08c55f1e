-- KEYS entry, outbox; ARGV value, ttl, events …
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
queue(KEYS[2], '', 3)
return OK
