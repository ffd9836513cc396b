-- sum_readers: add up what visits of some days told, and keep by name the values that most have.
-- KEYS  1 readers of a month, or of the one day itself HASH  2 site STRING; then readers of each day
--       HASH
-- ARGV  1 visits of a day from which a browser's version is kept; then letters of dimensions, each
--       followed by how many of its values are kept: all of those that are not named
-- Returns the number of fields; 0 if it was done before, nothing was told or the site is no more.
local call, sub, unpack = redis.call, string.sub, unpack
local target, is_day = KEYS[1], KEYS[3] == KEYS[1]
-- Pairs of an entry article and a source (`models.traffic.readers`), of the most entered articles of a day.
local PAIR, PAIR_MARK, PAIRED = 'f', '\t', 200
if call('EXISTS', KEYS[2]) == 0 then return 0 end
-- A day has the mark as long as it is counted; it goes when the day is added up.
if is_day and call('HEXISTS', target, '*') == 0 then return 0 end
if not is_day and call('EXISTS', target) == 1 then return 0 end

local sums = {}
for day = 3, #KEYS do
  local fields = call('HGETALL', KEYS[day])
  for f = 1, #fields, 2 do
    local field, n = fields[f], tonumber(fields[f + 1])
    local letter = sub(field, 1, 1)
    if letter ~= '#' and letter ~= '*' and (is_day or letter ~= PAIR) then
      -- The version of a browser goes, the browser stays.
      if letter == 'v' and n < tonumber(ARGV[1]) then
        field = 'b' .. string.gsub(sub(field, 2), ' %d+$', '')
      end
      sums[field] = (sums[field] or 0) + n
    end
  end
end

local limits, values = {}, {}
for a = 2, #ARGV, 2 do limits[ARGV[a]], values[ARGV[a]] = tonumber(ARGV[a + 1]), {} end
for field in pairs(sums) do
  local of = values[sub(field, 1, 1)]
  if of and #field > 1 then of[#of + 1] = field end
end
for letter, of in pairs(values) do
  table.sort(of, function(a, b)
    if sums[a] ~= sums[b] then return sums[a] > sums[b] end
    return a < b
  end)
  for k = limits[letter] + 1, #of do
    sums[letter] = (sums[letter] or 0) + sums[of[k]]
    sums[of[k]] = nil
  end
end

if is_day then
  local entered, most = {}, {}
  for field in pairs(sums) do
    if sub(field, 1, 1) == 'e' and #field > 1 then entered[#entered + 1] = field end
  end
  table.sort(entered, function(a, b)
    if sums[a] ~= sums[b] then return sums[a] > sums[b] end
    return a < b
  end)
  for k = 1, math.min(PAIRED, #entered) do most[sub(entered[k], 2)] = true end
  for field in pairs(sums) do
    if sub(field, 1, 1) == PAIR then
      local mark = string.find(field, PAIR_MARK, 1, true)
      if not (mark and most[sub(field, 2, mark - 1)]) then sums[field] = nil end
    end
  end
end

local pairs_of, n = {}, 0
for field, sum in pairs(sums) do
  pairs_of[n + 1], pairs_of[n + 2], n = field, sum, n + 2
end
if n == 0 then return 0 end
local ends = is_day and call('EXPIRETIME', target) or -1
call('DEL', target)
for from = 1, n, 2000 do
  call('HSET', target, unpack(pairs_of, from, math.min(n, from + 1999)))
end
if ends > 0 then call('EXPIREAT', target, ends) end
return n / 2
