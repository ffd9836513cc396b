-- add_legacy_month: add what visits of a month told that is no longer kept by day, once.
-- KEYS  1 site STRING  2 readers of the month HASH  3 parts of the import HASH
-- ARGV  1 number of this part  2 the part as it is stored
--       3 1: add it; 0: note it alone, as the month is summed from its days
--       then for each line: the line, its visits
-- Returns 1; or (nothing added) 0 if the part was added before, -1 if the site does not exist.
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return -1 end
if call('HSETNX', KEYS[3], ARGV[1], ARGV[2]) == 0 then return 0 end
if ARGV[3] == '1' then
  local unnamed = add_readers(KEYS[2], 4, (#ARGV - 3) / 2)
  if #unnamed > 0 then call('HSET', KEYS[3], ARGV[1] .. ':unnamed', table.concat(unnamed, ',')) end
end
return 1
