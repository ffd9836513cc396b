-- replay_guard: stands before record_views.lua and lets a batch of kept views pass once.
--
-- KEYS  those of record_views.lua, then the batch's marker STRING
-- Returns 'done', and writes nothing, if the batch was recorded before.
local MARKER_TTL = 30 * 86400

if not redis.call('SET', table.remove(KEYS), '1', 'NX', 'EX', MARKER_TTL) then return 'done' end
-- How many are online now says nothing of then: no peak comes of it.
ARGV.replayed = true

