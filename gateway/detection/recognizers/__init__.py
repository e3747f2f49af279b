"""The recognizers of KI-Pforte: one small file each, pure functions from a `Sheet` to findings, no engine in sight."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from gateway.detection.recognizers import (
    address,
    card,
    cells,
    dates,
    email,
    iban,
    insurance,
    network,
    papers,
    person,
    phone,
    plate,
    references,
    special,
    tax,
)
from gateway.detection.sheet import Rule, digits


def all_rules(*, case_patterns: Sequence[re.Pattern[str]] = (), own_mailboxes: Collection[str] = (),
              own_phones: Collection[str] = (), own_addresses: Collection[str] = ()) -> tuple[Rule, ...]:
    """Return every recognizer, with the patterns and the public data of this municipality."""
    return (
        email.rule(frozenset(map(str.lower, own_mailboxes))), iban.RULE, card.RULE, tax.RULE,
        insurance.RULE, papers.RULE, plate.RULE,
        phone.rule(frozenset(form for number in own_phones for form in _forms(number))),
        address.rule(frozenset(map(str.lower, own_addresses))), address.FIELD_RULE, dates.RULE,
        references.case_rule(case_patterns), references.CASH_RULE, references.PARCEL_RULE,
        network.RULE, cells.RULE, person.RULE,
        special.RULE,
    )


def _forms(number: str) -> tuple[str, ...]:
    """A telephone number in its national and international spelling, digits only."""
    plain = digits(number.replace("(0)", ""))
    if number.strip().startswith(("+49", "0049")):
        national = "0" + plain.removeprefix("00").removeprefix("49")
    else:
        national = plain
    return national, "49" + national[1:], "0049" + national[1:], "490" + national[1:]
