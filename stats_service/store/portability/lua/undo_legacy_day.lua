-- undo_legacy_day: subtract what `add_legacy_day` added, once; comes after legacy_readers.lua
-- and legacy_articles.lua.
-- KEYS  as in add_legacy_day.lua; 12… moved HASH of each change of articles since the import, the
--       oldest first
-- ARGV  1 number of the part  2 day  3 week  4 month  5 year  6 views  7 visits
--       8 lifetime of what visits told, in seconds (0: it has expired)
--       9 1: the month of what visits told is summed again; 0: it has days that have expired
--      10 number of hours, 11 of lines that visits told; then for each hour: hour, views, visits;
--         for each line: the line, its visits; then for each article: key, views
-- Returns 1; or (nothing subtracted) 0 if the part is not there, -1 if the site does not exist.
-- If an article was merged since, its views are subtracted from the other; if it was removed, or the
-- articles of the day were summed up, from `(other)`.
local OTHER, LONG = '(other)', 128
local legacy, counts, hours, articles, day_articles = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local day = ARGV[2]
local taken = { views = tonumber(ARGV[6]), visits = tonumber(ARGV[7]) }
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return -1 end
if call('HEXISTS', KEYS[8], ARGV[1]) == 0 then return 0 end

-- Subtract from a field; delete it if it becomes 0.
local function take(key, field, n)
  if n ~= 0 and redis.call('HINCRBY', key, field, -n) == 0 then redis.call('HDEL', key, field) end
end

-- Subtract views from an article, and what it lacks from the others. On a day, a long key that was
-- imported stands as itself, and one that was viewed or moved as its digest.
local function take_views(key, article, n)
  local digest = #article > LONG and '\1' .. string.sub(redis.sha1hex(article), 1, 24)
  for _, name in ipairs({ article, digest or OTHER, OTHER }) do
    local has = tonumber(redis.call('ZSCORE', key, name) or 0)
    local less = math.min(has, n)
    n = n - less
    if less >= has then
      redis.call('ZREM', key, name)
    elseif less > 0 then
      redis.call('ZINCRBY', key, -less, name)
    end
    if n <= 0 then return end
  end
end

for metric, n in pairs(taken) do
  if n ~= 0 then
    for _, span in ipairs({ '', ':' .. day, ':' .. ARGV[3], ':' .. ARGV[4], ':' .. ARGV[5] }) do
      take(counts, metric .. span, n)
    end
    if call('HGET', counts, 'record:' .. metric .. ':day') == day then
      call('HDEL', counts, 'record:' .. metric, 'record:' .. metric .. ':day')
      call('HSET', KEYS[8], 'record:' .. metric, 1)
    end
  end
end
take(legacy, 'views:' .. day, taken.views)

local at, hours_there = 12, call('EXISTS', hours) == 1
for _ = 1, tonumber(ARGV[10]) do
  if hours_there then
    take(hours, 'views:' .. ARGV[at], tonumber(ARGV[at + 1]))
    take(hours, 'visits:' .. ARGV[at], tonumber(ARGV[at + 2]))
  end
  at = at + 3
end

local told, readers_ttl = tonumber(ARGV[11]), tonumber(ARGV[8])
if readers_ttl > 0 and (told > 0 or taken.visits ~= 0) then
  local changed = give_back(legacy, KEYS[9], day)
  local unnamed = places_of(call('HGET', KEYS[8], ARGV[1] .. ':unnamed'))
  take_readers(KEYS[9], at, told, unnamed)
  changed = take_beyond(legacy, counts, KEYS[9], day) or changed or told > 0
  call('EXPIRE', KEYS[9], readers_ttl, 'NX')
  if changed and ARGV[9] == '1' then call('DEL', KEYS[10]) end -- made again by the next tick
end
at = at + 2 * told

local others = places_of(call('HGET', KEYS[8], ARGV[1] .. ':other'))
local merged = merged_of(KEYS[8], ARGV[1])
local day_there = call('EXISTS', day_articles) == 1

-- Take views out of what a change keeps of an article.
local function take_kept(kept, n)
  if kept[2] then kept[2] = kept[2] > n and kept[2] - n end
  local spans, lacks = kept[5], { [day] = n, [ARGV[4]] = n }
  for s = 1, day_there and #spans or 0, 2 do
    local less = math.min(spans[s + 1], lacks[spans[s]] or 0)
    if less > 0 then
      spans[s + 1], lacks[spans[s]] = spans[s + 1] - less, lacks[spans[s]] - less
    end
  end
end

for i = at, #ARGV, 2 do
  local article, views = ARGV[i], tonumber(ARGV[i + 1])
  if others[(i - at) / 2] then
    article = OTHER
  else
    article = merged[(i - at) / 2] or article
    article = owner_of(KEYS[11], 12, article, function(kept) take_kept(kept, views) end)
  end
  take_views(articles, article, views)
  if day_there then take_views(day_articles, article, views) end
end
if day_there then call('DEL', KEYS[7]) end -- made again by the next tick
call('HDEL', KEYS[8], ARGV[1], ARGV[1] .. ':other', ARGV[1] .. ':unnamed', ARGV[1] .. ':merged')
return 1
