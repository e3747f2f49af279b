"""Pages for staff: what do I stand with, and what may go where?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from gateway.kipass import last_day
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.principal import PassStatus
from gateway.web import register, words
from gateway.web.context import Member
from gateway.web.gate import Desk, Visit


@dataclass(frozen=True, slots=True)
class Step:
    """One module of a pass as its holder sees it."""

    title: str
    minutes: int
    done: bool
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PassView:
    """One pass as its holder sees it."""

    name: str
    needed: bool
    status: PassStatus
    sentence: str
    steps: tuple[Step, ...]

    @property
    def open_minutes(self) -> int:
        """The time that the open steps take."""
        return sum(step.minutes for step in self.steps if not step.done)


async def start(desk: Desk, visit: Visit) -> Response:
    """Show the start page: for staff what they may do, for everybody else what this is."""
    member = visit.member
    if member is None:
        return desk.page(visit, "welcome.html")
    policies = desk.context.policies()
    rules = member.rules(policies)
    today = desk.context.now().astimezone(words.BERLIN).date()
    return desk.page(
        visit, "start.html", greeting=words.address(member.person.name), status=member.pass_for(BASIS),
        sentence=state_in_words(member.pass_for(BASIS)), department=rules.name if rules else member.person.department,
        models=register.for_department(rules, today, desk.context.stopped()) if rules else [], known=rules is not None)


async def my_pass(desk: Desk, visit: Visit) -> Response:
    """Show the KI-Pass: which steps are done, which are open, how long they take."""
    member, policies = visit.somebody, desk.context.policies()
    rules = member.rules(policies)
    needed = rules.scopes if rules else (BASIS,)
    order = [*needed, *(s for s in policies.kipass.scopes if s not in needed)]
    passes = [_view(member, scope, policies.kipass, scope in needed) for scope in order
              if scope in policies.kipass.scopes]
    return desk.page(visit, "pass.html", passes=passes)


def state_in_words(status: PassStatus) -> str:
    """Return one sentence on the state of a pass."""
    until = words.day(last_day(status.until)) if status.until else ""
    if status.state == "gueltig":
        return f"Ihr KI-Pass gilt{f' bis {until}' if until else ''}. Sie können loslegen."
    if status.state == "kulanz":
        return f"Ihr KI-Pass gilt noch bis {until}. Bitte lesen Sie bis dahin die neue Dienstvereinbarung."
    if status.state == "abgelaufen":
        return f"Ihr KI-Pass ist abgelaufen{f', zuletzt gültig am {until}' if until else ''}."
    if status.state == "dv_neu":
        return "Ihr KI-Pass gilt nicht mehr, weil eine neue Dienstvereinbarung gilt."
    if status.state == "gesperrt":
        return "Ihr KI-Pass ist gesperrt. Den Grund erfahren Sie bei der KI-Pass-Stelle."
    count = len(status.missing)
    return f"Ihnen fehlen noch {words.many(count, 'Schritt', 'Schritte')} bis zum KI-Pass." if count != 1 else \
        "Ihnen fehlt noch ein Schritt bis zum KI-Pass."


def _view(member: Member, scope: str, config: KiPassConfig, needed: bool) -> PassView:
    status = member.pass_for(scope)
    steps = []
    for key in config.scopes[scope].modules:
        module = config.modules[key]
        proofs = [e.completed_at for e in member.evidence if e.module == key and e.revoked_at is None]
        open_ = module.title in status.missing
        steps.append(Step(module.title, module.minutes, not open_, max(proofs, default=None)))
    return PassView(config.scopes[scope].name, needed, status, state_in_words(status), tuple(steps))
