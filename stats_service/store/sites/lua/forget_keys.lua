-- forget_keys: forget keys of a site that is no more.
-- KEYS  1 site STRING  2 held STRING; then the keys to forget
-- Returns 1; 0 (nothing forgotten) if there is a site of the name again.
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, 3))
return 1
