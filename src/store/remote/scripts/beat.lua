-- A shard's sign of life. A shard that lost its incarnation gives none.
-- KEYS: incarnation, beat, sequence
-- ARGV: run, channel, shard
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('SET', KEYS[2], now)
local sequence = redis.call('GET', KEYS[3]) or '0'
redis.call('PUBLISH', ARGV[2], 'B ' .. ARGV[3] .. ' ' .. sequence .. ' ' .. now)
return 1
