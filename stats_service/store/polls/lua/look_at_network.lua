-- look_at_network: record that an administrator has seen the largest networks of a poll.
-- audit_entry.lua comes before.
--
-- KEYS  1 report HASH  2 audit STREAM
-- ARGV  1 audit entry; the ballots of one network are added  2 those of a wider network, or 0
-- Returns 1, or nil if nothing has changed since the last look.
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
