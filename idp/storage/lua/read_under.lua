-- KEYS entry, outbox; ARGV events …
local entry = redis.call('HMGET', KEYS[1], 'u', 'l', 'n')
if not entry[1] or not lives(entry[2]) then return nil end
queue(KEYS[2], entry[3], 1)
return entry[1]
