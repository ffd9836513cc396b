-- legacy_articles: for which article a key of an import counts; comes before scripts that add or undo
-- a part. A part has the keys of the files: what was imported is known by them whatever is merged.
-- Where a key counted for another article, the place of the key is noted with the part.

local has_aliases -- nil: not asked yet

-- What a key stands for, false if it was not merged or renamed.
local function alias_of(aliases, key)
  if has_aliases == nil then has_aliases = redis.call('HLEN', aliases) > 0 end
  local alias = has_aliases and redis.call('HGET', aliases, key)
  return alias and string.sub(alias, 2)
end

-- The article of a key: itself unless it was merged or renamed.
local function target_of(aliases, article)
  local target = alias_of(aliases, article)
  while target do
    article, target = target, alias_of(aliases, target)
  end
  return article
end

-- Note with a part the places whose keys counted for others, as lines of `<place> <article>`.
local function note_merged(parts, number, merged)
  if #merged > 0 then redis.call('HSET', parts, number .. ':merged', table.concat(merged, '\n')) end
end

local function merged_of(parts, number)
  local merged = {}
  local note = redis.call('HGET', parts, number .. ':merged') or ''
  for place, article in string.gmatch(note, '(%d+) ([^\n]+)') do merged[tonumber(place)] = article end
  return merged
end

-- Who has by now what was imported for an article: it may have been merged, renamed or deleted since.
-- The changes since the import, the oldest first, are KEYS from `first` on. What each of them keeps of
-- the article, to be taken back, loses what is undone: `less` takes it out of { other article, views,
-- balance, ratings, views by day and month, … }, as move_articles.lua packs it.
local function owner_of(aliases, first, article, less)
  local call, is_moved = redis.call, true
  while is_moved do
    is_moved = false
    for k = first, #KEYS do
      local packed = call('HGET', KEYS[k], article)
      if packed and packed ~= '' then -- empty: it was hidden or shown
        local kept = cmsgpack.unpack(packed)
        less(kept)
        call('HSET', KEYS[k], article, cmsgpack.pack(kept))
        article, first, is_moved = kept[1], k + 1, true
        break
      end
    end
    if not is_moved then
      -- A change is kept for some time, an alias for ever.
      local target = alias_of(aliases, article)
      if target then article, is_moved = target, true end
    end
  end
  return article
end
