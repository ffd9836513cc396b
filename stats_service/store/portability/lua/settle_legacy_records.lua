-- settle_legacy_records: determine the busiest days again where an import has changed them.
-- KEYS  1 counts HASH  2 parts of the import HASH
-- Returns the number of records that were determined.
local counts, call, settled = KEYS[1], redis.call, 0
for _, metric in ipairs({ 'views', 'visits' }) do
  if call('HDEL', KEYS[2], 'record:' .. metric) == 1 then
    local record = tonumber(call('HGET', counts, 'record:' .. metric) or 0)
    local record_day = call('HGET', counts, 'record:' .. metric .. ':day')
    local all = call('HGETALL', counts)
    for i = 1, #all, 2 do
      local day = string.match(all[i], '^' .. metric .. ':(%d%d%d%d%-%d%d%-%d%d)$')
      local n = day and tonumber(all[i + 1]) or 0
      if n > record or (n == record and n > 0 and (not record_day or day < record_day)) then
        record, record_day = n, day
      end
    end
    if record_day then
      call('HSET', counts, 'record:' .. metric, record, 'record:' .. metric .. ':day', record_day)
    end
    settled = settled + 1
  end
end
return settled
