-- audit_entry: how a script records what it does; it comes before those that change what is audited.

-- Append an entry, JSON, to the log of the site; an empty one is none.
--
-- Before anything is changed: a script that fails here has done nothing, and nothing that it does
-- is missing in the log.
local function record(log, entry)
  if entry ~= '' then redis.call('XADD', log, '*', 'entry', entry) end
end
