"""The write-ahead log stays where it is while this process uses it, whoever else comes and goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store import migrate, open_engine, reading

CHANGE = """
import sys
from gateway.store import open_engine, writing
with writing(open_engine(sys.argv[1])):
    pass
"""


def test_opening_the_database_again_does_not_cost_the_first_engine_its_locks(tmp_path: Path) -> None:
    # Without them the next command deletes the log as the last one out, and the server never sees a change again.
    url = f"sqlite:///{tmp_path}/pforte.db"
    engine = open_engine(url)
    migrate(engine)
    with reading(engine):
        again = open_engine(url)
    log = tmp_path / "pforte.db-wal"
    before = log.stat().st_ino
    subprocess.run([sys.executable, "-c", CHANGE, url], check=True, cwd=Path(__file__).parents[3])
    assert log.exists()
    assert log.stat().st_ino == before
    again.dispose()
    engine.dispose()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are those of POSIX")
def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/pforte.db").dispose()
    assert (tmp_path / "pforte.db").stat().st_mode & 0o777 == 0o600
