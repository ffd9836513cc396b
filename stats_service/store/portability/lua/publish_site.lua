-- publish_site: put a prepared site in its place, whole or not at all.
-- KEYS  1 site STRING; then prepared, final, prepared, final, …; then keys to forget
-- ARGV  1 "1" if a site that is there is to be replaced  2 number of pairs
--       3… how long each final key lives (seconds; "0": for ever; "@…": until then)
-- Returns 1; 0 if the site is there and may not be replaced; -1 if a prepared key is gone. Nothing
--       was changed then.
local pairs_end = 1 + 2 * tonumber(ARGV[2])
if ARGV[1] ~= '1' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, pairs_end, 2 do
  if redis.call('EXISTS', KEYS[i]) == 0 then return -1 end
end
for i = pairs_end + 1, #KEYS do redis.call('UNLINK', KEYS[i]) end
for i = 2, pairs_end, 2 do
  redis.call('RENAME', KEYS[i], KEYS[i + 1])
  local life = ARGV[2 + i / 2]
  if life == '0' then
    redis.call('PERSIST', KEYS[i + 1])
  elseif string.sub(life, 1, 1) == '@' then
    redis.call('EXPIREAT', KEYS[i + 1], string.sub(life, 2))
  else
    redis.call('EXPIRE', KEYS[i + 1], life)
  end
end
return 1
