-- set_role: give an account a role on a site, or take it away, if it still has the one that was read.
-- KEYS  1 account HASH
-- ARGV  1 field of the role   2 the role that it has, or ""   3 the role that it gets, or ""
-- Returns 1; and nothing is written with 0: there is no such account; -2: it has another role.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return -2 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
