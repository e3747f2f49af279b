"""Logs that hold no content: what is written is a fixed list of facts, never what somebody's library wanted to say.

Our own loggers (``gateway``, ``audit``) write their message with its arguments. Of any other logger only the message
*template* is kept, because its arguments may quote a text, a header or a key, and that only where it stands word for
word in the source that logs: libraries also log texts that they put together before (``f"..."``), and those may quote
anything. What does not stand there is written as the place it came from. Of an exception only its kind and where it was
raised is kept, because its words may quote as well.
"""

from __future__ import annotations

import json
import linecache
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Final

_OURS = ("gateway", "audit")
_CHATTY = ("presidio-analyzer", "presidio-anonymizer", "LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "aiohttp.access",
           "uvicorn.access", "httpx", "httpcore", "asyncio", "alembic", "sqlalchemy", "spacy", "tldextract")
"""Libraries whose debug output would cost time or hold content: heard from WARNING on."""


_BLANK = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdrfxig]")
"""What a template leaves open."""


def safe_message(record: logging.LogRecord) -> str:
    """Return what may be written of a record's message."""
    if record.name.split(".")[0] in _OURS:
        return record.getMessage()
    template = record.msg if isinstance(record.msg, str) else ""
    if not _stands_in_the_source(template, record):
        return f"({record.filename}:{record.lineno})"
    return _BLANK.sub("…", template)[:200]


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


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the exception's kind and places."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = {"t": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "logger": record.name, "message": safe_message(record)}
        places = safe_traceback(record)
        if places:
            line["exception"] = " | ".join(places)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        places = "".join(f"\n    {place}" for place in safe_traceback(record))
        return f"{moment} {record.levelname.lower():8}{record.name}: {safe_message(record)}{places}"


def configure(level: str = "info", form: str = "json") -> None:
    """Send every logger of the process through our formatter to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", *_CHATTY):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
