-- found_site: store a new site, unless the name is taken.
-- KEYS  1 site STRING  2 held STRING  3 founded STRING  4 alive STRING of its birth (or 1 again)
-- ARGV  1 the site's document  2 id of this founding
-- Returns 1; 0 (nothing written) if the site exists, or an archive is taking its place.
local call = redis.call

if call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
call('SET', KEYS[3], ARGV[2])
call('SET', KEYS[4], '1')
call('SET', KEYS[1], ARGV[1])
return 1
