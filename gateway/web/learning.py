"""What the pages of the KI-Pass need done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Learning(Protocol):
    """What people do for their KI-Pass by themselves (`gateway.registry.learning.Learner`). All methods block.

    Each raises ``anfrage_ungueltig`` with a sentence for the person when it cannot be done.
    """

    def progress(self, person_id: str) -> Mapping[str, frozenset[str]]:
        """Return the sections of courses that a person has read and not finished, by module."""
        ...

    def read(self, person_id: str, module: str, section: str, shown: str) -> frozenset[str] | None:
        """Write down that a section was read; return all that were. None: the version `shown` is no longer in force."""
        ...

    def finish(self, person_id: str, module: str, shown: str) -> bool:
        """Write down that a step is finished. False: the version `shown` is no longer in force; nothing was written."""
        ...
