-- wrk walks the hop: each thread has one connection, and so each connection its own step.
-- Arguments: path of /authorize, Authorization of /token, form of /token up to the code, cookies of signed-in browsers ...
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

local path, basic, exchange
local cookies, turn = {}, 0
local step, begun, bearer, code = 1, 0, nil, nil
taken, wrong, told = {}, 0, ""

function init(args)
  path, basic, exchange = args[1], args[2], args[3]
  for i = 4, #args do cookies[#cookies + 1] = args[i] end
  turn = number
end

function request()
  if step == 1 then
    begun, turn = now(), turn + 1
    return wrk.format("GET", path, {Cookie = cookies[turn % #cookies + 1]})
  elseif step == 2 then
    local headers = {Authorization = basic, ["Content-Type"] = "application/x-www-form-urlencoded"}
    return wrk.format("POST", "/token", headers, exchange .. code)
  end
  return wrk.format("GET", "/userinfo", {Authorization = "Bearer " .. bearer})
end

local function location(headers)
  for name, value in pairs(headers) do
    if string.lower(name) == "location" then return value end
  end
  return ""
end

function response(status, headers, body)
  local good
  if step == 1 then
    code = string.match(location(headers), "[?&]code=([^&]+)")
    good = status == 303 and code
  elseif step == 2 then
    bearer = string.match(body, '"access_token" *: *"([^"]+)"')
    good = status == 200 and bearer
  else
    good = status == 200 and string.find(body, '"sub"', 1, true)
  end
  if not good then
    wrong, told, step = wrong + 1, status .. " at step " .. step, 1
  elseif step == 3 then
    taken[#taken + 1] = now() - begun
    step = 1
  else
    step = step + 1
  end
end

-- One line for our side: wrong answers and what the last was, then for each hop how many microseconds it took.
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
