-- record_views: count page views of one site that arrived together, and read its numbers.
--
-- One call takes one view or many. First everything that they need is read, of one kind in one
-- command; then it is decided view by view, in Lua alone, in the order in which they came; then
-- what has changed is written, again of one kind in one command. A command from a script costs
-- Redis more than what it does, an argument or a part of a reply nearly as much: so a batch costs
-- little more than a single view, and what goes in and out is packed (MessagePack).
--
-- KEYS  1 counts HASH      2 hours of the day HASH   3 online ZSET      4 visitors of the day HLL
--       5 hits SET         6 hits before SET         7 addresses HASH   8 articles ZSET
--       9 articles of the day ZSET                  10 opening HASH    11 ratings HASH
--      12 ignored HASH     13 site STRING           14… tally HASH and voters HASH of each poll
-- ARGV  1 packed: { now (ms), day, yesterday, week, month, year, hour, article cap,
--         identity cap, view ceiling, token ceiling }
--       2 packed, for each view: { kind ("view", "beat", or the reason why it is ignored),
--         article key or "", whether ratings are wanted, number of the poll that is wanted or 0,
--         whether a voter's token is to be minted, the keys of listed articles }
--       3 for each view six ids of 8 bytes, NONE where there is none: hit, visitor, visitor of
--         the day before, address, voter in the poll, the address's /48
-- Returns nil, and writes nothing, if the site is not (or no longer) registered; else packed
--       { online, counts, { tally, … }, { voter, … }, { view, … } }, a voter being
--       { number of the view, whether voted, whether minted beyond the ceiling } (only views that
--       ask for one of the two), a view being
--       { outcome ("" if counted), note, views, views today, opening, ratings } and, behind it,
--       those four for each listed article.
local ONLINE_MS, VISIT_GAP_MS, SWEEP_MS = 300000, 1800000, 60000
local HOURS_TTL, VISITORS_TTL, HITS_TTL = 91 * 86400, 2 * 86400, 2400
local ADDRESSES_TTL, DAY_ARTICLES_TTL = 3600, 400 * 86400
local OTHER, NONE = '(other)', '\0\0\0\0\0\0\0\0'
-- Stands among hit ids and in the hash of addresses, and says that the key has its expiry.
local EXPIRES = '*'
-- A /48 is one customer, or one provider's many: it may have this many times as many tokens.
local CUSTOMER_FACTOR = 3
-- The estimate of the day's visitors is off by 1 %; from this many visits on it is worked out
-- anew only when they have grown by one in as many.
local VISITORS_STEPS = 512

local counts, hours, online, visitors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local hits, hits_before, addresses = KEYS[5], KEYS[6], KEYS[7]
local articles, day_articles = KEYS[8], KEYS[9]
local opening, ratings, ignored, site = KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local now, day, yesterday, week, month, year, hour, article_cap, identity_cap, view_ceiling,
  token_ceiling = unpack(cmsgpack.unpack(ARGV[1]))
local batch, ids = cmsgpack.unpack(ARGV[2]), ARGV[3]
local call = redis.call

-- A key counts as often as it is named: 1 is a balance without a site, 3 is both.
local existing = call('EXISTS', site, site, opening)
if existing < 2 then return false end

-- READ ---------------------------------------------------------------------------------------
-- Replies stay the arrays that they are: the k-th hit id, article … has the k-th answer.

local hit_of, visitor_of, before_of, address_of, customer_of = {}, {}, {}, {}, {}
local hit_ids, visitor_ids, names, rated_names, voters_of = { EXPIRES }, {}, {}, {}, {}
for i = 1, #batch do
  local view = batch[i]
  local article, poll = view[2], view[4]
  local hit, visitor, before, address, voter, customer =
    struct.unpack('c8c8c8c8c8c8', ids, 48 * i - 47)
  hit_of[i], visitor_of[i], before_of[i] = hit, visitor, before
  address_of[i], customer_of[i] = address, customer
  if view[1] == 'view' then hit_ids[#hit_ids + 1] = hit end
  if visitor ~= NONE then visitor_ids[#visitor_ids + 1] = visitor end
  if before ~= NONE then visitor_ids[#visitor_ids + 1] = before end
  if article ~= '' then
    names[#names + 1] = article
    if view[3] then rated_names[#rated_names + 1] = article end
  end
  if poll > 0 and voter ~= NONE then
    local of_poll = voters_of[poll] or {}
    voters_of[poll], of_poll[#of_poll + 1] = of_poll, voter
    view[7] = #of_poll
  end
end

-- What `command` answers for each of `members`.
local function read(command, key, members)
  return #members > 0 and call(command, key, unpack(members)) or members
end

local counted = #hit_ids > 1
local known = counted and read('SMISMEMBER', hits, hit_ids)
local known_before = counted and read('SMISMEMBER', hits_before, hit_ids)
local totals, todays = read('ZMSCORE', articles, names), read('ZMSCORE', day_articles, names)
local openings = existing == 3 and read('HMGET', opening, names) or {}
local scores = read('HMGET', ratings, rated_names)
local articles_known = false

local last_seen, answers = {}, read('ZMSCORE', online, visitor_ids)
for k = 1, #visitor_ids do last_seen[visitor_ids[k]] = answers[k] end

local address_fields = { EXPIRES }
for i = 1, #batch do
  local view, address, customer = batch[i], address_of[i], customer_of[i]
  if address ~= NONE then
    if view[1] == 'view' then
      address_fields[#address_fields + 1] = 'v' .. address
      if not last_seen[visitor_of[i]] then
        address_fields[#address_fields + 1] = 'n' .. address
      end
    end
    if view[5] then address_fields[#address_fields + 1] = 't' .. address end
  end
  if view[5] and customer ~= NONE then
    address_fields[#address_fields + 1] = 't' .. customer
  end
end
local of_address = {}
if #address_fields > 1 then
  answers = call('HMGET', addresses, unpack(address_fields))
  for k = 1, #address_fields do of_address[address_fields[k]] = answers[k] end
end

local ballots = {}
for poll, of_poll in pairs(voters_of) do
  ballots[poll] = call('HMGET', KEYS[13 + 2 * poll], unpack(of_poll))
end

local fields = {
  'visits', 'visits:' .. day, 'visits:' .. yesterday, 'visits:' .. week, 'visits:' .. month,
  'visits:' .. year, 'record:visits', 'record:visits:day',
  'views', 'views:' .. day, 'views:' .. yesterday, 'views:' .. week, 'views:' .. month,
  'views:' .. year, 'record:views', 'record:views:day', 'peak', 'peak:at', 'swept',
}
local numbers = call('HMGET', counts, unpack(fields))

-- DECIDE -------------------------------------------------------------------------------------

local views, visits, private, new_article = 0, 0, 0, false
local new_hits, new_visitors, seen, moved = {}, {}, {}, {}
local touched, refused = {}, {}
-- Views of articles, as ZADD takes them, and where each article stands among them.
local all, today, place = {}, {}, {}

-- Count one more for an address; returns the number.
local function count_address(field)
  local n = (of_address[field] or 0) + 1
  of_address[field], touched[field] = n, true
  return n
end

-- Whether the visitor's last view or beat belongs to a visit that still runs. A visitor known
-- under the id of the day before goes on under the new one: a visit survives midnight.
local function visit_runs(visitor, before)
  local last = last_seen[visitor]
  if not last and before ~= NONE then
    last = last_seen[before]
    if last then
      last_seen[before] = nil
      moved[#moved + 1] = before
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

-- Count a view of an article that has had `total` and `of_today` of them; returns a note, and
-- where the article stands under which it is counted.
local function count_article(article, total, of_today)
  local note, p = '', place[article]
  if not p then
    if not total then
      articles_known = articles_known or call('ZCARD', articles)
      if articles_known >= article_cap then
        article, note = OTHER, 'article-cap'
        p = place[OTHER]
        if not p then
          total, of_today = call('ZSCORE', articles, OTHER), call('ZSCORE', day_articles, OTHER)
        end
      end
    end
    if not p then
      if not total then articles_known = articles_known + 1 end
      if not of_today then new_article = true end
      p = #all + 1
      place[article], all[p], all[p + 1] = p, total or 0, article
      today[p], today[p + 1] = of_today or 0, article
    end
  end
  all[p], today[p] = all[p] + 1, today[p] + 1
  return note, p
end

local results, voters = {}, {}
local hits_read, names_read, rated_read = 1, 0, 0
for i = 1, #batch do
  local view, address = batch[i], address_of[i]
  local outcome, article, rated, mint = view[1], view[2], view[3], view[5]
  local visitor, note, p = visitor_of[i], '', false
  if article ~= '' then
    names_read = names_read + 1
    if rated then rated_read = rated_read + 1 end
  end

  if outcome == 'view' then
    local hit = hit_of[i]
    hits_read = hits_read + 1
    -- The ceiling comes first, so that a flood from one address leaves no hit ids behind.
    if address ~= NONE and count_address('v' .. address) > view_ceiling then
      outcome = 'ceiling'
    elseif known[hits_read] == 1 or known_before[hits_read] == 1 or known[hit] then
      outcome = 'duplicate'
    else
      outcome, known[hit] = '', true
      new_hits[#new_hits + 1] = hit
      views = views + 1
      if visitor == NONE then
        private, note = private + 1, 'private'
      elseif visit_runs(visitor, before_of[i]) then
        see(visitor)
      elseif address ~= NONE and count_address('n' .. address) > identity_cap then
        note = 'identity-cap'
      else
        visits = visits + 1
        new_visitors[#new_visitors + 1] = visitor
        see(visitor)
      end
      if article ~= '' then
        local article_note
        article_note, p = count_article(article, totals[names_read], todays[names_read])
        if article_note ~= '' then note = article_note end
      end
    end
  elseif outcome == 'beat' and visitor ~= NONE and visit_runs(visitor, before_of[i]) then
    see(visitor)
  end
  if outcome ~= '' and outcome ~= 'beat' then refused[outcome] = (refused[outcome] or 0) + 1 end

  if mint or view[7] then
    local beyond = false
    if mint then
      beyond = address ~= NONE and count_address('t' .. address) > token_ceiling
      local customer = customer_of[i]
      if customer ~= NONE then
        local n = count_address('t' .. customer)
        beyond = beyond or n > token_ceiling * CUSTOMER_FACTOR
      end
    end
    voters[#voters + 1] = { i, view[7] and ballots[view[4]][view[7]] and true or false, beyond }
  end
  if article == '' then
    results[i] = { outcome, note }
  else
    p = p or place[article]
    results[i] = {
      outcome, note, p and all[p] or totals[names_read], p and today[p] or todays[names_read],
      openings[names_read] or false, rated and scores[rated_read] or false,
    }
  end
end

-- WRITE --------------------------------------------------------------------------------------

if #new_hits > 0 then
  if known[1] == 1 then
    call('SADD', hits, unpack(new_hits))
  else
    call('SADD', hits, EXPIRES, unpack(new_hits))
    call('EXPIRE', hits, HITS_TTL, 'NX')
  end
end
local of_addresses = {}
for field in pairs(touched) do
  of_addresses[#of_addresses + 1], of_addresses[#of_addresses + 2] = field, of_address[field]
end
if #of_addresses > 0 then
  if of_address[EXPIRES] then
    call('HSET', addresses, unpack(of_addresses))
  else
    call('HSET', addresses, EXPIRES, 1, unpack(of_addresses))
    call('EXPIRE', addresses, ADDRESSES_TTL, 'NX')
  end
end
if #moved > 0 then call('ZREM', online, unpack(moved)) end
if #seen > 0 then call('ZADD', online, 'GT', unpack(seen)) end
if #all > 0 then
  call('ZADD', articles, unpack(all))
  call('ZADD', day_articles, unpack(today))
end
if new_article then call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX') end
for reason, n in pairs(refused) do
  call('HINCRBY', ignored, reason, n)
  call('HINCRBY', ignored, reason .. ':' .. day, n)
end

local changes = {}
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

-- Readers who have gone are swept out once a minute, by a call that records something.
local swept = tonumber(numbers[19] or 0)
if #batch > 0 and math.abs(now - swept) >= SWEEP_MS then
  call('ZREMRANGEBYSCORE', online, '-inf', now - VISIT_GAP_MS)
  set(19, now)
  swept = false
end
local online_now = call('ZCOUNT', online, now - ONLINE_MS, '+inf')
-- Without the expiry, the last readers of a site that falls silent would stay for ever. Where all
-- who are online came with this call, the key is perhaps new.
if not swept or #seen > 0 and online_now <= #seen / 2 then
  call('EXPIRE', online, (VISIT_GAP_MS + SWEEP_MS) / 1000)
end

if #new_visitors > 0 and call('PFADD', visitors, unpack(new_visitors)) == 1 then
  local before = tonumber(numbers[2] or 0)
  local after = before + visits
  local step = math.floor(after / VISITORS_STEPS)
  if step <= 1 or math.floor(before / step) < math.floor(after / step) then
    changes[#changes + 1] = 'visitors:' .. day
    changes[#changes + 1] = call('PFCOUNT', visitors)
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
for i = 1, #batch do
  local listed, rated = batch[i][6], batch[i][3]
  if #listed > 0 then
    local result = results[i]
    local listed_totals = call('ZMSCORE', articles, unpack(listed))
    local listed_todays = call('ZMSCORE', day_articles, unpack(listed))
    local listed_openings = existing == 3 and call('HMGET', opening, unpack(listed)) or {}
    local listed_scores = rated and call('HMGET', ratings, unpack(listed)) or {}
    for p = #result + 1, 6 do result[p] = false end
    for j = 1, #listed do
      local p = 3 + 4 * j
      result[p], result[p + 1] = listed_totals[j], listed_todays[j]
      result[p + 2], result[p + 3] = listed_openings[j] or false, listed_scores[j] or false
    end
  end
end

local tallies = {}
for i = 14, #KEYS, 2 do tallies[#tallies + 1] = call('HGETALL', KEYS[i]) end
return cmsgpack.pack({ online_now, numbers, tallies, voters, results })
