-- enrol_kiosk: spend a one-time link, and enrol the device on which it was opened.
-- audit_entry.lua comes before.
--
-- KEYS  1 site STRING  2 the link STRING  3 kiosks HASH  4 audit STREAM
-- ARGV  1 id of the device  2 device (JSON)  3 entry of the log  4 most devices in use, and most
--       revoked ones that are kept besides, of which those revoked first give way
-- Returns 1; or (nothing written) 0 if the link was spent or has ended, -1 if as many are in use.
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 or call('EXISTS', KEYS[2]) == 0 then return 0 end

local most = tonumber(ARGV[4])
local revoked, used, stored = {}, 0, call('HGETALL', KEYS[3])
for i = 1, #stored, 2 do
  if not string.find(stored[i], ':', 1, true) then
    local at = cjson.decode(stored[i + 1]).revoked
    if at > 0 then revoked[#revoked + 1] = { stored[i], at } else used = used + 1 end
  end
end
if used >= most then return -1 end

record(KEYS[4], ARGV[3])
call('DEL', KEYS[2])
table.sort(revoked, function(a, b) return a[2] < b[2] end)
for i = 1, #revoked - most do
  call('HDEL', KEYS[3], revoked[i][1], revoked[i][1] .. ':used')
end
call('HSET', KEYS[3], ARGV[1], ARGV[2])
return 1
