-- count_request: count a request within a span that begins with its first one.
--
-- KEYS  1 counter STRING
-- ARGV  1 length of the span (s)  2 how many to add
-- Returns what the counter has now.
local counter, seconds, amount = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local now = redis.call('INCRBY', counter, amount)
if now == amount then redis.call('EXPIRE', counter, seconds) end
return now
