-- restore_ratings: take back a decision of void_ratings.
--
-- KEYS  as rating_slots.lua
-- ARGV  1 decision  2 day of KEYS[4], since 1970
--       3 audit entry; the number of ratings is added
-- Returns how many ratings count again, or nil if the decision does not exist.
local decision = ARGV[1]

local stored = call('HGET', voided, decision)
if not stored then return false end
local bins, first, last, article = string.match(stored, '^([%d,]+) (%d+) (%d+) (.*)$')
local counts = {}
local moved = add(counts, bins, 1)
local entry = cjson.decode(ARGV[3])
entry.before.ratings = moved
record(KEYS[3], cjson.encode(entry))
add(counts, call('HGET', ratings, article), 1)
call('HSET', ratings, article, table.concat(counts, ','))
call('HDEL', voided, decision)

each_slot(article, tonumber(first), tonumber(last), tonumber(ARGV[2]), function(key, field, value)
  local own, by = string.match(value, '^([%d,]+) (.*)$')
  if by == decision then call('HSET', key, field, own) end
end)
return moved
