-- How many calls of a line are promised for each moment.
-- KEYS[1]: the line's promises.  ARGV[1]: from which moment on.  Returns moment, count, moment, count...
local rows = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES')
local found = {}
for i = 2, #rows, 2 do
  local last = #found
  if last > 0 and found[last - 1] == rows[i] then
    found[last] = found[last] + 1
  else
    found[last + 1] = rows[i]
    found[last + 2] = 1
  end
end
return found
