-- cast_ballot: settle one ballot: counted, held for review, or not taken; nothing in between.
-- place_ballot.lua comes before.
--
-- KEYS  1 to 7 as place_ballot has them  8 changes HASH  9 networks HASH  10 proofs ZSET
-- ARGV  1 MessagePack, values one after the other: now (ms), poll id, revision under which the
--         ballot was checked, whether the poll is open, hour (2026-11-23T09), free text or "",
--         how the groups of the address, its /48, its /24 and its /16 end (`a1f…`, `c2e…`, `b…`,
--         `p…`), ceilings an hour of an address and of a /48 (0: none), size of an office, share of the
--         poll in percent that one network may have (0: any), kind of browser or "", why to hold
--         the ballot anyway or "", whether votes may be changed, when the proof expires (ms),
--         seconds until the voters expire and until the changes do (0: not known yet), choices
--       2 voter id  3 ballot id  4 address id or ""  5 id of its /48 or ""  6 proof id or ""
--       7 id of its /24 (IPv6: /40) or ""  8 of its /16 (/32) or ""
--       9 voter id of the day before, where there is one vote a day, or ""
-- Returns { outcome, tally }: "counted", "held", "changed" (also when the same ballot comes again);
--       "voted", "closed", "spent"; "stale" and "no-site" come without a tally.
local NETWORKS_TTL = 172800
-- A /48 may be a carrier's and have thousands of telephones: as many offices' ballots in a day.
local IPV6_48_FACTOR = 3
-- An office's people need ten minutes at least to vote; and there is nothing to be overturned until
-- so many ballots have come from elsewhere.
local OFFICE_MINUTES, OTHERS_MIN = 10, 20
-- Ballots of a network in an hour from which the report speaks of it, and in a day from which somebody
-- asks for it (`store.polls.polls`).
local NOTED, MANY = 10, 20
-- A /16, and of IPv6 a /40 and a /32, may be a carrier's, with half of all readers. What they send in a
-- minute is a burst only if that is not what they were of the poll before: MOST percent of the
-- minute while there is no before. Of an IPv4 /24, which is an institution's or one of many of a
-- carrier, HALF is enough, whatever came before: else its first ballots would make room for the
-- rest. After a burst the hour takes a tenth of a crowd a minute from them. From as many percent
-- of an hour's ballots on they stand in a group of their own.
local HALF, MOST, AFTER = 50, 75, 10

local changes, networks, proofs = KEYS[8], KEYS[9], KEYS[10]
local voter, ballot, address, ipv6_48, proof = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local block, provider = ARGV[7], ARGV[8]
local now, poll, revision, open, label, text, address_group, ipv6_48_group, block_group,
  provider_group, per_address, per_customer, office, share, browser, hold, may_change, proof_until,
  voters_ttl, changes_ttl, choices = cmsgpack.unpack(ARGV[1])

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end
if tonumber(call('HGET', KEYS[2], poll) or -1) ~= revision then return { 'stale' } end

local function answer(outcome) return { outcome, call('HGETALL', tally) } end

local function note(outcome) call('HINCRBY', report, outcome .. ':' .. label, 1) end

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
if ARGV[9] ~= '' then
  local earlier = call('HGET', voters, ARGV[9])
  if earlier and string.sub(earlier, 1, 8) == ballot then
    return answer(OUTCOMES[string.sub(earlier, 9)])
  end
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

-- What came from a network today, this ballot included: ballots; those counted at once; the minute of
-- the last; ballots of that minute, of its hour, and of these the ones counted at once; the hour of
-- its group, or ""; those counted at once before the minute. `*` is everybody, with six more numbers.
local DAY, COUNTED, MINUTE, OF_MINUTE, OF_HOUR, COUNTED_OF_HOUR, APART, BEFORE = 1, 2, 3, 4, 5, 6, 7, 8
local HIGHEST = 8
local minute = math.floor(now / 60000)
local function arrival(stored)
  if not stored then return { 1, 0, minute, 1, 1, 0, '', 0 } end
  local n = { cmsgpack.unpack(stored) }
  if n[MINUTE] ~= minute then
    n[OF_MINUTE], n[BEFORE] = 0, n[COUNTED]
    if math.floor(n[MINUTE] / 60) ~= math.floor(minute / 60) then
      n[OF_HOUR], n[COUNTED_OF_HOUR] = 0, 0
      for i = HIGHEST + 4, #n do n[i] = 0 end
    end
    n[MINUTE] = minute
  end
  n[DAY], n[OF_MINUTE], n[OF_HOUR] = n[DAY] + 1, n[OF_MINUTE] + 1, n[OF_HOUR] + 1
  return n
end

local is_wide = ipv6_48 ~= ''
local network, network_group = address, address_group
if is_wide then network, network_group = ipv6_48, ipv6_48_group end
-- Of everybody, of the network, of those around it; for IPv6 also of the /64.
local all, one, around, widest, narrow, is_new
if network ~= '' then
  local stored = is_wide and call('HMGET', networks, '*', network, block, provider, address)
    or call('HMGET', networks, '*', network, block, provider)
  is_new = not stored[1]
  all, one = arrival(stored[1]), arrival(stored[2])
  for i = #all + 1, HIGHEST + 6 do all[i] = 0 end
  around, widest = arrival(stored[3]), arrival(stored[4])
  narrow = is_wide and arrival(stored[5])
end

local crowd, ballots = math.ceil(office / OFFICE_MINUTES), nil
-- Whether a network would be a good part of what others have cast.
local function is_large(n)
  ballots = ballots or tonumber(call('HGET', tally, 'ballots') or 0)
  local elsewhere = ballots - n[COUNTED]
  return elsewhere >= OTHERS_MIN
    and (n[COUNTED] + 1) * 100 > share * (elsewhere + n[COUNTED] + 1)
end

local function is_burst(n, most)
  if n[OF_MINUTE] * AFTER <= crowd or n[OF_MINUTE] * 100 <= HALF * all[OF_MINUTE] then
    return false
  end
  if n[APART] == label then return true end
  if n[OF_MINUTE] <= crowd then return false end
  if most == HALF then return true end
  if all[BEFORE] < OTHERS_MIN then return n[OF_MINUTE] * 100 >= most * all[OF_MINUTE] end
  return n[BEFORE] * 2 * all[OF_MINUTE] <= n[OF_MINUTE] * all[BEFORE]
end

local name, state = hold ~= '' and label .. '-' .. address_group or '', 'held'
-- What a network around the ballot's own makes of it.
local function widen(n, group, most)
  if (name == '' or state == 'accepted') and is_burst(n, most) and is_large(n) then
    n[APART], name, state = label, label .. '-' .. group, 'held'
  elseif name == '' and n[OF_HOUR] > crowd and n[OF_HOUR] * 100 > most * all[OF_HOUR] then
    name, state = label .. '-' .. group .. 'w', 'accepted'
  end
end

if one then
  if is_wide and per_address > 0 and narrow[OF_HOUR] > per_address then
    name = label .. '-' .. address_group
  end
  local ceiling = is_wide and per_customer or per_address
  if ceiling > 0 and one[OF_HOUR] > ceiling then name = label .. '-' .. network_group end
  if share > 0 and name == '' then
    -- A burst that no crowd explains, or more than an office has: held once it is a good part of
    -- what others have cast; and what comes of that network later on the day is of the same group.
    local most = office * (is_wide and IPV6_48_FACTOR or 1)
    if one[APART] == '' and (one[OF_MINUTE] > crowd or one[DAY] > most) and is_large(one) then
      one[APART] = label
    end
    if one[APART] ~= '' then
      name = one[APART] .. '-' .. network_group
    elseif one[OF_HOUR] > crowd then
      -- It counts, in a group, so that somebody who looks at it later can take it out.
      name, state = label .. '-' .. network_group .. 'w', 'accepted'
    end
    widen(around, block_group, is_wide and MOST or HALF)
    widen(widest, provider_group, MOST)
  end
end

local function is_round(n)
  local _, digits = math.frexp(n)
  return n % 2 ^ math.max(0, digits - 5) == 0
end

-- Raise numbers of the report, the most of any network in an hour and in a day, to what is more.
local function raise(fields, numbers)
  local stored, more = call('HMGET', report, unpack(fields)), {}
  for i = 1, #fields do
    if tonumber(stored[i] or 0) < numbers[i] then
      more[#more + 1], more[#more + 2] = fields[i], numbers[i]
    end
  end
  if more[1] then call('HSET', report, unpack(more)) end
end

-- The most of any network of a level is with everybody's numbers: of the day at HIGHEST + 1 to 3, of the
-- hour after that. Of it the report gets what has five digits in base 2: to write each costs too much.
local function note_most(level, name, n)
  local at = HIGHEST + level
  if n[COUNTED] > all[at] then
    all[at] = n[COUNTED]
    if is_round(n[COUNTED]) then
      call('HSET', report, name .. string.sub(label, 1, 10), n[COUNTED])
      if level == 3 and n[COUNTED] >= MANY then raise({ 'now:provider' }, { n[COUNTED] }) end
    end
  end
  if n[COUNTED_OF_HOUR] > all[at + 3] then
    all[at + 3] = n[COUNTED_OF_HOUR]
    if n[COUNTED_OF_HOUR] >= NOTED and is_round(n[COUNTED_OF_HOUR]) then
      call('HSET', report, name .. label, n[COUNTED_OF_HOUR])
    end
  end
end

local counts = place(name, state, choices, text, 1)
if one then
  if counts and (name == '' or state == 'accepted') then
    for _, n in ipairs({ all, one, around, widest, narrow or nil }) do
      n[COUNTED], n[COUNTED_OF_HOUR] = n[COUNTED] + 1, n[COUNTED_OF_HOUR] + 1
    end
    local of_hour = one[COUNTED_OF_HOUR]
    if of_hour >= NOTED then
      call('HINCRBY', report, 'crowd:' .. label, of_hour == NOTED and NOTED or 1)
      raise({ 'network:' .. label, 'now:network' }, { of_hour, one[COUNTED] })
    end
    note_most(is_wide and 2 or 1, is_wide and 'pool:' or 'block:', around)
    note_most(3, 'provider:', widest)
  end
  local pack = cmsgpack.pack
  call('HSET', networks, '*', pack(unpack(all)), network, pack(unpack(one)),
    block, pack(unpack(around)), provider, pack(unpack(widest)))
  if narrow then call('HSET', networks, address, pack(unpack(narrow))) end
  if is_new then call('EXPIRE', networks, NETWORKS_TTL) end
end
if browser ~= '' then call('HINCRBY', report, 'browser:' .. browser, 1) end
remember(counts and 'c' or 'h', name)
note(counts and 'counted' or 'held')
return answer(counts and 'counted' or 'held')
