-- add_account: store a new account.
-- KEYS  1 account HASH   2 accounts SET   3 operators SET
-- ARGV  1 name   2 "1" for an operator   then fields and values
-- Returns 1, or 0 (nothing written) if the name is taken.
local name, operator = ARGV[1], ARGV[2]

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('SADD', KEYS[2], name)
if operator == '1' then redis.call('SADD', KEYS[3], name) end
return 1
