"""How long parts stay: classes with periods. A class without a period does not start.

The period counts from the writing of the record; ``expires_at`` is stored with each part, so that a later change of
the configuration does not reach back. The nightly deletion reads it; what is on hold stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from audit.errors import LedgerConfigError
from audit.record import CONTENT, META, SUBJECT

META_CLASS: Final = "meta-standard"
SUBJECT_CLASS: Final = "subject"
SECURITY_CLASS: Final = "security"
CONTENT_CLASS: Final = "content"
LONGEST_CONTENT: Final = 30
"""Days that content is kept at most; no case prolongs them (`audit.deletion`)."""
PROOF_CLASS: Final = "nachweis"
"""What later proofs need: the record of a pruning. Held until the next one; the period counts after that."""
DEFAULT_DAYS: Final[Mapping[str, int]] = MappingProxyType({META_CLASS: 184, SUBJECT_CLASS: 90, SECURITY_CLASS: 90,
                                                        CONTENT_CLASS: LONGEST_CONTENT, PROOF_CLASS: 184})
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Retention:
    """The classes and their periods in days, and which class each kind of part gets by default."""

    days: Mapping[str, int] = field(default_factory=lambda: DEFAULT_DAYS)
    classes: Mapping[str, str] = field(default_factory=lambda: {META: META_CLASS, SUBJECT: SUBJECT_CLASS,
                                                                        CONTENT: CONTENT_CLASS})

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", {
            **{name: DEFAULT_DAYS[name] for name in (PROOF_CLASS, CONTENT_CLASS)}, **self.days})
        object.__setattr__(self, "classes", {CONTENT: CONTENT_CLASS, **self.classes})
        for name, days in self.days.items():
            if type(days) is not int or not 1 <= days <= 36_500:
                raise LedgerConfigError(
                    f"Aufbewahrungsklasse {name}: Bitte eine Frist in ganzen Tagen angeben (1 bis 36500)."
                )
        for part, name in self.classes.items():
            if part == CONTENT and self.days.get(name, 0) > LONGEST_CONTENT:
                raise LedgerConfigError(f"Aufbewahrungsklasse {name} (für {part}): höchstens {LONGEST_CONTENT} Tage.")
            if name not in self.days:
                raise LedgerConfigError(f"Aufbewahrungsklasse {name} (für {part}) hat keine Frist. Bitte Tage angeben.")

    def expires_at(self, name: str, written_us: int) -> int:
        """Return the second (since 1970) after which a part of this class is deleted."""
        try:
            return written_us // 1_000_000 + self.days[name] * _DAY
        except KeyError:
            raise LedgerConfigError(f"Aufbewahrungsklasse {name} hat keine Frist. Bitte Tage angeben.") from None
