-- record_views: count page views of one site that arrived together, and read its numbers.
--
-- One call takes one view or many. First everything that they need is read, of one kind in one
-- command; then it is decided view by view, in Lua alone, in the order in which they came; then
-- what has changed is written, again of one kind in one command. A command from a script costs
-- Redis more than what it does, and a table that grows, a string that is made or an argument nearly
-- as much. So whatever several views share is sent and answered once, a view is a row of numbers
-- that point to it, and only what is out of the ordinary is answered view by view.
--
-- KEYS  1 counts HASH      2 hours of the day HASH   3 online ZSET      4 visitors of the day HLL
--       5 hits SET         6 hits before SET         7 addresses HASH   8 articles ZSET
--       9 articles of the day ZSET                  10 opening HASH    11 ratings HASH
--      12 ignored HASH     13 site STRING           14… tally HASH and voters HASH of each poll
-- ARGV  MessagePack, values one after the other:
--       1 now (ms), day, yesterday, week, month, year, hour, article cap, identity cap,
--         view ceiling, token ceiling; how many hits, visitors, visitors of the day before,
--         { voters of each poll }, addresses and tokens stand in 2; whether ratings are wanted;
--         { reason = views that are ignored for it }; { which address = which one is its /48 }
--       2 what views share, each once: 8-byte ids of hits, visitors, visitors of the day before
--         and voters; fields of the addresses HASH for views (`v…`) and for tokens (`t…`);
--         article keys
--       3 for each view or beat: which hit (0: a beat), visitor, visitor of the day before,
--         address, article; 0 where there is none
--       4 for each voter's token that is to be minted: which field is that of the address, which
--         that of its /48
--       5 the keys of listed articles, in arrays of at most 1,000
-- Returns nil, and writes nothing, if the site is not (or no longer) registered; else packed
--       { online, counts, { tally, … }, { { whether voted, … }, … }, { odd, … }, { token, … },
--       views, views today, opening, ratings, { { the same four }, … } }: odd are number, outcome
--       ("" if counted) and note of each view that was not simply counted; tokens are the numbers of
--       those beyond the ceiling; views … are of the articles in 2, as before this call and with
--       OTHER behind them if views were counted there; the last is of those in 5, as after it.
local ONLINE_MS, VISIT_GAP_MS, SWEEP_MS = 300000, 1800000, 60000
local HOURS_TTL, VISITORS_TTL, HITS_TTL = 91 * 86400, 2 * 86400, 2400
local ADDRESSES_TTL, DAY_ARTICLES_TTL = 3600, 400 * 86400
local OTHER = '(other)'
-- Stands among hit ids and in the hash of addresses, and says that the key has its expiry.
local EXPIRES = '*'
-- A /48 is one customer, or one provider's many: it may have this many times as many tokens, and
-- views and new visitors, where those beyond are not reviewed but lost.
local CUSTOMER_FACTOR, VIEWS_FACTOR = 3, 10
-- The estimate of the day's visitors is off by 1 %; from this many visits on it is worked out
-- anew only when they have grown by one in as many, or a minute has gone by.
local VISITORS_STEPS = 128
-- Numbers of a row in ARGV[3].
local ROW = 5

local counts, hours, online, visitors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local hits, hits_before, addresses = KEYS[5], KEYS[6], KEYS[7]
local articles, day_articles = KEYS[8], KEYS[9]
local opening, ratings, ignored, site = KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local call, unpack = redis.call, unpack

-- A key counts as often as it is named: 1 is a balance without a site, 3 is both.
local existing = call('EXISTS', site, site, opening)
if existing < 2 then return false end

local now, day, yesterday, week, month, year, hour, article_cap, identity_cap, view_ceiling,
  token_ceiling, hit_count, visitor_count, before_count, voters, address_count, token_count, rated,
  refused, customers = cmsgpack.unpack(ARGV[1])
local shared, rows = { cmsgpack.unpack(ARGV[2]) }, { cmsgpack.unpack(ARGV[3]) }
local mints = { cmsgpack.unpack(ARGV[4]) }
-- Behind which place of `shared` each kind begins; hits are the first.
local visitors_at = hit_count
local befores_at = visitors_at + visitor_count
local voters_at = befores_at + before_count
local addresses_at = voters_at
for poll = 1, #voters do addresses_at = addresses_at + voters[poll] end
local names_at = addresses_at + address_count + token_count
local name_count = #shared - names_at

-- Functions use nothing but what they are given: a local of the script that one uses costs as much
-- as a short command.

-- What `command` answers for the `n` values behind the place `at`.
local function read(command, key, values, at, n)
  return n > 0 and redis.call(command, key, unpack(values, at + 1, at + n)) or {}
end

-- A table for `n` values, which need not be moved while it grows.
local function room(n) return { unpack({}, 1, n) } end

-- READ ---------------------------------------------------------------------------------------
-- Replies stay the arrays that they are: the k-th hit id, article … has the k-th answer.

local known = hit_count > 0 and call('SMISMEMBER', hits, EXPIRES, unpack(shared, 1, hit_count))
local known_before = read('SMISMEMBER', hits_before, shared, 0, hit_count)
local last_seen = read('ZMSCORE', online, shared, visitors_at, visitor_count + before_count)
local totals = read('ZMSCORE', articles, shared, names_at, name_count)
local todays = read('ZMSCORE', day_articles, shared, names_at, name_count)
local openings = existing == 3 and read('HMGET', opening, shared, names_at, name_count) or {}
local scores = rated and read('HMGET', ratings, shared, names_at, name_count) or {}
for k = 1, #last_seen do last_seen[k] = last_seen[k] and last_seen[k] + 0 end

-- The fields of addresses; those of new identities (`n…`) only where a visit may begin.
local address_fields = { EXPIRES, unpack(shared, addresses_at + 1, names_at) }
local fields_read, identities_of = 1 + address_count + token_count, {}
for r = 1, #rows, ROW do
  local visitor, address = rows[r + 1], rows[r + 3]
  if address > 0 and visitor > 0 and not identities_of[address] then
    local last = last_seen[visitor]
    if not last or now - last >= VISIT_GAP_MS then
      local of = address
      while of and not identities_of[of] do
        fields_read = fields_read + 1
        identities_of[of] = fields_read
        address_fields[fields_read] = 'n' .. string.sub(shared[addresses_at + of], 2)
        of = customers[of]
      end
    end
  end
end
local of_address = fields_read > 1 and call('HMGET', addresses, unpack(address_fields)) or {}

local ballots = {}
for poll = 1, #voters do
  local found = read('HMGET', KEYS[13 + 2 * poll], shared, voters_at, voters[poll])
  for k = 1, voters[poll] do found[k] = found[k] and true end
  ballots[poll], voters_at = found, voters_at + voters[poll]
end

local fields = {
  'visits', 'visits:' .. day, 'visits:' .. yesterday, 'visits:' .. week, 'visits:' .. month,
  'visits:' .. year, 'record:visits', 'record:visits:day',
  'views', 'views:' .. day, 'views:' .. yesterday, 'views:' .. week, 'views:' .. month,
  'views:' .. year, 'record:views', 'record:views:day', 'peak', 'peak:at', 'swept',
}
local numbers = call('HMGET', counts, unpack(fields))

-- DECIDE -------------------------------------------------------------------------------------

local views, visits, private = 0, 0, 0
local new_hits, new_visitors, moved, odd, beyond = room(hit_count), {}, {}, {}, {}
local seen, seen_end = room(2 * visitor_count), 0
-- The places of articles that were viewed, and by place how often.
local viewed, fresh, articles_known, new_of_day = room(name_count), room(name_count), false, false
local viewed_count = 0

for r = 1, #rows, ROW do
  local hit, visitor, before, address, article =
    rows[r], rows[r + 1], rows[r + 2], rows[r + 3], rows[r + 4]
  local outcome, note = '', ''

  if hit > 0 then
    local beyond_it = false
    if address > 0 then
      local n = (of_address[1 + address] or 0) + 1
      of_address[1 + address], beyond_it = n, n > view_ceiling
      local customer = customers[address]
      -- What one network has too much is not counted against its neighbours.
      if customer and not beyond_it then
        n = (of_address[1 + customer] or 0) + 1
        of_address[1 + customer], beyond_it = n, n > view_ceiling * VIEWS_FACTOR
      end
    end
    -- The ceiling comes first, so that a flood from one address leaves no hit ids behind.
    if beyond_it then
      outcome = 'ceiling'
    elseif known[1 + hit] == 1 or known_before[hit] == 1 then
      outcome = 'duplicate'
    else
      known[1 + hit], views = 1, views + 1
      new_hits[views] = shared[hit]
    end
  end

  if outcome ~= '' then
    refused[outcome] = (refused[outcome] or 0) + 1
  elseif visitor == 0 then
    private, note = private + 1, 'private'
  else
    -- A visitor known under the id of the day before goes on under the new one: a visit
    -- survives midnight.
    local last = last_seen[visitor]
    if not last and before > 0 then
      last = last_seen[visitor_count + before]
      if last then
        last_seen[visitor_count + before] = false
        moved[#moved + 1] = shared[befores_at + before]
        new_visitors[#new_visitors + 1] = shared[visitors_at + visitor]
      end
    end
    local here = last and now - last < VISIT_GAP_MS
    if not here and hit > 0 then
      local k, beyond_it = identities_of[address], false
      if k then
        local n = (of_address[k] or 0) + 1
        of_address[k], beyond_it = n, n > identity_cap
        k = identities_of[customers[address]]
        if k and not beyond_it then
          n = (of_address[k] or 0) + 1
          of_address[k], beyond_it = n, n > identity_cap * VIEWS_FACTOR
        end
      end
      if beyond_it then
        note = 'identity-cap'
      else
        here, visits = true, visits + 1
        new_visitors[#new_visitors + 1] = shared[visitors_at + visitor]
      end
    end
    last = last_seen[visitor]
    if here and last ~= now then
      last_seen[visitor] = last and last > now and last or now
      seen[seen_end + 1], seen[seen_end + 2] = now, shared[visitors_at + visitor]
      seen_end = seen_end + 2
    end
  end

  if article > 0 and outcome == '' then
    local p = article
    if not fresh[p] and not totals[p] then
      articles_known = articles_known or call('ZCARD', articles)
      if articles_known >= article_cap then
        note, p = 'article-cap', 1
        while p <= name_count and shared[names_at + p] ~= OTHER do p = p + 1 end
        if p > name_count then
          name_count, shared[names_at + p] = p, OTHER
          totals[p], todays[p] = call('ZSCORE', articles, OTHER), call('ZSCORE', day_articles, OTHER)
        end
      end
      if not fresh[p] and not totals[p] then articles_known = articles_known + 1 end
    end
    if fresh[p] then
      fresh[p] = fresh[p] + 1
    else
      fresh[p], viewed_count = 1, viewed_count + 1
      viewed[viewed_count] = p
      new_of_day = new_of_day or not todays[p]
    end
  end

  if outcome ~= '' or note ~= '' then
    local n = #odd
    odd[n + 1], odd[n + 2], odd[n + 3] = (r + ROW - 1) / ROW, outcome, note
  end
end

for m = 1, #mints, 2 do
  local over = false
  for of = 0, 1 do
    local k = mints[m + of]
    if k > 0 then
      k = 1 + address_count + k
      of_address[k] = (of_address[k] or 0) + 1
      over = over or of_address[k] > token_ceiling * (of == 0 and 1 or CUSTOMER_FACTOR)
    end
  end
  if over then beyond[#beyond + 1] = (m + 1) / 2 end
end

-- WRITE --------------------------------------------------------------------------------------

if views > 0 then
  if known[1] == 1 then
    call('SADD', hits, unpack(new_hits, 1, views))
  else
    call('SADD', hits, EXPIRES, unpack(new_hits, 1, views))
    call('EXPIRE', hits, HITS_TTL, 'NX')
  end
end
if fields_read > 1 then
  local changed, n = room(2 * fields_read), 0
  for k = 2, fields_read do
    local value = of_address[k]
    if type(value) == 'number' then
      changed[n + 1], changed[n + 2], n = address_fields[k], value, n + 2
    end
  end
  if of_address[1] then
    call('HSET', addresses, unpack(changed, 1, n))
  else
    call('HSET', addresses, EXPIRES, 1, unpack(changed, 1, n))
    call('EXPIRE', addresses, ADDRESSES_TTL, 'NX')
  end
end
if #moved > 0 then call('ZREM', online, unpack(moved)) end
if seen_end > 0 then call('ZADD', online, 'GT', unpack(seen, 1, seen_end)) end
if viewed_count > 0 then
  local all, today = room(2 * viewed_count), room(2 * viewed_count)
  for k = 1, viewed_count do
    local p = viewed[k]
    local n, name = fresh[p], shared[names_at + p]
    all[2 * k - 1], all[2 * k] = (totals[p] or 0) + n, name
    today[2 * k - 1], today[2 * k] = (todays[p] or 0) + n, name
  end
  call('ZADD', articles, unpack(all, 1, 2 * viewed_count))
  call('ZADD', day_articles, unpack(today, 1, 2 * viewed_count))
  if new_of_day then call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX') end
end
for reason, n in pairs(refused) do
  call('HINCRBY', ignored, reason, n)
  call('HINCRBY', ignored, reason .. ':' .. day, n)
end

-- Fields and values for HSET.
local changes, changes_end = room(2 * #fields), 0

-- Readers who have gone are swept out once a minute, by a call that records something.
local swept = tonumber(numbers[19] or 0)
if #rows > 0 and math.abs(now - swept) >= SWEEP_MS then
  call('ZREMRANGEBYSCORE', online, '-inf', now - VISIT_GAP_MS)
  changes[1], changes[2], changes_end = 'swept', now, 2
  swept = false
end
local online_now = call('ZCOUNT', online, now - ONLINE_MS, '+inf')
-- Without the expiry, the last readers of a site that falls silent would stay for ever. Where all
-- who are online came with this call, the key is perhaps new.
if not swept or seen_end > 0 and online_now <= seen_end / 2 then
  call('EXPIRE', online, (VISIT_GAP_MS + SWEEP_MS) / 1000)
end

if #new_visitors > 0 and call('PFADD', visitors, unpack(new_visitors)) == 1 then
  local before = tonumber(numbers[2] or 0)
  local after = before + visits
  local step = math.floor(after / VISITORS_STEPS)
  if not swept or step <= 1 or math.floor(before / step) < math.floor(after / step) then
    changes[changes_end + 1] = 'visitors:' .. day
    changes[changes_end + 2] = call('PFCOUNT', visitors)
    changes_end = changes_end + 2
    call('EXPIRE', visitors, VISITORS_TTL)
  end
end
if visits > 0 then call('HINCRBY', hours, 'visits:' .. hour, visits) end
if views > 0 then
  if call('HINCRBY', hours, 'views:' .. hour, views) == views then
    call('EXPIRE', hours, HOURS_TTL, 'NX')
  end
  if private > 0 then call('HINCRBY', counts, 'private:' .. day, private) end
  -- The numbers of visits begin at the first, those of views at the ninth.
  for first = 1, 9, 8 do
    local n = first == 1 and visits or views
    local record, record_day = first + 6, first + 7
    for place = first, n > 0 and first + 5 or 0 do
      if place ~= first + 2 then
        numbers[place] = (numbers[place] or 0) + n
        changes[changes_end + 1], changes[changes_end + 2] = fields[place], numbers[place]
        changes_end = changes_end + 2
      end
    end
    if n > 0 and numbers[first + 1] > tonumber(numbers[record] or 0) then
      numbers[record] = numbers[first + 1]
      changes[changes_end + 1], changes[changes_end + 2] = fields[record], numbers[record]
      changes_end = changes_end + 2
      if numbers[record_day] ~= day then
        numbers[record_day] = day
        changes[changes_end + 1], changes[changes_end + 2] = fields[record_day], day
        changes_end = changes_end + 2
      end
    end
  end
  if online_now > tonumber(numbers[17] or 0) and not ARGV.replayed then
    numbers[17], numbers[18] = online_now, now
    changes[changes_end + 1], changes[changes_end + 2] = 'peak', online_now
    changes[changes_end + 3], changes[changes_end + 4] = 'peak:at', now
    changes_end = changes_end + 4
  end
end
if changes_end > 0 then call('HSET', counts, unpack(changes, 1, changes_end)) end

-- ANSWER -------------------------------------------------------------------------------------

-- The articles of lists, which are as they are after all views of the batch.
local lists = { cmsgpack.unpack(ARGV[5]) }
for i = 1, #lists do
  local keys = lists[i]
  lists[i] = {
    call('ZMSCORE', articles, unpack(keys)),
    call('ZMSCORE', day_articles, unpack(keys)),
    existing == 3 and call('HMGET', opening, unpack(keys)) or {},
    rated and call('HMGET', ratings, unpack(keys)) or {},
  }
end

local tallies = {}
for poll = 1, #voters do tallies[poll] = call('HGETALL', KEYS[12 + 2 * poll]) end
return cmsgpack.pack({
  online_now, numbers, tallies, ballots, odd, beyond, totals, todays, openings, scores, lists,
})
