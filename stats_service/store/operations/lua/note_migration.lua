-- note_migration: note how far a migration is, for the process that holds its lock.
-- KEYS  1 migrating STRING  2 installation HASH
-- ARGV  1 holder  2 seconds for which it goes on holding the lock; 0: the lock ends
--       3… fields and values; empty ones go
-- Returns 1; 0 (nothing written) if another process holds the lock, or nobody.
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for place = 3, #ARGV, 2 do
  if ARGV[place + 1] == '' then
    call('HDEL', KEYS[2], ARGV[place])
  else
    call('HSET', KEYS[2], ARGV[place], ARGV[place + 1])
  end
end
if ARGV[2] == '0' then
  call('DEL', KEYS[1])
else
  call('EXPIRE', KEYS[1], ARGV[2])
end
return 1
