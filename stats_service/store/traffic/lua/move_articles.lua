-- move_articles: give what was counted for articles to others, in one step: views of each day and
-- month, balance, ratings. No sum of the site changes. audit_entry.lua comes before.
--
-- What each had is kept, so that move_back.lua can take it back. A key that was moved is an alias
-- from then on: record_views.lua counts its views for the other.
--
-- KEYS  1 site STRING  2 articles ZSET  3 opening HASH  4 ratings HASH  5 aliases HASH  6 names HASH
--       7 hidden SET  8 voided HASH  9 moved HASH of the change  10 changes HASH  11 audit STREAM
--       12 titles HASH  13… articles of a day or a month ZSET
-- ARGV  1 MessagePack: array of { article, what gets its numbers, whether it becomes an alias }
--       2 MessagePack: array of the names of the days and months, in their order
--       3 id of the change  4 the change, JSON  5 seconds for which it can be taken back
--       6 entry of the log; ""  7 most aliases
-- Returns { articles moved, their views }; and nothing is written with { -1 }: the site is no more;
--       { -2 }: too many aliases.
local OTHER, LONG, REVISION = '(other)', 128, '\1'
local articles, opening, ratings, aliases, names = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local hidden, voided, moved, changes, titles = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[12]
local change, call = ARGV[3], redis.call

if call('EXISTS', KEYS[1]) == 0 then return { -1 } end

local function day_name(key)
  return #key > LONG and '\1' .. string.sub(redis.sha1hex(key), 1, 24) or key
end

-- Read: what there is of each, and which of them there are at all.
local rows, found, keys = cmsgpack.unpack(ARGV[1]), {}, {}
for i = 1, #rows do keys[i] = rows[i][1] end
if #keys == 0 then return { 0, 0 } end
local totals = call('ZMSCORE', articles, unpack(keys))
local balances, bins = call('HMGET', opening, unpack(keys)), call('HMGET', ratings, unpack(keys))
local new_aliases = 0
for i = 1, #rows do
  if totals[i] or balances[i] or bins[i] then
    found[#found + 1] = {
      from = keys[i], to = rows[i][2], alias = rows[i][3], views = tonumber(totals[i] or 0), named = totals[i] and true,
      balance = tonumber(balances[i] or 0), bins = bins[i] or '', spans = {},
    }
    if rows[i][3] and call('HEXISTS', aliases, keys[i]) == 0 then new_aliases = new_aliases + 1 end
  end
end
if #found == 0 then return { 0, 0 } end
if call('HLEN', aliases) + new_aliases > tonumber(ARGV[7]) then return { -2 } end
record(KEYS[11], ARGV[6])

-- Days and months, where a long key stands as its digest, or, of long ago, as itself.
local members, owner = {}, {}
for i = 1, #found do
  for _, member in ipairs({ found[i].from, #found[i].from > LONG and day_name(found[i].from) or nil }) do
    members[#members + 1], owner[#owner + 1] = member, found[i]
  end
end
local spans = cmsgpack.unpack(ARGV[2])
for k = 1, #spans do
  local key, is_day = KEYS[12 + k], #spans[k] > 7
  local scores = call('ZMSCORE', key, unpack(members))
  for m = 1, #members do
    if scores[m] then
      local one, n = owner[m], tonumber(scores[m])
      call('ZREM', key, members[m])
      call('ZINCRBY', key, n, is_day and day_name(one.to) or one.to)
      one.spans[#one.spans + 1], one.spans[#one.spans + 2] = spans[k], n
    end
  end
end

local function add(one, other)
  local sums, i = {}, 0
  for n in string.gmatch(one, '%d+') do sums[#sums + 1] = tonumber(n) end
  for n in string.gmatch(other, '%d+') do
    i = i + 1
    sums[i] = (sums[i] or 0) + tonumber(n)
  end
  return table.concat(sums, ',')
end

local long_bytes, views, decisions = 0, 0, false
for i = 1, #found do
  local one = found[i]
  local from, to = one.from, one.to
  views = views + one.views
  if one.named then
    call('ZREM', articles, from)
    call('ZINCRBY', articles, one.views, to)
  end
  if #from > LONG and call('HDEL', names, day_name(from)) == 1 then long_bytes = long_bytes - #from end
  if #to > LONG and call('HSETNX', names, day_name(to), to) == 1 then long_bytes = long_bytes + #to end
  local kept = to ~= OTHER
  if one.balance > 0 then
    call('HDEL', opening, from)
    if kept then call('HINCRBY', opening, to, one.balance) end
  end
  local taken_out = {}
  if one.bins ~= '' then
    call('HDEL', ratings, from)
    if kept then
      call('HSET', ratings, to, add(one.bins, call('HGET', ratings, to) or ''))
      decisions = decisions or call('HGETALL', voided)
      for d = 1, #decisions, 2 do
        local begin, article = string.match(decisions[d + 1], '^(%S+ %S+ %S+ )(.*)$')
        if article == from then
          call('HSET', voided, decisions[d], begin .. to)
          taken_out[#taken_out + 1] = decisions[d]
        end
      end
    end
  end
  -- What was moved somewhere else once, and is an article of its own again, is no alias any more.
  if kept then call('HDEL', aliases, to) end
  if one.alias then
    call('HSET', aliases, from, (one.bins ~= '' and 'r' or '-') .. to)
  end
  local was_hidden = call('SREM', hidden, from) == 1
  -- The other keeps the title that it has.
  local title = call('HGET', titles, from) or ''
  if title ~= '' then
    call('HDEL', titles, from)
    if kept then call('HSETNX', titles, to, title) end
  end
  call('HSET', moved, from, cmsgpack.pack({
    to, one.named and one.views, one.balance, one.bins, one.spans, was_hidden, taken_out, title,
  }))
end
if long_bytes ~= 0 then call('HINCRBY', names, '*', long_bytes) end
call('HINCRBY', aliases, REVISION, 1)
call('EXPIRE', moved, ARGV[5])
call('HSETNX', changes, change, ARGV[4])
call('HINCRBY', changes, change .. ':articles', #found)
call('HINCRBY', changes, change .. ':views', views)
return { #found, views }
