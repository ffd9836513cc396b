-- undo_legacy_month: subtract what `add_legacy_month` added, once.
-- KEYS  as in add_legacy_month.lua
-- ARGV  1 number of the part  2 1: subtract it; 0: the month is summed from its days again
--       then for each line: the line, its visits
-- Returns 1; or (nothing subtracted) 0 if the part is not there, -1 if the site does not exist.
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return -1 end
if call('HEXISTS', KEYS[3], ARGV[1]) == 0 then return 0 end
if ARGV[2] == '1' then
  local unnamed = places_of(call('HGET', KEYS[3], ARGV[1] .. ':unnamed'))
  take_readers(KEYS[2], 3, (#ARGV - 2) / 2, unnamed)
end
call('HDEL', KEYS[3], ARGV[1], ARGV[1] .. ':unnamed')
return 1
