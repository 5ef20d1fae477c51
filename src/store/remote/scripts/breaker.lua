-- Sets the breaker if it is still as it was read; one that is not tripped has all slots free.
-- KEYS: breaker, slots
-- ARGV: expected generation, expected to be tripped (1 or 0), 'tripped', 1 or 0, fields and values
-- Answers 1 set, 0 it is another one
local held = redis.call('HMGET', KEYS[1], 'generation', 'tripped')
if (held[1] or '0') ~= ARGV[1] or (held[2] or '0') ~= ARGV[2] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if ARGV[4] == '0' then
  redis.call('DEL', KEYS[2])
end
return 1
