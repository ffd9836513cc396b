-- change_account: set and delete fields of an existing account.
-- KEYS  1 account HASH
-- ARGV  1 number of fields to set   then fields and values, then fields to delete
-- Returns 1, or 0 (nothing written) if the account does not exist.
local first_deleted = 2 + 2 * tonumber(ARGV[1])

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if first_deleted > 2 then redis.call('HSET', KEYS[1], unpack(ARGV, 2, first_deleted - 1)) end
if #ARGV >= first_deleted then redis.call('HDEL', KEYS[1], unpack(ARGV, first_deleted)) end
return 1
