-- replay_mark: runs after replay_guard.lua and record_views.lua.
end

local reply = record_views()
if reply then redis.call('SET', marker, '1', 'EX', MARKER_TTL) end
return reply
