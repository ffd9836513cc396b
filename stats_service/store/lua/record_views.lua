-- record_views: count page views of one site that arrived together, and read its numbers.
--
-- One call takes one view or many; what belongs to the site is added up here and written once.
-- KEYS  1 counts HASH      2 hours of the day HASH   3 online ZSET      4 visitors of the day HLL
--       5 hits SET         6 hits before SET         7 addresses HASH   8 articles ZSET
--       9 articles of the day ZSET                  10 opening HASH    11 ratings HASH
--      12 ignored HASH     13 site STRING           14… tally HASH and voters HASH of each poll
-- ARGV  1 now (ms)  2 day  3 yesterday  4 week  5 month  6 year  7 hour
--       8 article cap  9 identity cap  10 view ceiling  11 token ceiling  12 number of views;
--       then for each view
--       kind ("view", "beat", or the reason why it is ignored), hit id, visitor id,
--       visitor id of the day before, address id ("" where there is none), article key or "",
--       "1" if ratings are wanted, number of the poll that is wanted or "", voter id in it or "",
--       "1" if a voter's token is to be minted, id of the address's /48 or "",
--       number of listed articles, their keys
-- Returns nil, and writes nothing, if the site is not (or no longer) registered; else
--       { online, counts, { tally, … }, { voter, … }, { view, … } }, a voter being
--       { number of the view, 1 if voted, 1 if minted beyond the ceiling } (only views that ask
--       for one of the two), a view being
--       { outcome ("" if counted), note, views, views today, opening, ratings } and, behind it,
--       those four for each listed article.
local ONLINE_MS, VISIT_GAP_MS = 300000, 1800000
local HOURS_TTL, VISITORS_TTL, HITS_TTL = 91 * 86400, 2 * 86400, 2400
local ADDRESSES_TTL, DAY_ARTICLES_TTL = 3600, 400 * 86400
local OTHER = '(other)'

local counts, hours, online, visitors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local hits, hits_before, addresses = KEYS[5], KEYS[6], KEYS[7]
local articles, day_articles = KEYS[8], KEYS[9]
local opening, ratings, ignored = KEYS[10], KEYS[11], KEYS[12]
local now, day, yesterday, week = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local month, year, hour = ARGV[5], ARGV[6], ARGV[7]
local article_cap, identity_cap = tonumber(ARGV[8]), tonumber(ARGV[9])
local view_ceiling, token_ceiling = tonumber(ARGV[10]), tonumber(ARGV[11])
-- A /48 is one customer, or one provider's many: it may have this many times as many tokens.
local CUSTOMER_FACTOR = 3
local call = redis.call

if call('EXISTS', KEYS[13]) == 0 then return false end

local views, visits, private = 0, 0, 0
local seen_now, new_visitors = {}, {}

-- The visitor's last view or beat if the visit still runs, else nil. A visitor known under the
-- id of the day before goes on under the new one: a visit survives midnight.
local function running_visit(visitor, before)
  local last = call('ZSCORE', online, visitor)
  if not last and before ~= '' then
    last = call('ZSCORE', online, before)
    if last then
      call('ZREM', online, before)
      new_visitors[#new_visitors + 1] = visitor
    end
  end
  return last and now - tonumber(last) < VISIT_GAP_MS
end

local function see(visitor)
  call('ZADD', online, 'GT', now, visitor)
end

-- Count the visitor of a view; returns a note where that was not possible in full.
local function count_visitor(visitor, before, address)
  if visitor == '' then
    private = private + 1
    return 'private'
  end
  if not running_visit(visitor, before) then
    if address ~= '' and call('HINCRBY', addresses, 'n' .. address, 1) > identity_cap then
      return 'identity-cap'
    end
    visits = visits + 1
    new_visitors[#new_visitors + 1] = visitor
  end
  see(visitor)
  return ''
end

local function count_article(article)
  local note = ''
  if call('ZCARD', articles) >= article_cap and not call('ZSCORE', articles, article) then
    article, note = OTHER, 'article-cap'
  end
  local total = call('ZINCRBY', articles, 1, article)
  return note, total, call('ZINCRBY', day_articles, 1, article)
end

-- Why a view must not be counted, or nil. The ceiling comes first, so that a flood from one
-- address leaves no hit ids behind.
local function refused(hit, address)
  if address ~= '' and call('HINCRBY', addresses, 'v' .. address, 1) > view_ceiling then
    return 'ceiling'
  end
  if call('SISMEMBER', hits_before, hit) == 1 or call('SADD', hits, hit) == 0 then
    return 'duplicate'
  end
end

-- Whether a token for this address is one too many.
local function minted_beyond(address, customer)
  local beyond = address ~= '' and call('HINCRBY', addresses, 't' .. address, 1) > token_ceiling
  if customer ~= '' then
    local n = call('HINCRBY', addresses, 't' .. customer, 1)
    beyond = beyond or n > token_ceiling * CUSTOMER_FACTOR
  end
  return beyond
end

local has_opening = call('EXISTS', opening) == 1
local results, voters, at = {}, {}, 13
for i = 1, tonumber(ARGV[12]) do
  local kind, hit, visitor, before = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local address, article, rated = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6] == '1'
  local poll, voter, mint = ARGV[at + 7], ARGV[at + 8], ARGV[at + 9] == '1'
  local listed = tonumber(ARGV[at + 11])
  local outcome, note, total, today = kind, '', false, false

  if kind == 'view' then
    outcome = refused(hit, address) or ''
    if outcome == '' then
      views = views + 1
      note = count_visitor(visitor, before, address)
      if article ~= '' then
        local article_note
        article_note, total, today = count_article(article)
        if article_note ~= '' then note = article_note end
      end
    end
  elseif kind == 'beat' and visitor ~= '' and running_visit(visitor, before) then
    see(visitor)
  end
  if outcome ~= '' and outcome ~= 'beat' then
    call('HINCRBY', ignored, outcome, 1)
    call('HINCRBY', ignored, outcome .. ':' .. day, 1)
  end

  if mint or voter ~= '' then
    voters[#voters + 1] = {
      i, voter ~= '' and call('HEXISTS', KEYS[13 + 2 * tonumber(poll)], voter) or 0,
      mint and minted_beyond(address, ARGV[at + 10]) and 1 or 0,
    }
  end

  local result = { outcome, note }
  if article ~= '' then
    result[3] = total or call('ZSCORE', articles, article)
    result[4] = today or call('ZSCORE', day_articles, article)
    result[5] = has_opening and call('HGET', opening, article)
    result[6] = rated and call('HGET', ratings, article)
  end
  if listed > 0 then
    local first, last = at + 12, at + 11 + listed
    local all = call('ZMSCORE', articles, unpack(ARGV, first, last))
    local todays = call('ZMSCORE', day_articles, unpack(ARGV, first, last))
    local openings = has_opening and call('HMGET', opening, unpack(ARGV, first, last))
    local scores = rated and call('HMGET', ratings, unpack(ARGV, first, last))
    for j = 1, listed do
      local p = 3 + 4 * j
      result[p], result[p + 1] = all[j], todays[j]
      result[p + 2], result[p + 3] = openings and openings[j], scores and scores[j]
    end
    for p = 3, 6 do
      if result[p] == nil then result[p] = false end
    end
  end
  results[i] = result
  at = at + 12 + listed
end

if #new_visitors > 0 and call('PFADD', visitors, unpack(new_visitors)) == 1 then
  call('HSET', counts, 'visitors:' .. day, call('PFCOUNT', visitors))
  call('EXPIRE', visitors, VISITORS_TTL)
end

local spans = { '', ':' .. day, ':' .. week, ':' .. month, ':' .. year }
for metric, n in pairs({ views = views, visits = visits }) do
  if n > 0 then
    for i = 1, #spans do call('HINCRBY', counts, metric .. spans[i], n) end
    call('HINCRBY', hours, metric .. ':' .. hour, n)
  end
end
if views > 0 then
  if private > 0 then call('HINCRBY', counts, 'private:' .. day, private) end
  call('EXPIRE', hours, HOURS_TTL, 'NX')
  call('EXPIRE', hits, HITS_TTL, 'NX')
  call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX')
end

call('EXPIRE', addresses, ADDRESSES_TTL, 'NX')
-- Without the expiry, the last readers of a site that falls silent would stay for ever.
call('EXPIRE', online, VISIT_GAP_MS / 1000)
call('ZREMRANGEBYSCORE', online, '-inf', now - VISIT_GAP_MS)
local online_now = call('ZCOUNT', online, now - ONLINE_MS, '+inf')

local numbers = call('HMGET', counts,
  'visits', 'visits:' .. day, 'visits:' .. yesterday, 'visits:' .. week, 'visits:' .. month,
  'visits:' .. year, 'record:visits', 'record:visits:day',
  'views', 'views:' .. day, 'views:' .. yesterday, 'views:' .. week, 'views:' .. month,
  'views:' .. year, 'record:views', 'record:views:day', 'peak', 'peak:at')
local function keep_record(metric, at_today, at_record)
  local today = tonumber(numbers[at_today] or 0)
  if today > tonumber(numbers[at_record] or 0) then
    numbers[at_record], numbers[at_record + 1] = today, day
    call('HSET', counts, 'record:' .. metric, today, 'record:' .. metric .. ':day', day)
  end
end
if views > 0 then
  keep_record('visits', 2, 7)
  keep_record('views', 10, 15)
  if online_now > tonumber(numbers[17] or 0) and not ARGV.replayed then
    numbers[17], numbers[18] = online_now, now
    call('HSET', counts, 'peak', online_now, 'peak:at', now)
  end
end

local tallies = {}
for i = 14, #KEYS, 2 do tallies[#tallies + 1] = call('HGETALL', KEYS[i]) end
return { online_now, numbers, tallies, voters, results }
