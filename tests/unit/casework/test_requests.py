"""Requests of people, complaints and feedback: deadlines, answers without names, erasure with the proof intact."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.casework.watch import Watch
from gateway.model.casework import Wanted
from gateway.model.deadlines import BERLIN
from gateway.pipeline.reference import mark_of
from tests.support.casework import Case, refused


def ask(case: Case, about: str, **values: str) -> object:
    return case.desk.open_request(case.by, "dpo", about, date.today() - timedelta(days=1), values)


def test_a_request_has_a_month_and_with_a_reason_three(case: Case) -> None:
    made = case.desk.open_request(case.by, "dpo", "loeschung_person", date(2026, 8, 31),
                                  {"email": case.clerk.person.email})
    assert f"{made.due_at.astimezone(BERLIN):%d.%m.%Y %H:%M}" == "30.09.2026 23:59"
    with refused("begründen"):
        case.desk.extend(case.by, "dpo", made.id, made.version, "")
    longer = case.desk.extend(case.by, "dpo", made.id, made.version, "sehr viele Einträge")
    assert f"{longer.due_at.astimezone(BERLIN):%d.%m.%Y}" == "30.11.2026"
    with refused("nicht weiter"):
        case.desk.extend(case.by, "dpo", made.id, longer.version, "noch mehr")


def test_a_citizen_is_answered_by_reference_without_a_pseudonym(case: Case) -> None:
    mark = mark_of(bytes(32), "50.3-2026/117")
    case.house.exchange(subject=case.clerk.person.id, reference=mark)
    case.house.exchange(subject=case.clerk.person.id)
    case.house.settle()
    made = ask(case, "auskunft_buerger", aktenzeichen=" 50.3-2026/117 ")
    found = case.desk.disclosure(case.by, "dpo", made.id, "json")
    assert len(found) == 1
    assert "case.export" in case.house.types()
    browser = case.house.browser(case.officer)
    answer = browser.post(f"/review/anfragen/{made.id}/auskunft", {"form": "json"}, page=f"/review/anfragen/{made.id}")
    assert answer.status == 200
    assert "P-" not in answer.text
    assert case.clerk.person.name not in answer.text


def test_without_a_reference_period_and_department_are_searched(case: Case) -> None:
    case.house.exchange(department="sozialamt")
    case.house.exchange(department="bauamt")
    case.house.settle()
    today = date.today().isoformat()
    made = ask(case, "auskunft_buerger", amt="sozialamt", von=today, bis=today)
    assert {one.text("department") for one in case.desk.disclosure(case.by, "dpo", made.id, "html")} == {"sozialamt"}


def test_an_erasure_leaves_the_proof_intact_and_nobody_finds_the_person_again(case: Case) -> None:
    case.house.exchange(subject=case.clerk.person.id)
    case.house.settle()
    made = ask(case, "loeschung_person", email=case.clerk.person.email)
    erased, held = case.desk.erase(case.by, "dpo", made.id, made.version)
    assert erased >= 2
    assert held == 0
    assert case.house.ledger.own_records(case.clerk.person.id) == []
    assert case.house.ledger.verify().exit_code == 0


def test_an_erasure_is_asked_about_before_it_happens(case: Case) -> None:
    case.house.exchange(subject=case.clerk.person.id)
    case.house.settle()
    made = ask(case, "loeschung_person", email=case.clerk.person.email)
    browser, here = case.house.browser(case.officer), f"/review/anfragen/{made.id}"
    answer = browser.post(here, {"schritt": "loeschen", "fassung": str(made.version)}, page=here)
    assert "Endgültig löschen" in answer.text
    assert case.house.ledger.own_records(case.clerk.person.id) != []


def test_a_complaint_has_a_deadline_and_a_finding_that_ends_with_it(case: Case) -> None:
    number = case.desk.complain({"text": "Ein Automat hat entschieden.", "name": "E. B."})
    [finding] = case.findings("ki_ruege")
    assert finding.parent == number
    complaint = case.desk.file(number).matter
    assert complaint.due_at - complaint.opened_at > timedelta(days=29)
    case.desk.move(case.by, "dpo", number, complaint.version, "erledigt", "Beantwortet am selben Tag.")
    assert case.desk.file(finding.id).matter.state == "erledigt"


def test_feedback_names_nobody(case: Case) -> None:
    number = case.desk.feedback({"art": "falsch", "stelle": "chat", "vorgang": "7f3k-2qxm-9btd"})
    case.house.settle()
    row = next(row for row in case.house.ledger.reader.tail(-1, 100) if row.type == "finding.new")
    view = case.house.ledger.reader.get(row.id)
    assert "subject" not in view.parts
    assert case.desk.file(number).sheet.by == ""


@pytest.mark.parametrize("wrong", [{"art": "x", "stelle": "chat"}, {"art": "falsch", "stelle": ""}, {}])
def test_feedback_without_a_known_kind_and_place_is_not_taken(case: Case, wrong: dict[str, str]) -> None:
    with refused("Bitte"):
        case.desk.feedback(wrong)


def test_what_is_long_closed_is_deleted_with_all_that_was_written_and_lets_go_of_its_records(case: Case) -> None:
    number = case.desk.complain({"text": "Alt."})
    matter = case.desk.file(number).matter
    case.desk.move(case.by, "dpo", number, matter.version, "erledigt", "Fertig.")
    watch = Watch(case.house.books, case.house.ledger, case.house.ledger.reader, None, None, timedelta(days=30))
    watch.forget()
    assert case.desk.file(number) is not None
    case.house.clock.time = case.house.clock.now() + timedelta(days=31)
    watch.forget()
    assert case.desk.file(number) is None
    assert case.desk.listed(Wanted(), 10) == ([], 0)
    assert "case.deleted" in case.house.types()
