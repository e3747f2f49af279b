"""A ledger to play with, on SQLite and, where a server is installed, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

LOG = "test.example/ki-pforte/1"

Maker = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/audit.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/audit.sqlite"


@pytest.fixture
def open_ledger(url: str, tmp_path: Path) -> Iterator[Maker]:
    """Opens the same ledger as often as wanted; closes what was left open."""
    opened: list[Ledger] = []

    def make() -> Ledger:
        opened.append(Ledger(LedgerConfig(url, LOG, tmp_path / "keys")))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Maker) -> Ledger:
    return open_ledger()


@pytest.fixture
def sqlite_ledger(sqlite_url: str, tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys")) as ledger:
        yield ledger
