"""The watch counts every record once, raises a finding once per cause, and never speaks of a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit import AnchorState
from gateway.casework import watching
from gateway.casework.conditions import Look, look
from gateway.model.findings import RULES
from gateway.model.small_groups import OTHERS
from gateway.store import tallies
from tests.support.casework import Case


def read(case: Case, limit: int = watching.BATCH) -> int:
    case.house.settle()
    return watching.step(case.house.books, case.house.ledger.reader, limit)


def test_the_same_cause_raises_one_finding_however_often_it_happens(case: Case) -> None:
    for _ in range(3):
        case.answered(leaked=1)
        read(case)
    found = case.findings("antwort_angaben")
    assert len(found) == 1
    assert case.desk.file(found[0].id).tally.count == 3
    assert case.house.types().count("finding.new") == 1


def test_however_the_log_is_cut_every_record_is_counted_once(case: Case) -> None:
    for _ in range(7):
        case.house.denied("inhalt_gesperrt", found={"HEALTH": 2})
    while read(case, 2):
        pass
    assert read(case) == 0
    [found] = case.findings("besondere_daten")
    assert case.desk.file(found.id).tally.count == 7


def test_a_step_that_another_process_was_faster_with_counts_nothing(case: Case) -> None:
    case.answered(leaked=1)
    case.house.settle()

    class Slow:
        def before(self, since: int) -> int:
            return case.house.ledger.reader.before(since)

        def following(self, after: int, types: object, limit: int) -> object:
            found = case.house.ledger.reader.following(after, types, limit)
            if after == -1:
                watching.step(case.house.books, case.house.ledger.reader)  # meanwhile, elsewhere
            return found
    assert watching.step(case.house.books, Slow()) == 0
    [finding] = case.findings("antwort_angaben")
    assert case.desk.file(finding.id).tally.count == 1


def test_below_its_threshold_a_rule_says_nothing(case: Case) -> None:
    for _ in range(RULES["besondere_daten"].least - 1):
        case.house.denied("inhalt_gesperrt", found={"RELIGION": 1})
    read(case)
    assert case.findings() == []
    case.house.denied("inhalt_gesperrt", found={"RELIGION": 1})
    read(case)
    assert [one.about for one in case.findings()] == ["besondere_daten"]


def test_a_department_of_fewer_than_five_is_never_named(case: Case) -> None:
    case.answered("standesamt", leaked=1)  # one person works there
    read(case)
    [found] = case.findings("antwort_angaben")
    assert found.scope == OTHERS
    assert "Standesamt" not in " ".join(case.desk.file(found.id).words)


def test_many_refusals_are_a_finding_only_when_they_are_many_of_all_requests(case: Case) -> None:
    least = RULES["viele_ablehnungen"].least
    for _ in range(least * 4):
        case.house.exchange(department="bauamt", status="")
    for _ in range(least):
        case.house.denied("modell_nicht_erlaubt")
    read(case)
    assert case.findings("viele_ablehnungen") == []
    for _ in range(least):
        case.house.denied("modell_nicht_erlaubt")
    read(case)
    assert len(case.findings("viele_ablehnungen")) == 1


@pytest.mark.parametrize(("kind", "facts", "rule", "severity"), [
    ("gap.detected", {"writer": "w", "first": 3, "last": 4}, "luecke", "hoch"),
    ("verify.result", {"exit_code": 1, "verdict": "verändert"}, "pruefung_fehlgeschlagen", "hoch"),
    ("finding.spool", {"records": 0, "memory": 0, "lost": 2}, "verloren", "hoch"),
    ("log.successor", {"old": "x"}, "nachfolger", "hoch"),
    ("finding.forged", {"kind": "key.rotate", "idx": 4}, "untergeschoben", "hoch"),
    ("finding.pruning", {"reason": "fall"}, "nicht_geloescht", "mittel"),
    ("outcome.unknown", {"department": "bauamt", "reason": "prozess_beendet"}, "ergebnis_fehlt", "mittel"),
])
def test_what_the_ledger_notices_about_itself_becomes_a_finding(case: Case, kind: str, facts: dict[str, object],
                                                                rule: str, severity: str) -> None:
    case.house.write(kind, facts)
    read(case)
    assert [(one.about, one.severity) for one in case.findings()] == [(rule, severity)]


@pytest.mark.parametrize(("kind", "facts"), [
    ("verify.result", {"exit_code": 0}), ("verify.result", {"exit_code": 3}), ("finding.spool", {"records": 5}),
    ("outcome", {"leaked": 0, "strangers": {}}), ("denied", {"code": "ki_pass_fehlt"})])
def test_what_is_in_order_is_no_finding(case: Case, kind: str, facts: dict[str, object]) -> None:
    case.house.write(kind, {"department": "bauamt", **facts})
    read(case)
    assert case.findings() == []


def test_after_a_finding_was_closed_the_same_begins_a_new_one(case: Case) -> None:
    case.answered(leaked=1)
    read(case)
    [first] = case.findings()
    case.desk.move(case.by, "dpo", first.id, first.version, "kein_befund", "War erfunden.")
    case.answered(leaked=1)
    read(case)
    again = [one for one in case.findings() if one.open]
    assert len(again) == 1
    assert again[0].id != first.id
    assert case.desk.file(again[0].id).tally.count == 1


def test_a_record_from_the_future_says_that_a_clock_is_wrong(case: Case) -> None:
    case.house.denied("ki_pass_fehlt")
    case.house.settle()
    case.house.clock.time = datetime.now(UTC) - timedelta(minutes=1)
    read(case)
    assert [one.about for one in case.findings()] == ["uhr"]


class Outside:
    """A place outside, which fails or not."""

    def __init__(self) -> None:
        self.age: float | None = None

    def __call__(self) -> list[AnchorState]:
        return [AnchorState("mail:dsb", 0, self.age)]


def test_a_condition_is_raised_once_and_told_when_it_is_over(case: Case) -> None:
    outside, books = Outside(), case.house.books
    where = Look(lambda: case.house.policies, outside, lambda: "")
    look(books, where)
    look(books, where)
    [found] = case.findings("anker_fehlt")
    outside.age = 60.0
    look(books, where)
    file = case.desk.file(found.id)
    assert file.matter.open
    assert [note.text for note in file.notes] == ["Der Zustand ist vorbei."]
    outside.age = None
    look(books, where)
    assert len(case.findings("anker_fehlt")) == 1, "the finding is still open: it is the same"


def test_a_condition_that_was_dealt_with_and_still_holds_is_not_raised_again(case: Case) -> None:
    where = Look(lambda: case.house.policies, Outside(), lambda: "Der Stand passt nicht zur Unterschrift.")
    look(case.house.books, where)
    for one in case.findings():
        case.desk.move(case.by, "dpo", one.id, one.version, "erledigt", "Die IT arbeitet daran.")
    look(case.house.books, where)
    assert [one for one in case.findings() if one.open] == []


def test_content_that_is_kept_too_long_is_a_finding_and_shorter_is_none(case: Case) -> None:
    now = datetime.now(UTC)
    since = {"bauamt": now - timedelta(days=8), "standesamt": now - timedelta(days=6)}
    look(case.house.books, Look(lambda: case.house.policies, list, lambda: "", lambda: since))
    assert [one.scope for one in case.findings("inhalt_lang")] == ["Bauamt"]


def test_a_model_that_runs_elsewhere_now_is_a_finding_and_the_first_look_is_none(case: Case) -> None:
    where = Look(lambda: case.house.policies, list, lambda: "")
    look(case.house.books, where)
    assert case.findings("modell_region") == []
    [(mark, _), *_] = where.places().items()
    with case.house.books.writing() as connection:
        tallies.set_mark(connection, f"ort:{mark}", "Anderswo|US|drittland", 0, case.house.books.now())
    look(case.house.books, where)
    assert [one.scope for one in case.findings("modell_region")] == [mark]
    look(case.house.books, where)
    assert len(case.findings("modell_region")) == 1


def test_every_rule_says_what_happened_why_it_matters_and_what_to_do() -> None:
    for rule in RULES.values():
        words = f"{rule.title} {rule.what} {rule.why} {rule.todo}"
        assert all((rule.title, rule.what, rule.why, rule.todo)), rule.key
        assert "!" not in words
        assert "Person P-" not in words
        rule.what.format(wo="im Bauamt", zahl="3")
