-- The incarnation of the whole store; begins another one if there is none, if it is of another
-- server process, or if it is the one to be replaced.
-- KEYS: incarnation
-- ARGV: candidate, run, the incarnation to be replaced or ''
-- Answers {id, state, since}.
local held = redis.call('HMGET', KEYS[1], 'id', 'run', 'state', 'since')
if held[1] and held[2] == ARGV[2] and held[1] ~= ARGV[3] then
  return {held[1], held[3], held[4]}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[4] and held[2] == ARGV[2] and tonumber(held[4]) >= now then
  now = tonumber(held[4]) + 1
end
local since = string.format('%.0f', now)
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'run', ARGV[2], 'state', 'recovering', 'since', since)
return {ARGV[1], 'recovering', since}
