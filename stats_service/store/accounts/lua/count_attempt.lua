-- count_attempt: count an attempt against budgets in their order; one that is used up ends it.
-- KEYS  attempts STRING, one for each budget
-- ARGV  for each budget: how many it allows, and the seconds after which it begins anew
-- Returns which budget refuses (from 1) and what it has now; 0 and 0 if none does.
for n, key in ipairs(KEYS) do
  local most, seconds = tonumber(ARGV[2 * n - 1]), ARGV[2 * n]
  local made = redis.call('INCR', key)
  redis.call('EXPIRE', key, seconds, 'NX')
  if made > most then return {n, made} end
end
return {0, 0}
