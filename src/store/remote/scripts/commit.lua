-- One atomic step of an account.
-- KEYS: incarnation, tenant, sequence, wakes, names, applied, outbox
-- ARGV: incarnation, run, expected digest, digest, account, grant, words, row, wake, tenant,
--       journal, position, channel, shard, entries to be journaled or ''
-- Answers {code, sequence}: 1 written, 0 another digest, -1 another incarnation.
local held = redis.call('HMGET', KEYS[1], 'id', 'run', 'state')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {-1, 0}
end
local known = redis.call('HGET', KEYS[2], 'digest')
if (known or '') ~= ARGV[3] then
  return {0, 0}
end
-- Every key is read before the first write: one of another type fails here, with nothing written.
redis.call('ZSCORE', KEYS[4], ARGV[10])
local named = redis.call('ZSCORE', KEYS[5], ARGV[10])
local applied = redis.call('HGET', KEYS[6], ARGV[11])
redis.call('HEXISTS', KEYS[7], ARGV[4])
local sequence = string.format('%.0f', redis.call('INCR', KEYS[3]))
redis.call('HSET', KEYS[2], 'digest', ARGV[4], 'account', ARGV[5], 'grant', ARGV[6],
  'words', ARGV[7], 'row', ARGV[8])
if ARGV[9] == '' then
  redis.call('ZREM', KEYS[4], ARGV[10])
else
  redis.call('ZADD', KEYS[4], ARGV[9], ARGV[10])
end
if not named then
  redis.call('ZADD', KEYS[5], 0, ARGV[10])
end
if ARGV[11] ~= '' and tonumber(ARGV[12]) > tonumber(applied or '0') then
  redis.call('HSET', KEYS[6], ARGV[11], ARGV[12])
end
if ARGV[15] ~= '' then
  redis.call('HSET', KEYS[7], ARGV[4], ARGV[15])
end
-- What a store has that recovers may be older than what gates read before: they are not told.
if held[3] == 'ready' then
  redis.call('PUBLISH', ARGV[13], 'G ' .. ARGV[14] .. ' ' .. sequence .. '\n' .. ARGV[6])
end
return {1, sequence}
