-- remove_account: delete an account; its sessions end because their account does not exist.
-- KEYS  1 account HASH   2 accounts SET   3 operators SET   4 devices HASH   5 refusals HASH
-- ARGV  1 name   2 "1" for an operator, as read before   then fields of its roles and the roles
-- Returns 1; or (nothing written) 0: the account does not exist; -1: it is the last operator;
--       -2: its rights have changed.
local name = ARGV[1]

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local known, fields = {operator = ARGV[2]}, redis.call('HGETALL', KEYS[1])
for n = 3, #ARGV, 2 do known[ARGV[n]] = ARGV[n + 1] end
for n = 1, #fields, 2 do
  local field = fields[n]
  if field == 'operator' or string.sub(field, 1, 5) == 'role:' then
    if known[field] ~= fields[n + 1] then return -2 end
    known[field] = nil
  end
end
for _, value in pairs(known) do if value ~= '' then return -2 end end
if redis.call('SISMEMBER', KEYS[3], name) == 1 and redis.call('SCARD', KEYS[3]) == 1 then
  return -1
end
redis.call('DEL', KEYS[1], KEYS[4])
for _, kind in ipairs({'passwords', 'codes', 'unseen'}) do
  redis.call('HDEL', KEYS[5], 'since:' .. kind .. ':' .. name)
end
redis.call('SREM', KEYS[2], name)
redis.call('SREM', KEYS[3], name)
return 1
