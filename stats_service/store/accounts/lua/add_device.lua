-- add_device: store a browser that has signed in; the least recently used one makes room for it.
-- KEYS  1 account HASH   2 devices HASH
-- ARGV  1 digest   2 device, JSON   3 most devices   4 oldest sign-in to keep (s)
--       5 lifetime of the hash (s)
-- Returns 1, or 0 (nothing written) if the account does not exist.
local digest, most, oldest = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], digest, ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[5])
local others, fields = {}, redis.call('HGETALL', KEYS[2])
for n = 1, #fields, 2 do
  if fields[n] ~= digest then
    others[#others + 1] = {fields[n], cjson.decode(fields[n + 1]).last}
  end
end
table.sort(others, function(a, b) return a[2] > b[2] end)
for n, other in ipairs(others) do
  if n >= most or other[2] < oldest then redis.call('HDEL', KEYS[2], other[1]) end
end
return 1
