-- cast_ballot: settle one ballot: counted, held for review, or not taken; nothing in between.
--
-- KEYS  1 site STRING  2 revisions HASH  3 tally HASH   4 voters HASH  5 changes HASH
--       6 hour HASH    7 groups HASH     8 others HASH  9 proofs ZSET  10 report HASH
-- ARGV  1 now (ms)  2 poll id  3 revision under which the ballot was checked  4 "1" if open now
--       5 hour (2026-11-23T09)  6 voter id  7 ballot id  8 free text or ""
--       9 address id or ""  10 id of its /48 or ""  11, 12 names of their groups
--      13 ceiling of an address  14 of a /48 (0: none)  15 why to hold it anyway, or ""
--      16 "1" if votes may be changed  17 proof id or ""  18 when the proof expires (ms)
--      19 seconds until the voters expire, 20 until the changes do (0: not known yet)  21… choices
-- Returns { outcome, tally }: "counted", "held", "changed" (also when the same ballot comes again);
--       "voted", "closed", "spent"; "stale" and "no-site" come without a tally.
local HOUR_TTL, TEXTS_MAX, GROUP_TEXTS_MAX = 7200, 2000, 100

local tally, voters, changes, hour = KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local groups, others, proofs, report = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local now, label, voter, ballot = tonumber(ARGV[1]), ARGV[5], ARGV[6], ARGV[7]
local address, customer = ARGV[9], ARGV[10]
local open, may_change, proof = ARGV[4] == '1', ARGV[16] == '1', ARGV[17]
local OUTCOMES = { c = 'counted', h = 'held', x = 'changed' }
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end
if call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then return { 'stale' } end

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

-- Add n to a group of ballots apart; returns the group's state.
local function add_to_group(name, choices, text, n)
  local stored = call('HGET', groups, name)
  local group = stored and cjson.decode(stored)
    or { state = 'held', ballots = 0, votes = {}, texts = {}, texts_kept = 0 }
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
local function place(name, choices, text, n)
  local state = name == '' and 'accepted' or add_to_group(name, choices, text, n)
  if state == 'accepted' then
    add_to_tally(choices, text, n)
  else
    call('HINCRBY', report, 'now:' .. state, n)
  end
  return state == 'accepted'
end

local choices, text = {}, ARGV[8]
for i = 21, #ARGV do choices[i - 20] = ARGV[i] end

local function remember(code, name)
  call('HSET', voters, voter, ballot .. code)
  if tonumber(ARGV[19]) > 0 then call('EXPIRE', voters, ARGV[19]) end
  if may_change then
    call('HSET', changes, voter, cjson.encode({ name, choices, text }))
    if tonumber(ARGV[20]) > 0 then call('EXPIRE', changes, ARGV[20]) end
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
  if call('ZADD', proofs, 'NX', ARGV[18], proof) == 0 then
    note('proof-refused')
    return answer('spent')
  end
end

if before then
  local name, old_choices, old_text = unpack(cjson.decode(before))
  place(name, old_choices, old_text, -1)
  local counts = place(name, choices, text, 1)
  remember(counts and 'x' or 'h', name)
  note('changed')
  return answer(counts and 'changed' or 'held')
end

local name = ARGV[15] ~= '' and ARGV[11] or ''
local per_address, per_customer = tonumber(ARGV[13]), tonumber(ARGV[14])
if per_address > 0 and address ~= '' and call('HINCRBY', hour, address, 1) > per_address then
  name = ARGV[11]
end
if per_customer > 0 and customer ~= '' and call('HINCRBY', hour, customer, 1) > per_customer then
  name = ARGV[12]
end
call('EXPIRE', hour, HOUR_TTL, 'NX')
local counts = place(name, choices, text, 1)
remember(counts and 'c' or 'h', name)
note(counts and 'counted' or 'held')
return answer(counts and 'counted' or 'held')
