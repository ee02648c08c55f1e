-- KEYS entry, outbox; ARGV value, ttl, events …
overwrite(KEYS[1], {'v', ARGV[1]})
redis.call('EXPIRE', KEYS[1], ARGV[2])
queue(KEYS[2], '', 3)
return OK
