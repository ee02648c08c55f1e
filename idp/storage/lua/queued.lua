-- KEYS outboxes …; ARGV limit. Returns for each outbox its oldest events, flat: position, event, note, position …
local outboxes = {}
for i, outbox in ipairs(KEYS) do
  local flat = {}
  for _, item in ipairs(redis.call('XRANGE', outbox, '-', '+', 'COUNT', ARGV[1]) or {}) do
    flat[#flat + 1] = item[1]
    flat[#flat + 1] = item[2][2]
    flat[#flat + 1] = item[2][4]
  end
  outboxes[i] = flat
end
return outboxes
