"""The fixture ``fake_time``: clocks that a test turns. Threads of the program see them, too."""

from __future__ import annotations

import time

import pytest


class FakeTime:
    """The real clocks, plus what the test adds."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._wall_ns = self._steady_ns = 0
        wall, steady = time.time_ns, time.clock_gettime_ns
        patch.setattr(time, "time_ns", lambda: wall() + self._wall_ns)
        patch.setattr(time, "time", lambda: time.time_ns() / 1e9)
        patch.setattr(time, "clock_gettime_ns", lambda clock: steady(clock) + self._steady_ns)

    def jump(self, seconds: float) -> None:
        """Set the clock of the wall; in truth no time goes by."""
        self._wall_ns += int(seconds * 1e9)

    def go_by(self, seconds: float) -> None:
        """Let time go by."""
        self.jump(seconds)
        self._steady_ns += int(seconds * 1e9)

    def go_to(self, moment: float) -> None:
        """Let time go by until that second since 1970; earlier ones are the beginning of a test."""
        self.go_by(moment - time.time())


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Clocks to turn."""
    return FakeTime(monkeypatch)
