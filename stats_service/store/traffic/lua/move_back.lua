-- move_back: take back what move_articles.lua did to some articles. audit_entry.lua comes before.
--
-- What was counted for the other article since then stays with it. Where the other has less by now,
-- because it gave way, the rest comes out of those that are counted together.
--
-- KEYS  as move_articles.lua
-- ARGV  1 MessagePack: array of articles  2 MessagePack: array of the names of the days and months
--       3 id of the change  4 entry of the log; ""
-- Returns { articles that have their numbers again, articles whose other was moved on itself };
--       { -1 }: the site is no more.
local OTHER, LONG, REVISION = '(other)', 128, '\1'
local articles, opening, ratings, aliases, names = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local hidden, voided, moved, changes, titles = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[12]
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { -1 } end

local function day_name(key)
  return #key > LONG and '\1' .. string.sub(redis.sha1hex(key), 1, 24) or key
end

local place = {}
for k, span in ipairs(cmsgpack.unpack(ARGV[2])) do place[span] = KEYS[12 + k] end

local function take(key, member, n)
  local part = math.min(n, tonumber(call('ZSCORE', key, member) or 0))
  if part > 0 and tonumber(call('ZINCRBY', key, -part, member)) == 0 then call('ZREM', key, member) end
  return part
end

-- Move `n` views from one member of a sorted set to another; what it lacks comes from the rest.
local function give_back(key, from, to, n)
  local had = take(key, from, n)
  if had < n and from ~= OTHER then had = had + take(key, OTHER, n - had) end
  if had > 0 then call('ZINCRBY', key, had, to) end
end

local function less(one, other)
  local left, i = {}, 0
  for n in string.gmatch(one, '%d+') do left[#left + 1] = tonumber(n) end
  for n in string.gmatch(other, '%d+') do
    i = i + 1
    left[i] = math.max(0, (left[i] or 0) - tonumber(n))
  end
  return left
end

local function more(one, other)
  local sums, i = {}, 0
  for n in string.gmatch(one, '%d+') do sums[#sums + 1] = n end
  for n in string.gmatch(other, '%d+') do
    i = i + 1
    sums[i] = string.format('%d', (sums[i] or 0) + n)
  end
  return table.concat(sums, ',')
end

local back, blocked, long_bytes = {}, 0, 0
for _, from in ipairs(cmsgpack.unpack(ARGV[1])) do
  local packed = call('HGET', moved, from)
  if packed then
    local to, views, balance, bins, spans, was_hidden, taken_out, title = unpack(cmsgpack.unpack(packed))
    if to ~= OTHER and call('HEXISTS', aliases, to) == 1 then
      blocked = blocked + 1
    else
      back[#back + 1] = { from, to, views, balance, bins, spans, was_hidden, taken_out, title }
    end
  end
end
if #back > 0 then record(KEYS[11], ARGV[4]) end

for _, one in ipairs(back) do
  local from, to, views, balance, bins, spans, was_hidden, taken_out, title = unpack(one)
  local kept = to ~= OTHER
  for s = 1, #spans, 2 do
    local span = spans[s]
    local key, is_day = place[span], #span > 7
    -- A day that is gone by now does not come back.
    if key and call('EXISTS', key) == 1 then
      local source, target = is_day and day_name(from) or from, is_day and day_name(to) or to
      give_back(key, target, source, spans[s + 1])
    end
  end
  if views then
    give_back(articles, to, from, views)
    call('ZADD', articles, 'NX', 0, from)
    if tonumber(call('ZSCORE', articles, to) or 1) == 0 then call('ZREM', articles, to) end
  end
  if #from > LONG and call('HSETNX', names, day_name(from), from) == 1 then
    long_bytes = long_bytes + #from
  end
  if balance > 0 then
    call('HINCRBY', opening, from, balance)
    if kept then
      local left = tonumber(call('HGET', opening, to) or 0) - balance
      if left > 0 then call('HSET', opening, to, left) else call('HDEL', opening, to) end
    end
  end
  if bins ~= '' then
    if kept then
      local left, sum = less(call('HGET', ratings, to) or '', bins), 0
      for i = 1, #left do sum = sum + left[i] end
      if sum > 0 then call('HSET', ratings, to, table.concat(left, ',')) else call('HDEL', ratings, to) end
      for _, decision in ipairs(taken_out) do
        local begin = string.match(call('HGET', voided, decision) or '', '^(%S+ %S+ %S+ )')
        if begin then call('HSET', voided, decision, begin .. from) end
      end
    end
    -- Beside what came for it since, as a deleted article may be rated again.
    call('HSET', ratings, from, more(bins, call('HGET', ratings, from) or ''))
  end
  local alias = call('HGET', aliases, from)
  if alias and string.sub(alias, 2) == to then call('HDEL', aliases, from) end
  if was_hidden then call('SADD', hidden, from) end
  -- What was moved before there were titles has none.
  if title and title ~= '' then
    if call('HGET', titles, to) == title then call('HDEL', titles, to) end
    call('HSETNX', titles, from, title)
  end
  call('HDEL', moved, from)
end
if long_bytes ~= 0 then call('HINCRBY', names, '*', long_bytes) end
if #back > 0 then
  call('HINCRBY', aliases, REVISION, 1)
  call('HINCRBY', changes, ARGV[3] .. ':back', #back)
end
return { #back, blocked }
