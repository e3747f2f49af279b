"""A ledger of every version before keeps its records, its order and its proofs when it is brought up to date.

The tables of an old version are made by the migrations up to it and filled with what a real ledger wrote, as far as
that version had a place for it. A new migration is walked by itself: the versions are those of the folder.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, create_engine, insert, select, text
from sqlalchemy.engine import make_url

from audit import Filters, Ledger, LedgerConfig
from audit.store import migrations
from audit.store.migrations.run import upgrade
from audit.store.tables import HEAD, VERSION_TABLE
from tests.unit.audit.conftest import LOG

VERSIONS = sorted(path.name[:4] for path in (Path(migrations.__path__[0]) / "versions").glob("[0-9]*.py"))
WAITING = 3
FILES = {"seal.key": "0007"}
"""What lies beside the keys since which version: without it a ledger is one from before."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and the database of a ledger: sequenced and signed records, and some that still wait."""
    folder = tmp_path_factory.mktemp("written")
    with Ledger(LedgerConfig(f"sqlite:///{folder}/audit.sqlite", LOG, folder / "keys")) as ledger:
        for number in range(20):
            subject = f"person-{number % 3}"
            meta = {"vorgang": f"V{number}", "department": "bauamt", "model": "demo", "decision": "allowed"}
            intent = ledger.append_wait(ledger.draft("intent", meta, subject=subject)).record_id
            ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{number}", "status": "ok"}, subject=subject,
                                            ref=intent))
        ledger.sequence()
        ledger.checkpoint()
        for number in range(WAITING):
            waiting = ledger.draft("denied", {"vorgang": f"W{number}", "code": "zu_gross"}, subject="person-0")
            ledger.append_wait(waiting)
    return folder


def as_of(version: str, old: Path, connection: Connection) -> None:
    """Make the tables of this version and fill them from the ledger in `old`."""
    upgrade(connection, version)
    there = MetaData()
    there.reflect(connection)
    source = create_engine(f"sqlite:///{old}/audit.sqlite")
    full = MetaData()
    with source.connect() as reading:
        full.reflect(reading)
        for table in there.sorted_tables:
            if table.name == VERSION_TABLE or table.name not in full.tables:
                continue
            names = [column.name for column in table.columns if column.name in full.tables[table.name].columns]
            rows = reading.execute(select(*[full.tables[table.name].c[name] for name in names])).mappings().all()
            if rows:
                connection.execute(insert(table), [dict(row) for row in rows])
    source.dispose()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence('audit_inbox', 'pos'), "
                                "(SELECT coalesce(max(pos), 1) FROM audit_inbox))"))


def test_the_newest_version_is_the_one_that_the_program_expects() -> None:
    assert VERSIONS[-1] == HEAD
    assert [int(version) for version in VERSIONS] == list(range(1, len(VERSIONS) + 1))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_ledger_verifies_goes_on_and_is_found_again(
        version: str, url: str, written: Path, tmp_path: Path) -> None:
    younger = [name for name, since in FILES.items() if since > version]
    shutil.copytree(written / "keys", tmp_path / "keys", ignore=shutil.ignore_patterns(*younger))
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        as_of(version, written, connection)
    engine.dispose()
    with Ledger(LedgerConfig(url, LOG, tmp_path / "keys")) as ledger:
        before = ledger.status()
        verdict = ledger.verify()
        assert verdict.exit_code == 0, verdict.text()
        ledger.append_wait(ledger.draft("denied", {"vorgang": "NEU", "code": "zu_gross"}, subject="person-0"))
        ledger.sequence()
        ledger.checkpoint()
        verdict = ledger.verify(vkeys=ledger.vkeys())
        assert verdict.exit_code == 0, verdict.text()
        assert ledger.status().size >= before.size + 1
        found = {kind: len(ledger.reader.page(Filters(types=(kind,)), limit=100).rows)
                 for kind in ("intent", "outcome", "denied")}
        assert found == {"intent": 20, "outcome": 20, "denied": WAITING + 1}
        assert len(ledger.reader.page(Filters(vorgang="V7"), limit=100).rows) == 2
        assert len(ledger.own_records("person-0")) == 7 * 2 + WAITING + 1, "a person still finds their own"
    with Ledger(LedgerConfig(url, LOG, tmp_path / "keys")) as again:
        assert again.verify(vkeys=again.vkeys()).exit_code == 0
