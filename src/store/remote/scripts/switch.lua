-- Sets the switch if it is still as it was read, and tells watchers.
-- KEYS: switch
-- ARGV: expected generation, expected to be open (1 or 0), expected to be enforced (1 or 0),
--       generation, open, enforced, value, channel
-- Answers 1 set, 0 it is another one.
local held = redis.call('HMGET', KEYS[1], 'generation', 'open', 'enforced')
if (held[1] or '0') ~= ARGV[1] or (held[2] or ARGV[2]) ~= ARGV[2]
  or (held[3] or '0') ~= ARGV[3] then
  return 0
end
redis.call('HSET', KEYS[1], 'generation', ARGV[4], 'open', ARGV[5], 'enforced', ARGV[6],
  'value', ARGV[7])
redis.call('PUBLISH', ARGV[8], 'S\n' .. ARGV[7])
return 1
