-- look_at_network: note that somebody has looked at what a poll's largest networks have cast.
-- audit_entry.lua comes before.
--
-- KEYS  1 report HASH  2 audit STREAM
-- ARGV  1 entry of the log; the ballots of one network are filled in  2 those of a wider one, or 0
-- Returns 1, or nil if there is nothing new to look at.
local report, wide = KEYS[1], tonumber(ARGV[2])
local found = redis.call('HMGET', report, 'now:network', 'now:looked', 'now:looked-wide')
local network = tonumber(found[1] or 0)
if network == tonumber(found[2] or 0) and wide <= tonumber(found[3] or 0) then return false end

local entry = cjson.decode(ARGV[1])
entry.after.ballots = math.max(network, wide)
record(KEYS[2], cjson.encode(entry))
redis.call('HSET', report, 'now:looked', network)
if wide > 0 then redis.call('HSET', report, 'now:looked-wide', wide) end
return 1
