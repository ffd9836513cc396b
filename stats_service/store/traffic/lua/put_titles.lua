-- put_titles: keep what articles are called. audit_entry.lua comes before.
--
-- What is read never takes the place of what an administrator has set, and an article that is not
-- there (any more) gets none.
--
-- KEYS  1 site STRING  2 titles HASH  3 articles ZSET  4 opening HASH  5 ratings HASH
--       6 audit STREAM
-- ARGV  1 "a": an administrator sets them, "r": they were read  2 most titles of the site
--       3 entry of the log; ""  4… article, document (JSON; "": none)
-- Returns how many were written; nothing is written with -1: the site is no more; -2: the
--       administrator's article is none, -3: there are too many.
local titles, by, most, call = KEYS[2], ARGV[1], tonumber(ARGV[2]), redis.call

if call('EXISTS', KEYS[1]) == 0 then return -1 end
local written, size = 0, call('HLEN', titles)
for i = 4, #ARGV, 2 do
  local article, document = ARGV[i], ARGV[i + 1]
  local before = call('HGET', titles, article)
  if by == 'a' or not (before and string.find(before, '"source":"admin"', 1, true)) then
    if document == '' then
      if before then
        if by == 'a' then record(KEYS[6], ARGV[3]) end
        size = size - call('HDEL', titles, article)
        written = written + 1
      end
    else
      local known = call('ZSCORE', KEYS[3], article) or call('HEXISTS', KEYS[4], article) == 1
        or call('HEXISTS', KEYS[5], article) == 1
      local room = before or size < most
      if by == 'a' and not known then return -2 end
      if by == 'a' and not room then return -3 end
      if known and room and before ~= document then
        if by == 'a' then record(KEYS[6], ARGV[3]) end
        size = size + call('HSET', titles, article, document)
        written = written + 1
      end
    end
  end
end
return written
