-- Moves a journal's position in a shard forward, never back.
-- KEYS: incarnation, applied
-- ARGV: incarnation, run, journal, position
-- Answers 1 moved, or there already; 0 another incarnation.
local held = redis.call('HMGET', KEYS[1], 'id', 'run')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
if tonumber(ARGV[4]) > tonumber(redis.call('HGET', KEYS[2], ARGV[3]) or '0') then
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
end
return 1
