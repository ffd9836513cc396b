-- set_operator: make an account a service operator, or an ordinary account again.
-- KEYS  1 account HASH   2 operators SET
-- ARGV  1 name   2 "1" or ""   3 what it is, as it was read
-- Returns 1; and nothing is written with 0: there is no such account; -1: it is the last operator;
--       -2: it is not what was read.
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
