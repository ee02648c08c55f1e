-- KEYS entries …, outbox; ARGV events …
local note = #ARGV > 0 and redis.call('HGET', KEYS[1], 'n')
for i = 1, #KEYS - 1 do
  redis.call('DEL', KEYS[i])
end
queue(KEYS[#KEYS], note, 1)
return OK
