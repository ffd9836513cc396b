-- mend_birth: restore the missing key of a site's birth.
-- KEYS  1 site STRING  2 alive STRING of its birth
-- ARGV  1 the site's document as read before, which names the birth
-- Returns 1; 0 (nothing written) if the site has changed or is gone.
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
call('SET', KEYS[2], '1')
return 1
