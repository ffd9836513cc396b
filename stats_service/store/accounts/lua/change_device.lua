-- change_device: put another document in the place of a device that is still there.
-- KEYS  1 devices HASH
-- ARGV  1 digest   2 device, JSON
-- Returns 1, or 0 (nothing written) if it was removed.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
