-- write_to_site: run one command on a key of a site, if the site exists.
-- KEYS  1 site STRING  2 the key
-- ARGV  1 lifetime of the key from its first write (s); 0: for ever  2 the command
--       3… further arguments of the command
-- Returns the reply of the command; nil (nothing written) if the site does not exist.
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local reply = redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
if ARGV[1] ~= '0' then redis.call('EXPIRE', KEYS[2], ARGV[1], 'NX') end
return reply
