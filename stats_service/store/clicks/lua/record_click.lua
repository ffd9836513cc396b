-- record_click: count a click once in the visit of a reader to a document, a host or an action.
--
-- KEYS  1 site STRING      2 clicks of the kind HASH      3 clicks of the day HASH      4 clicked ZSET
-- ARGV  1 now (ms)   2 letter of the kind   3 name   4 most names of the kind
--       5 mark of reader and name           6 the same of yesterday's pseudonym, or ''
-- Returns the outcome (counted, repeated, no-site), and the clicks of the name, -1 if it has no
-- number of its own.
local GAP_MS, DAY_TTL, DRAWS = 1800000, 400 * 86400, 64
local call = redis.call
local alive, clicks, of_day, clicked = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now, letter, name, most = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])

if call('EXISTS', alive) == 0 then return { 'no-site', -1 } end

-- A click of the same reader 30 minutes later or more begins anew, as a visit does. A mark far ahead
-- is one of a clock that was wrong.
call('ZREMRANGEBYSCORE', clicked, '-inf', now - GAP_MS)
call('ZREMRANGEBYSCORE', clicked, '(' .. now + GAP_MS, '+inf')
local seen = call('ZSCORE', clicked, ARGV[5]) or (ARGV[6] ~= '' and call('ZSCORE', clicked, ARGV[6]))
call('ZADD', clicked, 'GT', now, ARGV[5])
call('EXPIRE', clicked, GAP_MS / 1000)
local before = call('HGET', clicks, name)
if seen then return { 'repeated', tonumber(before or -1) } end

-- Beyond the most that are kept, one with a single click gives way, drawn at random.
local size = not before and call('HLEN', clicks) - call('HEXISTS', clicks, '') or 0
if size >= most then
  -- A user of Redis who may not (an older list of commands) draws nothing.
  local drawn = redis.pcall('HRANDFIELD', clicks, DRAWS, 'WITHVALUES')
  for k = 1, #drawn, 2 do
    if size >= most and drawn[k] ~= '' and drawn[k + 1] == '1' then
      call('HDEL', clicks, drawn[k])
      call('HINCRBY', clicks, '', 1)
      if call('HDEL', of_day, letter .. drawn[k]) == 1 then call('HINCRBY', of_day, letter, 1) end
      size = size - 1
    end
  end
  if size >= most then name = '' end
end
call('HINCRBY', of_day, letter .. name, 1)
call('EXPIRE', of_day, DAY_TTL, 'NX')
local total = call('HINCRBY', clicks, name, 1)
return { 'counted', name ~= '' and total or -1 }
