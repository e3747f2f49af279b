"""Conversations that grow: of changes at the same time none is lost; deleted is deleted; each kind has its own room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from gateway.errors import GatewayError
from gateway.store import conversations, open_engine, reading, writing
from gateway.store.conversations import SqlConversations
from gateway.store.tables import conversation
from tests.support.municipality import NOW, database

ID = "conv_" + "c3" * 24
HOUR = timedelta(hours=1)
CANARY = "Kanarienvogel Sabine Krüger"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def kept(engine: Engine) -> SqlConversations:
    return SqlConversations(engine)


def begin(kept: SqlConversations, content: bytes = b"", id_: str = ID, age: timedelta = timedelta()) -> None:
    asyncio.run(kept.keep("anna", id_, content, NOW - age, NOW - age + HOUR, "conversation"))


def read(kept: SqlConversations, id_: str = ID, later: timedelta = timedelta(), subject: str = "anna") -> bytes | None:
    return asyncio.run(kept.recall(subject, id_, NOW + later, "conversation"))


def add(kept: SqlConversations, more: bytes, subject: str = "anna", later: timedelta = timedelta(),
        id_: str = ID) -> bool:
    return asyncio.run(kept.change(subject, id_, lambda before: before + more, NOW + later, NOW + later + HOUR))


def test_a_change_builds_on_what_is_there_and_gives_it_another_hour(kept: SqlConversations) -> None:
    begin(kept)
    for number in range(3):
        assert add(kept, str(number).encode(), later=number * HOUR / 2)
    assert read(kept, later=1.9 * HOUR) == b"012"
    assert read(kept, later=2 * HOUR) is None


@pytest.mark.parametrize(("subject", "id_", "later"), [
    ("berta", ID, timedelta()), ("anna", ID + "x", timedelta()), ("anna", ID, HOUR), ("anna", "resp_1", timedelta())])
def test_what_is_over_or_not_ones_own_is_neither_changed_nor_deleted(
        kept: SqlConversations, subject: str, id_: str, later: timedelta) -> None:
    begin(kept, b"alt")
    asyncio.run(kept.keep("anna", "resp_1", b"[]", NOW, NOW + HOUR))
    assert not add(kept, b"neu", subject, later, id_)
    assert not asyncio.run(kept.forget(subject, id_, NOW + later))
    if not later:
        assert read(kept) == b"alt"
        assert asyncio.run(kept.recall("anna", "resp_1", NOW)) == b"[]"


def test_changes_at_the_same_time_in_two_processes_all_get_in_one_after_the_other(
        kept: SqlConversations, engine: Engine) -> None:
    begin(kept)
    other = open_engine(engine.url.render_as_string(hide_password=False))
    turns = [f"[{number}{'x' * 200}]".encode() for number in range(24)]

    def work(room: SqlConversations, own: list[bytes]) -> None:
        async def all_of_them() -> None:
            assert all(await asyncio.gather(*(room.change("anna", ID, lambda before, turn=turn: before + turn,  # type: ignore[misc]
                                                          NOW, NOW + HOUR) for turn in own)))
        asyncio.run(all_of_them())
    threads = [threading.Thread(target=work, args=args) for args in ((kept, turns[:12]),
                                                                     (SqlConversations(other), turns[12:]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    written = read(kept)
    assert written is not None
    assert sorted(written.replace(b"][", b"]\n[").split(b"\n")) == sorted(turns)


@pytest.mark.parametrize("fault", [GatewayError("gespraech_unbekannt", "x"), RuntimeError()])
def test_a_change_that_fails_changes_nothing(kept: SqlConversations, fault: Exception) -> None:
    begin(kept, b"alt")

    def fail(_: bytes) -> bytes:
        raise fault
    with pytest.raises(type(fault)):
        asyncio.run(kept.change("anna", ID, fail, NOW, NOW + HOUR))
    assert read(kept) == b"alt"


def test_a_conversation_that_grew_too_long_stays_as_it_was(kept: SqlConversations,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MOST", 10)
    begin(kept, b"x" * 6)
    with pytest.raises(GatewayError, match="zu_gross"):
        add(kept, b"y" * 5)
    assert read(kept) == b"x" * 6
    assert add(kept, b"y" * 4)


def test_deleted_is_deleted(kept: SqlConversations, engine: Engine) -> None:
    begin(kept)
    assert asyncio.run(kept.forget("anna", ID, NOW))
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(conversation)).scalar_one() == 0
    assert read(kept) is None
    assert not add(kept, b"x")
    assert not asyncio.run(kept.forget("anna", ID, NOW))


def test_many_answers_push_no_conversation_out_and_the_one_in_use_stays(
        kept: SqlConversations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "PER_SUBJECT", 2)
    begin(kept, age=HOUR / 2)
    begin(kept, id_="conv_2", age=HOUR / 3)
    for number in range(5):
        asyncio.run(kept.keep("anna", f"resp_{number}", b"[]", NOW, NOW + HOUR))
    assert add(kept, b"benutzt")
    begin(kept, id_="conv_3", age=-HOUR / 60)
    assert [read(kept, id_) is not None for id_ in (ID, "conv_2", "conv_3")] == [True, False, True]


def test_no_word_of_it_stands_in_the_database_file_while_it_grows_or_afterwards(tmp_path: Path) -> None:
    engine = database(f"sqlite:///{tmp_path / 'pforte.db'}")
    kept = SqlConversations(engine)
    begin(kept, CANARY.encode())
    for _ in range(3):
        add(kept, CANARY.encode())
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    asyncio.run(kept.forget("anna", ID, NOW))
    engine.dispose()
    written += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("Kanarienvogel", "Krüger", ID, ID.removeprefix("conv_")):
        assert secret.encode() not in written


def test_what_was_kept_before_there_were_conversations_are_answers(engine: Engine, kept: SqlConversations) -> None:
    asyncio.run(kept.keep("anna", "resp_alt", b"[]", NOW, NOW + HOUR))
    with writing(engine, bump=False) as connection:  # as a version before wrote it
        sealed = bytes(connection.execute(select(conversation.c.sealed)).scalar_one())
        connection.execute(text("DELETE FROM conversation"))
        connection.execute(text("INSERT INTO conversation (id_sha256, subject, created_at, expires_at, sealed) "
                                "VALUES (:i, 'anna', '2026-11-22 12:00:00', '2099-01-01 00:00:00', :s)"),
                           {"i": conversations._name("resp_alt"), "s": sealed})
    assert asyncio.run(kept.recall("anna", "resp_alt", NOW)) == b"[]"
    assert read(kept, "resp_alt") is None
