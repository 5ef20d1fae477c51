-- Ends a recovery.
-- KEYS: incarnation, journals
-- ARGV: id, run, how long a recovery lasts at least (milliseconds)
-- Answers 1 ended, 0 not yet, -1 another incarnation.
local held = redis.call('HMGET', KEYS[1], 'id', 'run', 'state', 'since')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return -1
end
if held[3] == 'ready' then
  return 1
end
for _, applied in ipairs(redis.call('HVALS', KEYS[2])) do
  if applied ~= ARGV[1] then
    return 0
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now - tonumber(held[4]) < tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'ready')
return 1
