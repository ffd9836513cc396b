-- set_operator: make an account a service operator, or an ordinary account again.
-- KEYS  1 account HASH   2 operators SET
-- ARGV  1 name   2 "1" or ""   3 the value as read before
-- Returns 1; or (nothing written) 0: the account does not exist; -1: it is the last operator;
--       -2: the value has changed.
local name, operator = ARGV[1], ARGV[2]

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if (redis.call('HGET', KEYS[1], 'operator') or '') ~= ARGV[3] then return -2 end
if operator == '1' then
  redis.call('SADD', KEYS[2], name)
else
  if redis.call('SISMEMBER', KEYS[2], name) == 1 and redis.call('SCARD', KEYS[2]) == 1 then
    return -1
  end
  redis.call('SREM', KEYS[2], name)
end
redis.call('HSET', KEYS[1], 'operator', operator)
return 1
