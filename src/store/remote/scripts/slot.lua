-- Takes or keeps a tenant's slot of the breaker; trips it if none is left.
-- KEYS: breaker, slots
-- ARGV: tenant, how many slots there are, for how many milliseconds each is held, why it trips
-- Answers 1 taken, 0 the breaker is tripped
if redis.call('HGET', KEYS[1], 'tripped') == '1' then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[3]))
local held = redis.call('ZSCORE', KEYS[2], ARGV[1])
local count = redis.call('ZCARD', KEYS[2])
local at = string.format('%.0f', now)
if held or count < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[2], at, ARGV[1])
  count = redis.call('ZCARD', KEYS[2])
  redis.call('HSET', KEYS[1], 'count', count, 'max', ARGV[2], 'window', ARGV[3])
  return 1
end
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HDEL', KEYS[1], 'by')
redis.call('HSET', KEYS[1], 'tripped', 1, 'count', count, 'max', ARGV[2], 'window', ARGV[3],
  'reason', ARGV[4], 'at', at)
return 0
