-- Decides whether a message may be posted now, by every limit at once; what is let through is counted.
-- KEYS: 1 circuit:account, 2 circuit:number, 3 the template's circuit (or the number's again), 4 pace:number,
-- 5 the recipient's pace, 6 pace:day, 7 the case's messages, 8 the customer's.
-- ARGV: 1 now, 2 messages per second, 3 seconds between two to one recipient, 4 burst to him, 5 recipients per day (0: no
-- limit), 6 messages per case, 7 first contacts per customer and day, 8 recipient, 9 "1" for a template, 10 probe seconds,
-- 11 message: one that was not taken and is tried again counts once.
-- Returns {"go"}, {"probe"}, {"wait", seconds, why} or {"never", why}.
local now, rate, pair, burst, tier = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local template, day = ARGV[9] == '1', 86400

-- Anything that is broken lets one message through now and then, to see whether it works again.
local probe = false
for i = 1, 3 do
  local circuit = redis.call('HMGET', KEYS[i], 'probe_at', 'why')
  if circuit[1] then
    local wait = tonumber(circuit[1]) - now
    if wait > 0 then
      return {'wait', tostring(wait), circuit[2]}
    end
    probe = true
  end
end

local function full(key, most)
  return redis.call('SISMEMBER', key, ARGV[11]) == 0 and redis.call('SCARD', key) >= tonumber(most)
end
if full(KEYS[7], ARGV[6]) then
  return {'never', 'this case has had ' .. ARGV[6] .. ' messages'}
end
if template and full(KEYS[8], ARGV[7]) then
  return {'never', 'he was written to ' .. ARGV[7] .. ' times in a day'}
end

local new = template and tier > 0 and not redis.call('ZSCORE', KEYS[6], ARGV[8])
if new then
  redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now - day)
  if redis.call('ZCARD', KEYS[6]) >= tier then
    local oldest = redis.call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES')
    return {'wait', tostring(tonumber(oldest[2]) + day - now), 'WhatsApp allows ' .. ARGV[5] .. ' new recipients in 24 hours'}
  end
end

-- A theoretical arrival time each: at most `burst` messages ahead of the even pace.
local mine = math.max(now, tonumber(redis.call('GET', KEYS[5]) or '0'))
if mine - now > pair * (burst - 1) then
  return {'wait', tostring(mine - now - pair * (burst - 1)), 'too many messages to him in a short time'}
end
local ours = math.max(now, tonumber(redis.call('GET', KEYS[4]) or '0'))
if ours - now > 1 - 1 / rate then
  return {'wait', tostring(ours - now - 1 + 1 / rate), 'the pace of this number'}
end

for i = 1, 3 do
  if probe and redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('HSET', KEYS[i], 'probe_at', tostring(now + tonumber(ARGV[10])))
  end
end
redis.call('SET', KEYS[4], string.format('%.6f', ours + 1 / rate), 'PX', 10000)
redis.call('SET', KEYS[5], string.format('%.6f', mine + pair), 'EX', math.ceil(mine + pair - now) + 1)
redis.call('SADD', KEYS[7], ARGV[11])
redis.call('EXPIRE', KEYS[7], 9 * day)
if template then
  if redis.call('SADD', KEYS[8], ARGV[11]) == 1 and redis.call('SCARD', KEYS[8]) == 1 then
    redis.call('EXPIRE', KEYS[8], day)
  end
  if tier > 0 then
    redis.call('ZADD', KEYS[6], now, ARGV[8])
  end
end
return {probe and 'probe' or 'go'}
