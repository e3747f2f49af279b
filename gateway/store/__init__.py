"""SQL of the gateway. The only room, beside `audit.store`, that knows there is a database.

Open it with `open_engine`, bring it up to date with `migrate`, and pass a connection from `reading` or `writing` to
the plain functions in `departments`, `people`, `keys`, `clients` and `passes`; they return frozen values. `directory`
is what the authenticator asks.
"""

from gateway.store.engine import missing_file, open_engine, reading, writing
from gateway.store.errors import ConflictError, InvalidError, StoreError
from gateway.store.migrate import is_current, migrate

__all__ = ["ConflictError", "InvalidError", "StoreError", "is_current", "migrate", "missing_file", "open_engine",
           "reading", "writing"]
