"""Kept content opens with both private keys, for one exchange and once; the house cannot read it, and it goes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import ContentKey, ContentReading, FormatError, Ledger, LedgerConfigError, Retention, content, pieces
from audit.content import bounded
from audit.record import CONTENT
from audit.sealing import DPO, PERSONALRAT, THIRD, TrusteeKey
from tests.support.trustees import COUNCIL, OFFICER, give_keys, opened

DAY = 86_400
CANARY = "Kanarienvogel ⟦NAME_1⟧"
SAID = "Sehr geehrte ⟦NAME_1⟧"
HERS, HIS = TrusteeKey.of(DPO, OFFICER), TrusteeKey.of(PERSONALRAT, COUNCIL)


@pytest.fixture
def house(sqlite_ledger: Ledger) -> Ledger:
    give_keys(sqlite_ledger)
    return sqlite_ledger


def exchange(house: Ledger, vorgang: str = "V1", request: str = CANARY, answer: str = SAID) -> str:
    """Write an exchange whose content is kept; return the id of its intent."""
    keys = house.keyring.sealing()
    assert keys is not None
    key = ContentKey(*keys)
    intent = house.append_wait(house.draft("intent", {"vorgang": vorgang}, subject="p",
                                           content=key.shut("request", [request]))).record_id
    house.append_wait(house.draft("outcome", {"vorgang": vorgang, "status": "ok"}, subject="p", ref=intent,
                                  content=key.shut("answer", [answer])))
    house.sequence()
    return intent


def piece(house: Ledger, intent: str) -> str:
    return ContentReading(house).hand_out(intent, case="F-1", reason="missbrauch", by="dsb")


def test_both_keys_read_one_exchange_once_and_each_step_is_a_record(ledger: Ledger, tmp_path: Path) -> None:
    give_keys(ledger)
    intent, work = exchange(ledger), ContentReading(ledger)
    answer = opened(piece(ledger, intent))
    found = work.read(answer, "dsb")
    assert (found.vorgang, found.record) == ("V1", intent)
    assert found.request is not None
    assert found.answer is not None
    assert (found.request.texts, found.answer.texts) == ([CANARY], [SAID])
    assert not found.request.cut
    with pytest.raises(LedgerConfigError, match="nichts geöffnet"):
        work.read(answer, "dsb")
    assert list((tmp_path / "keys").glob("content-*")) == []
    ledger.sequence()
    assert [row.type for row in ledger.reader.tail(limit=2)] == ["content.handout", "content.read"]
    assert ledger.verify().exit_code == 0


def test_nothing_of_it_lies_in_clear_on_the_disk(house: Ledger, tmp_path: Path) -> None:
    intent = exchange(house)
    answer = opened(piece(house, intent))
    house.export_bundle(tmp_path / "b.zip")
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (CANARY, SAID):
        assert text.encode() not in held
        assert text not in answer


def test_an_answer_opens_no_other_exchange(house: Ledger) -> None:
    first, second = exchange(house, "V1"), exchange(house, "V2")
    answer = opened(piece(house, first))
    piece(house, second)
    house.sequence()
    changed = pieces.unarmor(answer)[1]
    other = next(row.id for row in house.reader.tail(limit=1))
    forged = pieces.armor(pieces.ANSWER, {**changed, "order": {**changed["order"], "request": other}})
    with pytest.raises(LedgerConfigError, match="nichts geöffnet"):
        ContentReading(house).read(forged, "dsb")
    assert ContentReading(house).read(answer, "dsb").record == first


def test_what_was_not_opened_with_both_keys_is_refused(house: Ledger) -> None:
    order = pieces.unarmor(piece(house, exchange(house)))[1]
    with pytest.raises(FormatError):
        pieces.open_outer(COUNCIL, order)
    step = pieces.unarmor(pieces.open_outer(OFFICER, order))[1]
    with pytest.raises(FormatError):
        pieces.open_inner(OFFICER, PERSONALRAT, step)
    with pytest.raises(LedgerConfigError, match="nichts geöffnet"):
        ContentReading(house).read(pieces.open_outer(OFFICER, order), "dsb")


def test_a_day_later_the_answer_is_worth_nothing(house: Ledger, monkeypatch: pytest.MonkeyPatch,
                                                 tmp_path: Path) -> None:
    answer = opened(piece(house, exchange(house)))
    assert ContentReading(house).expire() == 0
    now = time.time_ns() // 1000
    monkeypatch.setattr("audit.reading.now_us", lambda: now + DAY * 1_000_000 + 1_000_000)
    with pytest.raises(LedgerConfigError, match="24 Stunden"):
        ContentReading(house).read(answer, "dsb")
    assert ContentReading(house).expire() == 1
    assert list((tmp_path / "keys").glob("content-*")) == []


@pytest.mark.parametrize("wrong", [{"case": "Frau Krüger"}, {"case": ""}, {"reason": "neugier"}, {"reason": ""}])
def test_a_reading_has_a_number_and_a_known_reason(house: Ledger, wrong: dict[str, str]) -> None:
    intent = exchange(house)
    with pytest.raises(LedgerConfigError):
        ContentReading(house).hand_out(intent, **{"case": "F-1", "reason": "missbrauch", **wrong}, by="dsb")


def test_it_goes_after_thirty_days_even_where_a_case_holds_the_record(house: Ledger) -> None:
    intent = exchange(house)
    assert house.hold("F-1", [intent]) == 1
    house.delete_due(int(time.time()) + 30 * DAY - 60)
    assert ContentReading(house).kept("V1")
    house.delete_due(int(time.time()) + 30 * DAY + 60)
    assert ContentReading(house).kept("V1") == []
    view = house.reader.get(intent)
    assert view is not None
    assert (set(view.parts), view.deleted) == ({"meta", "subject"}, (CONTENT,))
    assert house.verify().exit_code == 0
    with pytest.raises(LedgerConfigError, match="kein Inhalt aufbewahrt"):
        piece(house, intent)


def test_erasing_a_person_erases_the_content(house: Ledger) -> None:
    exchange(house)
    house.erase_subject("p", "antrag")
    assert ContentReading(house).kept("V1") == []
    assert house.verify().exit_code == 0


def test_no_configuration_keeps_content_longer_than_thirty_days() -> None:
    days = {"meta-standard": 184, "subject": 90}
    assert Retention(days).days["content"] == 30
    assert Retention({**days, "content": 7}).expires_at("content", 0) == 7 * DAY
    with pytest.raises(LedgerConfigError, match="höchstens 30"):
        Retention({**days, "content": 31})
    with pytest.raises(LedgerConfigError, match="höchstens 30"):
        Retention(days, {"meta": "meta-standard", "subject": "subject", "content": "meta-standard"})


@given(st.lists(st.text(st.characters()), max_size=6), st.integers(0, 40))
def test_what_is_cut_is_cut_at_the_old_end_and_said(texts: list[str], most: int) -> None:
    kept, size = bounded(texts, most)
    assert size == sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    assert sum(len(text.encode("utf-8", "surrogatepass")) for text in kept) <= most
    whole = [text for text in texts if text]
    if size <= most:
        assert kept == whole
    else:
        assert kept[1:] == whole[len(whole) - len(kept) + 1:] if kept else True


@given(st.lists(st.text(st.characters()), max_size=3))
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    secret = X25519PrivateKey.from_private_bytes(bytes([3]) * 32)
    key = ContentKey(HERS, [HIS, TrusteeKey.of(THIRD, secret)])
    body = key.shut("request", texts)
    exchange_id, sealed = content.sealed_key(body)
    order = pieces.make_content_order(request="r", case="F-1", reason="missbrauch", vorgang="V", exchange=exchange_id,
                                      answer_to=TrusteeKey.of("haus", secret), sealed=sealed)
    opening = pieces.Opening.read(opened(order))
    plain = opening.plain(secret, HERS, HIS)
    found = content.unlock(body, exchange_id, plain)
    assert (found.side, found.texts, found.cut) == ("request", [text for text in texts if text], False)
    for wrong in ((body, "0" * 32, plain), (body, exchange_id, bytes(32)),
                  (body.replace(b'"side":"request"', b'"side":"answer"'), exchange_id, plain)):
        with pytest.raises(FormatError):
            content.unlock(*wrong)
