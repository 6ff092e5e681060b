-- Decides whether a message may be posted now, and says so in its state before anybody posts.
-- KEYS[1]: the message.  KEYS[2]: the timers.  ARGV[1]: timer member.  ARGV[2]: when to look again if it is in doubt.
-- KEYS[3]: the traces of who was erased.  ARGV[3], ARGV[4]: how the keys of a customer's calls and of his consent
-- ledger begin (under the same hash tag).
-- Returns {"post", json, customer's key, tries, whether he is on a call, his ledger, how many were ever erased};
-- {"doubt"} (somebody died while posting: wait for word from WhatsApp); or {"done"} (nothing left to do).
local found = redis.call('HMGET', KEYS[1], 'state', 'json', 'key', 'tries')
local state, key = found[1], found[3] or ''
-- Its timer still runs: this entry is an old one, whose reader died before it took it off.
if state == 'doubt' and redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return {'doubt'}
end
if state == 'queued' or state == 'doubt' then
  redis.call('HSET', KEYS[1], 'state', 'sending')
  local live = key ~= '' and redis.call('EXISTS', ARGV[3] .. key) or 0
  return {'post', found[2], key, found[4] or '0', live, redis.call('LRANGE', ARGV[4] .. key, 0, -1), redis.call('HLEN', KEYS[3])}
end
if state == 'sending' then
  redis.call('HSET', KEYS[1], 'state', 'doubt')
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
  return {'doubt'}
end
return {'done'}
