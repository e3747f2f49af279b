"""Taking records along: nothing lost, nobody named, nothing half, and the log knows of it."""

from __future__ import annotations

import csv
import io
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Filters, Ledger, LedgerConfigError, LedgerUnavailable
from audit.exports import forms
from audit.exports.writing import FORMATS, read_jsonl
from audit.sheet import table

PERSON = "4f1c2d1e-person"


def filled(ledger: Ledger) -> list[str]:
    meta = {"vorgang": "V1", "department": "bauamt", "model": "m1", "provider": "demo", "decision": "allowed",
            "rules": ["organisation:standard", "bauamt:x"], "purpose": "allgemein", "api": "chat",
            "found": {"PERSON": 2}, "replaced": {"PERSON:placeholder": 2}, "secret": "bleibt hier"}
    intent = ledger.append_wait(ledger.draft("intent", meta, subject=PERSON)).record_id
    outcome = ledger.append_wait(ledger.draft("outcome", {
        "vorgang": "V1", "department": "bauamt", "model": "m1", "status": "ok", "http_status": 200,
        "latency_ms": 91, "tokens_in": 3}, subject=PERSON, ref=intent)).record_id
    denied = ledger.append_wait(ledger.draft("denied", {
        "vorgang": "V2", "department": "=SUMME(A1)", "decision": "denied", "code": "zu_gross"},
        subject="jemand")).record_id
    ledger.sequence()
    return [intent, outcome, denied]


def test_a_filtered_jsonl_comes_back_byte_for_byte(ledger: Ledger, tmp_path: Path) -> None:
    intent, outcome, _ = filled(ledger)
    path = tmp_path / "e.jsonl"
    assert ledger.export(path, "jsonl", Filters(department="bauamt")) == 2
    lines = list(read_jsonl(path))
    views = [ledger.reader.get(name) for name in (intent, outcome)]
    for line, view in zip(lines, views, strict=True):
        assert view is not None
        assert line.envelope == view.envelope
        assert {n: (body, kind) for n, (_, body, kind) in line.parts.items()} == {
            n: (p.body, p.retention) for n, p in view.parts.items()}
        from audit.record import commitment, parse_envelope
        assert parse_envelope(line.envelope).commitments == {
            n: commitment(n, salt, body) for n, (salt, body, _) in line.parts.items()}


@pytest.mark.parametrize("form", list(FORMATS))
def test_every_export_is_a_record_with_filter_rows_and_reason(ledger: Ledger, tmp_path: Path, form: str) -> None:
    filled(ledger)
    filters = Filters() if form == "bundle" else Filters(types=("intent",), subject=ledger.pseudonym(PERSON))
    rows = ledger.export(tmp_path / "e", form, filters, purpose="pruefung", via="cli")
    ledger.sequence()
    row = ledger.reader.page(Filters(types=("export",))).rows[0]
    view = ledger.reader.get(row.id)
    assert view is not None
    assert view.meta["rows"] == rows > 0
    assert (view.meta["format"], view.meta["reason"]) == (form, "pruefung")
    assert view.meta["filter"] == ({} if form == "bundle" else {"types": ["intent"], "subject": "gesetzt"})
    assert ledger.pseudonym(PERSON) not in json.dumps(view.meta)


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_export_that_the_log_cannot_note_leaves_no_file(
        ledger: Ledger, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(ledger)

    def closed(*_: object) -> None:
        raise LedgerUnavailable("zu")

    monkeypatch.setattr(ledger, "append_wait", closed)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(LedgerUnavailable):
        ledger.export(folder / "e", form)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "ocsf", "syslog"])
def test_only_the_lossless_form_says_whose_record_it_is(ledger: Ledger, tmp_path: Path, form: str) -> None:
    filled(ledger)
    ledger.export(tmp_path / "e", form)
    text = (tmp_path / "e").read_text("utf-8")
    assert ledger.pseudonym(PERSON) not in text
    assert ledger.pseudonym("jemand") not in text
    assert "bleibt hier" not in text, "a fact nobody decided about stays at home"
    assert "zu_gross" in text


def test_the_table_has_german_or_exact_headings_and_no_formula(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    filled(sqlite_ledger)
    sqlite_ledger.export(tmp_path / "e.csv", "csv", Filters(types=("intent", "denied")))
    data = (tmp_path / "e.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfNr.;Zeit (UTC);Art;")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["Amt"] for row in rows] == ["bauamt", "'=SUMME(A1)"]
    assert rows[0]["Ersetzt"] == "PERSON:placeholder=2"
    exact = next(iter(forms.csv([], exact=True, with_person=True)))
    assert exact.removeprefix("\ufeff").split(";")[:3] == ["idx", "t", "type"]
    assert exact.strip().endswith(";pseudonym")


def test_an_ocsf_event_has_what_the_schema_requires_and_its_own_fingerprint(
        sqlite_ledger: Ledger, tmp_path: Path) -> None:
    filled(sqlite_ledger)
    sqlite_ledger.export(tmp_path / "e", "ocsf")
    events = [json.loads(line) for line in (tmp_path / "e").read_text("utf-8").splitlines()]
    assert events
    for event in events:
        for name in ("activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata",
                     "actor", "api", "src_endpoint"):
            assert name in event
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["metadata"]["version"] == "1.9.0"
        assert event["metadata"]["product"]["name"]
        assert event["api"]["operation"]
        assert event["actor"]["app_name"]
        assert set(event.get("ai_model", {"model_name": 1, "ai_provider": 1})) >= {"model_name", "ai_provider"}
        value = event["attestation"].pop("fingerprint")["value"]
        text = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert sha256(text.encode()).hexdigest() == value
    assert {e["ai_model"]["ai_provider"] for e in events if "ai_model" in e} == {"demo", "unbekannt"}


@given(st.text(max_size=60))
def test_no_value_ends_its_quotes_or_its_line_in_syslog(value: str) -> None:
    escaped = forms._escaped(value)
    assert "\n" not in escaped
    assert re.fullmatch(r'(?:[^"\\\]]|\\["\\\]])*', escaped)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_no_cell_of_a_table_is_a_formula_and_none_is_lost(cells: list[str]) -> None:
    text = "".join(table(["a"] * len(cells), [cells])).removeprefix("\ufeff")
    back = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1]
    for cell, wrote in zip(cells, back or [""], strict=True):
        assert wrote in (cell, f"'{cell}")
        assert wrote[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_a_selection_is_no_bundle_and_an_unknown_form_is_said(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerConfigError, match="jsonl"):
        sqlite_ledger.export(tmp_path / "e", "bundle", Filters(code="x"))
    with pytest.raises(LedgerConfigError, match="csv"):
        sqlite_ledger.export(tmp_path / "e", "xls")
