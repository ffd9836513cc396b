-- Replace a document that nobody has changed since it was read. audit_entry.lua comes before.
--
-- KEYS[1]  the document
-- KEYS[2]  audit STREAM
-- ARGV[1]  what was read; empty: there was none
-- ARGV[2]  what takes its place
-- ARGV[3]  entry of the log; empty: the change is not recorded
-- returns  1, or 0 if it was changed meanwhile, and nothing was written
local known = redis.call('GET', KEYS[1]) or ''
if known ~= ARGV[1] then
  return 0
end
record(KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[2])
return 1
