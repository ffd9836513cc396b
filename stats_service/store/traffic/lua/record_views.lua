-- record_views: count page views of one site that arrived together, and read its numbers.
-- count_readers.lua comes before.
--
-- One call takes one view or many, in three steps: read all values, one command for each kind;
-- decide view by view in order of arrival, in Lua alone; write all changes, one command for each
-- kind. A command costs a script more than the work it does, and growing a table, creating a string
-- or passing an argument costs nearly as much. So values that several views share are sent and
-- returned once, a view is a row of indexes into them, and only views that were not simply counted
-- get a result of their own.
--
-- KEYS  1 counts HASH      2 hours of the day HASH   3 online ZSET      4 visitors of the day HLL
--       5 hits SET         6 hits before SET         7 addresses HASH   8 articles ZSET
--       9 articles of the day ZSET                  10 opening HASH    11 ratings HASH
--      12 ignored HASH     13 site STRING           14 names HASH       15 aliases HASH
--      16 readers of the day HASH                  17… tally HASH and voters HASH of each poll,
--         then clicks on documents HASH if any document is in ARGV[5]
-- ARGV  MessagePack, values one after the other:
--       1 now (ms), day, yesterday, week, month, year, hour, article cap, identity cap,
--         view ceiling, token ceiling; how many hits, visitors, visitors of the day before,
--         { voters of each poll }, addresses and tokens stand in 2; whether ratings are wanted;
--         { reason = views that are ignored for it }; { which address = which one is its /48 };
--         { which article = what stands for its long key in the articles of a day } or
--         false
--       2 what views share, each once: 8-byte ids of hits, visitors, visitors of the day before
--         and voters; fields of the addresses HASH for views (`v…`) and for tokens (`t…`);
--         article keys
--       3 for each view or beat: which hit (0: a beat), visitor, visitor of the day before,
--         address, article; 0 where there is none
--       4 for each voter's token that is to be issued: which field is that of the address, which
--         that of its /48
--       5 listed articles: arrays of at most 1,000 keys, each followed by the array of what stands
--         for them in the articles of a day, or false if that is the keys themselves; behind all of
--         them, documents: arrays of at most 1,000 keys, each followed by true
--       6 { which view or beat = which text }, then the texts: what a visit that begins with the view
--         tells, in MessagePack, one after the other: letters of dimensions, each with a value; `e`
--         alone: the article. Empty: nothing
-- Returns nil, and writes nothing, if the site is not (or no longer) registered; else packed
--       { online, counts, { tally, … }, { { whether voted, … }, … }, { odd, … }, { token, … },
--       views, views today, opening, ratings, { { the same four } or { clicks, … }, … }, whether
--       the articles are as many as they may be, { view with which a visit begins, … } or false }:
--       odd are number, outcome ("" if counted) and note of each view that was not simply counted;
--       tokens are the numbers of those beyond the ceiling; views … are of the articles in 2, as
--       before this call; the last but two is of those in 5, as after it.
local ONLINE_MS, VISIT_GAP_MS, MINUTE_MS = 300000, 1800000, 60000
-- Minutes whose readers online are kept, and their field of the addresses HASH.
local MINUTES_KEPT, MINUTES = 30, 'o'
-- A visitor last seen further in the future than this does not count: the clock was ahead. Two
-- clocks of one installation may differ by ten minutes.
local AHEAD_MS = 600000
local HOURS_TTL, VISITORS_TTL, HITS_TTL = 91 * 86400, 2 * 86400, 2400
local ADDRESSES_TTL, DAY_ARTICLES_TTL = 3600, 400 * 86400
local OTHER = '(other)'
-- Marker among hit ids and in the addresses HASH: the key has an expiry.
local EXPIRES = '*'
-- A /48 is one site, or many customers of a provider: its ceiling of tokens, and of views and new
-- visitors, is this many times higher, because the excess is lost, not reviewed.
local IPV6_48_FACTOR, VIEWS_FACTOR = 3, 10
-- An address, and ten of them a /48, may have one in so many of yesterday's visits as new visitors:
-- less than the half hours of a day, so that no address can raise its own ceiling day by day.
local PAST_SHARE = 50
-- An address with more new visitors than this is a crowd, and may have this many views for each.
local CROWD, CROWD_VIEWS = 600, 10
-- New articles of one address in half an hour, while there is room and while others must give way
-- to them; ten times as many of a /48.
local NAMES_CEILING, NAMES_CEILING_FULL = 1000, 100
-- Bytes that long keys may have together, for each article of the cap; which share of the cap may
-- be new on one day (and how many at least) before others must give way to them.
local LONG_BYTES, NAME_LONG, DAY_SHARE, DAY_NAMES = 128, 128, 5, 1000
-- An article gives way only if it has no more views than this, no rating and no opening balance.
-- It is drawn at random from those with one view, or from the least read twentieth of the cap.
local GIVES_WAY, POOL_SHARE, DRAWS = 10, 20, 16
-- The estimate of the day's visitors has an error of 1 %. From this many visits on it is computed
-- again only after the visits have grown by one in as many, or after a minute.
local VISITORS_STEPS = 128
-- Numbers of a row in ARGV[3]; arguments of one command, of which Lua takes 8,000 at most.
local ROW, ARGUMENTS = 5, 4000
-- Begin of the name of a host that is not the site's, and how many of a day are kept by name: a
-- stranger invents as many as he likes.
local HOST_SIGN, HOST_NAMES = 'host-', 20

local counts, hours, online, visitors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local hits, hits_before, addresses = KEYS[5], KEYS[6], KEYS[7]
local articles, day_articles = KEYS[8], KEYS[9]
local opening, ratings, ignored, site, names = KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local aliases, readers = KEYS[15], KEYS[16]

-- EXISTS counts a key as often as it is named: 1 is a balance without a site, 3 is both.
local existing = call('EXISTS', site, site, opening)
if existing < 2 then return false end

local now, day, yesterday, week, month, year, hour, article_cap, identity_cap, view_ceiling,
  token_ceiling, hit_count, visitor_count, before_count, voters, address_count, token_count, rated,
  refused, ipv6_48s, long = cmsgpack.unpack(ARGV[1])
local shared, rows = { cmsgpack.unpack(ARGV[2]) }, { cmsgpack.unpack(ARGV[3]) }
local issues = { cmsgpack.unpack(ARGV[4]) }
-- Offset of each kind in `shared`; hits come first.
local visitors_at = hit_count
local befores_at = visitors_at + visitor_count
local voters_at = befores_at + before_count
local addresses_at = voters_at
for poll = 1, #voters do addresses_at = addresses_at + voters[poll] end
local names_at = addresses_at + address_count + token_count
local name_count = #shared - names_at

-- Functions use only their arguments: an upvalue costs as much as a short command.

-- Reply of `command` for the `n` values after the index `at`.
local function read(command, key, values, at, n)
  return n > 0 and redis.call(command, key, unpack(values, at + 1, at + n)) or {}
end

-- READ ---------------------------------------------------------------------------------------
-- Replies stay arrays: the k-th entry belongs to the k-th hit id, article …

local known = hit_count > 0 and call('SMISMEMBER', hits, EXPIRES, unpack(shared, 1, hit_count))
local known_before = read('SMISMEMBER', hits_before, shared, 0, hit_count)
local last_seen = read('ZMSCORE', online, shared, visitors_at, visitor_count + before_count)
local totals = read('ZMSCORE', articles, shared, names_at, name_count)
-- Members of the articles in the ZSET of a day: a digest replaces a long key.
local members, members_at = shared, names_at
if long then
  members, members_at = room(name_count), 0
  for p = 1, name_count do members[p] = long[p] or shared[names_at + p] end
end
local todays = read('ZMSCORE', day_articles, members, members_at, name_count)
local openings = existing == 3 and read('HMGET', opening, shared, names_at, name_count) or {}
local scores = rated and read('HMGET', ratings, shared, names_at, name_count) or {}
-- A visitor last seen in the future counts as seen now: else that visit would never end.
local latest, moved = now + AHEAD_MS, {}
for k = 1, #last_seen do
  local last = last_seen[k]
  if last then
    last = last + 0
    if last > latest then
      moved[#moved + 1], last = shared[visitors_at + k], now - 1
    end
    last_seen[k] = last
  end
end

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
        of = ipv6_48s[of]
      end
    end
  end
end
local of_address = fields_read > 1 and call('HMGET', addresses, unpack(address_fields)) or {}

local ballots = {}
for poll = 1, #voters do
  local found = read('HMGET', KEYS[16 + 2 * poll], shared, voters_at, voters[poll])
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
local new_hits, new_visitors, odd, beyond = room(hit_count), {}, {}, {}
local seen, seen_end = room(2 * visitor_count), 0
-- The indexes of viewed articles, and the views by index.
local viewed, fresh, articles_known, new_of_day = room(name_count), room(name_count), false, false
local viewed_count = 0
-- Of new articles: which fields of the addresses count them, all names of this call, how many are
-- new today, the bytes of long keys, and what is new of each; views of articles without a name.
local naming, here, named_today, named, long_bytes, bytes = false, false, 0, 0, 0, 0
local other, other_today = 0, 0
-- Rows with which visits begin, and the article of each: false without one, `` beyond the cap.
local begun, entries, begun_row = false, false, 0
-- By the index of a merged article: the index of the article that it was merged into.
local merged = false
local past = (tonumber(numbers[3] or 0) or 0) / PAST_SHARE
if past > identity_cap then identity_cap = past - past % 1 end

for r = 1, #rows, ROW do
  local hit, visitor, before, address, article =
    rows[r], rows[r + 1], rows[r + 2], rows[r + 3], rows[r + 4]
  local outcome, note = '', ''

  if hit > 0 then
    local beyond_it = false
    if address > 0 then
      local n = (of_address[1 + address] or 0) + 1
      of_address[1 + address], beyond_it = n, n > view_ceiling
      if beyond_it then
        local k = identities_of[address]
        if not k then
          fields_read = fields_read + 1
          k, identities_of[address] = fields_read, fields_read
          address_fields[k] = 'n' .. string.sub(shared[addresses_at + address], 2)
          of_address[k] = call('HGET', addresses, address_fields[k])
        end
        local readers = math.min(of_address[k] or 0, identity_cap)
        beyond_it = readers <= CROWD or n > CROWD_VIEWS * readers
      end
      local ipv6_48 = ipv6_48s[address]
      -- The excess of one network is not counted against its neighbours.
      if ipv6_48 and not beyond_it then
        n = (of_address[1 + ipv6_48] or 0) + 1
        of_address[1 + ipv6_48], beyond_it = n, n > view_ceiling * VIEWS_FACTOR
        if beyond_it then refused['ceiling-48'] = (refused['ceiling-48'] or 0) + 1 end
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
    -- A visitor known by yesterday's id continues under today's id: a visit survives midnight.
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
        if n == identity_cap + 1 then
          refused['identity-addresses'] = (refused['identity-addresses'] or 0) + 1
        end
        k = identities_of[ipv6_48s[address]]
        if k and not beyond_it then
          n = (of_address[k] or 0) + 1
          of_address[k], beyond_it = n, n > identity_cap * VIEWS_FACTOR
          if beyond_it then
            refused['identity-cap-48'] = (refused['identity-cap-48'] or 0) + 1
          end
        end
      end
      if beyond_it then
        note = 'identity-cap'
        refused[note] = (refused[note] or 0) + 1
      else
        here, visits = true, visits + 1
        if visits == 1 then begun, entries = {}, {} end
        begun[visits], entries[visits], begun_row = (r + ROW - 1) / ROW, false, r
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
    local p, unnamed = merged and merged[article] or article, ''
    if not fresh[p] and not totals[p] and not (merged and merged[article]) then
      -- Only what has no number yet may have been merged into another, or renamed.
      local name = shared[names_at + p]
      local target = call('HGET', aliases, name)
      while target do
        name = string.sub(target, 2)
        target = call('HGET', aliases, name)
      end
      if name ~= shared[names_at + p] then
        merged = merged or {}
        for q = 1, name_count do
          if shared[names_at + q] == name then merged[article] = q end
        end
        if merged[article] then
          p = merged[article]
          totals[article], todays[article] = totals[p], todays[p]
          openings[article], scores[article] = openings[p], scores[p]
        else
          -- From here on the place is the other's.
          merged[article], shared[names_at + p] = p, name
          local member = name
          if #name > NAME_LONG then member = '\1' .. string.sub(redis.sha1hex(name), 1, 24) end
          if long or member ~= name then
            if members == shared then
              members, members_at = room(name_count), 0
              for q = 1, name_count do members[q] = shared[names_at + q] end
            end
            long = long or {}
            long[p], members[members_at + p] = member ~= name and member or nil, member
          end
          totals[p], todays[p] = call('ZSCORE', articles, name), call('ZSCORE', day_articles, member)
          if existing == 3 then openings[p] = call('HGET', opening, name) end
          if rated then scores[p] = call('HGET', ratings, name) end
          if here then here[name] = true end
        end
      end
    end
    if not fresh[p] and not totals[p] then
      local name = shared[names_at + p]
      local size = long and long[p] and #name or 0
      if not articles_known then
        articles_known, naming = call('ZCARD', articles), {}
        local found = call('HMGET', names, '*', '*' .. day)
        long_bytes, named_today = tonumber(found[1] or 0), tonumber(found[2] or 0)
      end
      local bytes_max = article_cap * LONG_BYTES
      local owed = (articles_known >= article_cap
        or named_today >= math.max(DAY_NAMES, article_cap / DAY_SHARE)) and 1 or 0
      local full = owed > 0 or long_bytes + size > bytes_max
      local of, factor = address > 0 and address, 1
      while of and unnamed == '' do
        local k = naming[of]
        if not k then
          fields_read = fields_read + 1
          k, naming[of] = fields_read, fields_read
          address_fields[k] = 'a' .. string.sub(shared[addresses_at + of], 2)
          of_address[k] = call('HGET', addresses, address_fields[k])
        end
        of_address[k] = (of_address[k] or 0) + 1
        if of_address[k] > factor * (full and NAMES_CEILING_FULL or NAMES_CEILING) then
          unnamed = 'article-network'
        end
        of, factor = ipv6_48s[of], VIEWS_FACTOR
      end
      -- The least read articles give way, but none of this call: the values read must stay valid.
      local pool, ids = 0, false
      for draw = 1, unnamed == '' and full and DRAWS or 0 do
        if not here then
          here = { [OTHER] = true }
          for q = 1, name_count do here[shared[names_at + q]] = true end
        end
        local found
        if owed > 0 then
          if pool == 0 then
            pool = math.max(call('ZCOUNT', articles, '-inf', 1), math.floor(article_cap / POOL_SHARE))
            local a, b, c, d = string.byte(shared[hit > 0 and hit or 1], 1, 4)
            math.randomseed(((a * 256 + b) * 256 + c) * 256 + (d or 0))
          end
          local rank = math.random(0, math.max(0, pool - 1))
          found = call('ZRANGE', articles, rank, rank)[1]
        elseif long_bytes + size > bytes_max then
          -- Only long keys make room for another long key; they are drawn at random.
          ids = ids or call('HRANDFIELD', names, DRAWS, 'WITHVALUES')
          found = ids[2 * draw]
          if found and #found <= NAME_LONG then found = nil end
        else
          break
        end
        local views_of = found and not here[found] and tonumber(call('ZSCORE', articles, found) or 0)
        if views_of and views_of <= GIVES_WAY and call('HEXISTS', opening, found) == 0
          and call('HEXISTS', ratings, found) == 0 then
          local member = found
          if #found > NAME_LONG then
            member = '\1' .. string.sub(redis.sha1hex(found), 1, 24)
            if call('HDEL', names, member) == 1 then
              long_bytes, bytes = long_bytes - #found, bytes - #found
            end
          end
          local of_today = tonumber(call('ZSCORE', day_articles, member) or 0)
          if call('ZREM', articles, found) == 1 then
            articles_known, owed = articles_known - 1, math.max(0, owed - 1)
          end
          call('ZREM', day_articles, member)
          other, other_today = other + views_of, other_today + of_today
          refused['article-gone'] = (refused['article-gone'] or 0) + views_of
        end
      end
      if unnamed == '' and (owed > 0 or long_bytes + size > bytes_max) then unnamed = 'article-cap' end
      if unnamed == '' then
        articles_known, named_today, named = articles_known + 1, named_today + 1, named + 1
        long_bytes = long_bytes + size
      else
        note, other, other_today = unnamed, other + 1, other_today + 1
        refused[note] = (refused[note] or 0) + 1
      end
    end
    if begun_row == r then
      entries[visits] = unnamed == '' and members[members_at + p] or ''
    end
    if unnamed ~= '' then
      -- The article has no number of its own, so none is shown.
    elseif fresh[p] then
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

for m = 1, #issues, 2 do
  local over = false
  for of = 0, 1 do
    local k = issues[m + of]
    if k > 0 then
      k = 1 + address_count + k
      of_address[k] = (of_address[k] or 0) + 1
      over = over or of_address[k] > token_ceiling * (of == 0 and 1 or IPV6_48_FACTOR)
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
  local changed, n = 2 * fields_read < ARGUMENTS and room(2 * fields_read) or {}, 0
  local is_new = not of_address[1]
  if is_new then changed[1], changed[2], n = EXPIRES, 1, 2 end
  for k = 2, fields_read do
    local value = of_address[k]
    if type(value) == 'number' then
      changed[n + 1], changed[n + 2], n = address_fields[k], value, n + 2
    end
  end
  local from = 1
  while n - from >= ARGUMENTS do
    call('HSET', addresses, unpack(changed, from, from + ARGUMENTS - 1))
    from = from + ARGUMENTS
  end
  call('HSET', addresses, unpack(changed, from, n))
  if is_new then call('EXPIRE', addresses, ADDRESSES_TTL, 'NX') end
end
-- How many were online when each minute began that began since the last call that recorded something:
-- nobody was seen meanwhile, so the ZSET is as it was then. Views that were kept are of a time that is
-- over.
local swept = tonumber(numbers[19] or 0)
local began = now - now % MINUTE_MS
local due = #rows > 0 and (began > swept or swept - now >= MINUTE_MS)
if due and began > swept and not ARGV.replayed then
  local minute = began / MINUTE_MS
  local from = math.max(math.floor(swept / MINUTE_MS) + 1, minute - MINUTES_KEPT)
  -- One field: a small HASH is a list that each view reads.
  local stored = call('HGET', addresses, MINUTES)
  local minutes = stored and cmsgpack.unpack(stored)
  if not minutes or minutes[1] + #minutes - 1 ~= from then minutes = { from } end
  for m = from, minute do
    minutes[#minutes + 1] = call('ZCOUNT', online, m * MINUTE_MS - ONLINE_MS, latest)
  end
  call('HSET', addresses, MINUTES, cmsgpack.pack(minutes))
  call('EXPIRE', addresses, ADDRESSES_TTL, 'NX')
end
if #moved > 0 then call('ZREM', online, unpack(moved)) end
if seen_end > 0 then call('ZADD', online, 'GT', unpack(seen, 1, seen_end)) end
if viewed_count > 0 then
  local all, today = room(2 * viewed_count), room(2 * viewed_count)
  for k = 1, viewed_count do
    local p = viewed[k]
    local n = fresh[p]
    all[2 * k - 1], all[2 * k] = (totals[p] or 0) + n, shared[names_at + p]
    today[2 * k - 1], today[2 * k] = (todays[p] or 0) + n, members[members_at + p]
    if long and long[p] and not todays[p] and call('HSETNX', names, long[p], shared[names_at + p]) == 1 then
      bytes = bytes + #shared[names_at + p]
    end
  end
  call('ZADD', articles, unpack(all, 1, 2 * viewed_count))
  call('ZADD', day_articles, unpack(today, 1, 2 * viewed_count))
  if new_of_day then call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX') end
end
if bytes ~= 0 then call('HINCRBY', names, '*', bytes) end
if named > 0 then call('HINCRBY', names, '*' .. day, named) end
if other > 0 then
  call('ZINCRBY', articles, other, OTHER)
  if other_today > 0 then
    call('ZINCRBY', day_articles, other_today, OTHER)
    call('EXPIRE', day_articles, DAY_ARTICLES_TTL, 'NX')
  end
end
if visits > 0 and ARGV[6] ~= '' then
  count_readers(readers, ARGV[6], visits, begun, entries, refused)
end
for reason, n in pairs(refused) do
  local field, is_named = reason .. ':' .. day, true
  if string.sub(reason, 1, #HOST_SIGN) ~= HOST_SIGN then
    call('HINCRBY', ignored, reason, n)
  elseif call('HEXISTS', ignored, field) == 0 then
    is_named = tonumber(call('HGET', ignored, 'hosts:' .. day) or 0) < HOST_NAMES
    if is_named then call('HINCRBY', ignored, 'hosts:' .. day, 1) end
  end
  if is_named then call('HINCRBY', ignored, field, n) end
end

-- Fields and values for HSET.
local changes, changes_end = room(2 * #fields), 0

-- The first call of a minute that records something removes visitors who are gone, and those that a
-- clock ahead has recorded. Right after a jump of the clock the two cannot be told apart. To views that
-- were kept, whoever is online now would be of a clock ahead.
if due then
  if not ARGV.replayed then
    if math.abs(now - swept) <= VISIT_GAP_MS then
      call('ZREMRANGEBYSCORE', online, '-inf', now - VISIT_GAP_MS)
      call('ZREMRANGEBYSCORE', online, '(' .. latest, '+inf')
    end
    changes[1], changes[2], changes_end = 'swept', now, 2
  end
  swept = false
end
local online_now = call('ZCOUNT', online, now - ONLINE_MS, latest)
-- Without the expiry, the last visitors of a site that falls silent would stay for ever. If all
-- online visitors came with this call, the key may be new.
if not swept or seen_end > 0 and online_now <= seen_end / 2 then
  call('EXPIRE', online, (VISIT_GAP_MS + MINUTE_MS) / 1000)
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

-- The listed articles, with their numbers after all views of the batch.
local asked, lists = { cmsgpack.unpack(ARGV[5]) }, {}
local nameless = #asked > 0
for i = 1, #asked, 2 do
  local keys, of_day = asked[i], asked[i + 1]
  lists[#lists + 1] = of_day == true and call('HMGET', KEYS[#KEYS], unpack(keys)) or {
    call('ZMSCORE', articles, unpack(keys)),
    call('ZMSCORE', day_articles, unpack(of_day or keys)),
    existing == 3 and call('HMGET', opening, unpack(keys)) or {},
    rated and call('HMGET', ratings, unpack(keys)) or {},
  }
end
-- For an article that was only listed, or was not counted, the page needs to know if there is room.
if viewed_count < name_count then
  for p = 1, name_count do nameless = nameless or not totals[p] end
end
local full = nameless and call('ZCARD', articles) >= article_cap

local tallies = {}
for poll = 1, #voters do tallies[poll] = call('HGETALL', KEYS[15 + 2 * poll]) end
return cmsgpack.pack({
  online_now, numbers, tallies, ballots, odd, beyond, totals, todays, openings, scores, lists, full,
  begun,
})
