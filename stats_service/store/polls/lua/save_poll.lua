-- save_poll: store a poll's definition if it follows the stored one. audit_entry.lua comes before.
--
-- KEYS  1 site STRING  2 polls HASH  3 revisions HASH  4 voters HASH of the poll  5 audit STREAM
--       6 tally HASH of the poll  7 groups HASH of the poll
-- ARGV  1 poll id  2 its new revision  3 definition (JSON)  4 "1": refuse if somebody has voted
--       5 audit entry  6 "1": the poll is new
-- Returns "saved", or why nothing was stored: "no-site", "taken", "stale", "voted".
local site, polls, revisions, voters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local poll, revision, definition = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local call = redis.call

if call('EXISTS', site) == 0 then return 'no-site' end
-- The revision of a deleted poll stays, so that no ballot for it fits a later poll.
if (call('HEXISTS', polls, poll) == 0) ~= (ARGV[6] == '1') then return 'taken' end
if tonumber(call('HGET', revisions, poll) or 0) ~= revision - 1 then return 'stale' end
-- Voters are deleted 30 days after a poll has closed; the tally is not.
if ARGV[4] == '1' and (call('HLEN', voters) > 0 or call('HLEN', KEYS[7]) > 0
    or tonumber(call('HGET', KEYS[6], 'ballots') or 0) > 0) then
  return 'voted'
end
record(KEYS[5], ARGV[5])
call('HSET', polls, poll, definition)
call('HSET', revisions, poll, revision)
call('HINCRBY', revisions, '*', 1)
return 'saved'
