-- release_site: let a held site continue unchanged.
-- KEYS  1 site STRING  2 alive STRING of its birth (or 1 again)  3 held STRING
--       4 replacing STRING
-- ARGV  1 id of the holder; "": a holder whose time is up
-- Returns 1; 0 (nothing changed) if the site is not held, or held by another holder.
local call = redis.call

if (call('GET', KEYS[4]) or '') ~= ARGV[1] or call('EXISTS', KEYS[3]) == 0 then return 0 end
if KEYS[2] ~= KEYS[1] then call('SET', KEYS[2], '1') end
call('RENAME', KEYS[3], KEYS[1])
call('UNLINK', KEYS[4])
return 1
