"""Kept conversations: who presents the id, as the same person, gets it back, for hours; nobody else reads a word."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from gateway.errors import GatewayError
from gateway.store import conversations, open_engine, reading, writing
from gateway.store.conversations import PER_SUBJECT, SqlConversations
from gateway.store.directory import current_generation
from gateway.store.tables import conversation
from tests.support.municipality import NOW, database

CANARY = "Kanarienvogel Sabine Krüger"
CONTENT = f'[{{"role":"user","content":"{CANARY}"}}]'.encode()
ID = "resp_" + "a1" * 24
HOUR = timedelta(hours=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def kept(engine: Engine) -> SqlConversations:
    return SqlConversations(engine)


def keep(kept: SqlConversations, subject: str = "anna", id_: str = ID, content: bytes = CONTENT,
         age: timedelta = timedelta()) -> None:
    asyncio.run(kept.keep(subject, id_, content, NOW - age, NOW - age + HOUR))


def recall(kept: SqlConversations, subject: str = "anna", id_: str = ID,
           later: timedelta = timedelta()) -> bytes | None:
    return asyncio.run(kept.recall(subject, id_, NOW + later))


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(conversation)).scalar_one())


def test_what_was_kept_comes_back_byte_by_byte(kept: SqlConversations) -> None:
    for content in (CONTENT, b"[]", "ÄÖ🙂\0".encode(), bytes(range(256)) * 999):
        keep(kept, id_=ID + str(len(content)), content=content)
        assert recall(kept, id_=ID + str(len(content))) == content


@pytest.mark.parametrize(("subject", "id_", "later"), [
    ("berta", ID, timedelta()), ("", ID, timedelta()), ("anna", ID[:-1], timedelta()),
    ("anna", ID.upper(), timedelta()),
    ("anna", "", timedelta()), ("anna", "resp_' OR 1=1 --", timedelta()), ("anna", "\N{SNOWMAN}" * 9999, timedelta()),
    ("anna", ID, HOUR), ("anna", ID, 900 * HOUR)])
def test_nobody_else_and_no_other_id_and_no_later_hour_opens_it(kept: SqlConversations, subject: str, id_: str,
                                                              later: timedelta) -> None:
    keep(kept)
    assert recall(kept, subject, id_, later) is None
    assert recall(kept) == CONTENT


def test_a_row_that_somebody_gave_to_another_person_opens_for_neither(kept: SqlConversations, engine: Engine) -> None:
    keep(kept)
    with writing(engine) as connection:
        connection.execute(update(conversation).values(subject="berta"))
    assert recall(kept, "berta") is None
    assert recall(kept, "anna") is None


def test_a_row_that_somebody_changed_opens_for_nobody(kept: SqlConversations, engine: Engine) -> None:
    keep(kept)
    with writing(engine) as connection:
        sealed = bytes(connection.execute(select(conversation.c.sealed)).scalar_one())
        connection.execute(update(conversation).values(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    assert recall(kept) is None


def test_two_conversations_with_the_same_words_look_different(kept: SqlConversations, engine: Engine) -> None:
    keep(kept)
    keep(kept, id_=ID + "2")
    with reading(engine) as connection:
        first, second = connection.execute(select(conversation.c.sealed)).scalars()
    assert first != second


def test_neither_the_words_nor_the_id_stand_in_the_database_file(tmp_path: Path) -> None:
    engine = database(f"sqlite:///{tmp_path / 'pforte.db'}")
    keep(SqlConversations(engine))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    engine.dispose()
    written += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (CANARY, "Kanarienvogel", "Krüger", ID, ID.removeprefix("resp_")):
        assert secret.encode() not in written
        assert secret.encode("utf-16-le") not in written
    assert b"anna" in written, "the check looks at the right files"


def test_what_is_over_is_deleted_with_the_next_one_kept(kept: SqlConversations, engine: Engine) -> None:
    keep(kept, id_="alt", age=2 * HOUR)
    keep(kept, "berta", "neu")
    assert count(engine) == 1
    assert recall(kept, "berta", "neu") == CONTENT


def test_of_one_person_only_the_newest_are_kept_and_of_others_all(kept: SqlConversations, engine: Engine,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "PER_SUBJECT", 3)
    assert PER_SUBJECT >= 50
    keep(kept, "berta", "b")
    for number in range(5):
        keep(kept, id_=f"a{number}", age=timedelta(minutes=30 - number))
    assert [recall(kept, id_=f"a{number}") is not None for number in range(5)] == [False, False, True, True, True]
    assert recall(kept, "berta", "b") == CONTENT
    assert count(engine) == 4


def test_of_one_person_only_so_many_bytes_are_kept(kept: SqlConversations, engine: Engine,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    assert conversations.BYTES_PER_SUBJECT > conversations.MOST + 100, "the newest always stays"
    monkeypatch.setattr(conversations, "BYTES_PER_SUBJECT", 3_500)
    keep(kept, "berta", "b", content=b"x" * 3_000)
    for number in range(5):
        keep(kept, id_=f"a{number}", content=b"x" * 1_000, age=timedelta(minutes=30 - number))
    assert [recall(kept, id_=f"a{number}") is not None for number in range(5)] == [False, False, True, True, True]
    keep(kept, id_="lang", content=b"x" * 3_000)
    assert count(engine) == 2
    assert recall(kept, "berta", "b") is not None


def test_one_that_is_too_long_is_not_kept_and_disturbs_no_other(kept: SqlConversations, engine: Engine,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MOST", 100)
    keep(kept, id_="voll", content=b"x" * 100)
    with pytest.raises(GatewayError, match="zu_gross"):
        keep(kept, id_="zu lang", content=b"x" * 101)
    assert recall(kept, id_="voll") == b"x" * 100
    assert recall(kept, id_="zu lang") is None
    assert count(engine) == 1


def test_keeping_makes_nobody_read_keys_anew(kept: SqlConversations, engine: Engine) -> None:
    with reading(engine) as connection:
        before = current_generation(connection)
    keep(kept)
    with reading(engine) as connection:
        assert current_generation(connection) == before


def test_many_at_once_are_all_kept(kept: SqlConversations) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(kept.keep(f"person-{n % 3}", f"id-{n}", CONTENT, NOW, NOW + HOUR) for n in range(30)))
    asyncio.run(all_of_them())
    assert all(recall(kept, f"person-{n % 3}", f"id-{n}") == CONTENT for n in range(30))


def test_another_process_with_the_same_database_reads_it(kept: SqlConversations, engine: Engine) -> None:
    keep(kept)
    found: list[bytes | None] = []

    def elsewhere() -> None:
        other = open_engine(engine.url.render_as_string(hide_password=False))
        found.append(recall(SqlConversations(other)))
        other.dispose()
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [CONTENT]
