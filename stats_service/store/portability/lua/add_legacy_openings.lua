-- add_legacy_openings: add to the opening balances, or subtract from them; once;
-- comes after legacy_articles.lua.
-- KEYS  1 site STRING  2 parts of the import HASH  3 opening HASH  4 ratings HASH
--       5 aliases HASH  6… moved HASH of each change of articles since the import, the oldest first
-- ARGV  1 number of this part  2 the part as it is stored; empty: subtract
--       3 the site's document as read before, 4 the new one ("": unchanged)
--       5 number of articles; then for each: key, views; then for each rated article: key, number
--       of ratings by score as `0,1,0,3,9`
-- Returns 1; or (nothing done) 0 if that was done before, -1 if the site has changed.
local parts, opening, ratings = KEYS[2], KEYS[3], KEYS[4]
local sign = ARGV[2] == '' and -1 or 1
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[3] then return -1 end
if sign > 0 then
  if call('HSETNX', parts, ARGV[1], ARGV[2]) == 0 then return 0 end
elseif call('HDEL', parts, ARGV[1]) == 0 then
  return 0
end
if ARGV[4] ~= '' then call('SET', KEYS[1], ARGV[4]) end

local rated = 6 + 2 * tonumber(ARGV[5])
local notes, merged = {}, merged_of(parts, ARGV[1])

-- The article whose numbers change; `less` as in `owner_of`.
local function article_at(i, less)
  local place, article = (i - 6) / 2, ARGV[i]
  if sign < 0 then return owner_of(KEYS[5], 6, merged[place] or article, less) end
  local target = target_of(KEYS[5], article)
  if target ~= article then notes[#notes + 1] = place .. ' ' .. target end
  return target
end

-- Add ratings by score, as `0,1,0,3,9`, or subtract them; returns the same, and their number.
local function changed(bins, numbers)
  local sums, score, all = {}, 0, 0
  for n in string.gmatch(bins, '%d+') do sums[#sums + 1] = n end
  for n in string.gmatch(numbers, '%d+') do
    score = score + 1
    local left = math.max(0, tonumber(sums[score] or 0) + sign * tonumber(n))
    sums[score] = string.format('%d', left)
  end
  for _, n in ipairs(sums) do all = all + tonumber(n) end
  return table.concat(sums, ','), all
end

for i = 6, rated - 1, 2 do
  -- A balance that was lowered in the meantime stops at 0.
  local article = article_at(i, function(kept) kept[3] = math.max(0, kept[3] - ARGV[i + 1]) end)
  if call('HINCRBY', opening, article, sign * ARGV[i + 1]) <= 0 then
    call('HDEL', opening, article)
  end
end
for i = rated, #ARGV, 2 do
  local article = article_at(i, function(kept)
    local left, all = changed(kept[4], ARGV[i + 1])
    kept[4] = all > 0 and left or ''
  end)
  local left, all = changed(call('HGET', ratings, article) or '', ARGV[i + 1])
  if all > 0 then
    call('HSET', ratings, article, left)
  else
    call('HDEL', ratings, article)
  end
end
if sign > 0 then
  note_merged(parts, ARGV[1], notes)
else
  call('HDEL', parts, ARGV[1] .. ':merged')
end
return 1
