-- rate_article: record a voter's score of an article, change it, or withdraw it as long as that is
-- allowed. Ratings of one network above its ceiling are held until an administrator decides.
--
-- KEYS  1 site STRING  2 articles ZSET  3 ratings HASH  4 raters of the article SET
--       5, 6, 7 ratings of this half day HASH, of the one before, of the one before that
--       8 addresses HASH  9, 10 slots of this day of UTC HASH, of the one before  11 voided HASH
--       12 held HASH  13… raters SET of articles that were merged into this one
-- ARGV  1 now (ms)  2 article  3 score, or 0: take it back  4 scale  5 rater id  6 address id or ""
--       7 id of its /48 or ""  8 ceiling of an address
--       9… for each merged article: its key, and the voter's rater id there
-- Returns { outcome, ratings ("0,1,0,3,9" or nil), time (ms) of the voter's first rating or 0 }:
--       "counted", "held", "changed", "unchanged", "withdrawn" (also where there was none);
--       "fixed" (too late to change), "unknown" (article), "ceiling" (no room to hold more);
--       "no-site".
-- The ceiling of a /48 as a multiple of that of an address.
local IPV6_48_FACTOR = 3
local CHANGE_MS, RECENT_TTL, ADDRESSES_TTL = 86400000, 129600, 3600
local DAY_MS, SLOT_MS, SLOTS_TTL = 86400000, 600000, 1296000

-- Most groups of held ratings, each of one article and ten minutes. Further ratings are refused.
local HELD_MAX = 10000

local articles, ratings, raters, addresses = KEYS[2], KEYS[3], KEYS[4], KEYS[8]
local voided, held = KEYS[11], KEYS[12]
local now, article, score = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local scale, rater, ceiling = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[8])
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end

local stored = call('HGET', ratings, article)
local function answer(outcome, first) return { outcome, stored, first or 0 } end

if not stored and not call('ZSCORE', articles, article) then return answer('unknown') end

-- Move one unit of a field with this value from the bin `from` to the bin `to` (0: none); return
-- the new value, and the text after the bins.
local function move(key, field, value, from, to)
  local bins, rest = string.match(value or '', '^([%d,]*)(.*)$')
  local counts = {}
  for n in string.gmatch(bins, '%d+') do counts[#counts + 1] = n end
  for i = #counts + 1, scale do counts[i] = '0' end
  -- Keep the others as text: writing a number costs as much as half a command.
  if from > 0 then counts[from] = string.format('%d', counts[from] - 1) end
  if to > 0 then counts[to] = string.format('%d', counts[to] + 1) end
  local moved = table.concat(counts, ',') .. rest
  call('HSET', key, field, moved)
  return moved, rest
end

-- Do the same in the slot of the voter's first rating, and where the ratings of that slot count:
-- in the averages, or in the decision that took them out.
local function settle(at, from, to, key)
  local slots = math.floor(at / DAY_MS) == math.floor(now / DAY_MS) and KEYS[9] or KEYS[10]
  local field = string.format('%d:%s', at % DAY_MS / SLOT_MS, key)
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

-- Return where a group's ratings are: held, rejected, or "" once they were released.
local function place_of(group)
  for _, key in ipairs({ held, voided }) do
    local value = group ~= '' and call('HGET', key, group)
    if value then return key, value end
  end
end

-- Return the known rating of a voter (of this article, or of one merged into it); nil if it is too
-- old to be known.
local function known_of(key, id)
  for i = 5, 7 do
    local before, at, group = string.match(call('HGET', KEYS[i], id) or '', '(%d+) (%d+) ?(%x*)')
    if before then
      return { key = key, id = id, hash = KEYS[i], before = tonumber(before), at = tonumber(at), group = group }
    end
  end
end

-- Change the score of a known rating, or withdraw it (0); return the answer.
local function change(one, to, set)
  local key, value = place_of(one.group)
  if key then
    local moved = move(key, one.group, value, one.before, to)
    -- A withdrawn rating needs no decision.
    if not string.find(string.match(moved, '^[%d,]*'), '[1-9]') then call('HDEL', key, one.group) end
  else
    settle(one.at, one.before, to, one.key)
  end
  if to == 0 then
    call('SREM', set, one.id)
    call('HDEL', one.hash, one.id)
    return 'withdrawn'
  end
  call('HSET', one.hash, one.id, string.format(one.group == '' and '%d %d' or '%d %d %s', to, one.at, one.group))
  return key and 'held' or 'changed'
end

-- A rating of an article that was merged into this one is a rating of this one: the voter's latest
-- rating may be changed, and the others are withdrawn with it.
local former, set_of = {}, { [article] = raters }
for i = 13, #KEYS do
  local key, id = ARGV[2 * i - 17], ARGV[2 * i - 16]
  if call('SISMEMBER', KEYS[i], id) == 1 then former[#former + 1], set_of[key] = { key, id }, KEYS[i] end
end
if #former > 0 then
  if call('SISMEMBER', raters, rater) == 1 then former[#former + 1] = { article, rater } end
  local known, latest = {}, nil
  for _, pair in ipairs(former) do
    local one = known_of(pair[1], pair[2])
    if one and now - one.at < CHANGE_MS then
      known[#known + 1] = one
      if not latest or one.at > latest.at then latest = one end
    end
  end
  -- One rating is too old to be known: a further one would be a second one.
  if #known < #former then return answer('fixed') end
  for _, one in ipairs(known) do
    if one ~= latest then change(one, 0, set_of[one.key]) end
  end
  if latest.before == score then
    local apart = place_of(latest.group)
    return answer(apart and 'held' or #known == 1 and 'unchanged' or 'changed', latest.at)
  end
  local outcome = change(latest, score, set_of[latest.key])
  return answer(outcome, score > 0 and latest.at or nil)
end

local over = false
if score == 0 then
  if call('SISMEMBER', raters, rater) == 0 then return answer('withdrawn') end
elseif call('SADD', raters, rater) == 1 then
  for of = 6, 7 do
    if ARGV[of] ~= '' and not over then
      local n = call('HINCRBY', addresses, 'r' .. ARGV[of], 1)
      if n == 1 then call('EXPIRE', addresses, ADDRESSES_TTL, 'NX') end
      -- Ratings above one network's ceiling do not count against its neighbours.
      over = n > ceiling * (of == 6 and 1 or IPV6_48_FACTOR)
    end
  end
  if not over then
    settle(now, 0, score, article)
    call('HSET', KEYS[5], rater, ARGV[3] .. ' ' .. ARGV[1])
    call('EXPIRE', KEYS[5], RECENT_TTL, 'NX')
    return answer('counted', now)
  end
end

-- Hold a new rating with those of the same article and ten minutes that are held already.
if over then
  local field = string.format('h%d:%s', now % DAY_MS / SLOT_MS, article)
  local group = call('HGET', KEYS[9], field) or ''
  local key, value = place_of(group)
  if not key then
    if call('HLEN', held) >= HELD_MAX then
      call('SREM', raters, rater)
      return answer('ceiling')
    end
    group = string.sub(redis.sha1hex(rater .. ARGV[1] .. article), 1, 12)
    local first = math.floor(now / SLOT_MS)
    key, value = held, string.format(' %d %d %s', first, first + 1, article)
    call('HSET', KEYS[9], field, group)
    call('EXPIRE', KEYS[9], SLOTS_TTL, 'NX')
  end
  move(key, group, value, 0, score)
  call('HSET', KEYS[5], rater, ARGV[3] .. ' ' .. ARGV[1] .. ' ' .. group)
  call('EXPIRE', KEYS[5], RECENT_TTL, 'NX')
  return answer('held', now)
end

local one = known_of(article, rater)
if not one then return answer('fixed') end
if now - one.at >= CHANGE_MS then return answer('fixed', one.at) end
if one.before == score then return answer(place_of(one.group) and 'held' or 'unchanged', one.at) end
local outcome = change(one, score, raters)
return answer(outcome, outcome ~= 'withdrawn' and one.at or nil)
