-- set_opening: set the views that an article had before it came here. audit_entry.lua comes before.
--
-- KEYS  1 opening HASH  2 audit STREAM
-- ARGV  1 article  2 views; 0 removes the balance  3 entry of the log, `before` { } to be filled in
-- Returns what was set before; if it is the same, nothing is written.
local opening, article, views = KEYS[1], ARGV[1], ARGV[2]

local before = redis.call('HGET', opening, article) or '0'
if before ~= views then
  local entry = cjson.decode(ARGV[3])
  entry.before = { views = tonumber(before) }
  record(KEYS[2], cjson.encode(entry))
  if views == '0' then
    redis.call('HDEL', opening, article)
  else
    redis.call('HSET', opening, article, views)
  end
end
return tonumber(before)
