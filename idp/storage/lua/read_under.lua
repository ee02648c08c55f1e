-- KEYS entry, outbox; ARGV events …
local entry, fields = read(KEYS[1])
if not entry.u or not entry.l or not lives(entry.l) then return {GONE} end
queue(KEYS[2], entry.n, 1)
return {OK, entry.u, fields, redis.call('TTL', KEYS[1])}
