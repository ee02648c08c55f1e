-- KEYS session, owner, outbox, and perhaps the session it replaces
-- ARGV note, ttl, keep_owner, attempt, carry, drop, issued, must_live, count, name, value …, events …
local opened, opened_fields = read(KEYS[1])
if opened.a == ARGV[4] then return {OK, opened_fields} end -- this very attempt, sent again

local function begins(name, word)
  return word ~= '' and string.sub(name, 1, #word) == word
end

local before, flat = {}, {}
if KEYS[4] then before, flat = read(KEYS[4]) end
if ARGV[8] == '1' and not before.o then return {GONE, {}} end
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), KEYS[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('TTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
local last = 9 + 2 * tonumber(ARGV[9])
local new = {'n', ARGV[1], 'o', KEYS[2], 'a', ARGV[4]}
if before.o then
  redis.call('ZREM', before.o, KEYS[4])
  for i = 1, #flat, 2 do
    if begins(flat[i], ARGV[5]) and not begins(flat[i], ARGV[6]) then
      new[#new + 1] = '=' .. flat[i]
      new[#new + 1] = flat[i + 1]
    end
  end
  if tonumber(ARGV[7]) > 0 then -- stands where the session was, for what is under it
    overwrite(KEYS[4], {'u', '{}', 'l', KEYS[1], 'n', ''})
    redis.call('EXPIRE', KEYS[4], ARGV[7])
  else
    redis.call('DEL', KEYS[4])
  end
end
for i = 10, last, 2 do
  new[#new + 1] = '=' .. ARGV[i]
  new[#new + 1] = ARGV[i + 1]
end
overwrite(KEYS[1], new)
redis.call('EXPIRE', KEYS[1], ARGV[2])
queue(KEYS[3], ARGV[1], last + 1)
local _, fields = read(KEYS[1])
return {OK, fields}
