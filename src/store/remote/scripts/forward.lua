-- Moves a journal's position in a shard forward, never back.
-- KEYS: applied
-- ARGV: journal, position
if tonumber(ARGV[2]) > tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 1
