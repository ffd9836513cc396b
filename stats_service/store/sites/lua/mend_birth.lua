-- mend_birth: write the key of a site's birth again, which is gone while the site is there.
-- KEYS  1 site STRING  2 alive STRING of its birth
-- ARGV  1 the site's document as it was read, which names the birth
-- Returns 1; 0 (nothing written) if the site is another by now, or none.
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
call('SET', KEYS[2], '1')
return 1
