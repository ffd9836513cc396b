-- add_legacy_poll: add a poll of another system with its result, once.
-- KEYS  1 site STRING  2 polls HASH  3 revisions HASH  4 tally HASH of the poll
-- ARGV  1 poll id  2 definition (JSON); then fields of the tally: name, ballots
-- Returns 1; or (nothing added) 0 if the poll exists, -1 if the site does not exist.
local polls, revisions, tally = KEYS[2], KEYS[3], KEYS[4]
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return -1 end
if call('HSETNX', polls, ARGV[1], ARGV[2]) == 0 then return 0 end
call('HSET', revisions, ARGV[1], 1)
call('HINCRBY', revisions, '*', 1)
for i = 3, #ARGV, 2 do call('HSET', tally, ARGV[i], ARGV[i + 1]) end
return 1
