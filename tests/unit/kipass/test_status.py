"""The KI-Pass as a function: what one person can show, at one moment, under the rules of then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from gateway.kipass import Document, Evidence, KiPassConfig, Module, PassEvent, Scope, last_day, passes, status
from gateway.kipass.calendar import end_after_months, end_of_grace, midnight
from gateway.kipass.status import SKEW

V1, V2, V2A, V3 = "1" * 64, "2" * 64, "a" * 64, "3" * 64


def dv(version: str, sha: str, day: date, change: str = "wesentlich", grace: int = 0) -> Document:
    return Document("dienstvereinbarung", version, "DV", sha, day, change, grace)  # type: ignore[arg-type]


CONFIG = KiPassConfig(
    modules={"schulung": Module("schulung", "schulung", "Schulung", 45, 24),
             "leitlinien": Module("leitlinien", "leitlinien", "Leitlinien", 10),
             "kenntnisnahme_dv": Module("kenntnisnahme_dv", "kenntnisnahme_dv", "Dienstvereinbarung lesen", 5)},
    scopes={"basis": Scope("basis", "Grundlagen", ("schulung", "leitlinien", "kenntnisnahme_dv")),
            "bild": Scope("bild", "Bilder", ("kenntnisnahme_dv",))},
    documents={"dienstvereinbarung": (
        dv("1", V1, date(2025, 4, 1)), dv("2", V2, date(2026, 1, 15), grace=28),
        dv("2a", V2A, date(2026, 3, 1), "redaktionell"), dv("3", V3, date(2026, 6, 1), grace=14))},
    link="https://ki.musterstadt.example/pass", contact="KI-Pass-Stelle, Tel. 12-345")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def shown(sha: str | None = V3, completed: str = "2026-02-01T10:00+01:00") -> list[Evidence]:
    return [Evidence("schulung", at(completed)), Evidence("leitlinien", at(completed)),
            Evidence("kenntnisnahme_dv", at(completed), sha)]


SUMMER = at("2026-06-10T12:00+02:00")


def test_who_has_shown_everything_holds_a_valid_pass_until_the_first_module_ends() -> None:
    answer = status(shown(), [], CONFIG, SUMMER)
    assert (answer.state, answer.missing, answer.message, answer.notice) == ("gueltig", (), "", "")
    assert answer.admits
    assert answer.document_sha256 == V3
    assert answer.until is not None
    assert last_day(answer.until) == date(2028, 2, 1)


def test_nothing_shown_is_a_missing_pass_that_names_every_step_and_the_link() -> None:
    answer = status([], [], CONFIG, SUMMER)
    assert answer.state == "fehlt"
    assert answer.missing == ("Schulung", "Leitlinien", "Dienstvereinbarung lesen")
    for part in ("Schulung, Leitlinien, Dienstvereinbarung lesen", "etwa 60 Minuten", CONFIG.link):
        assert part in answer.message


def test_revoked_evidence_counts_as_never_shown_from_that_moment_on() -> None:
    revoked = at("2026-06-10T12:00+02:00")
    evidence = [*shown()[1:], Evidence("schulung", at("2026-02-01T10:00+01:00"), revoked_at=revoked)]
    counts = revoked - SKEW
    before = status(evidence, [], CONFIG, counts - timedelta(microseconds=1))
    assert (before.state, before.changes_at) == ("gueltig", counts)
    assert status(evidence, [], CONFIG, counts).state == "fehlt"


@pytest.mark.parametrize("behind", [timedelta(seconds=3), SKEW])
def test_a_replica_whose_clock_is_behind_neither_lets_a_blocked_person_pass_nor_keeps_a_finished_one_out(
        behind: timedelta) -> None:
    slow = SUMMER - behind
    assert status(shown(), [PassEvent("gesperrt", SUMMER)], CONFIG, slow).state == "gesperrt"
    ended = [PassEvent("gesperrt", at("2026-06-01T08:00+02:00")), PassEvent("entsperrt", SUMMER)]
    assert status(shown(), ended, CONFIG, slow).state == "gueltig"
    assert status(shown(completed=SUMMER.isoformat()), [], CONFIG, slow).state == "gueltig"
    taken = [Evidence(e.module, e.completed_at, e.document_sha256, revoked_at=SUMMER) for e in shown()]
    assert status(taken, [], CONFIG, slow).state == "fehlt"


def test_evidence_from_the_future_does_not_count_yet() -> None:
    assert status(shown(completed="2026-06-11T10:00+02:00"), [], CONFIG, SUMMER).state == "fehlt"


def test_a_course_expires_with_the_end_of_its_last_day_in_berlin() -> None:
    evidence = shown(completed="2026-02-01T23:30+01:00")
    end = at("2028-02-02T00:00+01:00")
    assert status(evidence, [], CONFIG, end - timedelta(microseconds=1)).state == "gueltig"
    expired = status(evidence, [], CONFIG, end)
    assert (expired.state, expired.missing, expired.until) == ("abgelaufen", ("Schulung",), end)
    assert "seit 02.02.2028 abgelaufen" in expired.message


def test_a_certificate_with_an_earlier_end_ends_earlier() -> None:
    end = at("2026-06-10T15:00+02:00")
    evidence = [*shown()[1:], Evidence("schulung", at("2026-02-01T10:00+01:00"), valid_until=end)]
    assert status(evidence, [], CONFIG, SUMMER).until == end
    assert status(evidence, [], CONFIG, end).state == "abgelaufen"


def test_renewed_evidence_takes_the_place_of_the_expired() -> None:
    now = at("2028-03-01T12:00+01:00")
    evidence = [*shown(), Evidence("schulung", at("2028-02-20T12:00+01:00"))]
    assert status(evidence, [], CONFIG, now).state == "gueltig"


@pytest.mark.parametrize(("moment", "state"), [
    ("2026-05-31T23:59:59+02:00", "gueltig"),
    ("2026-06-01T00:00:00+02:00", "kulanz"),
    ("2026-06-14T23:59:59+02:00", "kulanz"),
    ("2026-06-15T00:00:00+02:00", "dv_neu"),
])
def test_a_material_version_gives_grace_with_a_date_and_then_refuses(moment: str, state: str) -> None:
    answer = status(shown(V2), [], CONFIG, at(moment))
    assert answer.state == state
    if state == "kulanz":
        assert answer.until == at("2026-06-15T00:00+02:00")
        assert "bis 14.06.2026" in answer.notice
        assert answer.notice.isascii()
        assert CONFIG.link in answer.notice
    if state == "dv_neu":
        assert answer.missing == ("Dienstvereinbarung lesen",)
        assert "seit 01.06.2026 eine neue Dienstvereinbarung gilt" in answer.message
        assert "etwa 5 Minuten" in answer.message


def test_grace_ends_with_its_own_date_even_where_a_course_ends_sooner() -> None:
    evidence = [Evidence("schulung", at("2026-02-01T10:00+01:00"), valid_until=at("2026-06-12T00:00+02:00")),
                *shown(V2)[1:]]
    answer = status(evidence, [], CONFIG, SUMMER)
    assert "bis 14.06.2026" in answer.notice
    assert answer.changes_at == at("2026-06-12T00:00+02:00")
    assert status(evidence, [], CONFIG, at("2026-06-12T00:00+02:00")).state == "abgelaufen"


def test_an_editorial_version_asks_nothing_of_those_who_know_the_one_before() -> None:
    answer = status(shown(V2), [], CONFIG, at("2026-05-01T12:00+02:00"))
    assert answer.state == "gueltig"
    assert answer.until == at("2026-06-15T00:00+02:00"), "the announced version 3 will end it"


def test_an_editorial_version_does_not_heal_a_material_one() -> None:
    assert status(shown(V1), [], CONFIG, at("2026-03-02T12:00+01:00")).state == "dv_neu"


def test_a_new_grace_does_not_revive_a_version_that_was_overtaken_before() -> None:
    assert status(shown(V1), [], CONFIG, SUMMER).state == "dv_neu"


def in_a_row(*versions: Document) -> KiPassConfig:
    return KiPassConfig(CONFIG.modules, CONFIG.scopes, {"dienstvereinbarung": versions}, CONFIG.link, CONFIG.contact)


ROW = in_a_row(dv("1", V1, date(2025, 4, 1)), dv("2", V2, date(2026, 6, 1), grace=60),
               dv("3", V3, date(2026, 6, 15), grace=10))


@pytest.mark.parametrize(("moment", "one", "two"), [
    ("2026-05-31T23:59:59+02:00", "gueltig", "gueltig"), ("2026-06-01T00:00:00+02:00", "kulanz", "gueltig"),
    ("2026-06-15T00:00:00+02:00", "kulanz", "kulanz"), ("2026-06-24T23:59:59+02:00", "kulanz", "kulanz"),
    ("2026-06-25T00:00:00+02:00", "dv_neu", "dv_neu")])
def test_of_two_material_versions_in_a_row_the_grace_that_ends_first_ends_for_all_before(moment: str, one: str,
                                                                                         two: str) -> None:
    assert status(shown(V1), [], ROW, at(moment)).state == one
    assert status(shown(V2), [], ROW, at(moment)).state == two
    if one == "kulanz":
        assert status(shown(V1), [], ROW, at(moment)).until == at("2026-06-25T00:00+02:00")
        assert "bis 24.06.2026" in status(shown(V1), [], ROW, at(moment)).notice


def test_a_longer_grace_of_a_later_version_does_not_lengthen_the_one_before() -> None:
    config = in_a_row(dv("1", V1, date(2025, 4, 1)), dv("2", V2, date(2026, 6, 1), grace=10),
                      dv("3", V3, date(2026, 6, 5), grace=60))
    assert status(shown(V1), [], config, SUMMER).state == "kulanz"
    assert status(shown(V1), [], config, at("2026-06-11T00:00+02:00")).state == "dv_neu"
    assert status(shown(V2), [], config, at("2026-06-11T00:00+02:00")).state == "kulanz"


def test_an_editorial_version_within_a_grace_neither_ends_nor_lengthens_it_and_is_not_the_one_named() -> None:
    config = in_a_row(dv("1", V1, date(2025, 4, 1)), dv("2", V2, date(2026, 6, 1), grace=14),
                      dv("2a", V2A, date(2026, 6, 5), "redaktionell"))
    assert status(shown(V1), [], config, SUMMER).until == at("2026-06-15T00:00+02:00")
    assert status(shown(V2A), [], config, SUMMER).state == "gueltig"
    late = status(shown(V1), [], config, at("2026-06-15T00:00+02:00"))
    assert (late.state, "seit 01.06.2026 eine neue" in late.message) == ("dv_neu", True)


def test_an_announced_version_asks_nothing_before_its_day_and_says_when_it_will() -> None:
    config = in_a_row(dv("1", V1, date(2025, 4, 1)), dv("2", V2, date(2026, 7, 1), grace=14))
    before = status(shown(V1), [], config, SUMMER)
    assert (before.state, before.notice, before.changes_at) == ("gueltig", "", at("2026-07-01T00:00+02:00"))
    assert status(shown(V2), [], config, SUMMER).until is not None
    withdrawn = in_a_row(dv("1", V1, date(2025, 4, 1)))
    both = [*shown(V1), *shown(V2)]
    assert status(both, [], withdrawn, SUMMER).state == "gueltig", "who had read both still has the first"


def test_the_version_acknowledged_is_never_that_of_a_course() -> None:
    course = Evidence("schulung", at("2023-02-01T10:00+01:00"), "c" * 64)
    answer = status([course, *shown()[1:]], [], CONFIG, SUMMER)
    assert (answer.state, answer.document_sha256) == ("abgelaufen", V3)


@pytest.mark.parametrize(("completed", "months", "end"), [
    ("2028-02-29T10:00+01:00", 12, "2029-03-01T00:00+01:00"), ("2028-02-29T10:00+01:00", 48, "2032-03-01T00:00+01:00"),
    ("2027-02-28T10:00+01:00", 12, "2028-02-29T00:00+01:00"), ("2026-08-31T10:00+02:00", 6, "2027-03-01T00:00+01:00"),
    ("2026-03-28T23:59+01:00", 12, "2027-03-29T00:00+02:00"), ("2025-10-26T02:30+02:00", 12, "2026-10-27T00:00+01:00"),
    ("2026-12-31T23:30+01:00", 1, "2027-02-01T00:00+01:00"), ("2026-12-31T23:30+00:00", 1, "2027-02-02T00:00+01:00")])
def test_months_end_where_the_civil_code_ends_them(completed: str, months: int, end: str) -> None:
    assert end_after_months(at(completed), months) == at(end)


@pytest.mark.parametrize(("valid_from", "days", "end"), [
    (date(2026, 3, 28), 1, "2026-03-29T00:00+01:00"), (date(2026, 3, 28), 2, "2026-03-30T00:00+02:00"),
    (date(2026, 10, 25), 1, "2026-10-26T00:00+01:00"), (date(2028, 2, 28), 2, "2028-03-01T00:00+01:00"),
    (date(9999, 12, 31), 14, "9999-12-31T00:00+01:00")])
def test_a_grace_counts_days_of_the_calendar_however_long_they_are(valid_from: date, days: int, end: str) -> None:
    assert end_of_grace(valid_from, days) == at(end)


def test_a_town_that_writes_the_first_or_the_last_day_there_is_gets_an_answer() -> None:
    config = in_a_row(dv("1", V1, date.min), dv("2", V2, date.max, grace=3660))
    assert status(shown(V1), [], config, SUMMER).state == "gueltig"


def test_an_announced_version_may_be_acknowledged_early() -> None:
    assert status(shown(V3), [], CONFIG, at("2026-05-01T12:00+02:00")).state == "gueltig"


@pytest.mark.parametrize("sha", [None, "f" * 64])
def test_an_acknowledgement_of_nothing_known_is_one_of_an_old_version(sha: str | None) -> None:
    assert status(shown(sha), [], CONFIG, SUMMER).state == "dv_neu"


def test_expiry_is_told_before_the_new_agreement() -> None:
    answer = status(shown(V1, "2024-01-01T10:00+01:00"), [], CONFIG, SUMMER)
    assert answer.state == "abgelaufen"
    assert answer.missing == ("Schulung", "Dienstvereinbarung lesen"), "both are open, and both are named"


HISTORIES = [
    (["gesperrt"], "gesperrt"), (["gesperrt", "entsperrt"], "gueltig"), (["entzogen"], "gesperrt"),
    (["entzogen", "entsperrt"], "gesperrt"), (["entzogen", "erteilt"], "gueltig"),
    (["gesperrt", "erteilt"], "gesperrt"), (["gesperrt", "entzogen", "entsperrt"], "gesperrt"),
    (["gesperrt", "entsperrt", "gesperrt"], "gesperrt"), (["erteilt", "verlängert"], "gueltig"),
]


@pytest.mark.parametrize(("acts", "state"), HISTORIES)
def test_a_block_holds_until_its_own_end_whatever_order_the_database_returns(acts: list[str], state: str) -> None:
    start = at("2026-06-01T08:00+02:00")
    events = [PassEvent(act, start + timedelta(hours=i)) for i, act in enumerate(acts)]  # type: ignore[arg-type]
    for order in permutations(events):
        answer = status(shown(), order, CONFIG, SUMMER)
        assert answer.state == state
        assert ("KI-Pass-Stelle, Tel. 12-345" in answer.message) == (state == "gesperrt")


def test_a_block_and_its_end_at_the_same_moment_is_a_block() -> None:
    events = [PassEvent("gesperrt", SUMMER), PassEvent("entsperrt", SUMMER)]
    assert status(shown(), events, CONFIG, SUMMER).state == "gesperrt"


def test_a_block_of_one_scope_leaves_the_others_and_a_block_of_the_whole_pass_leaves_none() -> None:
    one = passes(shown(), [PassEvent("gesperrt", SUMMER, "bild")], CONFIG, SUMMER)
    assert (one["basis"].state, one["bild"].state) == ("gueltig", "gesperrt")
    assert "„Bilder“" in one["bild"].message
    whole = passes(shown(), [PassEvent("gesperrt", SUMMER)], CONFIG, SUMMER)
    assert {s.state for s in whole.values()} == {"gesperrt"}


def test_unblocking_one_scope_does_not_lift_a_block_of_the_whole_pass() -> None:
    events = [PassEvent("gesperrt", SUMMER - timedelta(hours=2)), PassEvent("entsperrt", SUMMER, "bild")]
    assert status(shown(), events, CONFIG, SUMMER, "bild").state == "gesperrt"


def test_a_scope_that_nobody_defined_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        status(shown(), [], CONFIG, SUMMER, "raumfahrt")


@pytest.mark.parametrize(("completed", "months", "last"), [
    ("2026-11-22T14:05+01:00", 24, date(2028, 11, 22)),
    ("2026-01-31T10:00+01:00", 1, date(2026, 2, 28)),
    ("2028-02-29T10:00+01:00", 12, date(2029, 2, 28)),
    ("2026-12-31T23:30+01:00", 2, date(2027, 2, 28)),
    ("2026-12-31T22:30+00:00", 1, date(2027, 1, 31)),
    ("2026-12-31T23:30+00:00", 1, date(2027, 2, 1)),  # it is January already in Berlin
    ("2026-09-28T12:00+02:00", 1, date(2026, 10, 28)),  # across the end of summer time
])
def test_months_are_counted_by_the_calendar_of_the_office(completed: str, months: int, last: date) -> None:
    end = end_after_months(at(completed), months)
    assert last_day(end) == last
    assert end == midnight(last + timedelta(days=1))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_on_which_the_clock_changes_is_one_day(day: date, hours: int) -> None:
    assert midnight(day + timedelta(days=1)) - midnight(day) == timedelta(hours=hours)
