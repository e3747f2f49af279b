"""An authority outside says when the log was in which state; OpenSSL agrees, and a wrong answer is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig, LedgerConfigError, sink_of
from audit.anchors.timestamp import stamped_at
from tests.support.timestamping import OPENSSL, Authority, run, serving

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs the program openssl, which plays the authority")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "tsa").mkdir()
    return Authority(tmp_path / "tsa")


@pytest.fixture
def ledger(authority: Authority, tmp_path: Path) -> Iterator[Ledger]:
    with serving(authority) as address:
        config = LedgerConfig(f"sqlite:///{tmp_path}/a.db", "test.example/1", tmp_path / "keys",
                              anchors=(sink_of(f"{address}#{authority.roots}"),))
        with Ledger(config) as found:
            found.append_wait(found.draft("note", {"what": "etwas"}))
            yield found


def test_a_note_gets_its_time_and_openssl_agrees(ledger: Ledger, authority: Authority) -> None:
    [state] = ledger.anchor()
    assert (state.problem, state.late) == ("", False)
    assert state.sink.startswith("tsa:127.0.0.1:")
    [stamp] = ledger.timestamps()
    assert stamp.at is not None
    assert abs(datetime.now(UTC) - stamp.at) < timedelta(minutes=5)
    assert stamp.note == ledger.reader.status().checkpoint_note
    folder = authority.folder
    (folder / "p.txt").write_text(stamp.note, "utf-8", newline="")
    (folder / "p.tsr").write_bytes(stamp.answer)
    verify = ["ts", "-verify", "-data", "p.txt", "-in", "p.tsr", "-CAfile", "wurzel.pem"]
    assert "Verification: OK" in run(verify, folder), "the command of the handbook"
    assert ledger.verify(pins=[stamp.note], require_pin=True).exit_code == 0


def test_a_receipt_about_another_note_names_no_time(ledger: Ledger) -> None:
    ledger.anchor()
    [stamp] = ledger.timestamps()
    assert stamped_at(stamp.answer, stamp.note + "\n") is None
    assert stamped_at(b"kein Zeitstempel", stamp.note) is None


def test_an_authority_that_nobody_trusts_is_refused(ledger: Ledger, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "andere").mkdir()
    stranger = Authority(tmp_path / "andere")
    authority.answer = stranger.answer  # type: ignore[method-assign]
    [state] = ledger.anchor()
    assert stranger.asked == 1
    assert "stimmt nicht" in state.problem
    assert ledger.timestamps() == []


def test_an_old_answer_to_another_request_is_refused(ledger: Ledger, authority: Authority) -> None:
    ledger.anchor()
    [stamp] = ledger.timestamps()
    authority.answer = lambda _: (200, stamp.answer)  # type: ignore[method-assign]
    assert "stimmt nicht" in ledger.anchor()[0].problem


@pytest.mark.parametrize("answer", [(500, b""), (200, b""), (200, b"\x30\x03\x02\x01\x02"), (200, b"<html>")])
def test_whatever_else_comes_is_a_problem_and_nothing_is_kept(ledger: Ledger, authority: Authority,
                                                              answer: tuple[int, bytes]) -> None:
    authority.answer = lambda _: answer  # type: ignore[method-assign]
    assert "Zeitstempel" in ledger.anchor()[0].problem
    assert ledger.timestamps() == []


def test_the_roots_must_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "fehlt.pem", tmp_path):
        with pytest.raises(LedgerConfigError, match="Wurzelzertifikate"):
            sink_of(f"tsa+https://zeit.example/tsr#{path}")
    (tmp_path / "leer.pem").write_text("nichts", "utf-8")
    with pytest.raises(LedgerConfigError, match="Wurzelzertifikate"):
        sink_of(f"tsa+https://zeit.example/tsr#{tmp_path}/leer.pem")
    with pytest.raises(LedgerConfigError, match="so angegeben"):
        sink_of("tsa+https://zeit.example/tsr")
