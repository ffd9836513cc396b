-- count_request: count requests in a window that begins with the first one.
--
-- KEYS  1 counter STRING
-- ARGV  1 length of the span (s)  2 how many to add
-- Returns the new value of the counter.
local counter, seconds, amount = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local now = redis.call('INCRBY', counter, amount)
if now == amount then redis.call('EXPIRE', counter, seconds) end
return now
