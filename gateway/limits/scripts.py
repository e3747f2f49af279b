"""What runs inside Redis or Valkey: each script is one step that no other request comes between.

Keys of counters hold a number and end with their minute, day or month; keys of places are sorted sets of holders by the
moment at which their lease ends. The names of all keys are given as KEYS and share one hash tag.
"""

from __future__ import annotations

from typing import Final

TAKE: Final = """
-- KEYS: n counters, then per place the set of today and that of yesterday
-- ARGV: n, holder, now, lease, per counter (amount, most, time to live), per place most
local n, holder, now, lease = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local places = (#KEYS - n) / 2
local granted, full = 1, {}
for i = 1, n do
  local value, amount = tonumber(redis.call('GET', KEYS[i]) or '0'), tonumber(ARGV[2 + 3 * i])
  full[i] = value
  if amount > 0 and value + amount > tonumber(ARGV[3 + 3 * i]) then granted = 0 end
end
for p = 1, places do
  local standing = 0
  for k = n + 2 * p - 1, n + 2 * p do
    redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', now)
    standing = standing + redis.call('ZCARD', KEYS[k])
  end
  full[n + p] = standing
  if standing >= tonumber(ARGV[4 + 3 * n + p]) then granted = 0 end
end
if granted == 1 then
  for i = 1, n do
    if tonumber(ARGV[2 + 3 * i]) > 0 then
      redis.call('INCRBY', KEYS[i], ARGV[2 + 3 * i])
      if redis.call('PTTL', KEYS[i]) < 0 then redis.call('PEXPIRE', KEYS[i], ARGV[4 + 3 * i]) end
    end
  end
  for p = 1, places do
    redis.call('ZADD', KEYS[n + 2 * p - 1], now + lease, holder)
    redis.call('PEXPIRE', KEYS[n + 2 * p - 1], lease)
  end
end
table.insert(full, 1, granted)
return full
"""

BOOK: Final = """
-- KEYS: a mark of this booking, n counters, then sets of places
-- ARGV: n, holder, how long the mark stays, per counter (change, time to live)
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[3]) then return 0 end
local n = tonumber(ARGV[1])
for i = 1, n do
  local key, ttl = KEYS[1 + i], tonumber(ARGV[3 + 2 * i])
  if ttl > 0 then
    local after = redis.call('INCRBY', key, ARGV[2 + 2 * i])
    if after < 0 then redis.call('INCRBY', key, -after) end
    if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ttl) end
  end
end
for k = n + 2, #KEYS do redis.call('ZREM', KEYS[k], ARGV[2]) end
return 1
"""

RENEW: Final = """
-- KEYS: sets of places; ARGV: end of the lease, lease, then one holder per key
for k = 1, #KEYS do
  redis.call('ZADD', KEYS[k], ARGV[1], ARGV[2 + k])
  redis.call('PEXPIRE', KEYS[k], ARGV[2])
end
"""
