"""What one serving process holds open: policies, keys, databases, ledger, detector, pipeline.

What cannot serve does not start: each room is opened here and says in a sentence what is wrong. Which addresses lead
into the house is said in `gateway.app`, what the pages get of it in `gateway.desks`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web as aio

from audit import anchor_warnings
from gateway import __version__
from gateway.casework.watch import watch_of
from gateway.census import Census
from gateway.condition import NEEDED, Board, short_of_space
from gateway.detection import DetectorOptions, build_detector, build_operators
from gateway.errors import GatewayError
from gateway.files.reader import FileReader
from gateway.generation import Generation, Prepared
from gateway.generation.approval import MonitoringGate
from gateway.generation.beside import ShadowPolicies
from gateway.generation.replicas import Replicas
from gateway.home import open_ledger, own_secret, provider_environment, refuse_half_restored
from gateway.http.health import Readiness
from gateway.http.keep_alive import KeepAlive
from gateway.identity.claims import ClaimRules
from gateway.identity.fetch import fetch
from gateway.identity.issuer import IssuerKeys
from gateway.identity.oidc import OidcConfig
from gateway.identity.passwords import Passwords
from gateway.identity.porter import Porter
from gateway.identity.signin import Registration, SignIns
from gateway.kipass import Evidence, PassEvent, passes
from gateway.ledger.contents import LedgerContents, attested
from gateway.ledger.recorder import LedgerRecorder
from gateway.limits.room import LimitOptions, LimitRoom
from gateway.model.condition import Condition, Part, Process
from gateway.model.content_mode import last_day
from gateway.model.principal import PassStatus
from gateway.pipeline.finishing import all_finished
from gateway.pipeline.late import Patient
from gateway.pipeline.pipeline import Pipeline
from gateway.pipeline.rooms import Rooms
from gateway.pipeline.shadow import Shadow
from gateway.policy.policyset import office_day
from gateway.policy.register_check import pressing
from gateway.policy.stopped import StoppedModels
from gateway.registry.access_desk import AccountDesk
from gateway.registry.accounts import Accounts
from gateway.registry.arrivals import Arrivals
from gateway.registry.books import Books
from gateway.registry.content_mode import ContentDesk
from gateway.registry.index import Indexing
from gateway.registry.reminding import Reminding
from gateway.registry.rulebook import Rulebook
from gateway.reports.desk import ReportDesk
from gateway.settings import Settings
from gateway.store import migrate, open_engine, people, reading
from gateway.store.conversations import SqlConversations
from gateway.store.directory import SqlDirectory
from gateway.store.pins import SqlPins
from gateway.store.usage import SqlUsage
from gateway.telemetry import logs
from gateway.telemetry.metrics import PrometheusMetrics
from gateway.telemetry.workers import Workers
from gateway.upstream.routing import UpstreamRouter
from gateway.upstream.secrets import Secrets

if TYPE_CHECKING:
    from gateway.telemetry.traces import OtlpTraces

_log = logging.getLogger(__name__)
_STANDS: Final = ("Die Pflege des Protokolls steht (einordnen, unterschreiben, löschen). Den Grund nennen „ki-pforte "
                  "audit status“ und die Meldungen des Dienstes.")


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """See `gateway.ports.Clock.now`."""
        return datetime.now(UTC)


class House:
    """Everything that one serving process holds open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        refuse_half_restored(settings.home)
        self.policies = Generation(settings)
        self.engine = open_engine(settings.database)
        migrate(self.engine)
        self.ledger = open_ledger(settings, self.policies().organisation.id, self.policies().digest)
        self.ledger.check_key()
        gate = MonitoringGate(self.engine, self.record)
        self.policies.first(gate)
        self.rulebook = Rulebook(self.engine, lambda: datetime.now(UTC))
        self.rulebook.keep(self.policies())
        self.replicas = Replicas(self.engine, self.policies)
        self.shadow = (ShadowPolicies(settings.shadow_policies, settings, self.policies)
                       if settings.shadow_policies else None)
        self.detector = build_detector(DetectorOptions.of(settings, self.policies().municipality))
        self.clock = clock = SystemClock()
        self.directory = SqlDirectory(self.engine)
        self.books = Books(self.engine, self.record, self.policies, clock)
        self.accounts = AccountDesk(Accounts(self.books, Passwords()))
        self.content_desk = ContentDesk(self.books, self.ledger.keyring.missing)
        self.census = Census(self.engine, self.ledger, self.detector, self.policies, self.content_desk.expire)
        self.metrics = PrometheusMetrics(__version__, self.census.shown_as)
        self._workers = Workers.of_environment(settings.workers)
        self.authenticator = Porter(
            self.directory, self.passes, clock, keys_page=self.policies().organisation.base_url + "/keys",
            departments=self.departments, groups=self._groups, secrets=Secrets(settings.home / "secrets").find,
            oidc=(oidc := _oidc(settings)))
        self.sign_ins = self._single_sign_on(oidc[1]) if oidc and settings.pages_use_oidc else None
        self.stopped = StoppedModels(self.authenticator.watch(self.directory.stops), self.policies)
        self.reports = ReportDesk(self.books, self.ledger, __version__, self.stopped.known, settings.sign_in_words())
        self.contents = LedgerContents(self.ledger, self.authenticator.watch(
            lambda: attested(self.ledger, self.directory.content_modes())), clock)
        self.upstream = UpstreamRouter(settings.home, environment=provider_environment(settings))
        self.recorder = LedgerRecorder(self.ledger)
        self.conversations = SqlConversations(self.engine)
        self.limits = LimitRoom(
            LimitOptions(settings.redis_url, settings.limits_without_redis, settings.workers),
            own_secret(settings.home, "limits.key"), clock, self.metrics, self.policies, SqlUsage(self.engine))
        self._traces = _traces(settings.traces_url)
        self.keep_alive = KeepAlive(settings.keep_alive, settings.keep_alive_seconds)
        self.operators = operators = build_operators(own_secret(settings.home, "hash.key"))
        self.policies.equip(self.detector, operators, gate, self.metrics.reload)
        self.pipeline = Pipeline(Rooms(
            policies=self.policies, authenticator=self.authenticator,
            detector=self.detector.configured(self.policies().municipality), operators=operators,
            upstream=Patient(self.upstream, self.keep_alive.patience),
            recorder=self.recorder, metrics=self.metrics, clock=clock,
            conversations=self.conversations, reader=FileReader.of(settings), stops=self.stopped,
            pins=SqlPins(self.engine), secret=own_secret(settings.home, "gespraeche.key"),
            limiter=self.limits.limiter, contents=self.contents, traces=self._traces,
            shadow=Shadow(self.shadow, self.metrics) if self.shadow else None))
        self._board = Board(clock)
        self._reloaded = clock.now()
        self._tasks: list[asyncio.Task[None]] = []
        self._metrics_site: aio.AppRunner | None = None

    def passes(self, evidence: Sequence[Evidence], events: Sequence[PassEvent],
               now: datetime) -> dict[str, PassStatus]:
        """Return the state of passes under the policies in force."""
        return passes(evidence, events, self.policies().kipass, now)

    def departments(self) -> dict[str, str]:
        """Return what departments are called."""
        return {id_: rules.name for id_, rules in self.policies().departments.items()}

    def _groups(self) -> dict[str, str]:
        return {key: group.name for key, group in self.policies().groups.items()}

    async def start(self) -> None:
        """Begin to serve."""
        # Detection works in a thread beside the event loop; a shorter turn keeps streams smooth while it computes.
        sys.setswitchinterval(0.001)
        self.ledger.start(self._everyone)
        await asyncio.to_thread(self.census.count_people, self.metrics)
        await self.authenticator.start()
        await self.upstream.start(self.policies().models.values())
        self._run(self.policies.follow(self._begin))
        self._run(self.replicas.follow())
        if self.shadow:
            self._run(self.shadow.follow())
        with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals here: not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.policies.call)
        self._run(Indexing(self.books).follow())
        self._run(self.reports.follow())
        if self.settings.remind_daily == "on":
            self._run(Reminding(self.books, self.settings).follow())
        self._run(watch_of(self.books, self.ledger, self.settings, lambda: self.census.anchors).follow())
        self._run(self.census.follow(self.metrics))
        if self._workers:
            self._run(self._workers.follow(self._counted))
        await self.limits.start()
        self._run(self.limits.follow())
        await self._open_metrics_port()
        gc.collect()
        gc.freeze()
        _log.info("open: version %s, policies %s", __version__, self.policies().digest)

    async def _begin(self, prepared: Prepared) -> None:
        """Begin a new generation: in one step, so that no request has a part of each."""
        await self.upstream.start(prepared.policies.models.values())  # a model may be the first of its kind
        await asyncio.to_thread(self.rulebook.keep, prepared.policies)
        self.policies.taken(prepared)
        self._reloaded = self.clock.now()
        self.detector.adopt(prepared.detector)
        self.pipeline.begin(prepared.detector)
        self.authenticator.forget()
        self.metrics.policy(prepared.policies.digest)

    def record(self, kind: str, meta: Mapping[str, Any], subject: str | None) -> None:
        self.ledger.append_wait(self.ledger.draft(kind, meta, subject=subject))

    def _everyone(self) -> list[str]:
        with reading(self.engine) as connection:
            return [person.id for person in people.every(connection).values()]

    async def close(self) -> None:
        """End: first what is under way, last the ledger."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._metrics_site:
            await self._metrics_site.cleanup()
        if self._workers:
            self._workers.close()
        await self.upstream.close()
        await all_finished()
        await self.limits.close()
        await self.authenticator.close()
        await asyncio.to_thread(self.accounts.close)
        if self._traces:
            await asyncio.to_thread(self._traces.close)
        await asyncio.to_thread(self.ledger.close)
        self.engine.dispose()
        _log.info("closed")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def readiness(self) -> Readiness:
        """Say what can fail, for ``/readyz``."""
        parts = await self.look()
        checks = {part.key: part.standing != "no" for part in parts if part.key in NEEDED}
        reasons = {part.key: part.sentences[0] for part in parts if part.standing == "no"}
        warnings = tuple(text for texts in self._concerns().values() for text in texts)
        running = {"digest": self.policies().digest, "processes": dict(self.replicas.by_digest())}
        return Readiness(checks, reasons, warnings, {"policy": running})

    async def look(self) -> tuple[Part, ...]:
        """Look at every part that can fail."""
        ledger, inspects = await asyncio.gather(asyncio.to_thread(self.ledger.accepts_writes),
                                                asyncio.to_thread(self._inspects))
        down = {} if self.authenticator.ready else {"datenbank": "Die Datenbank des Gateways antwortet nicht."}
        if not ledger:
            down["protokoll"] = "Das Protokoll kann nicht geschrieben werden; es wird nichts gesendet."
        if not inspects:
            down["pruefung"] = "Die Suche nach personenbezogenen Angaben findet ihre Probe nicht."
        if not self.policies().departments:
            down["richtlinien"] = "Es sind keine Richtlinien geladen."
        return self._board.parts(down, self._concerns())

    async def condition(self) -> Condition:
        """Return the condition of the house for the page of IT."""
        processes = tuple(Process(one.id, one.digest, one.seen_at) for one in self.replicas.seen)
        return Condition(await self.look(), self.upstream.pulse.lines(), processes, self.policies().digest,
                         self._reloaded, __version__)

    def _concerns(self) -> dict[str, list[str]]:
        """Return what somebody should look at, by part (`gateway.condition.PARTS`)."""
        policies = self.policies()
        due = pressing(policies, office_day(self.clock.now()))
        return {
            "modelle": [*(f"{policies.models[one.model].name}: {one.text}" for one in due), *self.stopped.warnings()],
            "richtlinien": self.problems(), "grenzen": self.limits.problems(),
            "anker": anchor_warnings(self.census.anchors), "identitaeten": list(self.census.identities),
            "protokoll": [*self.ledger.backlog.warnings(), *([_STANDS] if self.ledger.problem else [])],
            "anmeldung": self.settings.sign_in_warnings(),
            "inhalte": self._content_warnings(), "platz": short_of_space(self.settings.home),
        }

    def _content_warnings(self) -> list[str]:
        """Say where content is kept: whoever looks after the house should always know."""
        return [f"Inhaltsmodus im Amt „{self.departments().get(mode.department, mode.department)}“ bis "
                f"{last_day(mode):%d.%m.%Y} (Fall {mode.case}): Inhalte werden versiegelt aufbewahrt."
                for mode in self.contents.on()]

    def problems(self) -> list[str]:
        """Say what is wrong with the policies in force, in sentences for people."""
        shadow = self.shadow.problem if self.shadow else ""
        return [problem for problem in (self.policies.problem, shadow, *self.replicas.warnings()) if problem]

    def _inspects(self) -> bool:
        try:
            self.detector.ready()
        except GatewayError:
            return False
        return True

    def _single_sign_on(self, keys: IssuerKeys) -> SignIns:
        settings = self.settings
        arrivals = Arrivals(self.books, settings.oidc_leads == "claims", settings.oidc_create == "on")
        return SignIns(Registration.of(settings, self.policies().organisation.base_url), ClaimRules.of(settings), keys,
                       own_secret(settings.home, "web.key"), self.clock, arrivals.welcome, arrivals.goodbye,
                       departments=self.departments, groups=self._groups)

    def rendered(self) -> bytes:
        """Return what Prometheus asks for: of all processes where there are several."""
        return self._workers.together(self._counted()) if self._workers else self._counted()

    def _counted(self) -> bytes:
        self.metrics.stopped(self.stopped.known())
        self.metrics.content_modes(len(self.contents.on()))
        self.metrics.syslog_lost(logs.syslog_lost())
        self.metrics.limits_problem(bool(self.limits.problems()))
        self.metrics.generation(problem=bool(self.policies.problem), digests=len(self.replicas.by_digest()))
        return self.metrics.render()

    async def _open_metrics_port(self) -> None:
        if self.settings.metrics_port is None:
            return
        token = self.settings.metrics_token.get_secret_value() if self.settings.metrics_token else ""

        async def answer(request: aio.Request) -> aio.Response:
            if token and not secrets.compare_digest(
                    request.headers.get("authorization", "").encode("utf-8", "replace"), f"Bearer {token}".encode()):
                return aio.Response(status=401)
            return aio.Response(body=self.rendered(), headers={"content-type": "text/plain; version=0.0.4"})
        served = aio.Application()
        served.router.add_get("/metrics", answer)
        self._metrics_site = aio.AppRunner(served, access_log=None)
        await self._metrics_site.setup()
        # Several processes share the port: each can answer for all.
        await aio.TCPSite(self._metrics_site, self.settings.host, self.settings.metrics_port,
                          reuse_port=self._workers is not None).start()


def _traces(url: str) -> OtlpTraces | None:
    if not url:
        return None
    from gateway.telemetry.traces import open_traces  # takes its time, and only where it is used
    return open_traces(url, __version__)


def _oidc(settings: Settings) -> tuple[OidcConfig, IssuerKeys] | None:
    if not settings.oidc_issuer:
        return None
    config = OidcConfig(settings.oidc_accepted, ClaimRules.of(settings), settings.oidc_groups, settings.block_style)
    return config, IssuerKeys(settings.oidc_issuer, fetch)
