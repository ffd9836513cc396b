-- rate_article: record one voter's score of an article, or move it while it may be changed.
--
-- KEYS  1 site STRING  2 articles ZSET  3 ratings HASH  4 raters of the article SET
--       5, 6, 7 ratings of this half day HASH, of the one before, of the one before that
--       8 addresses HASH  9, 10 slots of this day of UTC HASH, of the one before  11 voided HASH
-- ARGV  1 now (ms)  2 article  3 score  4 scale  5 rater id  6 address id or ""
--       7 id of its /48 or ""  8 ceiling of an address
-- Returns { outcome, ratings ("0,1,0,3,9" or nil), time (ms) of the voter's first rating or 0 }:
--       "counted", "changed", "unchanged"; "fixed" (too late to change), "unknown" (article),
--       "ceiling"; "no-site".
-- A /48 may have this many times as many ratings.
local IPV6_48_FACTOR = 3
local CHANGE_MS, RECENT_TTL, ADDRESSES_TTL = 86400000, 129600, 3600
local DAY_MS, SLOT_MS, SLOTS_TTL = 86400000, 600000, 1296000

local articles, ratings, raters, addresses, voided = KEYS[2], KEYS[3], KEYS[4], KEYS[8], KEYS[11]
local now, article, score = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local scale, rater, ceiling = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[8])
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end

local stored = call('HGET', ratings, article)
local function answer(outcome, first) return { outcome, stored, first or 0 } end

if not stored and not call('ZSCORE', articles, article) then return answer('unknown') end

-- Move one unit of a field that has this value from the bin `from` (0: none) to the bin `to`;
-- returns its new value, and what stands behind the bins.
local function move(key, field, value, from, to)
  local bins, rest = string.match(value or '', '^([%d,]*)(.*)$')
  local counts = {}
  for n in string.gmatch(bins, '%d+') do counts[#counts + 1] = n end
  for i = #counts + 1, scale do counts[i] = '0' end
  -- The others stay text: writing a number costs as much as half a command.
  if from > 0 then counts[from] = string.format('%d', counts[from] - 1) end
  counts[to] = string.format('%d', counts[to] + 1)
  local moved = table.concat(counts, ',') .. rest
  call('HSET', key, field, moved)
  return moved, rest
end

-- The same in the slot of the voter's first rating, and where that slot's ratings stand: among
-- those that count, or with the decision that took them out.
local function settle(at, from, to)
  local slots = math.floor(at / DAY_MS) == math.floor(now / DAY_MS) and KEYS[9] or KEYS[10]
  local field = string.format('%d:%s', at % DAY_MS / SLOT_MS, article)
  local value, decision = call('HGET', slots, field), ''
  if value or from == 0 then
    local _, rest = move(slots, field, value, from, to)
    decision = string.sub(rest, 2)
    if not value then call('EXPIRE', slots, SLOTS_TTL, 'NX') end
  end
  if decision == '' then
    stored = move(ratings, article, stored, from, to)
  else
    move(voided, decision, call('HGET', voided, decision), from, to)
  end
end

if call('SADD', raters, rater) == 1 then
  for of = 6, 7 do
    if ARGV[of] ~= '' then
      local n = call('HINCRBY', addresses, 'r' .. ARGV[of], 1)
      if n == 1 then call('EXPIRE', addresses, ADDRESSES_TTL, 'NX') end
      -- What one network has too much is not counted against its neighbours.
      if n > ceiling * (of == 6 and 1 or IPV6_48_FACTOR) then
        call('SREM', raters, rater)
        return answer('ceiling')
      end
    end
  end
  settle(now, 0, score)
  call('HSET', KEYS[5], rater, ARGV[3] .. ' ' .. ARGV[1])
  call('EXPIRE', KEYS[5], RECENT_TTL, 'NX')
  return answer('counted', now)
end

for i = 5, 7 do
  local recent = call('HGET', KEYS[i], rater)
  if recent then
    local before, at = string.match(recent, '(%d+) (%d+)')
    before, at = tonumber(before), tonumber(at)
    if now - at >= CHANGE_MS then return answer('fixed', at) end
    if before == score then return answer('unchanged', at) end
    settle(at, before, score)
    call('HSET', KEYS[i], rater, string.format('%d %d', score, at))
    return answer('changed', at)
  end
end
return answer('fixed')
