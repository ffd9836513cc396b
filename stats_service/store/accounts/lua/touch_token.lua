-- touch_token: record the last use of a token, if the token exists.
-- KEYS  1 tokens HASH
-- ARGV  1 id of the token  2 field of its last use  3 now (s)
-- Returns 1; 0 (nothing written) if the token does not exist.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
