-- publish_site: publish a prepared site, whole or not at all.
-- KEYS  1 site STRING  2 held STRING  3 replacing STRING; then prepared, final, prepared, final, …;
--       then keys to delete
-- ARGV  1 holder of the site that is replaced; "": a new site  2 number of pairs
--       3… lifetime of each final key (seconds; "0": for ever; "@…": until then)
-- Returns 1; or (nothing changed) 0 if there is a site, or another holder; -1 if a prepared key is
--       gone.
local first = 4
local pairs_end = first - 1 + 2 * tonumber(ARGV[2])
local call = redis.call

if ARGV[1] == '' then
  if call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
elseif call('GET', KEYS[3]) ~= ARGV[1] then
  return 0
end
for i = first, pairs_end, 2 do
  if call('EXISTS', KEYS[i]) == 0 then return -1 end
end
for i = pairs_end + 1, #KEYS do call('UNLINK', KEYS[i]) end
for i = first, pairs_end, 2 do
  call('RENAME', KEYS[i], KEYS[i + 1])
  local life = ARGV[2 + (i - first) / 2 + 1]
  if life == '0' then
    call('PERSIST', KEYS[i + 1])
  elseif string.sub(life, 1, 1) == '@' then
    call('EXPIREAT', KEYS[i + 1], string.sub(life, 2))
  else
    call('EXPIRE', KEYS[i + 1], life)
  end
end
return 1
