-- The load of script/bench, for wrk:   wrk ... -s load.lua URL -- KIND ARGUMENT ...
--   get PATH SESSIONS            a list, each request by the next session of the file ("-": without one)
--   answer                       the bare durable POST
--   sign-in USER PASSWORD
--   book SLOTS CLIENTS FIRST REASON   slot number FIRST and on, each by the next client; never twice the same
--   save RECORDS SESSION         drafts in turn, each with the version that its last save gave it
--   open RECORDS SESSION
-- Says one line of JSON at the end. Replies that are not 2xx are counted, and the first one is shown.
local function lines(path)
  local out = {}
  for line in io.lines(path) do out[#out + 1] = line end
  return out
end

local kinds = {}
local next_request

local function ours(cookie, more)
  local out = { ["X-Xinyi"] = "1", ["Content-Type"] = "application/json" }
  if cookie then out["Cookie"] = "__Host-xinyi=" .. cookie end
  for name, value in pairs(more or {}) do out[name] = value end
  return out
end

-- Requests that never change are written once and sent in turn.
local function in_turn(requests)
  local at = 0
  return function()
    at = at % #requests + 1
    return requests[at]
  end
end

function kinds.get(path, sessions)
  local requests = {}
  if sessions == "-" then requests[1] = wrk.format("GET", path)
  else
    for i, cookie in ipairs(lines(sessions)) do requests[i] = wrk.format("GET", path, { Cookie = "__Host-xinyi=" .. cookie }) end
  end
  return in_turn(requests)
end

function kinds.answer()
  local body = '{"questionnaire":"0190a7a0-0000-7000-8000-000000000001","answers":[0,1,2,3,0,1,2,3,0,1,2,3,0,1,2,3,0,1,2,3,0,1,2,3,0,1,2],"seconds":214}'
  return in_turn({ wrk.format("POST", "/answers", { ["Content-Type"] = "application/json" }, body) })
end

kinds["sign-in"] = function(user, password)
  local body = string.format('{"username":"%s","password":"%s"}', user, password)
  return in_turn({ wrk.format("POST", "/api/v1/session", ours(), body) })
end

function kinds.book(slots, clients, first, reason)
  local places, cookies, at = lines(slots), lines(clients), tonumber(first)
  local words = reason == "" and "" or ',"reason":"' .. reason .. '"'
  return function()
    at = at + 1
    local place = places[at]
    if place == nil then error("all slots are used up") end
    local shift, starts = place:match("(%S+) (%S+)")
    local body = '{"shift_id":"' .. shift .. '","starts_at":"' .. starts .. '","urgent":false' .. words .. "}"
    return wrk.format("POST", "/api/v1/appointments", ours(cookies[at % #cookies + 1], { ["Idempotency-Key"] = "bench-booking-" .. at }), body)
  end
end

function kinds.save(records, session)
  local ids, cookie, at = lines(records), lines(session)[1], 0
  local fields = '{"fields":{"session_on":"2026-01-05","way":"face","complaint":"“躺下以后脑子停不下来,一直在想月考。”",'
    .. '"process":"建立关系,了解一周的作息;一起画出睡前两小时的时间线,看哪一刻开始紧张。","assessment":"情绪稳定,压力主要来自考试安排。",'
    .. '"risk_level":"none","measures":"约定睡前不看手机,记三天睡眠日记。","next_plan":"下周同一时间。"}}'
  at = -1  -- wrk asks once before the load, to see whether the requests are pipelined, and sends nothing of it
  return function()
    at = at + 1
    local turn = math.max(at - 1, 0)
    local id, version = ids[turn % #ids + 1], math.floor(turn / #ids) + 1
    return wrk.format("PUT", "/api/v1/records/" .. id .. "/draft", ours(cookie, { ["If-Match"] = '"' .. version .. '"' }), fields)
  end
end

function kinds.open(records, session)
  local cookie, requests = lines(session)[1], {}
  for i, id in ipairs(lines(records)) do requests[i] = wrk.format("POST", "/api/v1/records/" .. id .. "/open", ours(cookie), "{}") end
  return in_turn(requests)
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

function init(args)
  refused = 0
  next_request = kinds[args[1]](unpack(args, 2))
end

function request() return next_request() end

function response(status, _, body)
  if status >= 200 and status <= 299 then return end
  if refused == 0 then io.stderr:write("first refusal: " .. status .. " " .. body .. "\n") end
  refused = refused + 1
end

function done(summary, latency)
  local e, wrong = summary.errors, 0
  for _, t in ipairs(threads) do wrong = wrong + t:get("refused") end
  local seconds = summary.duration / 1e6
  io.write(string.format('{"requests":%d,"rate":%.1f,"p50":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n', summary.requests,
    (summary.requests - wrong) / seconds, latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000, wrong,
    e.connect + e.read + e.write + e.timeout))
end
