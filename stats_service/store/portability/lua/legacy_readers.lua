-- legacy_readers: add what visits of another counter told, or subtract it; comes before scripts that
-- add or undo a part of an import. A line is the letter of a dimension and a value.
local MOST_VALUES, MOST_ENTRIES = 500, 2000

-- Add `n` lines of ARGV, each followed by its visits, the first at `from`. A new value beyond those that
-- are kept counts for the letter of its dimension alone; returns the places of those.
local function add_readers(key, from, n)
  local call, sub, unnamed, sizes = redis.call, string.sub, {}, nil
  if n > 0 and call('HLEN', key) + n > MOST_VALUES then
    sizes = {}
    for _, field in ipairs(call('HKEYS', key)) do
      local letter = sub(field, 1, 1)
      if #field > 1 and letter ~= '#' then sizes[letter] = (sizes[letter] or 0) + 1 end
    end
  end
  -- Of a day that is counted live, the number of values of each dimension is kept beside them.
  local is_live = call('HEXISTS', key, '*') == 1
  for place = 0, n - 1 do
    local line, visits = ARGV[from + 2 * place], tonumber(ARGV[from + 2 * place + 1])
    local letter = sub(line, 1, 1)
    if #line > 1 and (sizes or is_live) and call('HEXISTS', key, line) == 0 then
      local most = letter == 'e' and MOST_ENTRIES or MOST_VALUES
      if sizes and (sizes[letter] or 0) >= most then
        line, unnamed[#unnamed + 1] = letter, place
      else
        if sizes then sizes[letter] = (sizes[letter] or 0) + 1 end
        if is_live then call('HINCRBY', key, '#' .. letter, 1) end
      end
    end
    call('HINCRBY', key, line, visits)
  end
  return unnamed
end

-- Subtract them. What a value does not have any more, as values were added up since, its browser
-- (of a version) and then its letter alone have.
local function take_readers(key, from, n, unnamed)
  local call, sub = redis.call, string.sub
  local is_live = call('HEXISTS', key, '*') == 1
  for place = 0, n - 1 do
    local line, visits = ARGV[from + 2 * place], tonumber(ARGV[from + 2 * place + 1])
    local letter = sub(line, 1, 1)
    local names = { line, letter }
    if unnamed[place] then
      names = { letter }
    elseif letter == 'v' then
      names = { line, 'b' .. string.gsub(sub(line, 2), ' %d+$', ''), letter, 'b' }
    end
    for _, name in ipairs(names) do
      local has = tonumber(call('HGET', key, name) or 0)
      local less = math.min(has, visits)
      visits = visits - less
      if less > 0 and less == has then
        call('HDEL', key, name)
        if is_live and #name > 1 then call('HINCRBY', key, '#' .. sub(name, 1, 1), -1) end
      elseif less > 0 then
        call('HINCRBY', key, name, -less)
      end
    end
  end
end

-- The places that were noted with a part.
local function places_of(text)
  local places = {}
  for n in string.gmatch(text or '', '%d+') do places[tonumber(n)] = true end
  return places
end

-- Change a line of a day by `n`; delete it if it becomes 0.
local function change_line(key, line, n)
  local left = redis.call('HINCRBY', key, line, n)
  if left == 0 then redis.call('HDEL', key, line) end
  if #line > 1 and (left == 0 or left == n) and redis.call('HEXISTS', key, '*') == 1 then
    redis.call('HINCRBY', key, '#' .. string.sub(line, 1, 1), left == 0 and -1 or 1)
  end
end

-- A visit that two imports cut is one, and what both told of it remains: a day may have been told of
-- more visits than it has. `take_beyond` takes that away, from what has no name first, then from what
-- most visits have, and notes it as `<visits> <line>` in lines; parts are added and subtracted as they
-- are, after `give_back`. Both return whether they changed anything.
local function give_back(legacy, readers, day)
  local note = redis.call('HGET', legacy, 'untold:' .. day)
  if not note then return false end
  for n, line in string.gmatch(note, '(%d+) ([^\n]+)') do change_line(readers, line, tonumber(n)) end
  redis.call('HDEL', legacy, 'untold:' .. day)
  return true
end

local function take_beyond(legacy, counts, readers, day)
  local visits = tonumber(redis.call('HGET', counts, 'visits:' .. day) or 0)
  local fields, sums, lines, taken = redis.call('HGETALL', readers), {}, {}, {}
  for i = 1, #fields, 2 do
    local letter, n = string.sub(fields[i], 1, 1), tonumber(fields[i + 1])
    if letter == 'v' then letter = 'b' end -- a version is told of its browser
    if letter ~= '#' and letter ~= '*' then
      sums[letter] = (sums[letter] or 0) + n
      lines[letter] = lines[letter] or {}
      table.insert(lines[letter], { fields[i], n })
    end
  end
  for letter, sum in pairs(sums) do
    if sum > visits then
      table.sort(lines[letter], function(a, b)
        if (#a[1] == 1) ~= (#b[1] == 1) then return #a[1] == 1 end
        if a[2] ~= b[2] then return a[2] > b[2] end
        return a[1] < b[1]
      end)
      for _, line in ipairs(lines[letter]) do
        local less = math.min(sum - visits, line[2])
        if less > 0 then
          change_line(readers, line[1], -less)
          taken[#taken + 1], sum = less .. ' ' .. line[1], sum - less
        end
      end
    end
  end
  if #taken > 0 then redis.call('HSET', legacy, 'untold:' .. day, table.concat(taken, '\n')) end
  return #taken > 0
end

