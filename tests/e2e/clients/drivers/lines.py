"""A task a line as JSON from standard input, what came of it a line to standard output; runs in a client's own
environment and therefore knows nothing of the gateway."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Task = Callable[[dict[str, Any]], dict[str, Any]]


def serve(tasks: dict[str, Task]) -> None:
    """Carry tasks out until there are no more. What a task raises is what the person sees."""
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        given = json.loads(line)
        try:
            found = tasks[given["task"]](given)
        except Exception as error:  # noqa: BLE001
            partial = getattr(error, "partial", "")
            found = {"error": str(error), "kind": type(error).__name__, "partial": partial}
        out.write(json.dumps(found, ensure_ascii=True, default=str) + "\n")
        out.flush()


class StoppedError(Exception):
    """An answer broke off; ``partial`` is what the person had seen of it."""

    def __init__(self, error: Exception, partial: str) -> None:
        super().__init__(str(error))
        self.partial = partial
