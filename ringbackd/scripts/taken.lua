-- How many calls of a line are promised for each moment; only the moments are walked through, not the promises.
-- KEYS[1]: the line's promises.  ARGV[1]: from which moment on.  Returns "moment count moment count ...":
-- one text, which is read many times as fast as a long list.
local found, from = {}, ARGV[1]
while true do
  local moment = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if not moment then
    return table.concat(found, ' ')
  end
  found[#found + 1] = moment
  found[#found + 1] = redis.call('ZCOUNT', KEYS[1], moment, moment)
  from = '(' .. moment
end
