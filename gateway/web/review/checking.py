"""Running the verifier from a page, and what it last said.

One check at a time in this process; it runs in a thread and may be left alone. The result is itself a record
(``verify.result``), so it is found again after a restart and by other workers. Weaker than it looks: whoever can change
the ledger can also change that record. What does prove something is a note kept outside, and the page says so.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit import Filters, Verdict, time_us
from gateway.errors import GatewayError
from gateway.web.asking import ask
from gateway.web.context import WebContext
from gateway.web.review.records import moment_of, number_of, text_of

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


class Checking:
    """The verifier behind the button."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self._own: Result | None = None
        self.running_since: datetime | None = None
        self.problem = ""

    async def run(self, subject: str) -> None:
        """Start a check unless one is running; return when it is done or patience is."""
        if self._task is None or self._task.done():
            self.running_since = self._context.now()
            self._task = asyncio.create_task(self._check(subject))
        await asyncio.wait({self._task}, timeout=PATIENCE)

    async def last(self) -> Result | None:
        """Return the newest result, of this process or of any other."""
        rows = (await ask(self._context.ledger.reader.page, Filters(types=("verify.result",)), None, 1)).rows
        if not rows or (self._own is not None and moment_of(rows[0].t_us) <= self._own.at):
            return self._own
        view = await ask(self._context.ledger.reader.get, rows[0].id)
        if view is None or not view.meta:
            return self._own
        meta = view.meta
        return Result(moment_of(time_us(view.t)), text_of(meta, "verdict"), number_of(meta, "exit_code") or 0,
                      number_of(meta, "size") or 0, number_of(meta, "covered") or 0, _texts(meta.get("findings")),
                      _texts(meta.get("warnings")))

    async def _check(self, subject: str) -> None:
        self.problem = ""
        try:
            verdict = await ask(self._context.ledger.verify)
            self._own = _result(verdict, self._context.now())
            own = self._own
            await self._context.recorder.record(
                "verify.result", {"verdict": own.verdict, "exit_code": own.exit_code, "size": own.size,
                                  "covered": own.covered, "findings": list(own.findings),
                                  "warnings": list(own.warnings)}, subject=subject)
        except GatewayError as error:
            self.problem = error.message
            _log.warning("the ledger could not be checked: %s", error.hint or error.code)
        finally:
            self.running_since = None


def _result(verdict: Verdict, at: datetime) -> Result:
    return Result(at, verdict.verdict, verdict.exit_code, verdict.size, verdict.covered,
                  tuple(verdict.findings()[:_NAMED]), tuple(verdict.warnings()[:_NAMED]))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(text) for text in value) if isinstance(value, list) else ()
