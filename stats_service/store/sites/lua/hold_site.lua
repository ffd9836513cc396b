-- hold_site: let nothing be written for a site, so that an archive can take its place.
-- KEYS  1 site STRING  2 alive STRING of its birth (or 1 again)  3 held STRING
--       4 replacing STRING  5 founded STRING
-- ARGV  1 the founding that is to be replaced  2 who does it  3 seconds after which anybody may
--       let the site go on
-- Returns 1; 0 (nothing changed) if the site is gone, another by now, or held by somebody else.
local call = redis.call

if call('EXISTS', KEYS[1]) == 0 or (call('GET', KEYS[5]) or '') ~= ARGV[1] then return 0 end
call('RENAME', KEYS[1], KEYS[3])
if KEYS[2] ~= KEYS[1] then call('UNLINK', KEYS[2]) end
call('SET', KEYS[4], ARGV[2], 'EX', ARGV[3])
return 1
