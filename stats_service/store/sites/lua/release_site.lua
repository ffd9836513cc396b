-- release_site: let a site that is held go on as it was.
-- KEYS  1 site STRING  2 alive STRING of its birth (or 1 again)  3 held STRING
--       4 replacing STRING
-- ARGV  1 who held it; "": somebody whose time is over
-- Returns 1; 0 (nothing changed) if it is not held, or not by that one.
local call = redis.call

if (call('GET', KEYS[4]) or '') ~= ARGV[1] or call('EXISTS', KEYS[3]) == 0 then return 0 end
if KEYS[2] ~= KEYS[1] then call('SET', KEYS[2], '1') end
call('RENAME', KEYS[3], KEYS[1])
call('UNLINK', KEYS[4])
return 1
