"""Whether the clock of this machine can be believed: compared with the steady one, which nobody can set.

Clocks jump: somebody sets one, a virtual machine wakes up, a time server is wrong. Order in the log never depends on
them (it is the index), but periods do. So a jump is believed after a day only. Until then two times are possible, and
the careful one counts: what is deleted or ended because its time is up goes by the earlier one (`earliest_us`), and
what is written in the meantime stays as long as if the later one were true (`behind_us`).

Not known here: whether the clock was right when the process started; PostgreSQL's clock is asked about that
(`audit.keeper`), SQLite has none of its own.
"""

from __future__ import annotations

import time
from typing import Final

from audit.record import now_us

STEP_US: Final = 5_000_000
"""Smaller changes are drift or an ordinary correction."""
BELIEVED_US: Final = 86_400_000_000
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It goes on while the machine sleeps, where the system has such a clock."""


class Watch:
    """Looks at the clock now and then. One thread looks; everybody may read."""

    def __init__(self) -> None:
        steady = _steady_us()
        self._offsets = [(steady, now_us() - steady)]
        """What the clock was ahead of the steady one: when that was last so, and by how much; the newest last."""
        self._ahead_us = 0
        self.behind_us = 0
        """By how much the clock may be late now, because it was set back."""

    def look(self) -> int:
        """Return by how many microseconds the clock has jumped since the last look; 0: it has not."""
        steady = _steady_us()
        offset = now_us() - steady
        jump = offset - self._offsets[-1][1]
        jumped = abs(jump) > STEP_US
        if not jumped:
            self._offsets.pop()
        self._offsets = [(at, known) for at, known in self._offsets if at > steady - BELIEVED_US]
        self._offsets.append((steady, offset))
        known = [one for _, one in self._offsets]
        self._ahead_us, self.behind_us = offset - min(known), max(known) - offset
        return jump if jumped else 0

    def earliest_us(self) -> int:
        """Return the time that has come in any case."""
        return now_us() - self._ahead_us


def _steady_us() -> int:
    return time.clock_gettime_ns(_STEADY) // 1000
