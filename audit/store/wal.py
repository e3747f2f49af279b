"""Switches an SQLite file to its write-ahead log, however many connections do so at the same moment.

The switch of a fresh file needs the file for itself. SQLite does not wait for that, whatever ``busy_timeout`` says, but
fails at once (https://www.sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"); so we try again.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

PATIENCE_SECONDS = 10.0
_PAUSE = 0.01
_LONGEST_PAUSE = 0.25


def use_wal(connection: Any) -> None:
    """Switch a driver's connection (`sqlite3.Connection`, or SQLAlchemy's wrap of one) to WAL.

    Raises `sqlite3.OperationalError` if the file stays locked for `PATIENCE_SECONDS`.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    pause = _PAUSE
    while True:
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
        finally:
            cursor.close()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
