-- hide_articles: leave articles out of lists, or show them again. audit_entry.lua comes before.
-- They are counted as ever.
--
-- KEYS  1 site STRING  2 hidden SET  3 aliases HASH  4 moved HASH of the change  5 changes HASH
--       6 audit STREAM
-- ARGV  1 "SADD" to hide, "SREM" to show  2 id of the change  3 the change, JSON; "": it is taken
--       back  4 seconds for which it can be taken back  5 entry of the log; ""  6… articles
-- Returns how many were changed; -1, and nothing is written: the site is no more.
local call, change = redis.call, ARGV[2]

if call('EXISTS', KEYS[1]) == 0 then return -1 end
local wanted, of, changed = ARGV[1] == 'SADD' and 1 or 0, { unpack(ARGV, 6) }, {}
local before = call('SMISMEMBER', KEYS[2], unpack(of))
for i = 1, #of do
  if before[i] ~= wanted then changed[#changed + 1] = of[i] end
end
if #changed == 0 then return 0 end
record(KEYS[6], ARGV[5])
call(ARGV[1], KEYS[2], unpack(changed))
call('HINCRBY', KEYS[3], '\1', 1)
if ARGV[3] == '' then
  call('HINCRBY', KEYS[5], change .. ':back', #changed)
  call('HDEL', KEYS[4], unpack(changed))
else
  for i = 1, #changed do call('HSET', KEYS[4], changed[i], '') end
  call('EXPIRE', KEYS[4], ARGV[4])
  call('HSETNX', KEYS[5], change, ARGV[3])
  call('HINCRBY', KEYS[5], change .. ':articles', #changed)
end
return #changed
