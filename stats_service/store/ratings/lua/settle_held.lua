-- settle_held: decide about held ratings: count them, or take them out for good. It also counts
-- ratings again that it took out.
--
-- KEYS  as rating_slots.lua, and the last two: held HASH, aliases HASH
-- ARGV  1 group  2 day of KEYS[4], since 1970  3 "count" or "void"
--       4 audit entry; the article and the number of ratings are added
-- Returns how many ratings were moved, or nil if no group of that name waits for the decision.
local SLOTS_TTL = 1296000
local group, day, count = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'count'
local aliases = table.remove(KEYS)
local held = table.remove(KEYS)

local from = held
local value = call('HGET', held, group)
if not value and count then
  from, value = voided, call('HGET', voided, group)
end
if not value then return false end
local bins, first, article = string.match(value, '^([%d,]+) (%d+) %d+ (.*)$')
-- The ratings of an article that was merged in the meantime are at the other article.
local other = call('HGET', aliases, article)
if other then article = string.sub(other, 2) end
local moved = add({}, bins, 1)
local entry = cjson.decode(ARGV[4])
local side = count and entry.before or entry.after
entry.subject, side.ratings = article, moved
record(KEYS[3], cjson.encode(entry))
call('HDEL', from, group)

if not count then
  call('HSET', voided, group, value)
  return moved
end

-- They go where the other ratings of their ten minutes are.
local function put(key, field, stored)
  local counts, rest = {}, string.match(stored or '', '^[%d,]*(.*)$')
  add(counts, stored, 1)
  add(counts, bins, 1)
  call('HSET', key, field, table.concat(counts, ',') .. rest)
  return string.sub(rest, 2)
end
local place, decision = 4 + math.floor(first / SLOTS) - day, ''
local slots = KEYS[place]
if place >= 4 and slots then
  local field = string.format('%d:%s', first % SLOTS, article)
  decision = put(slots, field, call('HGET', slots, field))
  call('EXPIRE', slots, SLOTS_TTL, 'NX')
end
if decision == '' then
  put(ratings, article, call('HGET', ratings, article))
else
  put(voided, decision, call('HGET', voided, decision))
end
return moved
