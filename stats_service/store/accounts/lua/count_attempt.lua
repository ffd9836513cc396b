-- count_attempt: count an attempt against budgets in order, up to the first that is used up.
-- KEYS  attempts STRING, one for each budget
-- ARGV  for each budget: its size, and the seconds after which it starts again
-- Returns the number of the refusing budget (from 1) and its count; 0 and 0 if none refuses.
for n, key in ipairs(KEYS) do
  local most, seconds = tonumber(ARGV[2 * n - 1]), ARGV[2 * n]
  local made = redis.call('INCR', key)
  redis.call('EXPIRE', key, seconds, 'NX')
  if made > most then return {n, made} end
end
return {0, 0}
