"""The recognizers of KI-Pforte: one small file each, pure functions from a `Sheet` to findings, no engine in sight."""

from __future__ import annotations

from gateway.detection.own import address_forms, creditor_forms, phone_forms, template
from gateway.detection.recognizers import (
    address,
    birth,
    card,
    cells,
    dates,
    email,
    iban,
    insurance,
    lists,
    network,
    numbers,
    papers,
    parcels,
    person,
    phone,
    plate,
    references,
    special,
    spoken,
    tax,
    users,
)
from gateway.detection.sheet import Rule
from gateway.model.municipality import NOWHERE, Municipality


def all_rules(own: Municipality = NOWHERE) -> tuple[Rule, ...]:
    """Return every recognizer, with the templates and the public data of this municipality."""
    return (
        email.rule(frozenset(map(str.lower, own.mailboxes))), iban.RULE, card.RULE, tax.RULE,
        insurance.RULE, papers.RULE, plate.RULE,
        phone.rule(frozenset(form for number in own.phones for form in phone_forms(number))),
        address.rule(frozenset(form for written in own.addresses for form in address_forms(written))),
        address.FIELD_RULE, birth.RULE, lists.RULE, dates.RULE,
        references.case_rule(tuple(map(template, own.case_numbers))),
        references.cash_rule(tuple(map(template, own.cash_numbers)), creditor_forms(own.creditor_ids)),
        parcels.RULE, numbers.RULE,
        network.RULE, users.RULE, spoken.RULE, cells.RULE, person.RULE,
        special.RULE,
    )
