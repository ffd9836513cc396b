-- read_poll: read all data for the integrity checks of a poll, at one moment.
--
-- KEYS  1 tally HASH  2 voters HASH  3 groups HASH  4 report HASH  5 others HASH
-- Returns { tally, number of voters, groups, report, others }.
local call = redis.call
return {
  call('HGETALL', KEYS[1]), call('HLEN', KEYS[2]), call('HGETALL', KEYS[3]),
  call('HGETALL', KEYS[4]), call('HGETALL', KEYS[5]),
}
