-- Sets the switch if it is still as it was read, and tells watchers.
-- KEYS: switch
-- ARGV: expected generation, expected to be open (1 or 0), generation, open, value, channel
-- Answers 1 set, 0 it is another one.
local held = redis.call('HMGET', KEYS[1], 'generation', 'open')
if (held[1] or '0') ~= ARGV[1] or (held[2] or ARGV[2]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'open', ARGV[4], 'value', ARGV[5])
redis.call('PUBLISH', ARGV[6], 'S\n' .. ARGV[5])
return 1
