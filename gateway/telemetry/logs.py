"""Logs that hold no content: what is written is a fixed list of facts, never what somebody's library wanted to say.

Our own loggers (``gateway``, ``audit``) write their message with its arguments, and facts under names from `FIELDS`
(``extra={"facts": {…}}``). Of any other logger only the message *template* is kept, because its arguments may quote a
text, a header or a key, and that only where it stands word for word in the source that logs: libraries also log texts
that they put together before (``f"..."``), and those may quote anything. What does not stand there is written as the
place it came from. Of an exception only its kind and where it was raised is kept, because its words may quote as well.

Every line that is written while a request is worked on carries its Vorgangsnummer, whoever writes it
(`gateway.model.current`). Where the lines go: standard error, and the syslog of the house (`gateway.telemetry.syslog`).
What does not come by way of a logger is looked after in `gateway.telemetry.guard`.
"""

from __future__ import annotations

import contextlib
import json
import linecache
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from audit.visible import visible
from gateway.model.current import current_request
from gateway.telemetry.syslog import SyslogHandler, syslog_target

_OURS = ("gateway", "audit")
_CHATTY = ("presidio-analyzer", "presidio-anonymizer", "LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "aiohttp.access",
           "uvicorn.access", "httpx", "httpcore", "asyncio", "alembic", "sqlalchemy", "spacy", "tldextract")
"""Libraries whose debug output would cost time or hold content: heard from WARNING on."""
FIELDS: Final[Mapping[str, str]] = {
    "t": "Zeitpunkt in UTC (ISO 8601, Millisekunden)",
    "level": "`debug`, `info`, `warning`, `error` oder `critical`",
    "logger": "Teil des Programms, der meldet; `gateway.…` und `audit.…` sind eigene, alles andere Bibliotheken",
    "message": "was geschah, in festen englischen Worten; von Bibliotheken nur, was wörtlich in ihrem Programm steht",
    "process": "Nummer des Prozesses",
    "request_id": "Vorgangsnummer (`x-request-id`) der Anfrage, bei deren Bearbeitung die Zeile entstand",
    "api": "Schnittstelle der Anfrage: `chat`, `responses`, `messages`, …",
    "model": "Kürzel des Modells aus dem Modellverzeichnis, oder `unbekannt`",
    "decision": "Ende der Anfrage: `denied` (abgelehnt), `failed` (gescheitert), bei Stufe `debug` auch `ok`, "
                "`aborted` (aufgelegt) und `local` (selbst beantwortet)",
    "code": "Fehlercode der Antwort (siehe Fehler)",
    "status": "Status der Antwort (HTTP)",
    "hint": "was die IT dazu wissen sollte, etwa der Status des Anbieters",
    "ms": "Dauer bis dahin in Millisekunden",
    "exception": "bei einem Fehler im Programm: Art und Stellen, ohne seine Worte",
}
"""All that a line may hold, and what it means. Who asked, department, address and content are not among it."""


_BLANK = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdrfxig]")
"""What a template leaves open."""
_BEGINNINGS: Final = (
    "Task exception was never retrieved", "Future exception was never retrieved", "Task was destroyed but it is "
    "pending!", "Exception in callback", "Fatal error on transport", "Fatal write error on", "Fatal read error on",
    "Unclosed client session", "Unclosed connection", "Unclosed connector", "Unclosed response",
    "unhandled exception during asyncio.run() shutdown", "socket.accept() out of system resource")
"""How asyncio begins messages that it goes on with what the program held in its hands."""


def safe_message(record: logging.LogRecord) -> str:
    """Return what may be written of a record's message."""
    if _is_ours(record):
        return record.getMessage()
    template = record.msg if isinstance(record.msg, str) else ""
    if record.name == "asyncio":
        for words in _BEGINNINGS:
            if template.startswith(words):
                return words
    if not _stands_in_the_source(template, record):
        return f"({record.filename}:{record.lineno})"
    return _BLANK.sub("…", template)[:200]


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in _OURS


_NEAR: Final = 12
"""Lines around the call in which a template is looked for: it may be a variable, or stand below the call's name."""


def _stands_in_the_source(template: str, record: logging.LogRecord) -> bool:
    lines = linecache.getlines(record.pathname)[max(0, record.lineno - 1 - _NEAR):record.lineno + _NEAR]
    written = template.replace("\n", "\\n")
    return bool(template) and any(f"{quote}{written}{quote}" in line for line in lines for quote in "\"'")


def safe_traceback(record: logging.LogRecord) -> list[str]:
    """Return kind and places of a record's exception, innermost last, without its words."""
    if not record.exc_info or record.exc_info[0] is None:
        return []
    frames = traceback.extract_tb(record.exc_info[2])
    return [record.exc_info[0].__name__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:])]


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the facts of a line of ours and the Vorgangsnummer of any line, under names from `FIELDS`."""
    said = getattr(record, "facts", {}) if _is_ours(record) else {}
    number = {"request_id": current_request()} | said
    return {name: number[name] for name in FIELDS if number.get(name) not in (None, "")}


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with names from `FIELDS`. What a terminal would obey is spelt out, the value the same."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = {"t": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "logger": record.name, "message": safe_message(record),
                "process": os.getpid(), **facts_of(record)}
        places = safe_traceback(record)
        if places:
            line["exception"] = " | ".join(places)
        return visible(json.dumps(line, ensure_ascii=False, default=str))


class TextFormatter(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        facts = "".join(f" {name}={value}" for name, value in facts_of(record).items())
        places = "".join(f"\n    {place}" for place in safe_traceback(record))
        return visible(f"{moment} {record.levelname.lower():8} {record.name}: {safe_message(record)}{facts}{places}")


class StderrHandler(logging.StreamHandler[Any]):
    """Writes to standard error; a line that cannot be written is not quoted in the complaint about it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the name is that of `logging`)
        """See `logging.Handler.handleError`."""
        kind = sys.exc_info()[0]
        what = kind.__name__ if kind else "unknown"
        with contextlib.suppress(OSError, ValueError):  # closed: nobody is there to complain to, and work goes on
            self.stream.write(f"a line of {record.name} could not be written ({what})\n")


def configure(level: str = "info", form: str = "json", syslog: str = "") -> None:
    """Send every logger of the process through our formatter to standard error, and to a syslog where there is one."""
    handler = StderrHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, SyslogHandler):
            old.close()
    root.handlers[:] = [handler]
    if syslog:
        central = SyslogHandler(syslog_target(syslog), current_request)
        central.setFormatter(JsonFormatter())
        root.addHandler(central)
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", *_CHATTY):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def syslog_lost() -> int:
    """Return how many lines of this process never reached the syslog."""
    return sum(one.lost for one in logging.getLogger().handlers if isinstance(one, SyslogHandler))
