-- KEYS entry, and perhaps what it becomes, the outbox and what that stands under; ARGV attempt, marker, keep, and perhaps proof, ttl, events …
local entry, fields = read(KEYS[1])
local becomes = KEYS[2] and entry.p and entry.p == ARGV[4] and 1 or 0
if entry.t then
  if entry.a == ARGV[1] then return {OK, entry.t, fields, becomes} end
  return {REPLAYED, entry.m}
end
local value = entry.v or entry.u
if not value or (entry.l and not lives(entry.l)) then return {GONE} end
redis.call('HSET', KEYS[1], 't', value, 'a', ARGV[1], 'm', ARGV[2])
redis.call('HDEL', KEYS[1], 'v', 'u', 'l')
redis.call('EXPIRE', KEYS[1], ARGV[3])
if becomes == 1 then
  if KEYS[4] then
    redis.call('HSET', KEYS[4], 'u', '{}', 'l', entry.l, 'n', entry.n)
    redis.call('EXPIRE', KEYS[4], ARGV[5])
  end
  local new = {'u', value, 'l', KEYS[4] or entry.l, 'n', entry.n}
  for i = 1, #fields, 2 do
    new[#new + 1] = '=' .. fields[i]
    new[#new + 1] = fields[i + 1]
  end
  overwrite(KEYS[2], new)
  redis.call('EXPIRE', KEYS[2], ARGV[5])
  queue(KEYS[3], entry.n, 6)
end
return {OK, value, fields, becomes}
