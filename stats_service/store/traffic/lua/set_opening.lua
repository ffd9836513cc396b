-- set_opening: set the views that an article had before it came here. audit_entry.lua comes before.
--
-- KEYS  1 opening HASH  2 audit STREAM  3 site STRING
-- ARGV  1 article  2 views; 0 removes the balance  3 entry of the log, `before` { } to be filled in
--       4 what has to be set before; "": anything
-- Returns what was set before; if it is the same, nothing is written. And nothing is either with
--       -1: the site is no more; -2: something else is set.
local opening, article, views = KEYS[1], ARGV[1], ARGV[2]

if redis.call('EXISTS', KEYS[3]) == 0 then return -1 end
local before = redis.call('HGET', opening, article) or '0'
if ARGV[4] ~= '' and ARGV[4] ~= before then return -2 end
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
