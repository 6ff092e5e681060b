-- Decides whether a message may be posted now, and says so in its state before anybody posts.
-- KEYS[1]: the message.  KEYS[2]: the timers.  ARGV[1]: timer member.  ARGV[2]: when to look again if it is in doubt.
-- Returns "post"; "doubt" (somebody died while posting: wait for word from WhatsApp); or "done" (nothing left to do).
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'queued' or state == 'doubt' then
  redis.call('HSET', KEYS[1], 'state', 'sending')
  return 'post'
end
if state == 'sending' then
  redis.call('HSET', KEYS[1], 'state', 'doubt')
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
  return 'doubt'
end
return 'done'
