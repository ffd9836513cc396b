-- move_ratings: take an article's ratings out of one hash and add them to the other.
--
-- KEYS  1 from HASH  2 to HASH
-- ARGV  1 article
-- Returns how many ratings were moved.
local from, to, article = KEYS[1], KEYS[2], ARGV[1]
local call = redis.call

local counts, moved = {}, 0
local function add(stored)
  local i = 0
  for n in string.gmatch(stored or '', '%d+') do
    i = i + 1
    counts[i] = (counts[i] or 0) + tonumber(n)
  end
end

local stored = call('HGET', from, article)
if not stored then return 0 end
add(stored)
for i = 1, #counts do moved = moved + counts[i] end
add(call('HGET', to, article) or '')
call('HSET', to, article, table.concat(counts, ','))
call('HDEL', from, article)
return moved
