-- set_second_factor: turn the second factor on or off, or replace the recovery codes.
-- KEYS  1 account HASH
-- ARGV  1 seed, "": off   2 time step whose code is used up   then digests of recovery codes
-- Returns 1, or 0 (nothing written) if the account does not exist.
local seed, step = ARGV[1], tonumber(ARGV[2])

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local fields = redis.call('HGETALL', KEYS[1])
for n = 1, #fields, 2 do
  if string.sub(fields[n], 1, 9) == 'recovery:' then redis.call('HDEL', KEYS[1], fields[n]) end
end
if seed == '' then
  redis.call('HDEL', KEYS[1], 'seed', 'step')
  return 1
end
if redis.call('HGET', KEYS[1], 'seed') ~= seed then
  redis.call('HSET', KEYS[1], 'seed', seed, 'step', step)
end
for n = 3, #ARGV do redis.call('HSET', KEYS[1], 'recovery:' .. ARGV[n], '') end
return 1
