"""Running the verifier from a page, and what it last said.

One check at a time in this process; it runs in a thread and may be left alone. The result is itself a record
(``verify.result``), so it is found again after a restart and by other workers. Weaker than it looks: whoever can change
the ledger can also change that record. What does prove something is a note kept outside, and the page says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from audit import Filters, Verdict
from gateway.errors import GatewayError
from gateway.web.asking import ask
from gateway.web.context import WebContext
from gateway.web.review.timeline import moment_of, number_of, text_of

_log = logging.getLogger(__name__)
PATIENCE: Final = 5.0
"""How long the button waits for the result before it shows the page without it."""
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Result:
    """What the verifier said, and when."""

    at: datetime
    verdict: str
    exit_code: int
    size: int
    covered: int
    findings: tuple[str, ...]
    warnings: tuple[str, ...]
    pinned: int | None = None
    """How many records the note bears out that somebody brought."""
    pruned: int = 0
    prune_record: int = 0
    deleted_parts: int = 0
    by: str = ""
    """The pseudonym of whoever had it checked."""

    @property
    def in_order(self) -> bool:
        """Whether nothing was changed."""
        return self.exit_code == 0


class Checking:
    """The verifier behind the button."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self._own: Result | None = None
        self.running_since: datetime | None = None
        self.problem = ""

    async def run(self, subject: str, pins: Sequence[str] = ()) -> None:
        """Start a check unless one is running; return when it is done or patience is."""
        if self._task is None or self._task.done():
            self.running_since = self._context.now()
            self._task = asyncio.create_task(self._check(subject, tuple(pins)))
        await asyncio.wait({self._task}, timeout=PATIENCE)

    async def last(self) -> Result | None:
        """Return the newest result, of this process or of any other."""
        rows = (await ask(self._context.ledger.reader.page, Filters(types=("verify.result",)), None, 1)).rows
        if not rows or (self._own is not None and moment_of(rows[0].t_us) <= self._own.at):
            return self._own
        parts = (await ask(self._context.review.ledger.reader.parts, [rows[0].id])).get(rows[0].id, {})
        meta, subject = parts.get("meta"), parts.get("subject")
        if not isinstance(meta, dict):
            return self._own
        by = text_of(subject, "pseudonym") if isinstance(subject, dict) else ""
        return _read(meta, moment_of(rows[0].t_us), by)

    async def _check(self, subject: str, pins: tuple[str, ...]) -> None:
        self.problem = ""
        try:
            verdict = await ask(self._context.review.ledger.verify, pins=pins)
            by = await ask(self._context.review.ledger.pseudonym, subject)
            own = replace(_result(verdict, self._context.now()), by=by)
            await self._context.recorder.record("verify.result", _facts(own), subject=subject)
            self._own = own
        except GatewayError as error:
            self.problem = error.message
            _log.warning("the ledger could not be checked: %s", error.hint or error.code)
        finally:
            self.running_since = None


def _result(verdict: Verdict, at: datetime) -> Result:
    return Result(at, verdict.verdict, verdict.exit_code, verdict.size, verdict.covered,
                  tuple(verdict.findings()[:_NAMED]), tuple(verdict.warnings()[:_NAMED]), verdict.pinned,
                  verdict.pruned, verdict.prune_record, verdict.deleted_parts)


def _facts(of: Result) -> dict[str, Any]:
    return {"verdict": of.verdict, "exit_code": of.exit_code, "size": of.size, "covered": of.covered,
            "findings": list(of.findings), "warnings": list(of.warnings), "pruned": of.pruned,
            "prune_record": of.prune_record, "deleted_parts": of.deleted_parts, "role": "dpo",
            **({} if of.pinned is None else {"pinned": of.pinned})}


def _read(meta: Mapping[str, Any], at: datetime, by: str) -> Result:
    def number(name: str) -> int:
        return number_of(meta, name) or 0
    return Result(at, text_of(meta, "verdict"), number("exit_code"), number("size"), number("covered"),
                  _texts(meta.get("findings")), _texts(meta.get("warnings")), number_of(meta, "pinned"),
                  number("pruned"), number("prune_record"), number("deleted_parts"), by)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(text) for text in value) if isinstance(value, list) else ()
