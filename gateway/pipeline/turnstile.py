"""Where a request is counted on its way in, and what it used on its way out. One per request, however many walks.

What it keeps true: what the limiter granted is settled or given back once, whichever step fails or is cancelled. A
provider's word about tokens counts; where it said nothing, or could not finish, what was relayed is taken for it,
rather a little too much. Nothing is charged for a request that no model answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from gateway.model.limits import Limits
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy.policyset import PolicySet
from gateway.ports import Limiter, Ticket
from gateway.wire.dialect import ParsedRequest, Usage

CHARACTERS: Final = 3
"""Of German text per token: models need one for three or four."""
ANSWER: Final = 500
"""Tokens that are reserved for an answer; less if the client wants less."""
FRAME: Final = 160
"""Bytes around the text in one event of a stream, which carries a token or more."""
_MOST = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def expected(parsed: ParsedRequest) -> tuple[int, int]:
    """Return about how many tokens a request takes, in and out. Pictures and files count by their text alone."""
    written = sum(len(slot.text) for slot in parsed.document.slots)
    wanted = [n for n in map(parsed.document.root.get, _MOST) if type(n) is int and n > 0]
    return written // CHARACTERS + 1, min([ANSWER, *wanted])


def limits_of(policies: PolicySet, principal: Principal, model: RegisteredModel) -> Limits:
    """Return what holds for a request to this model; nothing for one that the department does not have."""
    department = policies.department(principal.department, principal.groups)
    rules = department.models.get(model.id) if department else None
    return rules.limits if rules else {}


class Turnstile:
    """The ticket of one request: taken at the first model, kept for the next one, handed in at the end."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._ticket: Ticket | None = None
        self._expected = (0, 0)
        self._bytes = self._frames = 0
        self.sent = False
        """Whether the client hung up after the request had been sent: a provider may have begun."""

    @property
    def is_open(self) -> bool:
        """Whether there is a ticket to hand in."""
        return self._ticket is not None

    async def enter(self, principal: Principal, model: RegisteredModel, limits: Limits, parsed: ParsedRequest,
                    now: datetime) -> str:
        """Count the request, or count it for another model than before; return what the person is told.

        Raises ``limit_erreicht`` and ``budget_erschoepft``.
        """
        if self._ticket is None:
            self._expected = expected(parsed)
            self._ticket = await self._limiter.enter(principal, model, limits, *self._expected, now)
        else:
            await self._ticket.moved(model, limits)
        return self._ticket.notice

    def relayed(self, chunk: bytes) -> None:
        """Note what came from the provider."""
        self._bytes += len(chunk)
        self._frames += chunk.count(b"data:")

    async def settle(self, usage: Usage | None, status: Literal["ok", "aborted", "failed"]) -> None:
        """Say what was used, by the provider's word or by what it sent. Never raises."""
        if self._ticket is None:
            return
        if status == "failed" and not self._bytes:
            await self._ticket.close()
        else:
            await self._ticket.settle(*self._used(usage, whole=status == "ok"))

    async def leave(self) -> None:
        """End what was not relayed. Never raises."""
        if self._ticket is None:
            return
        if self.sent:
            await self._ticket.settle(self._expected[0], 0)
        else:
            await self._ticket.close()

    def _used(self, usage: Usage | None, *, whole: bool) -> tuple[int, int]:
        said = usage if usage is not None and (usage.prompt or usage.completion or usage.seconds) else None
        if said is not None and whole:
            return said.prompt, said.completion
        seen = max(self._frames, (self._bytes - FRAME * self._frames) // (CHARACTERS + 1))
        return (said.prompt if said and said.prompt else self._expected[0]), max(seen, said.completion if said else 0)
