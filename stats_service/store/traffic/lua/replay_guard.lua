-- replay_guard: runs before record_views.lua, and replay_mark.lua after it, so that a batch of
-- spooled views is recorded once.
--
-- The batch is marked after its views are recorded: a failed batch is not marked.
--
-- KEYS  those of record_views.lua, then the batch's marker STRING
-- Returns what record_views.lua does; 'done', and writes nothing, if the batch was recorded before.
local MARKER_TTL = 30 * 86400

local marker = table.remove(KEYS)
if redis.call('EXISTS', marker) == 1 then return 'done' end
-- The number of visitors online now is not that of then, so it sets no peak.
ARGV.replayed = true

local function record_views()
