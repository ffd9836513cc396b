-- add_legacy_day: add another counter's numbers of one day, once; comes after legacy_readers.lua
-- and legacy_articles.lua.
-- KEYS  1 site STRING  2 legacy HASH  3 counts HASH  4 hours of the day HASH
--       5 articles ZSET  6 articles of the day ZSET  7 articles of the month ZSET
--       8 parts of the import HASH  9 readers of the day HASH  10 readers of the month HASH
--       11 aliases HASH
-- ARGV  1 number of this part  2 day  3 week  4 month  5 year  6 views  7 visits  8 article cap
--       9 lifetime of the hours, 10 of the day's articles, in seconds (0: expired)
--      11 the part as it is stored
--      12 1: the month of what visits told is summed again; 0: it has days that have expired
--      13 number of hours, 14 of lines that visits told; then for each hour: hour, views, visits;
--         for each line: the line, its visits; then for each article: key, views
-- Returns 1; or (nothing added) 0 if the part was added before, -1 if the site does not exist.
-- Numbers are negative where the import joins two visits of an earlier one.
local OTHER = '(other)'
local legacy, counts, hours, articles, day_articles = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local day = ARGV[2]
local added = { views = tonumber(ARGV[6]), visits = tonumber(ARGV[7]) }
local cap, hours_ttl, days_ttl = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return -1 end
if call('HSETNX', KEYS[8], ARGV[1], ARGV[11]) == 0 then return 0 end

-- Add to a field; delete it if it becomes 0.
local function add(key, field, n)
  if n ~= 0 and redis.call('HINCRBY', key, field, n) == 0 then redis.call('HDEL', key, field) end
end

for metric, n in pairs(added) do
  if n ~= 0 then
    for _, span in ipairs({ '', ':' .. day, ':' .. ARGV[3], ':' .. ARGV[4], ':' .. ARGV[5] }) do
      add(counts, metric .. span, n)
    end
    local total = tonumber(call('HGET', counts, metric .. ':' .. day) or 0)
    local record = tonumber(call('HGET', counts, 'record:' .. metric) or 0)
    local record_day = call('HGET', counts, 'record:' .. metric .. ':day')
    if record_day == day and n < 0 then
      -- Determined again when the import is complete, because a later day may be busier.
      call('HDEL', counts, 'record:' .. metric, 'record:' .. metric .. ':day')
      call('HSET', KEYS[8], 'record:' .. metric, 1)
    elseif total > record or (total == record and record_day and day < record_day) then
      call('HSET', counts, 'record:' .. metric, total, 'record:' .. metric .. ':day', day)
    end
  end
end
add(legacy, 'views:' .. day, added.views)

local at = 15
for _ = 1, tonumber(ARGV[13]) do
  if hours_ttl > 0 then
    add(hours, 'views:' .. ARGV[at], tonumber(ARGV[at + 1]))
    add(hours, 'visits:' .. ARGV[at], tonumber(ARGV[at + 2]))
  end
  at = at + 3
end
if hours_ttl > 0 then call('EXPIRE', hours, hours_ttl, 'NX') end

local told = tonumber(ARGV[14])
if days_ttl > 0 and (told > 0 or added.visits ~= 0) then
  local changed = give_back(legacy, KEYS[9], day)
  local unnamed = add_readers(KEYS[9], at, told)
  if #unnamed > 0 then call('HSET', KEYS[8], ARGV[1] .. ':unnamed', table.concat(unnamed, ',')) end
  changed = take_beyond(legacy, counts, KEYS[9], day) or changed or told > 0
  call('EXPIRE', KEYS[9], days_ttl, 'NX')
  if changed and ARGV[12] == '1' then call('DEL', KEYS[10]) end -- made again by the next tick
end
at = at + 2 * told

local number, others, merged = call('ZCARD', articles), {}, {}
for i = at, #ARGV, 2 do
  local article, views = target_of(KEYS[11], ARGV[i]), ARGV[i + 1]
  if article ~= ARGV[i] then merged[#merged + 1] = (i - at) / 2 .. ' ' .. article end
  if not call('ZSCORE', articles, article) then
    if number >= cap then
      article, others[#others + 1] = OTHER, (i - at) / 2
    else
      number = number + 1
    end
  end
  call('ZINCRBY', articles, views, article)
  if days_ttl > 0 then call('ZINCRBY', day_articles, views, article) end
end
if #others > 0 then call('HSET', KEYS[8], ARGV[1] .. ':other', table.concat(others, ',')) end
note_merged(KEYS[8], ARGV[1], merged)
if days_ttl > 0 then
  call('DEL', KEYS[7]) -- made again, with these, by the next tick
  call('EXPIRE', day_articles, days_ttl, 'NX')
end
return 1
