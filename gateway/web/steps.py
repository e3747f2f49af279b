"""The KI-Pass as its holder sees it: steps with their state in words, what comes next, how long it takes.

Values for templates, computed from what the person can show and the rules in force. Nothing is written here, and
whether the pass is valid is asked of `gateway.kipass` like everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.kipass import last_day
from gateway.kipass.calendar import day_of
from gateway.kipass.documents import course_of, in_force, versions_of
from gateway.kipass.status import FOREVER, Standing, check
from gateway.model.kipass import BASIS, Document, KiPassConfig, Module
from gateway.model.principal import PassState, PassStatus
from gateway.policy import DepartmentRules, PolicySet
from gateway.web import heard, words
from gateway.web.context import Member
from gateway.web.i18n import N_, Words, _, ngettext

EARLY: Final = timedelta(days=60)
"""How long before its end a step may be done again."""
WHAT: Final = Words({
    "information": N_("Das Wichtigste zu KI in unserem Haus, auf einer Seite."),
    "leitlinien": N_("Woran wir uns halten, wenn wir mit KI arbeiten."),
    "checkliste": N_("Punkte, die Sie einmal in Ruhe durchgehen."),
    "kenntnisnahme_dv": N_("Was die Dienststelle und der Personalrat vereinbart haben."),
    "schulung": N_("Lernen in kurzen Abschnitten. Sie können jederzeit unterbrechen und später weitermachen."),
})
"""What a step is, by its kind."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``version`` is what there is to read now; without one, the step is not done on these pages."""

    module: Module
    standing: Standing
    end: datetime | None
    completed_at: datetime | None
    version: Document | None
    read: int = 0
    sections: int = 0
    minutes: int = 0

    @property
    def done(self) -> bool:
        """Whether nothing is to be done."""
        return self.standing is Standing.GOOD

    @property
    def here(self) -> bool:
        """Whether it is done on these pages."""
        return self.version is not None

    @property
    def address(self) -> str:
        """Where it is done."""
        return f"/pass/schritt/{self.module.key}"

    @property
    def state(self) -> str:
        """How it stands, in words with dates."""
        if self.standing is Standing.GOOD:
            done = _("erledigt am {day}").format(day=words.day(self.completed_at)) if self.completed_at else \
                _("erledigt")
            return _("{done}, gilt bis {day}").format(done=done, day=self._end) if self.end else done
        if self.standing is Standing.GRACE:
            return _("neue Fassung, bitte bis {day} lesen").format(day=self._end) if self.end else _("neue Fassung")
        if self.standing is Standing.OVERTAKEN:
            return _("neue Fassung, bitte lesen")
        if self.standing is Standing.EXPIRED:
            return _("abgelaufen, galt bis {day}").format(day=self._end) if self.end else _("abgelaufen")
        if self.read:
            return _("angefangen: {read} von {all} Abschnitten gelesen").format(read=self.read, all=self.sections)
        return _("offen")

    @property
    def _end(self) -> str:
        return words.day(last_day(self.end)) if self.end else ""

    @property
    def what(self) -> str:
        """What it is, in one sentence."""
        return WHAT[self.module.kind] if self.here else ""


@dataclass(frozen=True, slots=True)
class Pass:
    """One scope. ``why`` says what it is needed for; ``steps`` leaves out those that stand in a list above."""

    scope: str
    name: str
    needed: bool
    why: str
    status: PassStatus
    steps: tuple[Step, ...]

    @property
    def open(self) -> tuple[Step, ...]:
        """The steps that are to be done."""
        return tuple(step for step in self.steps if not step.done)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page says. The first pass is the one that everybody needs."""

    passes: tuple[Pass, ...]
    next: Step | None
    """The first open step that can be done here, of what every request of this person takes."""
    announced: Document | None
    """A Dienstvereinbarung that will apply and was not acknowledged yet."""
    others: tuple[Step, ...] = ()
    """Steps that nothing asks of this person now. A link to one still leads somewhere."""

    @property
    def basis(self) -> Pass:
        """The pass that everybody needs."""
        return self.passes[0]

    @property
    def needed(self) -> tuple[Pass, ...]:
        """What every request of this person takes."""
        return tuple(one for one in self.passes if one.needed)

    @property
    def further(self) -> tuple[Pass, ...]:
        """What some purposes or models take."""
        return tuple(one for one in self.passes if not one.needed)

    @property
    def open(self) -> tuple[Step, ...]:
        """The open steps of what every request of this person takes."""
        return tuple(step for one in self.needed for step in one.open)

    @property
    def open_minutes(self) -> int:
        """How long these take."""
        return sum(step.minutes for step in self.open)

    @property
    def blocked(self) -> bool:
        """Whether the pass office blocked what every request takes."""
        return any(one.status.state == "gesperrt" for one in self.needed)

    def step(self, key: str) -> Step | None:
        """Return a step by its module."""
        steps = (*(step for one in self.passes for step in one.steps), *self.others)
        return next((step for step in steps if step.module.key == key), None)

    @property
    def dv(self) -> Step | None:
        """The step in which the Dienstvereinbarung is acknowledged."""
        return next((s for one in self.passes for s in one.steps if s.module.kind == "kenntnisnahme_dv"), None)

    @property
    def admits(self) -> bool:
        """Whether this person may pass."""
        return all(one.status.admits for one in self.needed)


def overview(member: Member, policies: PolicySet, now: datetime,
             progress: Mapping[str, frozenset[str]]) -> Overview:
    """Return how somebody stands."""
    config, rules = policies.kipass, member.rules(policies)
    reasons = demanded(rules)
    passes: list[Pass] = []
    seen: set[str] = set()
    for scope, why in reasons.items():
        if scope in config.scopes:
            keys = [key for key in config.scopes[scope].modules if key not in seen]
            seen.update(keys)
            steps = tuple(step_of(member, config.modules[key], config, now, progress.get(key, frozenset()))
                          for key in keys)
            needed = scope == BASIS or (rules is not None and scope in rules.scopes)
            passes.append(Pass(scope, config.scopes[scope].name, needed, why, member.pass_for(scope), steps))
    blocked = any(p.needed and p.status.state == "gesperrt" for p in passes)
    next_ = next((s for p in passes if p.needed for s in p.open if s.here), None)
    others = tuple(step_of(member, module, config, now, progress.get(key, frozenset()))
                   for key, module in config.modules.items() if key not in seen)
    return Overview(tuple(passes), None if blocked else next_, _announced(member, config, now), others)


def demanded(rules: DepartmentRules | None) -> dict[str, str]:
    """Return the scopes that policy asks of somebody, in order, each with a sentence that says what for."""
    found: dict[str, list[str]] = {BASIS: []}
    for scope in rules.scopes if rules else ():
        found.setdefault(scope, [])
    always = set(found)
    for purpose in rules.purposes.values() if rules else ():
        for scope in purpose.pass_scopes:
            found.setdefault(scope, []).append(_("den Zweck „{title}“").format(title=purpose.title))
    for model in rules.models.values() if rules else ():
        for demand in (*model.demands, *model.kind_demands):
            found.setdefault(demand.scope, []).append(heard.told(demand.what))
    return {scope: _why(scope, scope in always, what) for scope, what in found.items()}


def _why(scope: str, always: bool, what: Sequence[str]) -> str:
    if scope == BASIS:
        return _("Ihn brauchen alle, die KI nutzen.")
    return _("In Ihrem Bereich braucht ihn jede Anfrage.") if always else \
        _("Das brauchen Sie nur für {what}.").format(what=words.listed(list(dict.fromkeys(what))))


def step_of(member: Member, module: Module, config: KiPassConfig, now: datetime, read: frozenset[str]) -> Step:
    """Return how one step stands."""
    found = check(module, member.evidence, config, now)
    completed = max((e.completed_at for e in member.evidence if e.module == module.key and e.revoked_at is None
                     and e.completed_at <= now), default=None)
    versions = versions_of(config, module)
    version, sections, minutes = in_force(versions, now), 0, module.minutes
    if version is not None and module.course is not None:
        course = course_of(config, version)
        sections = len(course.sections)
        if read and found.standing is not Standing.GOOD:
            minutes = sum(section.minutes for section in course.sections if section.key not in read)
    end = found.end if found.standing > Standing.OPEN and found.end < FOREVER else None
    return Step(module, found.standing, end, completed, version, len(read), sections, minutes)


def may_finish(step: Step, now: datetime) -> bool:
    """Whether there is a reason to do the step: it is open, or ends soon."""
    return step.here and (not step.done or (step.end is not None and step.end - now <= EARLY))


def _announced(member: Member, config: KiPassConfig, now: datetime) -> Document | None:
    """Return the next Dienstvereinbarung that will have to be read: by those who know the one in force, and not it."""
    known = {e.document_sha256 for e in member.evidence if e.revoked_at is None}
    versions = config.documents.get("dienstvereinbarung", ())
    current = in_force(versions, now)
    future = [d for d in versions if d.valid_from > day_of(now) and d.change == "wesentlich"]
    if not future or any(d.sha256 in known for d in future) or current is None or current.sha256 not in known:
        return None
    return future[0]


def sentence(overview: Overview, config: KiPassConfig, now: datetime) -> str:
    """Return one sentence on the state of everything that this person needs; the worst decides."""
    worst = next((p for p in overview.needed if p.status.state == "gesperrt"),
                 next((p for p in overview.needed if not p.status.admits),
                      next((p for p in overview.needed if p.status.state == "kulanz"), overview.basis)))
    return state_in_words(worst.status, config, now, len(overview.open))


def state_in_words(status: PassStatus, config: KiPassConfig, now: datetime, open_: int | None = None) -> str:
    """Return one sentence on the state of a pass, with absolute dates."""
    until = words.day(last_day(status.until)) if status.until else ""
    current = in_force(config.documents.get("dienstvereinbarung", ()), now)
    since = words.day(current.valid_from) if current else ""
    if status.state == "fehlt":
        count = len(status.missing) if open_ is None else open_
        return ngettext("Ihnen fehlt noch ein Schritt bis zum KI-Pass.",
                        "Ihnen fehlen noch {count} Schritte bis zum KI-Pass.", count).format(count=words.number(count))
    long, short = _SENTENCES[status.state]
    dated = since if status.state == "dv_neu" else until if status.state != "kulanz" else since and until
    return _(long if dated else short).format(until=until, since=since)


_SENTENCES: Final[dict[PassState, tuple[str, str]]] = {
    "gueltig": (N_("Ihr KI-Pass gilt bis {until}. Sie können loslegen."), N_("Ihr KI-Pass gilt. Sie können loslegen.")),
    "kulanz": (N_("Seit {since} gilt eine neue Dienstvereinbarung. Ihr KI-Pass gilt noch bis {until}; bitte lesen Sie "
                  "sie bis dahin."),
               N_("Es gilt eine neue Dienstvereinbarung. Ihr KI-Pass gilt noch; bitte lesen Sie sie bald.")),
    "abgelaufen": (N_("Ihr KI-Pass ist abgelaufen, zuletzt gültig am {until}."), N_("Ihr KI-Pass ist abgelaufen.")),
    "dv_neu": (N_("Ihr KI-Pass gilt nicht mehr: Seit {since} gilt eine neue Dienstvereinbarung, die Sie noch nicht "
                  "gelesen haben."),
               N_("Ihr KI-Pass gilt nicht mehr: Es gilt eine neue Dienstvereinbarung, die Sie noch nicht gelesen "
                  "haben.")),
    "gesperrt": (N_("Ihr KI-Pass ist gesperrt. Den Grund erfahren Sie bei der KI-Pass-Stelle."),) * 2,
}
"""With the day that the sentence is about, and without."""


def chosen_version(member: Member, step: Step, config: KiPassConfig, now: datetime, wanted: str) -> Document | None:
    """Return the version to show: the one in force, or one that is announced if it is asked for or all that is left."""
    if step.module.kind != "kenntnisnahme_dv":
        return step.version
    future = [d for d in versions_of(config, step.module) if d.valid_from > day_of(now)]
    asked = next((d for d in future if d.sha256 == wanted), None)
    if asked is not None:
        return asked
    return _announced(member, config, now) or step.version if step.done else step.version


def acknowledged(member: Member, step: Step, config: KiPassConfig, shown: Document) -> Document | None:
    """Return the version that the person acknowledged last, if it is another one than the one shown."""
    versions = {d.sha256: d for d in versions_of(config, step.module)}
    known = [versions[e.document_sha256] for e in sorted(member.evidence, key=lambda e: e.completed_at)
             if e.module == step.module.key and e.revoked_at is None and e.document_sha256 in versions]
    return known[-1] if known and known[-1] != shown else None


def knows(member: Member, module: Module, document: Document) -> bool:
    """Whether the person has finished the step with exactly this version."""
    return any(e.module == module.key and e.document_sha256 == document.sha256 and e.revoked_at is None
               for e in member.evidence)


def documents(member: Member, config: KiPassConfig, now: datetime) -> Iterator[tuple[Document, str]]:
    """Yield what somebody may want to read again, each with its state in words: in force, announced, acknowledged."""
    known = {e.document_sha256: e.completed_at for e in member.evidence if e.revoked_at is None}
    for versions in config.documents.values():
        current = in_force(versions, now)
        for document in reversed(versions):
            if document == current:
                state = _("gilt seit {day}").format(day=words.day(document.valid_from))
            elif document.valid_from > day_of(now):
                state = _("gilt ab {day}").format(day=words.day(document.valid_from))
            elif document.sha256 in known:
                state = _("frühere Fassung")
            else:
                continue
            if document.sha256 in known:
                state = _("{state}, von Ihnen erledigt am {day}").format(
                    state=state, day=words.day(known[document.sha256]))
            yield document, state
