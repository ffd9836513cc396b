-- Requests for wrk, made of the templates in $TEMPLATES (records end with a NUL byte).
-- In a record \1 stands for a fresh hit id of 16 characters and \2 for an address nobody had yet.
local seed, start = os.getenv('SEED'), tonumber(os.getenv('FIRST_ADDRESS'))
local records, kinds, size, sent, id = {}, {}, 0, 0, 0

function setup(thread)
  thread:set('id', id)
  id = id + 1
end

function init()
  local file = assert(io.open(os.getenv('TEMPLATES'), 'rb'))
  local text = file:read('*a')
  file:close()
  local from = 1
  while true do
    local to = text:find('\0', from, true)
    if not to then break end
    local record, parts, at = text:sub(from, to - 1), {}, 1
    local marks = ''
    for i, mark in record:gmatch('()([\1\2])') do
      parts[#parts + 1] = record:sub(at, i - 1)
      marks, at = marks .. mark, i + 1
    end
    parts[#parts + 1] = record:sub(at)
    size = size + 1
    records[size], kinds[size] = parts, marks
    from = to + 1
  end
end

local function address()
  local n = start + sent
  return 1 + math.floor(n / 16777216) % 220 .. '.' .. math.floor(n / 65536) % 256 .. '.'
    .. math.floor(n / 256) % 256 .. '.' .. n % 256
end

function request()
  sent = sent + 1
  local at = sent % size + 1
  local parts, kind = records[at], kinds[at]
  if kind == '' then return parts[1] end
  local hit = seed .. string.format('%x%07x', id, sent)
  if kind == '\1' then return parts[1] .. hit .. parts[2] end
  return parts[1] .. address() .. parts[2] .. hit .. parts[3]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"bytes":%d,"errors":%d,"bad":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9), summary.bytes, e.connect + e.read + e.write + e.timeout, e.status))
end
