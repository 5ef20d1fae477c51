-- Makes an incarnation known to a shard. A newer one, or the same one ready, is left alone.
-- KEYS: incarnation, sequence, applied
-- ARGV: id, run, since, state, '1' to forget how far journals are applied
-- Answers the id that the shard has afterwards.
local held = redis.call('HMGET', KEYS[1], 'id', 'run', 'since', 'state')
if held[1] == ARGV[1] and held[2] == ARGV[2] then
  if ARGV[4] == 'ready' and held[4] ~= 'ready' then
    redis.call('HSET', KEYS[1], 'state', 'ready')
  end
  return held[1]
end
if held[1] and held[2] == ARGV[2] and tonumber(held[3]) > tonumber(ARGV[3]) then
  return held[1]
end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'run', ARGV[2], 'since', ARGV[3], 'state', ARGV[4])
if ARGV[5] == '1' then
  redis.call('DEL', KEYS[3])
end
-- A sequence never comes twice, whatever was lost: it goes on from the time, which is greater
-- than any number of commits.
if tonumber(ARGV[3]) > tonumber(redis.call('GET', KEYS[2]) or '0') then
  redis.call('SET', KEYS[2], ARGV[3])
end
return ARGV[1]
