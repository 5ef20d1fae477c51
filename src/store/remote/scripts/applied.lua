-- Notes that a journal is applied to its end in the recovery of an incarnation.
-- KEYS: incarnation, journals
-- ARGV: incarnation, run, journal
-- Answers 1 noted, 0 another incarnation.
local held = redis.call('HMGET', KEYS[1], 'id', 'run')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[1])
return 1
