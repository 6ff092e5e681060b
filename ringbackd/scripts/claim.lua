-- Decides of each of some messages whether it may be posted now, and says so in its state before anybody posts.
-- KEYS[1]: the timers.  KEYS[2]: the traces of who was erased.  KEYS[3..]: the messages.
-- ARGV[1]: when to look again at what is in doubt.  ARGV[2], ARGV[3]: how the keys of a customer's calls and of his
-- consent ledger begin (under the same hash tag).  ARGV[4..]: the timer member of each message.
-- Returns for each {json, customer's key, tries, whether he is on a call, how many were ever erased, his ledger}, or
-- {} when nothing is to be posted: it is done, or in doubt (somebody died while posting: wait for word from WhatsApp).
local erased = redis.call('HLEN', KEYS[2])

local function claim(message, timer)
  local found = redis.call('HMGET', message, 'state', 'json', 'key', 'tries')
  local state, key = found[1], found[3] or ''
  -- Its timer still runs: this entry is an old one, whose reader died before it took it off.
  if state == 'doubt' and redis.call('ZSCORE', KEYS[1], timer) then
    return {}
  end
  if state == 'queued' or state == 'doubt' then
    redis.call('HSET', message, 'state', 'sending')
    local live = key ~= '' and redis.call('EXISTS', ARGV[2] .. key) or 0
    return {found[2], key, found[4] or '0', live, erased, redis.call('LRANGE', ARGV[3] .. key, 0, -1)}
  end
  if state == 'sending' then
    redis.call('HSET', message, 'state', 'doubt')
    redis.call('ZADD', KEYS[1], ARGV[1], timer)
  end
  return {}
end

local answers = {}
for i = 3, #KEYS do
  answers[i - 2] = claim(KEYS[i], ARGV[i + 1])
end
return answers
