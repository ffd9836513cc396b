-- cast_ballot: settle one ballot: counted, held for review, or not taken; nothing in between.
--
-- KEYS  1 site STRING    2 revisions HASH  3 tally HASH   4 voters HASH  5 changes HASH
--       6 networks HASH  7 groups HASH     8 others HASH  9 proofs ZSET  10 report HASH
-- ARGV  1 MessagePack, values one after the other: now (ms), poll id, revision under which the
--         ballot was checked, whether the poll is open, hour (2026-11-23T09), free text or "",
--         how the groups of the address and of its /48 end (`a1f…`, `c2e…`), ceilings an hour of an
--         address and of a /48 (0: none), size of an office, share of the poll in percent that one
--         network may have (0: any), kind of browser or "", why to hold the ballot anyway or "",
--         whether votes may be changed, when the proof expires (ms), seconds until the voters
--         expire and until the changes do (0: not known yet), choices
--       2 voter id  3 ballot id  4 address id or ""  5 id of its /48 or ""  6 proof id or ""
-- Returns { outcome, tally }: "counted", "held", "changed" (also when the same ballot comes again);
--       "voted", "closed", "spent"; "stale" and "no-site" come without a tally.
local NETWORKS_TTL, TEXTS_MAX, GROUP_TEXTS_MAX = 172800, 2000, 100
-- A /48 may be a carrier's and have thousands of telephones: as many offices' ballots in a day.
local IPV6_48_FACTOR = 3
-- An office's people need ten minutes at least to vote; and there is nothing to be overturned until
-- so many ballots have come from elsewhere.
local OFFICE_MINUTES, OTHERS_MIN = 10, 20
-- Ballots of a network in an hour from which the report speaks of it.
local NOTED = 10

local tally, voters, changes, networks = KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local groups, others, proofs, report = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local voter, ballot, address, ipv6_48, proof = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local now, poll, revision, open, label, text, address_group, ipv6_48_group, per_address,
  per_customer, office, share, browser, hold, may_change, proof_until, voters_ttl, changes_ttl,
  choices = cmsgpack.unpack(ARGV[1])
local OUTCOMES = { c = 'counted', h = 'held', x = 'changed' }
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end
if tonumber(call('HGET', KEYS[2], poll) or -1) ~= revision then return { 'stale' } end

local function answer(outcome) return { outcome, call('HGETALL', tally) } end

local function note(outcome)
  call('HINCRBY', report, outcome, 1)
  call('HINCRBY', report, outcome .. ':' .. label, 1)
end

-- Add n to a free text where it stands: approved, rejected, or waiting for either.
local function add_text(text, n)
  if call('HEXISTS', tally, 't:' .. text) == 1 then
    call('HINCRBY', tally, 't:' .. text, n)
    return
  end
  local field = call('HEXISTS', others, 'r:' .. text) == 1 and 'r:' .. text or 'p:' .. text
  if n > 0 and call('HLEN', others) >= TEXTS_MAX and call('HEXISTS', others, field) == 0 then
    return
  end
  if call('HINCRBY', others, field, n) <= 0 then call('HDEL', others, field) end
end

local function add_to_tally(choices, text, n)
  call('HINCRBY', tally, 'ballots', n)
  for i = 1, #choices do call('HINCRBY', tally, 'c:' .. choices[i], n) end
  if text ~= '' then add_text(text, n) end
end

-- Add n to a group of ballots; returns its state, which is `state` if it is new.
local function add_to_group(name, state, choices, text, n)
  local stored = call('HGET', groups, name)
  local group = stored and cjson.decode(stored)
    or { state = state, ballots = 0, votes = {}, texts = {}, texts_kept = 0 }
  local votes, texts = group.votes, group.texts
  group.ballots = group.ballots + n
  for i = 1, #choices do votes[choices[i]] = (votes[choices[i]] or 0) + n end
  if text ~= '' and (texts[text] or n > 0 and group.texts_kept < GROUP_TEXTS_MAX) then
    group.texts_kept = group.texts_kept + (texts[text] and 0 or 1)
    texts[text] = (texts[text] or 0) + n
  end
  call('HSET', groups, name, cjson.encode(group))
  return group.state
end

-- Add n to whatever counts a ballot of a group ("" for none); returns whether it counts.
local function place(name, state, choices, text, n)
  state = name == '' and 'accepted' or add_to_group(name, state, choices, text, n)
  if state == 'accepted' then
    add_to_tally(choices, text, n)
  else
    call('HINCRBY', report, 'now:' .. state, n)
  end
  return state == 'accepted'
end

local function remember(code, name)
  call('HSET', voters, voter, ballot .. code)
  if voters_ttl > 0 then call('EXPIRE', voters, voters_ttl) end
  if may_change then
    call('HSET', changes, voter, cjson.encode({ name, choices, text }))
    if changes_ttl > 0 then call('EXPIRE', changes, changes_ttl) end
  end
end

local first = call('HGET', voters, voter)
if first and string.sub(first, 1, 8) == ballot then
  return answer(OUTCOMES[string.sub(first, 9)])
end
local before = first and may_change and open and call('HGET', changes, voter)
if first and not before then
  note('already-voted')
  return answer('voted')
end
if not open then
  note('poll-not-open')
  return answer('closed')
end
if proof ~= '' then
  call('ZREMRANGEBYSCORE', proofs, '-inf', now)
  if call('ZADD', proofs, 'NX', proof_until, proof) == 0 then
    note('proof-refused')
    return answer('spent')
  end
end

if before then
  local name, old_choices, old_text = unpack(cjson.decode(before))
  place(name, 'held', old_choices, old_text, -1)
  local counts = place(name, 'held', choices, text, 1)
  remember(counts and 'x' or 'h', name)
  note('changed')
  return answer(counts and 'changed' or 'held')
end

-- What came from a network today: ballots; those counted at once; the minute of the last; ballots of
-- that minute, of its hour, and of these the ones counted at once; the hour of its group, or "".
local minute = math.floor(now / 60000)
local function arrival(id)
  local stored = call('HGET', networks, id)
  if not stored then return 1, 0, 1, 1, 0, '' end
  local day, counted, last, of_minute, of_hour, counted_of_hour, apart = cmsgpack.unpack(stored)
  if last ~= minute then
    of_minute = 0
    if math.floor(last / 60) ~= math.floor(minute / 60) then of_hour, counted_of_hour = 0, 0 end
  end
  return day + 1, counted, of_minute + 1, of_hour + 1, counted_of_hour, apart
end

local name, state = hold ~= '' and label .. '-' .. address_group or '', 'held'
local network, network_group, is_wide = address, address_group, ipv6_48 ~= ''
if is_wide then
  network, network_group = ipv6_48, ipv6_48_group
  local day, counted, of_minute, of_hour, counted_of_hour, apart = arrival(address)
  call('HSET', networks, address,
    cmsgpack.pack(day, counted, minute, of_minute, of_hour, counted_of_hour, apart))
  if per_address > 0 and of_hour > per_address then name = label .. '-' .. address_group end
end
local day, counted, of_minute, of_hour, counted_of_hour, apart
if network ~= '' then
  day, counted, of_minute, of_hour, counted_of_hour, apart = arrival(network)
  local ceiling = is_wide and per_customer or per_address
  if ceiling > 0 and of_hour > ceiling then name = label .. '-' .. network_group end
  if name == '' and share > 0 then
    local crowd = math.ceil(office / OFFICE_MINUTES)
    -- A burst that no crowd explains, or more than an office has: held once it is a good part of
    -- what others have cast; and what comes of that network later on the day is of the same group.
    if apart == '' and (of_minute > crowd or day > office * (is_wide and IPV6_48_FACTOR or 1)) then
      local elsewhere = tonumber(call('HGET', tally, 'ballots') or 0) - counted
      if elsewhere >= OTHERS_MIN and (counted + 1) * 100 > share * (elsewhere + counted + 1) then
        apart = label
      end
    end
    if apart ~= '' then
      name = apart .. '-' .. network_group
    elseif of_hour > crowd then
      -- It counts, in a group, so that somebody who looks at it later can take it out.
      name, state = label .. '-' .. network_group .. 'w', 'accepted'
    end
  end
end
local counts = place(name, state, choices, text, 1)
if network ~= '' then
  if counts and (name == '' or state == 'accepted') then
    counted, counted_of_hour = counted + 1, counted_of_hour + 1
    if counted_of_hour >= NOTED then
      local most = 'network:' .. label
      call('HINCRBY', report, 'crowd:' .. label, counted_of_hour == NOTED and NOTED or 1)
      if tonumber(call('HGET', report, most) or 0) < counted_of_hour then
        call('HSET', report, most, counted_of_hour)
      end
      if tonumber(call('HGET', report, 'now:network') or 0) < counted then
        call('HSET', report, 'now:network', counted)
      end
    end
  end
  call('HSET', networks, network,
    cmsgpack.pack(day, counted, minute, of_minute, of_hour, counted_of_hour, apart))
  call('EXPIRE', networks, NETWORKS_TTL, 'NX')
end
if browser ~= '' then call('HINCRBY', report, 'browser:' .. browser, 1) end
remember(counts and 'c' or 'h', name)
note(counts and 'counted' or 'held')
return answer(counts and 'counted' or 'held')
