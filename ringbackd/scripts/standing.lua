-- What holds somebody back from writing to each of some customers now.
-- KEYS[1]: the traces of who was erased.  KEYS[2..]: of each customer the calls he is on, and his consent ledger.
-- Returns for each {whether he is on a call, how many were ever erased, his ledger}.
local erased, answers = redis.call('HLEN', KEYS[1]), {}
for i = 2, #KEYS, 2 do
  answers[i / 2] = {redis.call('EXISTS', KEYS[i]), erased, redis.call('LRANGE', KEYS[i + 1], 0, -1)}
end
return answers
