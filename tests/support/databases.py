"""The fixture ``database_url``: every store test runs on SQLite, and on PostgreSQL where a server binary is there.

`tests.support.postgres` starts the server and says why where it cannot (fixture ``postgres_url``).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

HAS_POSTGRES_SUPPORT = importlib.util.find_spec("tests.support.postgres") is not None
if HAS_POSTGRES_SUPPORT:
    from tests.support.postgres import *  # noqa: F403 - fixtures


def address(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the address of an empty database of this kind."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'pforte.sqlite3'}"
    if not HAS_POSTGRES_SUPPORT:
        pytest.skip("tests/support/postgres.py is not there yet")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    return address(request.param, request, tmp_path)
