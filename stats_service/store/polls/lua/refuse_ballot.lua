-- refuse_ballot: count a refusal; return the earlier ballot of the voter.
--
-- KEYS  1 site STRING  2 tally HASH  3 voters HASH  4 report HASH
-- ARGV  1 voter id or ""  2 code of the refusal  3 hour (2026-11-23T09)
-- Returns { the voter's entry (a ballot's digest and its outcome) or nil, tally }.
local tally, voters, report = KEYS[2], KEYS[3], KEYS[4]
local voter, code, hour = ARGV[1], ARGV[2], ARGV[3]
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return { false, {} } end

call('HINCRBY', report, code .. ':' .. hour, 1)
return { voter ~= '' and call('HGET', voters, voter), call('HGETALL', tally) }
