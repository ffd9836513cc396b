-- copy_keys: copy keys of one site in one step, for a slow reader.
-- KEYS  site STRING, then source, copy, source, copy, …
-- ARGV  1 lifetime of the copies (s)
-- Returns the number of existing keys; 0 (nothing copied) if the site does not exist.
local copied = 0
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 2, #KEYS, 2 do
  if redis.call('COPY', KEYS[i], KEYS[i + 1], 'REPLACE') == 1 then
    redis.call('EXPIRE', KEYS[i + 1], ARGV[1])
    copied = copied + 1
  end
end
return copied
