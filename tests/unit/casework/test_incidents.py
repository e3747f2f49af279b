"""From a finding to a decision: the clock, what the log knows, what is held, what is written down."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.casework import watching
from gateway.model.casework import CLOSED, MOVES, STATES, Matter
from gateway.model.deadlines import BERLIN, after_hours, end_of, months_after, read_moment
from gateway.model.incident import FIELDS, deadline, read
from gateway.paper.forms import file_of
from tests.support.casework import Case, refused

SECRET = "Frau Mustermann-Geheim, Hauptstraße 1"


def incident(case: Case) -> Matter:
    case.answered(leaked=1, strangers={"IBAN": 2})
    watching.step(case.house.books, case.house.ledger.reader)
    [finding] = case.findings("antwort_angaben")
    return case.desk.open_incident(case.by, "dpo", finding.id, finding.version)


def test_one_click_makes_an_incident_of_a_finding_with_what_the_log_knows(case: Case) -> None:
    made = incident(case)
    file = case.desk.file(made.id)
    assert file.parent.state == "vorfall"
    assert "IBAN" in file.sheet.values["datensaetze"]
    assert {"beschreibung", "zeitraum", "datensaetze"} <= file.sheet.logged
    assert "bekannt_tag" not in file.sheet.logged, "when it became known a person says, not the log"
    assert file.held >= 1
    assert case.house.ledger.held(made.id) == file.held


def test_what_was_changed_is_no_longer_from_the_log(case: Case) -> None:
    made = incident(case)
    values = dict(case.desk.file(made.id).sheet.values, datensaetze="IBAN und Namen")
    case.desk.save(case.by, "dpo", made.id, made.version, values)
    file = case.desk.file(made.id)
    assert "datensaetze" not in file.sheet.logged
    assert "beschreibung" in file.sheet.logged
    assert file.matter.state == "in_pruefung"


def test_two_officers_who_write_at_the_same_time_do_not_overwrite_each_other(case: Case) -> None:
    made = incident(case)
    values = dict(case.desk.file(made.id).sheet.values)
    case.desk.save(case.by, "dpo", made.id, made.version, values)
    with refused("inzwischen jemand geändert"):
        case.desk.save(case.by, "dpo", made.id, made.version, values)


def test_an_incident_that_is_not_reported_has_a_reason_and_a_risk(case: Case) -> None:
    made = incident(case)
    with refused("bewerten"):
        case.desk.decide(case.by, "dpo", made.id, made.version, False, "kein Risiko")
    values = dict(case.desk.file(made.id).sheet.values, risiko="kein")
    saved = case.desk.save(case.by, "dpo", made.id, made.version, values)
    with refused(r"33 Abs\. 5"):
        case.desk.decide(case.by, "dpo", made.id, saved.version, False, "  ")
    decided = case.desk.decide(case.by, "dpo", made.id, saved.version, False, "Erfundene IBAN ohne Person.")
    assert decided.state == "nicht_meldepflichtig"
    assert decided.open, "it is decided, and still to be closed"
    html = file_of(case.desk.paper(case.by, "dpo", made.id, "html"), "html").decode()
    assert "Erfundene IBAN ohne Person." in html


def test_a_high_risk_cannot_be_left_unreported(case: Case) -> None:
    made = incident(case)
    saved = case.desk.save(case.by, "dpo", made.id, made.version,
                           dict(case.desk.file(made.id).sheet.values, risiko="hoch"))
    with refused("hohen Risiko"):
        case.desk.decide(case.by, "dpo", made.id, saved.version, False, "egal")
    decided = case.desk.decide(case.by, "dpo", made.id, saved.version, True, "IBAN an Dritte.")
    with refused("gemeldet"):
        case.desk.finish(case.by, "dpo", made.id, decided.version, "fertig")
    saved = case.desk.save(case.by, "dpo", made.id, decided.version,
                           dict(case.desk.file(made.id).sheet.values, gemeldet_tag="2026-11-23"))
    with refused(r"Art\. 34"):
        case.desk.finish(case.by, "dpo", made.id, saved.version, "fertig")


def test_what_somebody_writes_reaches_neither_ledger_nor_its_files(case: Case) -> None:
    made = incident(case)
    case.desk.note(case.by, "dpo", made.id, SECRET)
    case.desk.save(case.by, "dpo", made.id, made.version,
                   dict(case.desk.file(made.id).sheet.values, beschreibung=SECRET, risiko="kein"))
    now = case.desk.file(made.id).matter
    case.desk.decide(case.by, "dpo", made.id, now.version, False, SECRET)
    case.desk.complain({"text": SECRET, "name": SECRET, "kontakt": "e@example.org"})
    case.house.settle()
    reader = case.house.ledger.reader
    records = [reader.get(row.id) for row in reader.tail(-1, 1000)]
    said = json.dumps([record.meta for record in records], ensure_ascii=False)
    assert "Mustermann" not in said
    assert "e@example.org" not in said
    assert case.desk.file(made.id).notes[-1].digest in said


def test_the_digest_of_a_note_is_salted_so_that_nobody_guesses_it(case: Case) -> None:
    made = incident(case)
    first, second = (case.desk.note(case.by, "dpo", made.id, "ja") for _ in range(2))
    assert first.digest != second.digest


def test_records_are_held_until_the_incident_is_closed_and_let_go(case: Case) -> None:
    made = incident(case)
    with refused("offen"):
        case.desk.release(case.by, "dpo", made.id)
    saved = case.desk.save(case.by, "dpo", made.id, made.version,
                           dict(case.desk.file(made.id).sheet.values, risiko="kein"))
    decided = case.desk.decide(case.by, "dpo", made.id, saved.version, False, "kein Risiko")
    case.desk.finish(case.by, "dpo", made.id, decided.version, "Erledigt.")
    assert case.desk.release(case.by, "dpo", made.id) >= 1
    assert case.house.ledger.held(made.id) == 0


def test_a_model_is_switched_off_with_the_number_of_the_incident_as_reason(case: Case) -> None:
    made = incident(case)
    assert case.desk.stop_model(case.by, "dpo", made.id, "demo") is True
    assert case.desk.stop_model(case.by, "dpo", made.id, "demo") is False
    assert {one.name: one.reason for one in case.house.register.stops()} == {"demo": f"Vorfall {made.id}"}


def test_the_file_names_no_employee_and_every_field_of_the_law(case: Case) -> None:
    made = incident(case)
    case.desk.note(case.by, "dpo", made.id, "Mit dem Anbieter gesprochen.")
    report = case.desk.paper(case.by, "dpo", made.id, "json")
    text = file_of(report, "json").decode()
    assert "Friederike" not in text
    assert all(field.label in text for field in FIELDS.values())
    assert file_of(report, "pdf").startswith(b"%PDF-1.")
    assert "case.export" in case.house.types()


# ---- deadlines -------------------------------------------------------------------------------------------------------

@given(st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1)), st.integers(24, 168))
def test_the_hours_of_a_deadline_are_hours_over_every_change_of_the_clocks(moment: datetime, hours: int) -> None:
    known = moment.replace(tzinfo=UTC)
    assert after_hours(known.astimezone(BERLIN), hours) - known == timedelta(hours=hours)


@pytest.mark.parametrize(("known", "due"), [
    (("2026-10-23", "12:00"), "26.10.2026 11:00"),  # the night to the 25th has 25 hours
    (("2026-03-27", "12:00"), "30.03.2026 13:00"),  # the night to the 29th has 23 hours
    (("2026-11-20", "09:30"), "23.11.2026 09:30")])
def test_72_hours_over_a_change_of_the_clocks_end_an_hour_earlier_or_later_by_the_wall(known: tuple[str, str],
                                                                                      due: str) -> None:
    found = deadline({"bekannt_tag": known[0], "bekannt_zeit": known[1]}, 72)
    assert f"{found.astimezone(BERLIN):%d.%m.%Y %H:%M}" == due


def test_of_an_hour_that_comes_twice_the_first_one_counts() -> None:
    assert read_moment("25.10.2026", "02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 3))
def test_a_month_ends_with_the_same_day_or_the_last_one_and_never_later(day: date, months: int) -> None:
    end = months_after(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)
    assert f"{end_of(end).astimezone(BERLIN):%H:%M}" == "23:59"


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(max_size=60)))
def test_whatever_is_sent_is_read_and_kept_or_named_as_a_problem(sent: dict[str, str]) -> None:
    values, problems = read(sent)
    assert set(values) == set(FIELDS)
    assert {one.name for one in problems} <= set(FIELDS)


def test_nothing_becomes_new_again_and_every_open_state_leads_somewhere() -> None:
    for kind, moves in MOVES.items():
        assert "neu" in moves, kind
        for state, targets in moves.items():
            assert "neu" not in targets
            assert state in STATES
            assert targets or state in CLOSED, (kind, state)
