-- forget_keys: delete keys of a removed site.
-- KEYS  1 site STRING  2 held STRING; then the keys to delete
-- Returns 1; 0 (nothing deleted) if there is a new site of that name.
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, 3))
return 1
