-- roll_up_month: keep the most read articles of a month that is over, before its days are gone.
-- KEYS  1 articles of the month ZSET  2 site STRING  3 names HASH; then articles of each day ZSET
-- ARGV  1 number of articles kept by name; the others are added up under one name
-- Returns the number of articles kept; 0 if the month is kept already, nothing was read in it or the
--       site is no more.
local OTHER = '(other)'
local call = redis.call
local days = {}
if call('EXISTS', KEYS[1]) == 1 or call('EXISTS', KEYS[2]) == 0 then return 0 end
for i = 4, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then days[#days + 1] = KEYS[i] end
end
if #days == 0 then return 0 end
call('ZUNIONSTORE', KEYS[1], #days, unpack(days))
local last = -1 - tonumber(ARGV[1])
local rest = call('ZRANGE', KEYS[1], 0, last, 'WITHSCORES')
local sum = 0
for i = 2, #rest, 2 do sum = sum + tonumber(rest[i]) end
call('ZREMRANGEBYRANK', KEYS[1], 0, last)
-- A long key is among those of its days as a digest, and here, where it stays, as itself.
local kept = call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #kept, 2 do
  if string.byte(kept[i]) == 1 then
    call('ZREM', KEYS[1], kept[i])
    call('ZINCRBY', KEYS[1], kept[i + 1], call('HGET', KEYS[3], kept[i]) or OTHER)
  end
end
if sum > 0 then call('ZINCRBY', KEYS[1], sum, OTHER) end
return call('ZCARD', KEYS[1])
