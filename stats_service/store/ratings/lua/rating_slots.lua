-- rating_slots: shared code of void_ratings and restore_ratings; it comes before them, and
-- audit_entry.lua before it.
--
-- KEYS  1 ratings HASH  2 voided HASH  3 audit STREAM  4… slots of days of UTC HASH, day after day
local SLOTS = 144

local ratings, voided = KEYS[1], KEYS[2]
local call = redis.call

-- Add `sign` times the bins of a text to `counts`; return the number of ratings in the text.
local function add(counts, bins, sign)
  local i, n = 0, 0
  for number in string.gmatch(string.match(bins or '', '^[%d,]*'), '%d+') do
    i = i + 1
    counts[i] = (counts[i] or 0) + sign * tonumber(number)
    n = n + tonumber(number)
  end
  return n
end

-- Call `visit(key, field, value)` for every slot of the article from `first` to just before `last`;
-- `day` is that of KEYS[4].
local function each_slot(article, first, last, day, visit)
  for k = 4, #KEYS do
    local begin = (day + k - 4) * SLOTS
    for slot = math.max(first, begin), math.min(last, begin + SLOTS) - 1 do
      local field = string.format('%d:%s', slot - begin, article)
      local value = call('HGET', KEYS[k], field)
      if value then visit(KEYS[k], field, value) end
    end
  end
end
