-- void_ratings: take ratings of an article out of the average, those of a span or all of them.
-- Later ratings and changes in a slot that was taken out belong to the same decision.
--
-- KEYS  as rating_slots.lua
-- ARGV  1 decision  2 article  3 first slot  4 the one after the last, both since 1970
--       5 day of KEYS[4], since 1970  6 "1": every rating, also those older than the slots
--       7 audit entry; the number of ratings is added
-- Returns how many ratings were taken out.
local decision, article, all = ARGV[1], ARGV[2], ARGV[6] == '1'
local first, last = tonumber(ARGV[3]), tonumber(ARGV[4])

local before = call('HGET', ratings, article)
if not before then return 0 end
local left, taken, slots = {}, {}, {}
add(left, before, 1)

each_slot(article, first, last, tonumber(ARGV[5]), function(key, field, value)
  if string.find(value, ' ', 1, true) then return end
  add(taken, value, 1)
  slots[#slots + 1] = { key, field, value .. ' ' .. decision }
end)

local moved = 0
for i = 1, #left do
  taken[i] = all and left[i] or math.min(taken[i] or 0, left[i])
  left[i] = left[i] - taken[i]
  moved = moved + taken[i]
end
if moved == 0 then return 0 end
local entry = cjson.decode(ARGV[7])
entry.after.ratings = moved
record(KEYS[3], cjson.encode(entry))
for i = 1, #slots do call('HSET', unpack(slots[i])) end
call('HSET', ratings, article, table.concat(left, ','))
local span = string.format(' %d %d ', first, last)
call('HSET', voided, decision, table.concat(taken, ',', 1, #left) .. span .. article)
return moved
