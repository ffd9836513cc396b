-- audit_entry: appends the audit entry of a script; it comes before scripts with audited changes.

-- Append an entry (JSON) to the log of the site; an empty text is no entry.
--
-- Call it before the change: then a script that fails here has changed nothing, and no change is
-- missing in the log.
local function record(log, entry)
  if entry ~= '' then redis.call('XADD', log, '*', 'entry', entry) end
end
