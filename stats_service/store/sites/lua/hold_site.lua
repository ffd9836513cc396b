-- hold_site: stop all writes to a site, so that an archive can take its place.
-- KEYS  1 site STRING  2 alive STRING of its birth (or 1 again)  3 held STRING
--       4 replacing STRING  5 founded STRING
-- ARGV  1 id of the founding that is to be replaced  2 id of the holder  3 seconds after which
--       anybody may release the site
-- Returns 1; 0 (nothing changed) if the site is gone, a different one, or held by another holder.
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 or (call('GET', KEYS[5]) or '') ~= ARGV[1] then return 0 end
call('RENAME', KEYS[1], KEYS[3])
if KEYS[2] ~= KEYS[1] then call('UNLINK', KEYS[2]) end
call('SET', KEYS[4], ARGV[2], 'EX', ARGV[3])
return 1
