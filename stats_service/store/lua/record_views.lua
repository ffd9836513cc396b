-- record_views: count page views of one site that arrived together, and read its numbers.
--
-- One call takes one view or many. First everything that they need is read, of one kind in one
-- command; then it is decided view by view, in Lua alone, in the order in which they came; then
-- what has changed is written, again of one kind in one command. A command from a script costs
-- Redis more than what it does, so a batch costs little more than a single view.
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
-- A /48 is one customer, or one provider's many: it may have this many times as many tokens.
local CUSTOMER_FACTOR = 3
-- The estimate of the day's visitors is off by 1 %; from this many visits on it is worked out
-- anew only when they have grown by one in as many.
local VISITORS_STEPS = 512

local counts, hours, online, visitors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local hits, hits_before, addresses = KEYS[5], KEYS[6], KEYS[7]
local articles, day_articles = KEYS[8], KEYS[9]
local opening, ratings, ignored = KEYS[10], KEYS[11], KEYS[12]
local now, day, yesterday, week = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local month, year, hour = ARGV[5], ARGV[6], ARGV[7]
local article_cap, identity_cap = tonumber(ARGV[8]), tonumber(ARGV[9])
local view_ceiling, token_ceiling = tonumber(ARGV[10]), tonumber(ARGV[11])
local call = redis.call

if call('EXISTS', KEYS[13]) == 0 then return false end

-- READ ---------------------------------------------------------------------------------------

local starts, hit_ids, visitor_ids, names, rated_names = {}, {}, {}, {}, {}
local lists = false
local at = 13
for i = 1, tonumber(ARGV[12]) do
  local kind, article = ARGV[at], ARGV[at + 5]
  starts[i] = at
  if kind == 'view' then hit_ids[#hit_ids + 1] = ARGV[at + 1] end
  if ARGV[at + 2] ~= '' then visitor_ids[#visitor_ids + 1] = ARGV[at + 2] end
  if article ~= '' then
    names[#names + 1] = article
    if ARGV[at + 6] == '1' then rated_names[#rated_names + 1] = article end
  end
  local listed = tonumber(ARGV[at + 11])
  lists = lists or listed > 0
  at = at + 12 + listed
end

-- What `command` answers for each of `members`, by member.
local function read(command, key, members)
  local found = {}
  if #members > 0 then
    local answers = call(command, key, unpack(members))
    for i = 1, #members do found[members[i]] = answers[i] end
  end
  return found
end

local known, known_before = read('SMISMEMBER', hits, hit_ids), read('SMISMEMBER', hits_before, hit_ids)
local last_seen = read('ZMSCORE', online, visitor_ids)
local totals, todays = read('ZMSCORE', articles, names), read('ZMSCORE', day_articles, names)
local has_opening = (lists or #names > 0) and call('EXISTS', opening) == 1
local openings = has_opening and read('HMGET', opening, names) or {}
local scores = read('HMGET', ratings, rated_names)
local articles_known = #hit_ids > 0 and #names > 0 and call('ZCARD', articles)

-- DECIDE -------------------------------------------------------------------------------------

local views, visits, private = 0, 0, 0
local new_hits, new_visitors, seen, viewed = {}, {}, {}, {}
local new_address, new_article = false, false

-- Count one more for an address; returns the number.
local function count_address(field)
  local n = call('HINCRBY', addresses, field, 1)
  new_address = new_address or n == 1
  return n
end

-- Why a view must not be counted, or ''. The ceiling comes first, so that a flood from one
-- address leaves no hit ids behind.
local function refused(hit, address)
  if address ~= '' and count_address('v' .. address) > view_ceiling then return 'ceiling' end
  if known[hit] == 1 or known_before[hit] == 1 then return 'duplicate' end
  known[hit] = 1
  new_hits[#new_hits + 1] = hit
  return ''
end

-- Whether the visitor's last view or beat belongs to a visit that still runs. A visitor known
-- under the id of the day before goes on under the new one: a visit survives midnight.
local function visit_runs(visitor, before)
  local last = last_seen[visitor]
  if not last and before ~= '' then
    last = call('ZSCORE', online, before)
    if last then
      call('ZREM', online, before)
      new_visitors[#new_visitors + 1] = visitor
    end
  end
  return last and now - last < VISIT_GAP_MS
end

local function see(visitor)
  last_seen[visitor] = math.max(now, last_seen[visitor] or 0)
  seen[#seen + 1] = now
  seen[#seen + 1] = visitor
end

-- Count the visitor of a view; returns a note where that was not possible in full.
local function count_visitor(visitor, before, address)
  if visitor == '' then
    private = private + 1
    return 'private'
  end
  if not visit_runs(visitor, before) then
    if address ~= '' and count_address('n' .. address) > identity_cap then return 'identity-cap' end
    visits = visits + 1
    new_visitors[#new_visitors + 1] = visitor
  end
  see(visitor)
  return ''
end

-- Count a view of an article; returns a note, and the article under which it is counted.
local function count_article(article)
  local note = ''
  if not totals[article] and articles_known >= article_cap then
    article, note = OTHER, 'article-cap'
    if not viewed[OTHER] then
      totals[OTHER] = call('ZSCORE', articles, OTHER)
      todays[OTHER] = call('ZSCORE', day_articles, OTHER)
    end
  end
  if not totals[article] then articles_known = articles_known + 1 end
  if not todays[article] then new_article = true end
  totals[article], todays[article] = (totals[article] or 0) + 1, (todays[article] or 0) + 1
  viewed[article] = true
  return note, article
end

-- Whether a token for this address is one too many.
local function minted_beyond(address, customer)
  local beyond = address ~= '' and count_address('t' .. address) > token_ceiling
  if customer ~= '' then
    local n = count_address('t' .. customer)
    beyond = beyond or n > token_ceiling * CUSTOMER_FACTOR
  end
  return beyond
end

local results, voters = {}, {}
for i = 1, #starts do
  local at = starts[i]
  local kind, visitor, before, address = ARGV[at], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local article, counted_as = ARGV[at + 5], ARGV[at + 5]
  local voter, mint = ARGV[at + 8], ARGV[at + 9] == '1'
  local outcome, note = kind, ''

  if kind == 'view' then
    outcome = refused(ARGV[at + 1], address)
    if outcome == '' then
      views = views + 1
      note = count_visitor(visitor, before, address)
      if article ~= '' then
        local article_note
        article_note, counted_as = count_article(article)
        if article_note ~= '' then note = article_note end
      end
    end
  elseif kind == 'beat' and visitor ~= '' and visit_runs(visitor, before) then
    see(visitor)
  end
  if outcome ~= '' and outcome ~= 'beat' then
    call('HINCRBY', ignored, outcome, 1)
    call('HINCRBY', ignored, outcome .. ':' .. day, 1)
  end
  if mint or voter ~= '' then
    voters[#voters + 1] = {
      i, voter ~= '' and call('HEXISTS', KEYS[13 + 2 * tonumber(ARGV[at + 7])], voter) or 0,
      mint and minted_beyond(address, ARGV[at + 10]) and 1 or 0,
    }
  end
  results[i] = article == '' and { outcome, note } or {
    outcome, note, totals[counted_as] or false, todays[counted_as] or false,
    openings[article] or false, ARGV[at + 6] == '1' and scores[article] or false,
  }
end

-- WRITE --------------------------------------------------------------------------------------

if #new_hits > 0 then
  call('SADD', hits, unpack(new_hits))
  call('EXPIRE', hits, HITS_TTL, 'NX')
end
if #seen > 0 then
  call('ZADD', online, 'GT', unpack(seen))
  -- Without the expiry, the last readers of a site that falls silent would stay for ever.
  call('EXPIRE', online, VISIT_GAP_MS / 1000)
end
local all, today = {}, {}
for article in pairs(viewed) do
  all[#all + 1], all[#all + 2] = totals[article], article
  today[#today + 1], today[#today + 2] = todays[article], article
end
if #all > 0 then
  call('ZADD', articles, unpack(all))
  call('ZADD', day_articles, unpack(today))
end
if new_article then call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX') end
if new_address then call('EXPIRE', addresses, ADDRESSES_TTL, 'NX') end

call('ZREMRANGEBYSCORE', online, '-inf', now - VISIT_GAP_MS)
local online_now = call('ZCOUNT', online, now - ONLINE_MS, '+inf')

local fields = {
  'visits', 'visits:' .. day, 'visits:' .. yesterday, 'visits:' .. week, 'visits:' .. month,
  'visits:' .. year, 'record:visits', 'record:visits:day',
  'views', 'views:' .. day, 'views:' .. yesterday, 'views:' .. week, 'views:' .. month,
  'views:' .. year, 'record:views', 'record:views:day', 'peak', 'peak:at',
}
local numbers, changes = call('HMGET', counts, unpack(fields)), {}
local function set(place, value)
  numbers[place] = value
  changes[#changes + 1] = fields[place]
  changes[#changes + 1] = value
end
-- Add `n` to the numbers of a metric, which begin at `first`; keep its record day.
local function add(first, n)
  set(first, (numbers[first] or 0) + n)
  set(first + 1, (numbers[first + 1] or 0) + n)
  for place = first + 3, first + 5 do set(place, (numbers[place] or 0) + n) end
  if numbers[first + 1] > tonumber(numbers[first + 6] or 0) then
    set(first + 6, numbers[first + 1])
    set(first + 7, day)
  end
end

if #new_visitors > 0 and call('PFADD', visitors, unpack(new_visitors)) == 1 then
  local before = tonumber(numbers[2] or 0)
  local after = before + visits
  local step = math.floor(after / VISITORS_STEPS)
  if step <= 1 or math.floor(before / step) < math.floor(after / step) then
    changes = { 'visitors:' .. day, call('PFCOUNT', visitors) }
    call('EXPIRE', visitors, VISITORS_TTL)
  end
end
if visits > 0 then
  add(1, visits)
  call('HINCRBY', hours, 'visits:' .. hour, visits)
end
if views > 0 then
  add(9, views)
  if call('HINCRBY', hours, 'views:' .. hour, views) == views then
    call('EXPIRE', hours, HOURS_TTL, 'NX')
  end
  if private > 0 then call('HINCRBY', counts, 'private:' .. day, private) end
  if online_now > tonumber(numbers[17] or 0) and not ARGV.replayed then
    set(17, online_now)
    set(18, now)
  end
end
if #changes > 0 then call('HSET', counts, unpack(changes)) end

-- ANSWER -------------------------------------------------------------------------------------

-- The articles of lists, which are as they are after all views of the batch.
for i = 1, lists and #starts or 0 do
  local listed = tonumber(ARGV[starts[i] + 11])
  if listed > 0 then
    local first, last = starts[i] + 12, starts[i] + 11 + listed
    local result, rated = results[i], ARGV[starts[i] + 6] == '1'
    local all = call('ZMSCORE', articles, unpack(ARGV, first, last))
    local todays = call('ZMSCORE', day_articles, unpack(ARGV, first, last))
    local openings = has_opening and call('HMGET', opening, unpack(ARGV, first, last)) or {}
    local scores = rated and call('HMGET', ratings, unpack(ARGV, first, last)) or {}
    for p = #result + 1, 6 do result[p] = false end
    for j = 1, listed do
      local p = 3 + 4 * j
      result[p], result[p + 1] = all[j], todays[j]
      result[p + 2], result[p + 3] = openings[j] or false, scores[j] or false
    end
  end
end

local tallies = {}
for i = 14, #KEYS, 2 do tallies[#tallies + 1] = call('HGETALL', KEYS[i]) end
return { online_now, numbers, tallies, voters, results }
