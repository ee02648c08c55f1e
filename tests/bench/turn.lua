-- wrk walks turns of SAML single sign-on, one request each: each thread has one connection.
-- Arguments: bytes that an answer has at least, how many paths follow, the paths, cookies of signed-in browsers ...
local ffi = require("ffi")
ffi.cdef [[ typedef struct { long seconds; long microseconds; } moment; int gettimeofday(moment *at, void *zone); ]]

local moment = ffi.new("moment")
local function now()
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.seconds) * 1000000 + tonumber(moment.microseconds)
end

local threads = {}
function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

local least, paths, cookies, turn = 0, {}, {}, 0
local begun = 0
taken, wrong, told = {}, 0, ""

function init(args)
  least = tonumber(args[1])
  local count = tonumber(args[2])
  for i = 3, 2 + count do paths[#paths + 1] = args[i] end
  for i = 3 + count, #args do cookies[#cookies + 1] = args[i] end
  turn = number
end

function request()
  begun, turn = now(), turn + 1
  return wrk.format("GET", paths[turn % #paths + 1], {Cookie = cookies[turn % #cookies + 1]})
end

function response(status, headers, body)
  if status ~= 200 or #body < least then
    wrong, told = wrong + 1, status .. " with " .. #body .. " bytes"
  else
    taken[#taken + 1] = now() - begun
  end
end

-- One line for our side, as hop.lua writes it.
function done(summary)
  local all, failed, last = {}, 0, "-"
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
    if thread:get("told") ~= "" then last = thread:get("told") end
    for _, microseconds in ipairs(thread:get("taken")) do all[#all + 1] = microseconds end
  end
  failed = failed + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write("hops|", summary.duration, "|", failed, "|", last, "|", table.concat(all, " "), "\n")
end
