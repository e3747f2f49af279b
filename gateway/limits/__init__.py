"""Rates and budgets: how much people, departments, models and the organisation may use, and how much they have.

- `periods`   minutes, days and months as the town hall's calendar has them
- `counting`  what a counter is, under which name it is kept, and what a storage of counters must do
- `memory`    counters in the memory of this process; `snapshot` keeps them over a restart
- `shared`    counters in Redis or Valkey, for several processes and machines; `resilient` is what holds when it is away
- `limiter`   the porter with the counting-beads: implements `gateway.ports.Limiter`
- `budgets`   what policy says about limits; `words` what people read
- `room`      all of it put together, for `gateway.app`

Who counts, and who may know: the counters of people (and of departments, of which some are one person) are kept under
a keyed digest of person, kind of limit and day or month. The secret is the installation's own, so a counter names
nobody, two days of one person look like two strangers, and nothing is left when the day or month is over. No function
of this room lists counters by person; `CountingLimiter.own` answers for the person who asks.
"""
