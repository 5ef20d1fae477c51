-- Notes that a journal is applied to its end under the incarnation there is.
-- KEYS: incarnation, journals
-- ARGV: journal
redis.call('HSET', KEYS[2], ARGV[1], redis.call('HGET', KEYS[1], 'id') or '')
return 1
