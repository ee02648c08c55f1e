-- KEYS session; ARGV ttl
local session, fields = read(KEYS[1])
if session.o then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return fields
