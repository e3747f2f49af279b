"""A pseudonym is resolved by two people with two keys, for one request, once; every other way is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import Filters, Ledger, LedgerConfigError, Reidentification, pieces, reid, reid_state, sealing
from audit.identity import Identities
from audit.pseudonym import KeyDestroyed, Pseudonyms, end_of, epoch_of
from audit.record import SUBJECT, now_us
from audit.sealing import DPO, PERSONALRAT, TrusteeKey
from tests.support.trustees import OFFICER, give_keys, opened

DAY = 86_400
Maker = Callable[[], Ledger]
CANARY = "kanarienvogel-4711"


def exchange(ledger: Ledger, subject: str = CANARY, vorgang: str = "V1") -> str:
    """Write an exchange of a person; return that person's pseudonym."""
    ledger.append_wait(ledger.draft("denied", {"vorgang": vorgang, "department": "bauamt"}, subject=subject))
    ledger.sequence()
    ledger.identities.flush()
    return ledger.pseudonym(subject)


@pytest.fixture
def house(sqlite_ledger: Ledger) -> Ledger:
    give_keys(sqlite_ledger)
    return sqlite_ledger


def asked(house: Ledger, pseudonym: str, **more: str) -> str:
    return Reidentification(house).request(case="F-1", reason="missbrauch", by="chef", pseudonym=pseudonym, **more).id


def agreed(house: Ledger, pseudonym: str) -> str:
    request = asked(house, pseudonym)
    Reidentification(house).approve(request, DPO, "dsb")
    Reidentification(house).approve(request, PERSONALRAT, "rat")
    return request


def state(house: Ledger, request: str) -> str:
    return Reidentification(house).get(request).state(now_us())


def test_two_people_and_two_keys_find_the_person_once(ledger: Ledger, tmp_path: Path) -> None:
    give_keys(ledger)
    pseudonym, work = exchange(ledger), Reidentification(ledger)
    request = work.request(case="F-1", reason="missbrauch", by="chef", vorgang="V1").id
    work.approve(request, DPO, "dsb")
    work.approve(request, PERSONALRAT, "rat")
    answer = opened(work.hand_out(request, "dsb"))
    assert work.resolve(request, answer, "dsb") == CANARY
    assert work.get(request).pseudonym == pseudonym
    assert [one.id for one in work.to_inform()] == [request]
    with pytest.raises(LedgerConfigError, match="genau einmal"):
        work.resolve(request, answer, "dsb")
    assert list((tmp_path / "keys").glob("reid-*")) == []
    work.inform(request, "dsb")
    assert (state(ledger, request), work.to_inform()) == ("informed", [])
    kinds = [row.type for row in reversed(ledger.reader.page(Filters(types=reid_state.TYPES)).rows)]
    assert kinds == ["reid.request", "reid.approve", "reid.approve", "reid.handout", "reid.resolve", "reid.inform"]
    assert ledger.verify().exit_code == 0


def test_the_person_stands_nowhere_in_clear(house: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    request = agreed(house, exchange(house))
    piece = Reidentification(house).hand_out(request, "dsb")
    answer = opened(piece)
    Reidentification(house).resolve(request, answer, "dsb")
    house.checkpoint()
    house.export_bundle(tmp_path / "b.zip")
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in held
    for said in (piece, answer, caplog.text):
        assert CANARY not in said
        assert CANARY not in repr(said)
    assert b"dsb" not in b"".join(p.body for v in house.reader.vorgang("V1") for p in v.parts.values())


def test_one_approver_opens_nothing(house: Ledger) -> None:
    request, work = asked(house, exchange(house)), Reidentification(house)
    work.approve(request, DPO, "dsb")
    with pytest.raises(LedgerConfigError, match="fehlt noch die Zustimmung"):
        work.hand_out(request, "dsb")


def test_the_same_person_cannot_agree_twice_not_even_in_two_roles(house: Ledger) -> None:
    request, work = asked(house, exchange(house)), Reidentification(house)
    work.approve(request, DPO, "beides")
    with pytest.raises(LedgerConfigError, match="zwei verschiedene"):
        work.approve(request, PERSONALRAT, "beides")
    with pytest.raises(LedgerConfigError, match="schon zugestimmt"):
        work.approve(request, DPO, "andere")
    with pytest.raises(LedgerConfigError):
        work.approve(request, "it", "jemand")


def test_who_asks_may_agree_but_not_alone(house: Ledger) -> None:
    work, pseudonym = Reidentification(house), exchange(house)
    request = work.request(case="F-1", reason="missbrauch", by="dsb", pseudonym=pseudonym).id
    work.approve(request, DPO, "dsb")
    with pytest.raises(LedgerConfigError):
        work.approve(request, PERSONALRAT, "dsb")


def test_the_turn_of_a_quarter_makes_nobody_two_people(house: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    request, work = asked(house, exchange(house)), Reidentification(house)
    work.approve(request, DPO, "beides")
    for room in ("audit.ledger", "audit.pseudonym"):
        monkeypatch.setattr(f"{room}.epoch_of", lambda us: "2999Q1")
    with pytest.raises(LedgerConfigError, match="zwei verschiedene"):
        work.approve(request, PERSONALRAT, "beides")


def test_an_approval_that_was_slipped_into_the_log_does_not_count(house: Ledger) -> None:
    request, work = asked(house, exchange(house)), Reidentification(house)
    work.approve(request, DPO, "dsb")
    for role, by in ((PERSONALRAT, "dsb"), (DPO, "x"), ("it", "x"), (PERSONALRAT, None)):
        house.append_wait(house.draft("reid.approve", {"role": role}, subject=by, ref=request))
    house.append_wait(house.draft("reid.resolve", {}, ref=request))
    assert (work.get(request).approved, state(house, request)) == (False, "open")


def test_an_answer_counts_for_its_request_only(house: Ledger) -> None:
    work, pseudonym = Reidentification(house), exchange(house)
    first, second = agreed(house, pseudonym), agreed(house, pseudonym)
    one, two = work.hand_out(first, "dsb"), work.hand_out(second, "dsb")
    with pytest.raises(LedgerConfigError, match="gehört nicht zu diesem Antrag"):
        work.resolve(second, opened(one), "dsb")
    mixed = pieces.unarmor(opened(two))[1]
    mixed["opened"][0] = pieces.unarmor(opened(one))[1]["opened"][0]
    with pytest.raises(LedgerConfigError):
        work.resolve(second, pieces.armor(pieces.ANSWER, mixed), "dsb")
    assert work.resolve(second, opened(two), "dsb") == CANARY
    assert work.resolve(first, opened(one), "dsb") == CANARY


def test_a_seal_under_another_pseudonym_is_found_out(house: Ledger) -> None:
    """Somebody with the database exchanges the sealed identities of two people."""
    pseudonym, other = exchange(house), exchange(house, "jemand-anderes", "V2")
    request = agreed(house, pseudonym)
    outer, inner = house.keyring.sealing() or pytest.fail("there are keys")
    forged = sealing.seal_identity(outer, inner, "jemand-anderes", pseudonym, epoch_of(now_us()))
    with house._store.write() as run:
        run("UPDATE identity_seal SET sealed = (SELECT sealed FROM identity_seal WHERE pseudonym = ?) "
            "WHERE pseudonym = ?", (other, pseudonym))
    with pytest.raises(sealing.FormatError):
        opened(Reidentification(house).hand_out(request, "dsb"))
    with house._store.write() as run:
        run("UPDATE identity_seal SET sealed = ? WHERE pseudonym = ?", (forged, pseudonym))
    answer = opened(Reidentification(house).hand_out(request, "dsb"))
    with pytest.raises(LedgerConfigError, match="nichts aufgelöst"):
        Reidentification(house).resolve(request, answer, "dsb")


def test_only_the_newest_piece_counts_and_only_for_a_day(house: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    request, work = agreed(house, exchange(house)), Reidentification(house)
    old, new = work.hand_out(request, "dsb"), work.hand_out(request, "dsb")
    with pytest.raises(LedgerConfigError):
        work.resolve(request, opened(old), "dsb")
    later = now_us() + DAY * 1_000_000
    monkeypatch.setattr(reid, "now_us", lambda: later)
    with pytest.raises(LedgerConfigError, match="schon zugestimmt"):
        work.resolve(request, opened(new), "dsb")


def test_a_request_ends_after_seven_days_or_with_a_refusal(house: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    pseudonym, work = exchange(house), Reidentification(house)
    refused, forgotten = agreed(house, pseudonym), agreed(house, pseudonym)
    work.deny(refused, PERSONALRAT, "rat")
    with pytest.raises(LedgerConfigError, match="abgelehnt"):
        work.hand_out(refused, "dsb")
    assert work.expire() == 0
    later = now_us() + 7 * DAY * 1_000_000
    monkeypatch.setattr(reid, "now_us", lambda: later)
    with pytest.raises(LedgerConfigError, match="abgelaufen"):
        work.hand_out(forgotten, "dsb")
    assert (work.expire(), work.expire()) == (1, 0)
    assert work.get(forgotten).expired


@pytest.mark.parametrize(("what", "said"), [
    ({"case": "Frau Meier"}, "Nummer"), ({"case": "anna"}, "Nummer"), ({"reason": "Neugier"}, "Grund"),
    ({"pseudonym": "alle"}, "genau ein"), ({"pseudonym": "P-QQQQQQQQQQQQQQQQ"}, "keine Identität"),
    ({"vorgang": "V9"}, "genau dieses eine"),
])
def test_what_is_asked_is_a_case_a_reason_and_one_pseudonym(house: Ledger, what: dict[str, str], said: str) -> None:
    good = {"case": "F-1", "reason": "missbrauch", "by": "chef", "pseudonym": exchange(house)}
    with pytest.raises(LedgerConfigError, match=said):
        Reidentification(house).request(**{**good, **what})


def test_without_keys_nothing_is_kept_and_the_house_says_so(sqlite_ledger: Ledger) -> None:
    pseudonym = exchange(sqlite_ledger)
    assert sqlite_ledger.identities.find(pseudonym) is None
    assert "nicht möglich" in sqlite_ledger.keyring.problem()
    with pytest.raises(LedgerConfigError, match="keine Identität"):
        asked(sqlite_ledger, pseudonym)
    give_keys(sqlite_ledger)
    assert sqlite_ledger.keyring.problem() == ""
    exchange(sqlite_ledger)
    assert sqlite_ledger.identities.find(pseudonym) is not None, "the next record counts as the first"


def test_a_key_waits_for_the_council_and_serves_one_role(house: Ledger) -> None:
    def write(kind: str, meta: dict[str, Any], by: str) -> object:
        return house.append_wait(house.draft(kind, meta, subject=by))
    before = house.keyring.in_force()
    house.keyring.propose(str(TrusteeKey.of(DPO, X25519PrivateKey.generate())), "it", write)
    assert house.keyring.in_force() == before
    house.keyring.approve(DPO, "rat", write)
    assert house.keyring.in_force()[DPO] != before[DPO]
    assert house.keyring.find(before[DPO].id) is not None, "what was sealed to it must still open"
    for bad in (str(TrusteeKey.of(PERSONALRAT, OFFICER)), str(before[DPO]), "unsinn"):
        with pytest.raises(LedgerConfigError):
            house.keyring.propose(bad, "it", write)
    house.sequence()
    assert len(house.reader.page(Filters(types=("reid.key_set", "reid.key_approved"))).rows) == 6


def test_what_a_killed_process_left_unsealed_is_made_up_for(house: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Identities, "flush", lambda self: 0)
    pseudonym = exchange(house)
    monkeypatch.undo()
    house.identities._waiting.clear()
    house.identities.everyone = lambda: ["never-here", CANARY]
    assert house.identities.reconcile() == 1
    assert house.identities.reconcile() == 0
    seal = house.identities.find(pseudonym)
    assert seal is not None
    assert house.identities.find(house.pseudonym("never-here")) is None


def test_a_seal_lives_as_long_as_a_record_names_its_pseudonym(house: Ledger) -> None:
    held, gone = exchange(house), exchange(house, "wer-geht", "V2")
    house.hold("F-1", [view.id for view in house.reader.vorgang("V1")])
    house.delete_due(int(time.time()) + 91 * DAY)
    assert house.identities.find(held) is not None
    assert house.identities.find(gone) is None
    house.release("F-1")
    house.delete_due(int(time.time()) + 91 * DAY)
    assert house.identities.find(held) is None


def test_erasing_a_person_erases_the_seal_at_once(house: Ledger) -> None:
    pseudonym, other = exchange(house), exchange(house, "bert", "V2")
    house.erase_subject(CANARY, "antrag")
    assert house.identities.find(pseudonym) is None
    assert house.identities.find(other) is not None


def test_the_key_of_an_old_quarter_goes_and_with_it_every_way_to_its_pseudonyms(house: Ledger) -> None:
    exchange(house)
    epoch = epoch_of(now_us())
    over = end_of(epoch) + 98 * DAY
    house.delete_due(over - 1)
    assert epoch in house._pseudonyms.epochs()
    house.delete_due(over)
    assert house._pseudonyms.epochs() == []
    assert house.pseudonyms(CANARY) == []
    house.sequence()
    [row] = house.reader.page(Filters(types=("pseudonym.destroy",))).rows
    view = house.reader.get(row.id)
    assert view is not None
    assert view.meta == {"epoch": epoch}
    assert house.verify().exit_code == 0


def test_a_key_stays_while_a_case_needs_its_quarter(house: Ledger) -> None:
    exchange(house)
    house.hold("F-1", [view.id for view in house.reader.vorgang("V1")])
    house.delete_due(end_of(epoch_of(now_us())) + 200 * DAY)
    assert house._pseudonyms.epochs() == [epoch_of(now_us())]


def test_two_quarters_cannot_be_linked_once_the_older_key_is_gone(tmp_path: Path) -> None:
    clock = [int((end_of("2026Q4") - 1) * 1e6)]
    names = Pseudonyms(tmp_path / "keys", lambda: clock[0])
    old = names.of(CANARY, "2026Q4")
    clock[0] += 3 * DAY * 1_000_000
    new = names.of(CANARY, "2027Q1")
    assert set(names.every(CANARY)) == {old, new}
    names.destroy("2026Q4")
    assert names.every(CANARY) == [new]
    for fresh in (names, Pseudonyms(tmp_path / "keys", lambda: clock[0])):
        with pytest.raises(KeyDestroyed):
            fresh.of(CANARY, "2026Q4")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["pseudonym-2027Q1.key"]


@pytest.mark.parametrize(("moment", "epoch"), [
    ("2026-12-31T23:59:59.999999", "2026Q4"), ("2027-01-01T00:00:00", "2027Q1"), ("2026-03-31T22:30:00", "2026Q1"),
    ("2026-06-30T23:30:00", "2026Q2"), ("2026-07-01T00:00:00", "2026Q3")])
def test_a_quarter_begins_and_ends_in_utc(moment: str, epoch: str) -> None:
    from datetime import UTC, datetime
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert epoch_of(int(at.timestamp() * 1e6)) == epoch
    assert int(at.timestamp()) < end_of(epoch)


def test_replicas_that_share_a_folder_give_one_pseudonym(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor
    replicas = [Pseudonyms(tmp_path / "keys") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda one: one.of(CANARY, "2999Q4"), replicas))
    assert len(found) == 1


def test_the_record_of_a_request_lets_go_of_whom_it_was_about(house: Ledger) -> None:
    request = asked(house, exchange(house))
    house.delete_due(int(time.time()) + 91 * DAY)
    view = house.reader.get(request)
    assert view is not None
    assert set(view.deleted) == {SUBJECT, reid_state.TARGET}
    assert Reidentification(house).get(request).pseudonym == ""


def test_pseudonyms_change_with_the_quarter_and_with_nothing_else(open_ledger: Maker) -> None:
    one, two = open_ledger(), open_ledger()
    assert one.pseudonym("anna", "2999Q4") == two.pseudonym("anna", "2999Q4") != one.pseudonym("bert", "2999Q4")
    assert one.pseudonym("anna", "2999Q4") != one.pseudonym("anna", "3000Q1")
    assert len(one.pseudonym("anna")) == 18
    assert one.pseudonym("anna").startswith("P-")


def test_who_is_forgotten_is_forgotten_in_requests_as_well(house: Ledger) -> None:
    request = asked(house, exchange(house), vorgang="V1")
    other = asked(house, exchange(house, "berta", "V2"))
    house.erase_subject(CANARY, "antrag")
    assert Reidentification(house).get(request).pseudonym == ""
    assert Reidentification(house).get(request).vorgang == ""
    assert Reidentification(house).get(other).pseudonym == house.pseudonym("berta")
    view = house.reader.get(request)
    assert view is not None
    assert set(view.parts) == {"meta", SUBJECT}, "who asked is somebody else"
    assert house.verify().exit_code == 0


def test_somebody_reads_that_they_were_to_be_resolved_once_that_is_over(house: Ledger) -> None:
    pseudonym = exchange(house)
    request = asked(house, pseudonym)
    assert request not in [one.envelope.id for one in house.own_records(CANARY)]
    Reidentification(house).deny(request, DPO, "dsb")
    assert request in [one.envelope.id for one in house.own_records(CANARY)]
    assert request not in [one.envelope.id for one in house.own_records("berta")]
    assert request not in [one.envelope.id for one in house.own_records(CANARY, "V1")]
    resolved = agreed(house, pseudonym)
    Reidentification(house).resolve(resolved, opened(Reidentification(house).hand_out(resolved, "dsb")), "dsb")
    assert [one.envelope.id for one in house.own_records(CANARY)][-1] == resolved


def test_without_keys_of_both_trustees_no_identity_piles_up_in_memory(
        sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    identities = sqlite_ledger.identities
    for n in range(250):
        sqlite_ledger.draft("denied", {}, subject=f"person-{n}")
    assert identities.flush() == 0
    assert not identities._waiting
    assert not identities._known, "once there are keys, the next record counts as the first"
    monkeypatch.setattr("audit.identity._KNOWN", 20)
    for n in range(250):
        sqlite_ledger.draft("denied", {}, subject=f"person-{n}")
    assert len(identities._waiting) == 20, "while nobody stores them, neither"
    assert len(identities._known) <= 20
