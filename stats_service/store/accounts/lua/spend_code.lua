-- spend_code: use up the code of a time step: of two who send the same code, one gets in.
-- KEYS  1 account HASH
-- ARGV  1 seed that the code was made with   2 its time step
-- Returns 1; 0 (nothing written) if the code is used up, or the account has another seed.
local seed, step = ARGV[1], tonumber(ARGV[2])

if redis.call('HGET', KEYS[1], 'seed') ~= seed then return 0 end
if step <= tonumber(redis.call('HGET', KEYS[1], 'step') or 0) then return 0 end
redis.call('HSET', KEYS[1], 'step', step)
return 1
