-- KEYS session, outbox, where it lies for ten seconds once ended; ARGV attempt, events …
local session, fields = read(KEYS[1])
if not session.o then
  local ended, ended_fields = read(KEYS[3])
  return ended.a == ARGV[1] and ended_fields or {} -- this very attempt, sent again
end
redis.call('ZREM', session.o, KEYS[1])
redis.call('RENAME', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[3], 'a', ARGV[1])
redis.call('EXPIRE', KEYS[3], 10)
queue(KEYS[2], session.n, 2)
return fields
