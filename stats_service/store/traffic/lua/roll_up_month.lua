-- roll_up_month: keep the most read articles of a month that is over, before its days are gone.
-- KEYS  1 articles of the month ZSET; then articles of each day ZSET
-- ARGV  1 number of articles kept by name; the others are added up under one name
-- Returns the number of articles kept; 0 if the month is kept already or nothing was read in it.
local OTHER = '(other)'
local call = redis.call
local days = {}
if call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then days[#days + 1] = KEYS[i] end
end
if #days == 0 then return 0 end
call('ZUNIONSTORE', KEYS[1], #days, unpack(days))
local last = -1 - tonumber(ARGV[1])
local rest = call('ZRANGE', KEYS[1], 0, last, 'WITHSCORES')
local sum = 0
for i = 2, #rest, 2 do sum = sum + tonumber(rest[i]) end
call('ZREMRANGEBYRANK', KEYS[1], 0, last)
if sum > 0 then call('ZINCRBY', KEYS[1], sum, OTHER) end
return call('ZCARD', KEYS[1])
