-- cast_kiosk_ballot: settle one ballot of a device on which many people vote, one after the other.
-- place_ballot.lua comes before.
--
-- KEYS  1 to 7 as place_ballot has them  8 kiosk HASH of the poll  9 kiosks HASH of the site
-- ARGV  1 MessagePack, values one after the other: now (ms), poll id, revision under which the
--         ballot was checked, whether the poll is open, hour (2026-11-23T09), free text or "",
--         id of the kiosk, whether it is enrolled, how its groups end (`k1f…`, `d1f…`), pause (ms),
--         ballots of a day that count at once, seconds until the voters expire (0: not known yet),
--         choices
--       2 voter id, made of the ballot's  3 ballot id
-- Returns { outcome, tally, ms to wait }: "counted", "held" (also when the same ballot comes again);
--       "closed", "revoked", "pause"; "stale" and "no-site" come without a tally.
local KIOSK_TTL = 172800
local numbers, devices = KEYS[8], KEYS[9]
local voter, ballot = ARGV[2], ARGV[3]
local now, poll, revision, open, label, text, kiosk, enrolled, group, pause, ceiling, voters_ttl,
  choices = cmsgpack.unpack(ARGV[1])

if call('EXISTS', KEYS[1]) == 0 then return { 'no-site' } end
if tonumber(call('HGET', KEYS[2], poll) or -1) ~= revision then return { 'stale' } end

local function answer(outcome, wait) return { outcome, call('HGETALL', tally), wait or 0 } end

local function note(outcome) call('HINCRBY', report, outcome .. ':' .. label, 1) end

local first = call('HGET', voters, voter)
if first and string.sub(first, 1, 8) == ballot then
  return answer(OUTCOMES[string.sub(first, 9)])
end
if enrolled then
  local device = call('HGET', devices, kiosk)
  if not device or cjson.decode(device).revoked > 0 then
    note('kiosk-refused')
    return answer('revoked')
  end
end
if not open then
  note('poll-not-open')
  return answer('closed')
end

local stored, today = call('HGET', numbers, kiosk), string.sub(label, 1, 10)
local day, cast, last = today, 0, nil
if stored then day, cast, last = cmsgpack.unpack(stored) end
-- A clock that was set back does not make anybody wait for longer than the pause.
if last and math.abs(now - last) < pause then
  note('kiosk-pause')
  return answer('pause', pause - math.max(0, now - last))
end
if day ~= today then cast = 0 end
call('HSET', numbers, kiosk, cmsgpack.pack(today, cast + 1, now))
call('EXPIRE', numbers, KIOSK_TTL)
if enrolled then call('HSET', devices, kiosk .. ':used', math.floor(now / 1000)) end

-- What counts stands in a group as well, so that an hour of one kiosk can be taken out later.
local beyond = cast >= ceiling
local name, state = label .. '-' .. group, 'held'
if not beyond then name, state = name .. 'w', 'accepted' end
local counts = place(name, state, choices, text, 1)
call('HSET', voters, voter, ballot .. (counts and 'c' or 'h'))
if voters_ttl > 0 then call('EXPIRE', voters, voters_ttl) end
if counts then call('HINCRBY', report, 'kiosk:' .. label, 1) end
call('HINCRBY', report, 'browser:kiosk', 1)
note(counts and 'counted' or 'held')
return answer(counts and 'counted' or 'held')
