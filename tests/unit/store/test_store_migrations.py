"""The database gets its shape from the migrations alone, and keeps it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from gateway.store import StoreError, is_current, migrate, open_engine, reading, writing
from gateway.store.directory import current_generation
from gateway.store.migrate import number, revisions, upgrade, usable_from
from gateway.store.tables_review import metadata


def test_an_empty_database_becomes_current_once(database_url: str) -> None:
    engine = open_engine(database_url)
    assert not is_current(engine)
    assert migrate(engine) is True
    assert is_current(engine)
    assert migrate(engine) is False
    engine.dispose()


def test_the_migrations_lead_to_exactly_the_declared_tables(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_names_of_the_files_say_what_alembic_reads_in_them() -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == revisions()
    assert [script.down_revision for script in scripts.walk_revisions()][:-1] == list(reversed(revisions()[:-1]))


def test_a_start_with_nothing_to_migrate_does_not_load_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pforte.sqlite3'}"
    migrate(open_engine(url))
    code = ("import sys; from gateway.store import migrate, open_engine; "
            f"assert migrate(open_engine({url!r})) is False; assert 'alembic' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrate, engines))
    assert sum(done) >= 1
    with reading(engines[0]) as connection:
        assert current_generation(connection) == 1
    for engine in engines:
        engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    engine = open_engine(database_url)
    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.execute", fail)
        with pytest.raises(RuntimeError):
            migrate(engine)
    assert not is_current(engine)
    assert migrate(engine) is True
    engine.dispose()


def test_a_database_from_a_newer_version_is_refused(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate(engine)
    with writing(engine, bump=False) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="neueren Version"):
        migrate(engine)
    engine.dispose()


def test_a_newer_database_that_carries_this_version_is_worked_with_and_left_as_it_is(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate(engine)
    for newer, carries in ((f"9999ab{number(revisions()[-1])}", True), ("9999ab0001", True), ("9999ab9998", False)):
        with writing(engine, bump=False) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :newer"), {"newer": newer})
        if carries:
            assert is_current(engine)
            assert migrate(engine) is False
        else:
            with pytest.raises(StoreError, match="neueren Version"):
                migrate(engine)
        with reading(engine) as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newer
    engine.dispose()


def test_what_a_revision_carries_is_known_and_never_grows_again() -> None:
    carried = [usable_from(one) for one in revisions()]
    numbers = [number(one) for one in revisions()]
    assert numbers == sorted(set(numbers))
    for at, (own, first) in enumerate(zip(numbers, carried, strict=True)):
        assert not first or first in numbers[:at], own
        assert not first or all(not other or other <= first for other in carried[:at]), own


def test_a_table_in_use_is_waited_for_only_in_moments_so_that_nobody_queues_for_long(
        database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(database_url)
    with writing(engine, bump=False) as connection:
        upgrade(connection, revisions()[0])
    if connection.dialect.name == "postgresql":  # a file of SQLite has one writer anyway
        tries: list[float] = []
        with engine.connect() as busy:
            busy.execute(text("LOCK TABLE person IN ACCESS EXCLUSIVE MODE"))

            def let_go(seconds: float) -> None:
                tries.append(seconds)
                busy.rollback()
            monkeypatch.setattr(sys.modules["gateway.store.migrate"], "sleep", let_go)
            assert migrate(engine) is True
        assert len(tries) == 1
    engine.dispose()


def test_the_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "pforte.sqlite3"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    with reading(engine):
        for path in tmp_path.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path.name
    engine.dispose()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgresql://x/y"])
def test_an_address_that_cannot_work_is_refused_with_advice(url: str) -> None:
    with pytest.raises(StoreError, match="KI_PFORTE_DATABASE_URL"):
        open_engine(url)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lässt sich nicht öffnen"):
        open_engine(f"sqlite:///{tmp_path}/fehlt/pforte.sqlite3")
