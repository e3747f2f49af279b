"""Conditions that hold now and should not: a finding begins with each, and is told when it is over.

The mark of a condition stays as long as it holds, so a finding that was closed meanwhile is not raised again every few
minutes; when the condition ends the mark goes, an entry in the history of the finding says so, and if it ever comes
back, that is a new finding. The finding itself stays open: whether all is well again is for a person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit import AnchorState
from gateway.casework.matters import say
from gateway.casework.watching import AUTO, LOCK, current_cause, open_finding
from gateway.model.casework import Tally
from gateway.model.findings import RULES
from gateway.policy import PolicySet
from gateway.policy.policyset import office_day
from gateway.policy.register_check import pressing
from gateway.registry.books import Books
from gateway.store import matters, tallies, writing
from gateway.store.locks import alone

_STANDING = "gilt:"
_PLACE = "ort:"
_CONTRACT = ("avv", "training_excluded", "zone", "social_notice", "secrecy", "c5", "require", "high_risk")
"""What of the register's shortcomings is about contracts and evidence; keys and prices are for IT."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that holds: the rule, what it is about, and a word that tells it from others of its kind."""

    rule: str
    scope: str
    word: str = ""

    @property
    def mark(self) -> str:
        """The name of its mark."""
        return f"{_STANDING}{self.rule}:{self.scope}:{self.word}"[:190]


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look."""

    policies: Callable[[], PolicySet]
    anchors: Callable[[], Sequence[AnchorState]]
    rolled_back: Callable[[], str]
    """Says why nothing can be signed any more; empty: it can."""
    kept_since: Callable[[], dict[str, datetime]] = dict
    """Departments whose content is kept, and since when."""
    kept_at_most: timedelta = timedelta(days=7)

    def now(self, now: datetime) -> list[Condition]:
        """Return every condition that holds."""
        return [*self._contracts(now), *self._outside(), *self._content(now)]

    def _contracts(self, now: datetime) -> Iterator[Condition]:
        policies = self.policies()
        for found in pressing(policies, office_day(now)):
            if found.what in _CONTRACT:
                word = f"{found.what}:{found.until.isoformat() if found.until else ''}"
                yield Condition("modell_avv", policies.models[found.model].name, word)

    def _outside(self) -> Iterator[Condition]:
        for anchor in self.anchors():
            if anchor.late:
                yield Condition("anker_fehlt", anchor.sink)
        if self.rolled_back():
            yield Condition("rueckfall", "")

    def _content(self, now: datetime) -> Iterator[Condition]:
        names = {key: rules.name for key, rules in self.policies().departments.items()}
        for department, since in self.kept_since().items():
            if now - since > self.kept_at_most:
                yield Condition("inhalt_lang", names.get(department, department), since.date().isoformat())

    def places(self) -> dict[str, str]:
        """Return where each model in service runs, and who runs it."""
        return {model.name: f"{model.provider}|{model.region}|{model.zone}"[:200]
                for model in self.policies().models.values() if model.enabled}


def look(books: Books, at: Look) -> None:
    """Raise what holds and was not known, say what is over, and compare where models run."""
    now = books.now()
    holding = {one.mark: one for one in at.now(now)}
    places = at.places()
    with books.reading() as connection:
        known, seen = tallies.marks(connection, _STANDING), tallies.marks(connection, _PLACE)
    told = {name.removeprefix(_PLACE): value for name, (value, _, _) in seen.items()}
    if holding.keys() == known.keys() and told.items() >= places.items():
        return
    with writing(books.engine, bump=False) as connection:
        alone(connection, LOCK)
        known = tallies.marks(connection, _STANDING)
        for name in holding.keys() - known.keys():
            _begin(books, connection, holding[name], now)
        for name in known.keys() - holding.keys():
            _over(books, connection, name, known[name][0])
        _moved(books, connection, places, now)


def _begin(books: Books, connection: Connection, condition: Condition, now: datetime) -> None:
    rule = RULES[condition.rule]
    cause, raised = current_cause(connection, condition.mark.removeprefix(_STANDING))
    if raised is None:
        tallies.count(connection, Tally(cause, rule.key, condition.scope[:100], 1, now, now), ())
        raised = open_finding(books, connection, rule, condition.scope, cause)
    tallies.set_mark(connection, condition.mark, raised.id, 0, now)


def _over(books: Books, connection: Connection, name: str, matter: str) -> None:
    tallies.drop_mark(connection, name)
    found = matters.get(connection, matter)
    if found is not None and found.open:
        entry = matters.note(connection, found.id, "schritt", "Der Zustand ist vorbei.", "", books.now())
        say(books, AUTO, found, "note", {"number": entry.number, "note_sha256": entry.digest})


def _moved(books: Books, connection: Connection, places: dict[str, str], now: datetime) -> None:
    """Raise a finding for every model that runs elsewhere than when somebody last looked."""
    known = tallies.marks(connection, _PLACE)
    for name, place in places.items():
        mark = f"{_PLACE}{name}"[:190]
        before = known.get(mark)
        if before is not None and before[0] != place:
            cause = f"modell_region:{name}"[:150] + f":{now.isoformat(timespec='seconds')}"
            tallies.count(connection, Tally(cause, "modell_region", name[:100], 1, now, now), ())
            open_finding(books, connection, RULES["modell_region"], name, cause)
        if before is None or before[0] != place:
            tallies.set_mark(connection, mark, place, 0, now)
