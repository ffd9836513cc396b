-- copy_keys: copy keys of one site in one step, for a reader that takes its time.
-- KEYS  source, copy, source, copy, …
-- ARGV  1 seconds after which the copies are gone
-- Returns the number of keys that were there.
local copied = 0
for i = 1, #KEYS, 2 do
  if redis.call('COPY', KEYS[i], KEYS[i + 1], 'REPLACE') == 1 then
    redis.call('EXPIRE', KEYS[i + 1], ARGV[1])
    copied = copied + 1
  end
end
return copied
