"""The generation in force, and how the next one comes: watched, read, proven, exchanged in one step.

Theory: a look at the folder costs a few stats and happens every second, or at once on SIGHUP. What changed is taken up
when it has looked the same twice, so that somebody who saves two files does not get the first one alone. Everything
that takes time (reading, the detector's new configuration, the tests of the policies, the approval) happens in a thread
and yields a `Prepared`; taking it over is one step in the event loop, so no request sees half of it.

Kept true: a set that is broken, that fails its own tests, that the recognition cannot be configured for, or that lacks
an approval leaves the last good one in force, and says so (`problem`, log, metric) until the folder is right again; a
request keeps the generation it began with.

Where there is no last good one, at the start: files that cannot be read and a change without its approval stop the
start (`first`). Tests that fail do not: with sentences in them they test the recognition of this machine as well, and a
town hall must not stand still because of an example. They are run right after the start, and reported as loudly.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gateway.errors import GatewayError
from gateway.generation.proving import Rejected, prove, wrong_files
from gateway.generation.reading import State, read_policies, state_of
from gateway.pipeline.lens import PipelineLens
from gateway.policy import PolicyErrors, PolicyProblem, PolicySet
from gateway.ports import Operators
from gateway.settings import Settings

if TYPE_CHECKING:  # commands read policies and need no detector
    from gateway.detection.service import Configured, RuleDetector

_log = logging.getLogger(__name__)
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A generation that can be taken over: policies, and the detector configured for them."""

    policies: PolicySet
    detector: Configured


class Gate(Protocol):
    """Knows what the Personalrat agreed to (`gateway.generation.approval`)."""

    def admit(self, policies: PolicySet) -> None:
        """Let a set into force and note that it is. Raises `Rejected`; then nothing is noted."""
        ...


class Generation:
    """Holds the policies in force; call it to get them."""

    def __init__(self, settings: Settings) -> None:
        """Read the folder. Raises `PolicyErrors`."""
        self._settings = settings
        self._done = self._last = self._state()
        self._current = read_policies(settings.policies, settings)
        self._detector: RuleDetector | None = None
        self._operators: Operators | None = None
        self._gate: Gate | None = None
        self._results: Callable[[str], None] = lambda _: None
        self._waiting: Prepared | None = None
        """What is proven and not in force yet: it lacks an approval, or was not taken over."""
        self._called = asyncio.Event()
        self.problem = ""
        """Why what the folder says is not in force, or not as it should be; empty when all is well."""

    def __call__(self) -> PolicySet:
        """Return the policies in force."""
        return self._current

    def pending(self) -> PolicySet | None:
        """Return the set that lacks nothing but its approval, if there is one."""
        waiting = self._waiting
        return waiting.policies if waiting is not None else None

    def equip(self, detector: RuleDetector, operators: Operators, gate: Gate, results: Callable[[str], None]) -> None:
        """Give it what a change is proven with; `results` is told how each change ended (``taken`` or why not)."""
        self._detector, self._operators, self._gate, self._results = detector, operators, gate, results

    def first(self, gate: Gate) -> None:
        """Let the set of the start into force. Raises `PolicyErrors`: there is no other one to serve with."""
        try:
            gate.admit(self._current)
        except Rejected as why:
            folder = str(self._settings.policies)
            raise PolicyErrors([PolicyProblem(folder, 0, "", "Diese Richtlinien dürfen noch nicht in Kraft treten ("
                                              + "; ".join(why.details) + ")",
                                              "lassen Sie den Personalrat zustimmen (ki-pforte policy approve) oder "
                                              "nehmen Sie die Änderung zurück")]) from None

    def call(self) -> None:
        """Look at once (SIGHUP). In the event loop."""
        self._called.set()

    async def follow(self, take: Callable[[Prepared], Awaitable[None]]) -> None:
        """Watch until cancelled. `take` exchanges whatever belongs to a generation, and calls `taken`."""
        looks: Callable[[], Prepared | None] = self._prove_first
        while True:
            try:
                prepared = await asyncio.to_thread(looks)
                if prepared is not None:
                    await take(prepared)
            except Exception:  # noqa: BLE001 - whatever it is: watching goes on, and the last good set stays
                self.problem = ("Die geänderten Richtlinien ließen sich nicht übernehmen; die letzten gültigen gelten "
                                "weiter. Die Betriebsmeldungen nennen den Grund.")
                _log.exception("policies could not be taken over; the last good ones stay in force")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), POLL_SECONDS)
            at_once = self._called.is_set()
            self._called.clear()
            looks = partial(self.look, at_once)

    def taken(self, prepared: Prepared) -> None:
        """Put it in force. In the event loop, in one step with everything else of a generation."""
        self._current, self._waiting, self.problem = prepared.policies, None, ""
        self._results("taken")
        _log.info("policies reloaded, digest %s", prepared.policies.digest)

    def look(self, at_once: bool = False) -> Prepared | None:
        """Return the next generation if the folder holds one. Blocks for as long as proving takes."""
        state = self._state()
        if state == self._done:
            return self._ask_again()
        if state != self._last and not at_once:
            self._last = state
            return None
        self._last = state
        try:
            prepared = self._prepare()
            if self._state() != state:
                return None  # somebody is still saving: the next look takes it up
            self._done, self._waiting = state, prepared
            self._admit(prepared)
        except Rejected as why:
            self._done = state
            self._reject(why)
            return None
        except OSError as error:
            self.problem = f"Die Richtlinien lassen sich nicht lesen ({error.strerror}); die letzten gültigen gelten."
            _log.error("policies cannot be read; the last good ones stay in force: %s", error.strerror)
            return None
        return self._ready(prepared)

    def _ask_again(self) -> Prepared | None:
        """Return what only waited for an approval, once it is there."""
        prepared = self._waiting
        if prepared is None:
            return None
        try:
            self._admit(prepared)
        except Rejected as why:
            if str(why) != self.problem:
                self._reject(why)
            return None
        return self._ready(prepared)

    def _ready(self, prepared: Prepared) -> Prepared | None:
        if prepared.policies.digest != self._current.digest:
            return prepared  # kept until it is `taken`: what goes wrong meanwhile is tried again
        self.problem, self._waiting = "", None
        return None

    def _prepare(self) -> Prepared:
        assert self._detector is not None, "equip comes first"
        self._waiting = None
        try:
            policies = read_policies(self._settings.policies, self._settings)
        except PolicyErrors as errors:
            raise wrong_files(errors) from None
        try:
            detector = self._detector.configured(policies.municipality)
        except GatewayError:
            raise Rejected("recognition", "Die geänderte erkennung.yaml lässt sich nicht anwenden; die letzten "
                           "gültigen Richtlinien gelten weiter. Bitte sagen Sie der IT Bescheid.") from None
        prepared = Prepared(policies, detector)
        self._prove(prepared)
        return prepared

    def _prove(self, prepared: Prepared) -> None:
        assert self._operators is not None, "equip comes first"
        lens = PipelineLens(prepared.detector, self._operators)
        prove(self._settings.policies, prepared.policies, lens)

    def _prove_first(self) -> None:
        """Run the tests of the set of the start, and say so if they fail. There is nothing to take over."""
        assert self._detector is not None, "equip comes first"
        policies = self._current
        try:
            self._prove(Prepared(policies, self._detector.configured(policies.municipality)))
        except Rejected as why:
            self.problem = ("Die geltenden Richtlinien bestehen ihre eigenen Prüfungen nicht, oder die Prüfungen "
                            "lassen sich nicht lesen. „ki-pforte policy test“ nennt sie.")
            self._results(why.why)
            _log.error("the policies in force fail their own tests: %s", "; ".join(why.details))

    def _admit(self, prepared: Prepared) -> None:
        assert self._gate is not None, "equip comes first"
        self._gate.admit(prepared.policies)

    def _reject(self, why: Rejected) -> None:
        self.problem = why.sentence
        if why.why != "approval":
            self._waiting = None
        self._results(why.why)
        _log.error("changed policies do not come into force (%s); the last good ones stay: %s", why.why,
                   "; ".join(why.details) or why.sentence)

    def _state(self) -> State:
        return state_of(self._settings.policies)
