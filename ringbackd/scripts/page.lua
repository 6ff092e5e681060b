-- The next entries of a stream in one text, a line each: thousands of small answers take a client much longer to read.
-- KEYS[1]: the stream.  ARGV[1]: the lowest id.  ARGV[2]: how many at most.
-- Returns {id of the last one, lines}, or {} when there is none.
local rows, lines = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2]), {}
for i, row in ipairs(rows) do
  lines[i] = row[2][2]
end
if #rows > 0 then
  return {rows[#rows][1], table.concat(lines, '\n')}
end
return {}
