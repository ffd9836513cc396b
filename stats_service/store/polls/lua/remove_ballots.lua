-- remove_ballots: move a poll's ballots aside; delete the definition, or replace it.
-- audit_entry.lua comes before.
--
-- KEYS  1 site STRING  2 polls HASH  3 revisions HASH  4 audit STREAM  5 removed ZSET
--       6 record of the removal STRING  7 to 9 numbers of networks, of three days HASH; then pairs:
--       a part of the poll and where it goes, first the tally and then the report
-- ARGV  1 poll id  2 revision as seen  3 definition (JSON) with the next one; "": deleted
--       4 entry of the log; the ballots are filled in  5 id of the removal  6 now (s)
--       7 until when it is kept (s)  8 what was removed (JSON); the ballots are filled in
--       9 most removals that are kept
-- Returns the ballots, or why nothing was done: "no-site", "unknown", "stale", "full".
local polls, revisions, removed = KEYS[2], KEYS[3], KEYS[5]
local poll, revision, now, ends = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[6]), tonumber(ARGV[7])
local FIRST = 10
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return 'no-site' end
if call('HEXISTS', polls, poll) == 0 then return 'unknown' end
if tonumber(call('HGET', revisions, poll) or 0) ~= revision then return 'stale' end
call('ZREMRANGEBYSCORE', removed, '-inf', now)
if call('ZCARD', removed) >= tonumber(ARGV[9]) then return 'full' end

local numbers = call('HMGET', KEYS[FIRST + 2], 'now:held', 'now:voided')
local ballots = tonumber(call('HGET', KEYS[FIRST], 'ballots') or 0)
  + tonumber(numbers[1] or 0) + tonumber(numbers[2] or 0)
local entry, document = cjson.decode(ARGV[4]), ARGV[8]
entry.before.ballots = ballots
record(KEYS[4], cjson.encode(entry))
-- cjson would make an object of an empty list, and less of long numbers.
document = string.gsub(document, '"ballots":0', '"ballots":' .. ballots, 1)

call('SET', KEYS[6], document, 'EX', ends - now)
call('ZADD', removed, ends, ARGV[5])
for i = FIRST, #KEYS, 2 do
  if call('EXISTS', KEYS[i]) == 1 then
    call('RENAME', KEYS[i], KEYS[i + 1])
    call('EXPIRE', KEYS[i + 1], ends - now)
  end
end
call('UNLINK', KEYS[7], KEYS[8], KEYS[9])
if ARGV[3] == '' then call('HDEL', polls, poll) else call('HSET', polls, poll, ARGV[3]) end
call('HSET', revisions, poll, revision + 1)
call('HINCRBY', revisions, '*', 1)
return ballots
