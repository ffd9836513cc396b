-- look_at_network: note that somebody has looked at what a poll's largest network has cast.
-- audit_entry.lua comes before.
--
-- KEYS  1 report HASH  2 audit STREAM
-- ARGV  1 entry of the log; the ballots are filled in
-- Returns the ballots, or nil if there is nothing new to look at.
local report = KEYS[1]
local n = redis.call('HGET', report, 'now:network')
if not n or redis.call('HGET', report, 'now:looked') == n then return false end

local entry = cjson.decode(ARGV[1])
entry.after.ballots = tonumber(n)
record(KEYS[2], cjson.encode(entry))
redis.call('HSET', report, 'now:looked', n)
return tonumber(n)
