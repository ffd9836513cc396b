-- end_import: record that an import is complete or is being undone, or delete its record.
-- KEYS  1 site STRING  2 legacy HASH  3 HASH of its parts  4 readers HASH
-- ARGV  1 id of the import  2 its document; empty: delete it with its parts
-- Returns 1; -1 (nothing changed) if the site does not exist.
local legacy, call = KEYS[2], redis.call
if call('EXISTS', KEYS[1]) == 0 then return -1 end
if ARGV[2] == '' then
  call('HDEL', legacy, ARGV[1])
  call('UNLINK', KEYS[3], KEYS[4])
else
  call('HSET', legacy, ARGV[1], ARGV[2])
end
call('HINCRBY', legacy, 'imports', 1)
return 1
