-- KEYS session, entry, outbox
-- ARGV value, ttl, session_ttl, noted, proof, count, has …, count, bound, field …, count, copy …, events …
local session, flat = read(KEYS[1])
if not session.o then return {REFUSED, {}} end
redis.call('EXPIRE', KEYS[1], ARGV[3])

local fields = {}
for i = 1, #flat, 2 do
  fields[flat[i]] = flat[i + 1]
end

local at = 6
local function list(width)
  local from = at + 1
  at = from + width * tonumber(ARGV[at])
  return from, at - 1
end

local from, to = list(1)
for i = from, to do
  if not fields[ARGV[i]] then return {REFUSED, flat} end
end
from, to = list(2)
for i = from, to, 2 do
  local value = fields[ARGV[i + 1]]
  -- At most 15 digits: every such number is exact in a double.
  local digits = value and string.match(value, '^%-?(%d+)$')
  if not digits or #digits > 15 or tonumber(value) < tonumber(ARGV[i]) then return {REFUSED, flat} end
end

local note, noted = session.n, fields[ARGV[4]]
if noted then note = note .. '\n' .. noted end
local entry, copied = {'u', ARGV[1], 'l', KEYS[1], 'n', note}, {}
if ARGV[5] ~= '' then
  entry[#entry + 1] = 'p'
  entry[#entry + 1] = ARGV[5]
end
from, to = list(1)
for i = from, to do
  local value = fields[ARGV[i]]
  if value then
    entry[#entry + 1] = '=' .. ARGV[i]
    entry[#entry + 1] = value
    copied[#copied + 1] = ARGV[i]
    copied[#copied + 1] = value
  end
end
overwrite(KEYS[2], entry)
redis.call('EXPIRE', KEYS[2], ARGV[2])
queue(KEYS[3], note, at)
return {OK, copied}
