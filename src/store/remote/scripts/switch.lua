-- Sets the switch if its generation is still the expected one, and tells watchers.
-- KEYS: switch
-- ARGV: expected generation, generation, value, channel
-- Answers 1 set, 0 another generation.
if (redis.call('HGET', KEYS[1], 'generation') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'value', ARGV[3])
redis.call('PUBLISH', ARGV[4], 'S\n' .. ARGV[3])
return 1
