-- copy_keys: copy keys of one site in one step, for a reader that takes its time.
-- KEYS  site STRING, then source, copy, source, copy, …
-- ARGV  1 seconds after which the copies are gone
-- Returns the number of keys that were there; 0, and nothing is copied, if the site is no more.
local copied = 0
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 2, #KEYS, 2 do
  if redis.call('COPY', KEYS[i], KEYS[i + 1], 'REPLACE') == 1 then
    redis.call('EXPIRE', KEYS[i + 1], ARGV[1])
    copied = copied + 1
  end
end
return copied
