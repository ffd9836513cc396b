-- trim_day: add up the least read articles of a day that is over, some at a time.
-- KEYS  1 site STRING  2 articles of the day ZSET  3 names HASH
-- ARGV  1 how many are kept by name  2 how many are added up at a time  3 the day
-- Returns how many were; 0 if the day has no more than are kept.
local OTHER = '(other)'
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return 0 end
call('HDEL', KEYS[3], '*' .. ARGV[3])
local beyond = call('ZCARD', KEYS[2]) - tonumber(ARGV[1])
-- What is added up counts as one of them.
if beyond < 1 then return 0 end
local rest, sum = call('ZPOPMIN', KEYS[2], math.min(beyond + 1, tonumber(ARGV[2]))), 0
for i = 2, #rest, 2 do sum = sum + tonumber(rest[i]) end
call('ZINCRBY', KEYS[2], sum, OTHER)
return #rest / 2
