-- Replace a document, unless it has changed since it was read. audit_entry.lua comes before.
--
-- KEYS[1]  the document
-- KEYS[2]  audit STREAM
-- KEYS[3]  site STRING
-- ARGV[1]  the document as read before; empty: none
-- ARGV[2]  the new document
-- ARGV[3]  audit entry; empty: none
-- returns  1; or (nothing written) 0 if it has changed, -1 if the site does not exist
if redis.call('EXISTS', KEYS[3]) == 0 then
  return -1
end
local known = redis.call('GET', KEYS[1]) or ''
if known ~= ARGV[1] then
  return 0
end
record(KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[2])
return 1
