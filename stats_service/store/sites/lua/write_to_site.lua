-- write_to_site: do one command on a key of a site, if the site is there.
-- KEYS  1 site STRING  2 the key
-- ARGV  1 seconds after which the key ends, from the first time on; 0: never  2 the command
--       3… what follows the key
-- Returns what the command does; nil (nothing written) if the site is not, or no longer, there.
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local reply = redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
if ARGV[1] ~= '0' then redis.call('EXPIRE', KEYS[2], ARGV[1], 'NX') end
return reply
