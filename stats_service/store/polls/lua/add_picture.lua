-- add_picture: keep a picture for the polls of a site.
--
-- KEYS  1 site STRING  2 pictures HASH
-- ARGV  1 id  2 the JPEG  3 now (s)  4 most pictures  5 most bytes of all together
-- Returns "added" (also if it was there), or why it was not: "no-site", "many", "large".
local pictures, id = KEYS[2], ARGV[1]
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return 'no-site' end
if call('HEXISTS', pictures, id) == 0 then
  local number, size = 1, #ARGV[2]
  for _, field in ipairs(call('HKEYS', pictures)) do
    if not string.find(field, ':', 1, true) then
      number, size = number + 1, size + call('HSTRLEN', pictures, field)
    end
  end
  if number > tonumber(ARGV[4]) then return 'many' end
  if size > tonumber(ARGV[5]) then return 'large' end
end
call('HSET', pictures, id, ARGV[2], id .. ':at', ARGV[3])
return 'added'
