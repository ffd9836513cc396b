-- sweep_pictures: remove the pictures that no poll has any more, nor one that can be restored, and
-- that are not the site's emblem.
--
-- KEYS  1 pictures HASH  2 polls HASH  3 removed ZSET  4 site STRING; then what was removed STRING,
--       of each removal
-- ARGV  1 time (s) before which a picture was put there to be removed: a younger one may be on its
--         way into a poll  2... ids of the removals
-- Returns how many went; -1 (nothing removed) if there are other removals by now. Nothing goes while
-- an archive takes the site's place.
local pictures, call = KEYS[1], redis.call
local removals = {}
for i = 2, #ARGV do removals[ARGV[i]] = true end
for _, removal in ipairs(call('ZRANGE', KEYS[3], 0, -1)) do
  if not removals[removal] then return -1 end
end

local site = call('GET', KEYS[4])
if not site then return 0 end
local documents = call('HVALS', KEYS[2])
documents[#documents + 1] = site
for i = 5, #KEYS do documents[#documents + 1] = call('GET', KEYS[i]) or '' end
local gone = 0
for _, id in ipairs(call('HKEYS', pictures)) do
  local at = not string.find(id, ':', 1, true)
    and tonumber(string.match(call('HGET', pictures, id .. ':at') or '0', '%d+'))
  if at and at < tonumber(ARGV[1]) then
    local used = false
    for _, document in ipairs(documents) do
      used = used or string.find(document, id, 1, true) ~= nil
    end
    if not used then
      call('HDEL', pictures, id, id .. ':at')
      gone = gone + 1
    end
  end
end
return gone
