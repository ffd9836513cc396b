-- replay_guard: stands before record_views.lua, and replay_mark.lua behind it: a batch of kept views
-- is recorded once.
--
-- The batch is marked when its views are in: one that failed is not taken for recorded.
--
-- KEYS  those of record_views.lua, then the batch's marker STRING
-- Returns what record_views.lua does; 'done', and writes nothing, if the batch was recorded before.
local MARKER_TTL = 30 * 86400

local marker = table.remove(KEYS)
if redis.call('EXISTS', marker) == 1 then return 'done' end
-- How many are online now says nothing of then: no peak comes of it.
ARGV.replayed = true

local function record_views()
