-- count_readers: count what the visits that begin tell of themselves; comes before record_views.lua.
local VALUES, ENTRIES, VALUE_GIVES_WAY, VALUE_DRAWS, READERS_TTL = 500, 2000, 10, 64, 400 * 86400
-- Pairs of an entry article and the source of the visit; `models.traffic.readers` has the letter and the mark.
local PAIR, PAIR_MARK, PAIRS = 'f', '\t', 2000
local call, unpack = redis.call, unpack

-- A table allocated for `n` values, so that it does not grow.
local function room(n) return { unpack({}, 1, n) } end

-- Count each value by itself, and each pair of an entry article and a source. VALUES of a dimension, and ENTRIES entry articles, are kept of one day.
-- Beyond them a new one takes the place of one that hardly any visit has, drawn at random; what that
-- had counts for the letter of its dimension alone.
--
-- readers  HASH of the day
-- packed   { which view or beat = which text }, then the texts, as in ARGV[6] of record_views
-- visits   how many begin; begun: by their number, the view or beat; entries: and its article, ''
--          beyond the cap, false without one
-- refused  numbers by reason, to which the visits whose value was not kept are added
local function count_readers(readers, packed, visits, begun, entries, refused)
  local texts = { cmsgpack.unpack(packed) }
  local tells, told, lines, told_count = texts[1], {}, room(9 * visits), 0
  for k = 1, visits do
    local text = texts[1 + (tells[begun[k]] or -1)]
    -- As arguments they make no table that grows.
    local row = { cmsgpack.unpack(text or '') }
    local size, entry, source = #row, '', ''
    for i = 1, size + 1 do
      local line = row[i]
      if i > size then
        line = entry ~= '' and source ~= '' and PAIR .. entry .. PAIR_MARK .. source
      elseif line == 'e' then
        entry = entries[k] or ''
        line = entries[k] and 'e' .. entry
      elseif string.byte(line) == 115 then
        source = string.sub(line, 2)
      end
      local n = told[line or '']
      if n then
        told[line] = n + 1
      elseif line then
        told_count = told_count + 1
        told[line], lines[told_count] = 1, line
      end
    end
  end
  local is_new, sizes, beyond_them = false, {}, {}
  -- At most a thousand fields in a command.
  for from = 1, told_count, 1000 do
    local to = math.min(told_count, from + 999)
    local found = call('HMGET', readers, '*', unpack(lines, from, to))
    local changed, n = room(2 * (to - from + 1)), 0
    is_new = is_new or not found[1]
    for k = from, to do
      local line, before = lines[k], found[2 + k - from]
      local kept = true
      if not before and #line > 1 then
        local letter = string.sub(line, 1, 1)
        local size = sizes[letter] or tonumber(call('HGET', readers, '#' .. letter) or 0)
        local most = letter == 'e' and ENTRIES or letter == PAIR and PAIRS or VALUES
        if size >= most then
          -- A user of Redis who may not (an older list of commands) draws nothing: the value goes to
          -- the remainder. What is written already must not be cut off by an error here.
          local drawn = redis.pcall('HRANDFIELD', readers, VALUE_DRAWS, 'WITHVALUES')
          for d = 1, #drawn, 2 do
            local value, had = drawn[d], tonumber(drawn[d + 1])
            if size >= most and #value > 1 and string.sub(value, 1, 1) == letter
              and had <= VALUE_GIVES_WAY and not told[value] then
              call('HDEL', readers, value)
              beyond_them[letter] = (beyond_them[letter] or 0) + had
              size = size - 1
            end
          end
        end
        kept = size < most
        sizes[letter] = kept and size + 1 or size
        if not kept then beyond_them[letter] = (beyond_them[letter] or 0) + told[line] end
      end
      if kept then
        changed[n + 1], changed[n + 2], n = line, (before or 0) + told[line], n + 2
      end
    end
    if n > 0 then call('HSET', readers, unpack(changed, 1, n)) end
  end
  for letter, size in pairs(sizes) do call('HSET', readers, '#' .. letter, size) end
  for letter, n in pairs(beyond_them) do
    -- What a pair does not tell, its article and its source tell still.
    if letter ~= PAIR then
      call('HINCRBY', readers, letter, n)
      refused['readers-cap'] = (refused['readers-cap'] or 0) + n
    end
  end
  if is_new then
    -- A value so long that the HASH is a table from the first: a list would be read to its end for
    -- every visit.
    call('HSET', readers, '*', string.rep('*', 65))
    call('EXPIRE', readers, READERS_TTL, 'NX')
  end
end

