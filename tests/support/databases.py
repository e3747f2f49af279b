"""The fixture ``database_url``: a test that takes it runs on SQLite, and on PostgreSQL where a server is installed."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path

import pytest

from tests.support.postgres import Server, find_server, running_server


@cache
def _server() -> Server:
    """One server for the whole run, stopped at its end."""
    running = running_server()
    server = running.__enter__()
    atexit.register(running.__exit__, None, None, None)  # after it: before its folder is removed at the end
    return server


def address(kind: str, folder: Path) -> str:
    """Return the address of an empty database of this kind (``sqlite``, ``postgresql``)."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'pforte.sqlite3'}"
    if find_server() is None:
        pytest.skip("no PostgreSQL server is installed (initdb and pg_ctl were not found)")
    return _server().database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    return address(request.param, tmp_path)
