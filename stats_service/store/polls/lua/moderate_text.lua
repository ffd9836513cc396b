-- moderate_text: approve a free text, reject it, or make it wait again.
-- audit_entry.lua comes before.
--
-- KEYS  1 tally HASH  2 others HASH  3 audit STREAM
-- ARGV  1 text  2 new state: "approved", "rejected" or "pending"
--       3 audit entry; the former state is added
-- Returns { former state, ballots that count }, or nil if no ballot has this text.
local tally, others, text = KEYS[1], KEYS[2], ARGV[1]
local PLACES = {
  approved = { tally, 't:' .. text },
  rejected = { others, 'r:' .. text },
  pending = { others, 'p:' .. text },
}

for state, place in pairs(PLACES) do
  local n = redis.call('HGET', place[1], place[2])
  if n then
    if state ~= ARGV[2] then
      local entry = cjson.decode(ARGV[3])
      entry.before.state = state
      record(KEYS[3], cjson.encode(entry))
      redis.call('HDEL', place[1], place[2])
      redis.call('HSET', PLACES[ARGV[2]][1], PLACES[ARGV[2]][2], n)
    end
    return { state, tonumber(n) }
  end
end
return false
