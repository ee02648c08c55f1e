-- KEYS outboxes …; ARGV of each event: the number of its outbox among KEYS, its position
for i = 1, #ARGV, 2 do
  redis.call('XDEL', KEYS[tonumber(ARGV[i])], ARGV[i + 1])
end
return OK
