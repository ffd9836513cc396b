-- set_role: give an account a role on a site, or remove it, if the role is as read before.
-- KEYS  1 account HASH
-- ARGV  1 field of the role   2 the present role, or ""   3 the new role, or ""
-- Returns 1; or (nothing written) 0: the account does not exist; -2: the role has changed.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return -2 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
