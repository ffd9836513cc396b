-- add_legacy_openings: add what another counter had to the opening balances, once.
-- KEYS  1 site STRING  2 legacy HASH  3 opening HASH  4 ratings HASH
-- ARGV  1 mark of this part  2 the site's document as it was read, 3 as it shall be ("": no change)
--       4 number of articles; then for each: key, views; then for each rated article: key, number
--       of ratings by score as `0,1,0,3,9`
-- Returns 1; 0 if the part was added before; -1 if the site is another by now. Nothing was added
--       then.
local legacy, opening, ratings = KEYS[2], KEYS[3], KEYS[4]
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[2] then return -1 end
if call('HSETNX', legacy, ARGV[1], 1) == 0 then return 0 end
if ARGV[3] ~= '' then call('SET', KEYS[1], ARGV[3]) end

local rated = 5 + 2 * tonumber(ARGV[4])
for i = 5, rated - 1, 2 do call('HINCRBY', opening, ARGV[i], ARGV[i + 1]) end
for i = rated, #ARGV, 2 do
  local sums, score = {}, 0
  for n in string.gmatch(call('HGET', ratings, ARGV[i]) or '', '%d+') do sums[#sums + 1] = n end
  for n in string.gmatch(ARGV[i + 1], '%d+') do
    score = score + 1
    sums[score] = string.format('%d', tonumber(sums[score] or 0) + tonumber(n))
  end
  call('HSET', ratings, ARGV[i], table.concat(sums, ','))
end
return 1
