-- KEYS lanes …; ARGV now, attempt, then free, base, cap, forget of each lane. Returns the seconds to wait, 0 for admitted.
local now, longest, stands = tonumber(ARGV[1]), 0, {}
for i, key in ipairs(KEYS) do
  local stand = redis.call('HMGET', key, 'c', 's', 'a')
  if stand[3] == ARGV[2] then return 0 end -- this very attempt, sent again
  local at = 4 * i - 1
  local count, last = tonumber(stand[1] or 0), tonumber(stand[2] or 0)
  local beyond = count + 1 - tonumber(ARGV[at])
  if beyond >= 1 and count > 0 then
    local pause = math.min(tonumber(ARGV[at + 2]), tonumber(ARGV[at + 1]) * 2 ^ math.min(beyond - 1, 60))
    longest = math.max(longest, last + pause - now)
  end
  stands[i] = {count + 1, last > now and stand[2] or ARGV[1], ARGV[at + 3]}
end
if longest > 0 then return math.ceil(longest) end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'c', stands[i][1], 's', stands[i][2], 'a', ARGV[2])
  redis.call('EXPIRE', key, stands[i][3])
end
return 0
