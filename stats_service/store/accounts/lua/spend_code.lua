-- spend_code: use up the code of a time step: if two send the same code, only one gets in.
-- KEYS  1 account HASH
-- ARGV  1 seed of the code   2 time step of the code
-- Returns 1; 0 (nothing written) if the code is used up, or the account has a different seed.
local seed, step = ARGV[1], tonumber(ARGV[2])

if redis.call('HGET', KEYS[1], 'seed') ~= seed then return 0 end
if step <= tonumber(redis.call('HGET', KEYS[1], 'step') or 0) then return 0 end
redis.call('HSET', KEYS[1], 'step', step)
return 1
