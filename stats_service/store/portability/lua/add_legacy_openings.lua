-- add_legacy_openings: add to the opening balances, or subtract from them; once.
-- KEYS  1 site STRING  2 parts of the import HASH  3 opening HASH  4 ratings HASH
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
for i = 6, rated - 1, 2 do
  -- A balance that was lowered in the meantime stops at 0.
  if call('HINCRBY', opening, ARGV[i], sign * ARGV[i + 1]) <= 0 then
    call('HDEL', opening, ARGV[i])
  end
end
for i = rated, #ARGV, 2 do
  local sums, score, all = {}, 0, 0
  for n in string.gmatch(call('HGET', ratings, ARGV[i]) or '', '%d+') do sums[#sums + 1] = n end
  for n in string.gmatch(ARGV[i + 1], '%d+') do
    score = score + 1
    local left = math.max(0, tonumber(sums[score] or 0) + sign * tonumber(n))
    sums[score] = string.format('%d', left)
  end
  for _, n in ipairs(sums) do all = all + tonumber(n) end
  if all > 0 then
    call('HSET', ratings, ARGV[i], table.concat(sums, ','))
  else
    call('HDEL', ratings, ARGV[i])
  end
end
return 1
