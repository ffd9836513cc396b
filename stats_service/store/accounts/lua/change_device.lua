-- change_device: replace the document of a device that still exists.
-- KEYS  1 devices HASH
-- ARGV  1 digest   2 device, JSON
-- Returns 1, or 0 (nothing written) if the device was removed.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
