"""Information for the people concerned, as files: the same records give the same bytes.

``UPDATE_GOLDEN=1`` writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from audit.bundle import Line
from audit.exports.source import Exported
from audit.record import build_envelope
from gateway.web import disclosure

GOLDEN = Path(__file__).parent / "disclosure"
NAMES = disclosure.Names({"m1": "Modell Eins"}, {"bescheid": "Bescheide entwerfen"}, lambda rule: f"Regel „{rule}“")


def record(n: int, kind: str, meta: dict[str, object], ref: int | None = None) -> Exported:
    name = "01934f8e-0000-7000-8000-{:012x}".format
    envelope = build_envelope(commitments={}, record_id=name(n), log="muster.example/ki-pforte/1", wseq=n,
                              ref=name(ref) if ref is not None else "", t_us=1_795_000_000_000_000 + n * 61_000_000,
                              type_=kind, writer="w")
    body = json.dumps(meta).encode()
    return Exported(Line(n, envelope, {"meta": (b"", body, "meta-standard"),
                                       "subject": (b"", b'{"pseudonym":"P-GEHEIM"}', "subject")}),
                    bytes(32), {"meta": 1_810_896_400, "subject": 1_802_776_000})


FOUND = [
    record(1, "intent", {"vorgang": "K7QF", "department": "sozialamt", "model": "m1", "provider": "Muster <KI> GmbH",
                         "region": "EU", "purpose": "bescheid", "rules": ["organisation:standard"],
                         "decision": "allowed", "found": {"PERSON": 2, "IBAN": 1},
                         "replaced": {"PERSON:placeholder": 2, "IBAN:mask": 1}}),
    record(2, "outcome", {"vorgang": "K7QF", "status": "ok"}, ref=1),
    record(3, "denied", {"vorgang": "M2XA", "department": "sozialamt", "decision": "denied", "code": "zu_gross",
                         "purpose": "bescheid"}),
    record(4, "intent", {"vorgang": "T9ZB", "model": "weg", "provider": "Muster <KI> GmbH", "region": "EU"}),
]


@pytest.mark.parametrize("form", ["html", "json"])
@pytest.mark.parametrize("who", ["own", "citizen"])
def test_the_file_is_as_it_was(who: str, form: str) -> None:
    data = (disclosure.own_file(disclosure.own_records(FOUND, NAMES), "Stadt Muster", "22.11.2026", form)
            if who == "own" else
            disclosure.citizen_file(disclosure.citizen_records(FOUND, NAMES), "Stadt Muster", "22.11.2026",
                                    "ab 01.11.2026", form))
    path = GOLDEN / f"{who}.{form}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(data)
    assert data == path.read_bytes()
    assert b"P-GEHEIM" not in data
    if who == "citizen":
        assert b"sozialamt" not in data
        assert b"K7QF" not in data
