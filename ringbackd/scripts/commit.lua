-- Commits a decision: checks first, then all the writes, or nothing.
-- KEYS: every key named below.  ARGV[1]: JSON list of checks {command, args..., expected}; {"ROOM", key, from, to, most,
-- "yes"} holds if the sorted set has fewer than `most` members with such scores; {"BELOW", key, most, "yes"} if the number
-- that the key holds (0 where there is none) is at most that.
-- ARGV[2]: JSON list of writes {command, args...}; {"IF", key, field, expected, command, args...} runs only if the
-- hash field holds the expected text, {"IFEQ", key, expected, command, args...} only if the key does.
-- Returns 0, or the number of the check that failed.
for number, check in ipairs(cjson.decode(ARGV[1])) do
  local expected = table.remove(check)
  local found
  if check[1] == 'ROOM' then
    found = redis.call('ZCOUNT', check[2], check[3], check[4]) < tonumber(check[5]) and 'yes' or 'no'
  elseif check[1] == 'BELOW' then
    found = tonumber(redis.call('GET', check[2]) or 0) <= tonumber(check[3]) and 'yes' or 'no'
  else
    found = redis.call(unpack(check))
  end
  if tostring(found or '') ~= expected then
    return number
  end
end
for _, write in ipairs(cjson.decode(ARGV[2])) do
  if write[1] == 'IF' then
    if redis.call('HGET', write[2], write[3]) == write[4] then
      redis.call(unpack(write, 5))
    end
  elseif write[1] == 'IFEQ' then
    if redis.call('GET', write[2]) == write[3] then
      redis.call(unpack(write, 4))
    end
  else
    redis.call(unpack(write))
  end
end
return 0
