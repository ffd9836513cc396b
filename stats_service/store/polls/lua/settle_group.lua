-- settle_group: decide about a group of held ballots, or take a decision back.
-- audit_entry.lua comes before.
--
-- KEYS  1 tally HASH  2 groups HASH  3 others HASH  4 report HASH  5 audit STREAM
-- ARGV  1 name of the group  2 new state: "held", "accepted" or "voided"
--       3 audit entry; the former state and the ballots are added
-- Returns the former state, or nil if the group does not exist.
local tally, groups, others, report = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, state = ARGV[1], ARGV[2]
local call = redis.call

local stored = call('HGET', groups, name)
if not stored then return false end
local group = cjson.decode(stored)
local before = group.state
if before == state then return before end

local entry = cjson.decode(ARGV[3])
entry.before.state, entry.after.ballots = before, group.ballots
record(KEYS[5], cjson.encode(entry))

-- A choice that voters changed away from has 0 here. The negative of 0, -0, is not an integer to
-- HINCRBY of Redis 7.0.
local function signed(sign, n) return n == 0 and 0 or sign * n end

-- As in cast_ballot.lua: the text counts in its present state.
local function add_text(text, n)
  if call('HEXISTS', tally, 't:' .. text) == 1 then
    call('HINCRBY', tally, 't:' .. text, n)
    return
  end
  local field = call('HEXISTS', others, 'r:' .. text) == 1 and 'r:' .. text or 'p:' .. text
  if call('HINCRBY', others, field, n) <= 0 then call('HDEL', others, field) end
end

local function add(sign)
  call('HINCRBY', tally, 'ballots', signed(sign, group.ballots))
  for choice, n in pairs(group.votes) do call('HINCRBY', tally, 'c:' .. choice, signed(sign, n)) end
  for text, n in pairs(group.texts) do add_text(text, signed(sign, n)) end
end

if before == 'accepted' then
  add(-1)
else
  call('HINCRBY', report, 'now:' .. before, signed(-1, group.ballots))
end
if state == 'accepted' then
  add(1)
else
  call('HINCRBY', report, 'now:' .. state, group.ballots)
end
group.state = state
call('HSET', groups, name, cjson.encode(group))
return before
