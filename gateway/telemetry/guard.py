"""What does not come by way of a logger: warnings, `print`, and exceptions that nobody caught.

A process that serves holds texts of people in its hands, and each of these would write them to standard error as they
are. While `guarded`, every one becomes a line of ours that says the kind and the place; the words stay inside.
Handlers that libraries have put on their loggers are taken off: what they say goes the way of `gateway.telemetry.logs`.

Does not know: what C code writes to the file descriptor by itself. Python's `faulthandler` does that; it writes places
and no values.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Final, TextIO

_log = logging.getLogger(__name__)
_MOST: Final = 1000
"""Places of which it is said that they print: each once, and not more than these."""


class _Held(io.TextIOBase):
    """Takes what is printed and tells where that was."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self._places: set[tuple[str, int]] = set()

    def writable(self) -> bool:
        """See `io.IOBase.writable`."""
        return True

    def write(self, text: str) -> int:
        """Write nothing; tell, once, who wanted to."""
        frame = sys._getframe(1)
        place = frame.f_code.co_filename, frame.f_lineno
        if place not in self._places and len(self._places) < _MOST:
            self._places.add(place)
            _log.warning("a text was printed instead of logged; it is not shown: %s:%d", *place)
        return len(text)


def guarded() -> Callable[[], None]:
    """Begin; return what ends it."""
    before = sys.stdout, sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    _one_way()
    sys.stdout = sys.stderr = _Held()
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    warnings.showwarning = _warning

    def end() -> None:
        (sys.stdout, sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook,
         warnings.showwarning) = before
    return end


def _one_way() -> None:
    for one in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(one, logging.Logger):
            one.handlers.clear()
            one.propagate = True  # what is to say nothing is disabled, or has no level to speak at


def _uncaught(kind: type[BaseException], fault: BaseException | None, where: TracebackType | None) -> None:
    if issubclass(kind, SystemExit):
        return
    info = None if fault is None else (kind, fault, where)
    _log.critical("an exception was caught by nobody (%s)", kind.__name__, exc_info=info)


def _warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
             line: str | None = None) -> None:
    _log.warning("a library warns (%s): %s:%d", category.__name__, filename, lineno)
