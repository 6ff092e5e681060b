-- Moves the timers that are due to the streams they are meant for, each with the moment it was due.
-- KEYS[1]: the sorted set.  KEYS[2..]: the streams.  ARGV[1]: now.  ARGV[2]: how many at most.
-- A member is "<number of the stream>|<JSON object>".  Returns how many were moved.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #due, 2 do
  local stream, text = due[i]:match('^(%d+)|(.*)$')
  local body = text:sub(1, -2) .. ',"due":' .. due[i + 1] .. '}'
  redis.call('XADD', KEYS[1 + tonumber(stream)], '*', 'json', body)
  redis.call('ZREM', KEYS[1], due[i])
end
return #due / 2
