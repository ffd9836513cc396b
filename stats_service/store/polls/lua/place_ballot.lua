-- place_ballot: put a ballot where it counts or waits; comes before the scripts that cast one.
--
-- KEYS  1 site STRING  2 revisions HASH  3 tally HASH  4 voters HASH  5 groups HASH  6 others HASH
--       7 report HASH
local tally, voters, groups, others, report = KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local TEXTS_MAX, GROUP_TEXTS_MAX = 2000, 100
local OUTCOMES = { c = 'counted', h = 'held', x = 'changed' }
local call = redis.call

-- Add n to a free text where it stands: approved, rejected, or waiting for either.
local function add_text(text, n)
  if call('HEXISTS', tally, 't:' .. text) == 1 then
    call('HINCRBY', tally, 't:' .. text, n)
    return
  end
  local field = call('HEXISTS', others, 'r:' .. text) == 1 and 'r:' .. text or 'p:' .. text
  if n > 0 and call('HLEN', others) >= TEXTS_MAX and call('HEXISTS', others, field) == 0 then
    return
  end
  if call('HINCRBY', others, field, n) <= 0 then call('HDEL', others, field) end
end

local function add_to_tally(choices, text, n)
  call('HINCRBY', tally, 'ballots', n)
  for i = 1, #choices do call('HINCRBY', tally, 'c:' .. choices[i], n) end
  if text ~= '' then add_text(text, n) end
end

-- Add n to a group of ballots; returns its state, which is `state` if it is new.
local function add_to_group(name, state, choices, text, n)
  local stored = call('HGET', groups, name)
  local group = stored and cjson.decode(stored)
    or { state = state, ballots = 0, votes = {}, texts = {}, texts_kept = 0 }
  local votes, texts = group.votes, group.texts
  group.ballots = group.ballots + n
  for i = 1, #choices do votes[choices[i]] = (votes[choices[i]] or 0) + n end
  if text ~= '' and (texts[text] or n > 0 and group.texts_kept < GROUP_TEXTS_MAX) then
    group.texts_kept = group.texts_kept + (texts[text] and 0 or 1)
    texts[text] = (texts[text] or 0) + n
  end
  call('HSET', groups, name, cjson.encode(group))
  return group.state
end

-- Add n to whatever counts a ballot of a group ("" for none); returns whether it counts.
local function place(name, state, choices, text, n)
  state = name == '' and 'accepted' or add_to_group(name, state, choices, text, n)
  if state == 'accepted' then
    add_to_tally(choices, text, n)
  else
    call('HINCRBY', report, 'now:' .. state, n)
  end
  return state == 'accepted'
end

