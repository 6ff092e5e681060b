-- Decides of each of some messages whether it may be posted now, by every limit at once; what is let through is counted.
-- KEYS: 1 circuit:account, 2 circuit:number, 3 pace:number, 4 pace:day; then of each message 1 its template's circuit (or
-- the number's again), 2 the recipient's pace, 3 the case's messages, 4 the customer's.
-- ARGV: 1 now, 2 messages per second, 3 seconds between two to one recipient, 4 burst to him, 5 recipients per day (0: no
-- limit), 6 messages per case, 7 first contacts per customer and day, 8 probe seconds; then of each message 1 recipient,
-- 2 "1" for a template, 3 its id: one that was not taken and is tried again counts once.
-- Returns for each {} when it may go, {why} when it never may, {why, seconds} when it has to wait.
local now, rate, pair, burst, tier = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local day = 86400

-- Anything that is broken lets one message through now and then, to see whether it works again.
local function broken(circuits)
  local probe = false
  for _, key in ipairs(circuits) do
    local circuit = redis.call('HMGET', key, 'probe_at', 'why')
    if circuit[1] then
      local wait = tonumber(circuit[1]) - now
      if wait > 0 then
        return probe, {circuit[2], tostring(wait)}
      end
      probe = true
    end
  end
  return probe
end

local function full(key, most, message)
  return redis.call('SISMEMBER', key, message) == 0 and redis.call('SCARD', key) >= tonumber(most)
end

local function courtesy(case, customer, template, message)
  if full(case, ARGV[6], message) then
    return {'this case has had ' .. ARGV[6] .. ' messages'}
  end
  if template and full(customer, ARGV[7], message) then
    return {'he was written to ' .. ARGV[7] .. ' times in a day'}
  end
end

local function crowded(recipient)
  if redis.call('ZSCORE', KEYS[4], recipient) then
    return
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - day)
  if redis.call('ZCARD', KEYS[4]) >= tier then
    local oldest = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
    return {'WhatsApp allows ' .. ARGV[5] .. ' new recipients in 24 hours', tostring(tonumber(oldest[2]) + day - now)}
  end
end

-- A theoretical arrival time: at most so many seconds of messages ahead of the even pace.
local function due(key, ahead, why)
  local at = math.max(now, tonumber(redis.call('GET', key) or '0'))
  if at - now > ahead then
    return at, {why, tostring(at - now - ahead)}
  end
  return at
end

local function take(circuit, recipients, case, customer, recipient, template, message)
  local circuits = {KEYS[1], KEYS[2], circuit}
  local probe, no = broken(circuits)
  no = no or courtesy(case, customer, template, message) or (template and tier > 0 and crowded(recipient))
  if no then
    return no
  end
  local his, ours
  his, no = due(recipients, pair * (burst - 1), 'too many messages to him in a short time')
  if no then
    return no
  end
  ours, no = due(KEYS[3], 1 - 1 / rate, 'the pace of this number')
  if no then
    return no
  end
  for _, key in ipairs(circuits) do
    if probe and redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 'probe_at', tostring(now + tonumber(ARGV[8])))
    end
  end
  redis.call('SET', KEYS[3], string.format('%.6f', ours + 1 / rate), 'PX', 10000)
  redis.call('SET', recipients, string.format('%.6f', his + pair), 'EX', math.ceil(his + pair - now) + 1)
  redis.call('SADD', case, message)
  redis.call('EXPIRE', case, 9 * day)
  if template then
    if redis.call('SADD', customer, message) == 1 and redis.call('SCARD', customer) == 1 then
      redis.call('EXPIRE', customer, day)
    end
    if tier > 0 then
      redis.call('ZADD', KEYS[4], now, recipient)
    end
  end
  return {}
end

local answers = {}
for i = 1, (#KEYS - 4) / 4 do
  local key, arg = 4 * i, 3 * i + 5
  answers[i] = take(KEYS[key + 1], KEYS[key + 2], KEYS[key + 3], KEYS[key + 4], ARGV[arg + 1], ARGV[arg + 2] == '1', ARGV[arg + 3])
end
return answers
