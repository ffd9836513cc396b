-- change_kiosk: rename or revoke a device if it is as it was read. audit_entry.lua comes before.
--
-- KEYS  1 kiosks HASH  2 audit STREAM
-- ARGV  1 id of the device  2 device as it was read (JSON)  3 as it is to be (JSON)
--       4 entry of the log
-- Returns 1; 0 (nothing written) if it is another by now, or gone.
local call = redis.call
if call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
record(KEYS[2], ARGV[4])
call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
