-- note_refusal: add a refused sign-in to the sum of its hour; sums of past hours go to the log.
-- KEYS  1 refusals HASH   2 audit STREAM
-- ARGV  1 hour since 1970   2 now (s)   3 kind ('': only move past hours to the log)
--       4 account, or '' for one that does not exist
--       5 audit entry, JSON, for the first of its kind, account and hour; '': none
-- Returns the sum of the kind, account and hour.
local hour, now, kind, account = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]

local past, fields = {}, redis.call('HGETALL', KEYS[1])
for n = 1, #fields, 2 do
  local of, what, name = string.match(fields[n], '^(%d+):(%a+):(.*)$')
  if of and tonumber(of) < hour then
    local key = of .. ':' .. name
    past[key] = past[key] or {name = name, sums = {since = tonumber(of) * 3600}, fields = {}}
    past[key].sums[what] = tonumber(fields[n + 1])
    table.insert(past[key].fields, fields[n])
  end
end
for _, one in pairs(past) do
  local entry = {at = now, who = '(not signed in)', what = 'account.sign-in-refused',
    subject = one.name, after = one.sums}
  redis.call('XADD', KEYS[2], '*', 'entry', cjson.encode(entry))
  redis.call('HDEL', KEYS[1], unpack(one.fields))
end

if kind == '' then return 0 end
if account ~= '' then redis.call('HINCRBY', KEYS[1], 'since:' .. kind .. ':' .. account, 1) end
local made = redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':' .. kind .. ':' .. account, 1)
if made == 1 and ARGV[5] ~= '' then redis.call('XADD', KEYS[2], '*', 'entry', ARGV[5]) end
return made
