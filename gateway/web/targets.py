"""Where a page may send a browser on: to a path on this server, never elsewhere."""

from __future__ import annotations

import re
from typing import Final

_TARGET: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""Never ``//elsewhere`` or ``/\\elsewhere``, and no control characters."""


def on_this_server(wanted: str) -> str:
    """Return a path on this server: the wanted one, else the start page."""
    return wanted if _TARGET.fullmatch(wanted) else "/"
