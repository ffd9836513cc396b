-- restore_ballots: undo remove_ballots, unless something has taken the place meanwhile.
-- audit_entry.lua comes before.
--
-- KEYS  1 site STRING  2 polls HASH  3 revisions HASH  4 audit STREAM  5 removed ZSET
--       6 what was removed STRING; then in pairs a part of the poll and where it was put, first the
--       tally, then the voters and the groups
-- ARGV  1 poll id  2 revision that was looked at  3 definition (JSON) with the next one
--       4 entry of the log  5 id of the removal  6 "1" if the poll itself was deleted
-- Returns "restored", or why nothing was done: "no-site", "gone", "taken", "stale", "voted".
local polls, revisions, FIRST = KEYS[2], KEYS[3], 7
local poll, revision = ARGV[1], tonumber(ARGV[2])
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 then return 'no-site' end
if call('EXISTS', KEYS[6]) == 0 then return 'gone' end
if (call('HEXISTS', polls, poll) == 0) ~= (ARGV[6] == '1') then return 'taken' end
if tonumber(call('HGET', revisions, poll) or 0) ~= revision then return 'stale' end
if tonumber(call('HGET', KEYS[FIRST], 'ballots') or 0) > 0 or call('HLEN', KEYS[FIRST + 2]) > 0
    or call('HLEN', KEYS[FIRST + 4]) > 0 then
  return 'voted'
end

record(KEYS[4], ARGV[4])
for i = FIRST, #KEYS, 2 do
  call('UNLINK', KEYS[i])
  if call('EXISTS', KEYS[i + 1]) == 1 then
    call('RENAME', KEYS[i + 1], KEYS[i])
    call('PERSIST', KEYS[i])
  end
end
call('UNLINK', KEYS[6])
call('ZREM', KEYS[5], ARGV[5])
call('HSET', polls, poll, ARGV[3])
call('HSET', revisions, poll, revision + 1)
call('HINCRBY', revisions, '*', 1)
return 'restored'
