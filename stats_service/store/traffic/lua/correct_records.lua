-- correct_records: set or take away records of a site. audit_entry.lua comes before.
--
-- KEYS  1 counts HASH  2 audit STREAM
-- ARGV  1 entry of the log, `before` { } to be filled in  2… field, value; "" takes the field away
-- Returns how many fields changed; if none did, nothing is written.
local counts = KEYS[1]
local entry, changed, gone = cjson.decode(ARGV[1]), {}, {}

-- A value as the log has it: numbers as such, moments in seconds.
local function in_log(field, text)
  local number = tonumber(text)
  return number and (field == 'peak:at' and number / 1000 or number) or text
end

for i = 2, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  local before = redis.call('HGET', counts, field) or ''
  if before ~= value then
    entry.before[field], entry.after[field] = in_log(field, before), in_log(field, value)
    if value == '' then
      gone[#gone + 1] = field
    else
      changed[#changed + 1], changed[#changed + 2] = field, value
    end
  end
end

local n = #gone + #changed / 2
if n > 0 then record(KEYS[2], cjson.encode(entry)) end
if #gone > 0 then redis.call('HDEL', counts, unpack(gone)) end
if #changed > 0 then redis.call('HSET', counts, unpack(changed)) end
return n
