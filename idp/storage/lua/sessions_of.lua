-- KEYS owner
local now, live = redis.call('TIME')[1], {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  if redis.call('EXISTS', session) == 1 then
    live[#live + 1] = session
  else
    redis.call('ZREM', KEYS[1], session)
  end
end
return live
