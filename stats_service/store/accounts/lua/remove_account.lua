-- remove_account: forget an account; its sessions end because they name nobody.
-- KEYS  1 account HASH   2 accounts SET   3 operators SET
-- ARGV  1 name
-- Returns 1; 0 if there is no such account; -1 if it is the last operator (nothing written).
local name = ARGV[1]

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('SISMEMBER', KEYS[3], name) == 1 and redis.call('SCARD', KEYS[3]) == 1 then
  return -1
end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], name)
redis.call('SREM', KEYS[3], name)
return 1
