-- begin_import: record that an import begins, unless another import came in between.
-- KEYS  1 site STRING  2 legacy HASH
-- ARGV  1 id of the import  2 its document  3 revision of the imports when its files were
--       read
-- Returns 1; or (nothing recorded) 0 if imports have changed, -1 if the site does not exist.
local legacy, call = KEYS[2], redis.call
if call('EXISTS', KEYS[1]) == 0 then return -1 end
if (call('HGET', legacy, 'imports') or '0') ~= ARGV[3] then return 0 end
call('HSET', legacy, ARGV[1], ARGV[2])
call('HINCRBY', legacy, 'imports', 1)
return 1
