"""What one process changes, the others notice: a server goes on while the command line revokes a key."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.identity.keys import new_key
from gateway.identity.porter import Porter
from gateway.model.people import ApiKey
from gateway.ports import Credentials
from gateway.store import keys, writing
from gateway.store.directory import SqlDirectory
from tests.support.databases import database_url
from tests.support.municipality import NOW, SetClock, compute, database, settle

__all__ = ["database_url"]

REVOKE = """
import sys
from datetime import UTC, datetime
from gateway.store import keys, open_engine, writing
with writing(open_engine(sys.argv[1])) as connection:
    assert keys.revoke(connection, [sys.argv[2]], datetime.now(UTC)) == 1
"""


def test_a_key_revoked_by_another_process_stops_working_here(database_url: str) -> None:
    engine = database(database_url)
    [person] = settle(engine, "a@x.example")
    fresh = new_key()
    with writing(engine) as connection:
        keys.add(connection, ApiKey(fresh.id, person.id, "n", NOW), fresh.sha256)

    async def serve() -> None:
        authenticator = Porter(SqlDirectory(engine), compute, SetClock())
        await authenticator.start()
        try:
            await authenticator.authenticate(Credentials("bearer", fresh.text))
            await asyncio.to_thread(subprocess.run, [sys.executable, "-c", REVOKE, database_url, fresh.id], check=True,
                                    cwd=Path(__file__).parents[2])
            async with asyncio.timeout(60):  # only so that a change that is never noticed does not hang the suite
                while True:
                    await authenticator.authenticate(Credentials("bearer", fresh.text))
                    await asyncio.sleep(0.05)
        finally:
            await authenticator.close()

    with pytest.raises(GatewayError, match="schluessel_ungueltig"):
        asyncio.run(serve())
    engine.dispose()


def test_no_secret_of_a_key_is_in_any_file_of_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pforte.sqlite3"
    engine = database(url)
    [person] = settle(engine, "a@x.example")
    fresh = new_key()
    with writing(engine) as connection:
        keys.add(connection, ApiKey(fresh.id, person.id, "n", NOW), fresh.sha256)
    found = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert fresh.id.encode() in found  # the public part is there, so the search works
    assert fresh.text.rpartition("_")[2].encode() not in found
    engine.dispose()
