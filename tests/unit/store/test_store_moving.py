"""A village that has grown: what SQLite held, PostgreSQL holds, and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from gateway.store import departments, keys, migrate, moving, open_engine, people, reading, writing
from gateway.store.errors import InvalidError, StoreError
from gateway.store.tables import evidence
from gateway.store.whole import house_tables
from tests.support.databases import address

pytestmark = pytest.mark.postgres

EVIDENCE = ("INSERT INTO evidence (person_id, module, completed_at, source, recorded_by, recorded_at) VALUES "
            "('p1', :module, '2026-01-01 00:00:00', 'verwaltung', 'x', '2026-01-01 00:00:00')")


@pytest.fixture
def server(tmp_path: Path) -> str:
    return address("postgresql", tmp_path)


@pytest.fixture
def village(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'pforte.db'}"
    engine = open_engine(url)
    migrate(engine)
    with writing(engine) as connection:
        departments.sync(connection, {"bauamt": "Bauamt „Süd“\n\\N"})
        connection.execute(text("INSERT INTO person (id, email, name, department_id, created_at) VALUES "
                                "('p1', 'a@x.example', 'A', 'bauamt', '2026-01-01 00:00:00.123456')"))
        connection.execute(text("INSERT INTO person_role (person_id, role) VALUES ('p1', 'staff')"))
        connection.execute(text("INSERT INTO api_key (id, person_id, name, sha256, block_style, created_at) VALUES "
                                "('k1', 'p1', 'n', :sha, 'error', '2026-01-01 00:00:00')"), {"sha": bytes(range(32))})
        for number in range(3):
            connection.execute(text(EVIDENCE), {"module": f"m{number}"})
    engine.dispose()
    return url


def test_everything_is_there_afterwards_and_goes_on(village: str, server: str) -> None:
    count = moving.move_house(village, server)
    before, after = open_engine(village), open_engine(server)
    assert migrate(after) is False, "the copy has the newest shape"
    with reading(before) as old, reading(after) as new:
        rows = {table.name: sorted(map(repr, new.execute(select(table)))) for table in house_tables()}
        assert rows == {table.name: sorted(map(repr, old.execute(select(table)))) for table in house_tables()}
        assert sum(map(len, rows.values())) == count
        person, found = people.by_email(new, "a@x.example"), keys.by_id(new, "k1")
        assert person is not None
        assert found is not None
        assert (person.id, found[1]) == ("p1", bytes(range(32)))
    with writing(after) as connection:
        connection.execute(text(EVIDENCE), {"module": "neu"})
        assert len(connection.execute(select(evidence)).all()) == 4
    before.dispose()
    after.dispose()


def test_a_database_with_a_house_in_it_is_not_overwritten(village: str, server: str) -> None:
    moving.move_house(village, server)
    with pytest.raises(InvalidError, match="leere"):
        moving.move_house(village, server)


def test_a_copy_that_differs_leaves_the_other_side_empty(village: str, server: str,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as bent:
        bent.setattr(moving, "_digest", lambda connection, table: id(connection))
        with pytest.raises(StoreError, match="nichts übernommen"):
            moving.move_house(village, server)
    assert moving.move_house(village, server) > 0


def test_an_address_that_leads_nowhere_is_one_sentence(village: str) -> None:
    with pytest.raises(StoreError, match="Umzug"):
        moving.move_house(village, "postgresql+psycopg://niemand@127.0.0.1:9/nichts")
