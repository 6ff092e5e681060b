-- Decides of each of some messages whether it may be posted now, and says so in its state before anybody posts.
-- KEYS[1]: the timers.  KEYS[2..]: the messages.
-- ARGV[1]: when to look again at what is in doubt.  ARGV[2..]: the timer member of each message.
-- Returns for each {json, customer's key, tries}, or {} when nothing is to be posted: it is done, or in doubt (somebody
-- died while posting: wait for word from WhatsApp).
local function claim(message, timer)
  local found = redis.call('HMGET', message, 'state', 'json', 'key', 'tries')
  local state = found[1]
  -- Its timer still runs: this entry is an old one, whose reader died before it took it off.
  if state == 'doubt' and redis.call('ZSCORE', KEYS[1], timer) then
    return {}
  end
  if state == 'queued' or state == 'doubt' then
    redis.call('HSET', message, 'state', 'sending')
    return {found[2], found[3] or '', found[4] or '0'}
  end
  if state == 'sending' then
    redis.call('HSET', message, 'state', 'doubt')
    redis.call('ZADD', KEYS[1], ARGV[1], timer)
  end
  return {}
end

local answers = {}
for i = 2, #KEYS do
  answers[i - 1] = claim(KEYS[i], ARGV[i])
end
return answers
