-- Leaves an event in the inbox unless it is full.
-- KEYS: inbox
-- ARGV: event, how many events it may hold
-- Answers 1 left, 0 full.
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])
return 1
