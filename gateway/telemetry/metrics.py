"""Every metric of the gateway: name, meaning, labels, buckets. Nothing is measured under a name that is not here.

No label ever names a person. Departments with fewer than five people are counted together as ``andere``, so that a
number is never one person's. Models and codes come from closed lists, so the number of series is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.exposition import generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]
"""A series ``_created`` would tell the second at which a department first asked."""

STAGES = ("authenticate", "admit", "read", "inspect", "release", "redact", "record", "upstream_first_byte", "relay")
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
RELOADS = ("taken", "files", "tests", "recognition", "approval")


class PrometheusMetrics:
    """Implements `gateway.ports.Metrics` on a registry of its own."""

    def __init__(self, version: str, shown: Callable[[str], str]) -> None:
        """`shown`: the name under which a department may be counted (`gateway.model.small_groups`)."""
        self.registry = registry = CollectorRegistry()
        self._shown = shown
        self._requests = Counter("ki_pforte_requests", "Beendete Anfragen",
                                 ["api", "department", "model", "decision"], registry=registry)
        self._refusals = Counter("ki_pforte_refusals", "Abgelehnte Anfragen nach Grund", ["code"], registry=registry)
        self._redacted: dict[tuple[str, str], Counter] = {}
        self._redactions = Counter("ki_pforte_redactions", "Ersetzte Angaben", ["entity", "action"], registry=registry)
        self._tokens = Counter("ki_pforte_tokens", "Tokens nach Angabe des Anbieters", ["model", "direction"],
                               registry=registry)
        self._cost = Counter("ki_pforte_cost_euros", "Kosten nach den Preisen des Modellverzeichnisses", ["model"],
                             registry=registry)
        self._limit_refused = Counter("ki_pforte_limit_refusals", "Anfragen, für die eine Grenze nicht reichte, nach "
                                      "Art der Grenze", ["by", "limit"], registry=registry)
        self._limit_near = Counter("ki_pforte_limit_warnings", "Anfragen, bei denen eine Grenze zu mehr als 80 % "
                                   "verbraucht war", ["by", "limit"], registry=registry)
        self._budgets = Gauge("ki_pforte_budget_used_ratio", "Verbrauchter Anteil der Grenzen des Hauses (ohne Amt) "
                              "und der Ämter", ["department", "limit"], registry=registry)
        self._dropped = Counter("ki_pforte_dropped_fields", "Felder, die kein Anbieter erhält: unbekannte, und solche, "
                                "die eine Person nennen", ["api"], registry=registry)
        self._stripped = Counter("ki_pforte_stripped_tools", "Werkzeuge beim Anbieter, die aus Anfragen herausgenommen "
                                 "wurden", ["api"], registry=registry)
        self._unresolved = Counter("ki_pforte_unresolved_placeholders",
                                   "Platzhalter in Antworten, die nie vergeben wurden", registry=registry)
        self._strangers = Counter("ki_pforte_answer_findings",
                                  "Personenbezogenes in Antworten, das niemand gesendet hat", ["entity"],
                                  registry=registry)
        self._leaks = Counter("ki_pforte_leak_alarms", "Ersetzte Angaben, die in einer Antwort dennoch standen",
                              registry=registry)
        stages = Histogram("ki_pforte_stage_duration_seconds", "Dauer je Abschnitt", ["stage"], buckets=SECONDS,
                           registry=registry)
        self._stages = {name: stages.labels(name) for name in STAGES}
        self._streams = Gauge("ki_pforte_streams", "Laufende Streams", registry=registry)
        self._ledger_records = Gauge("ki_pforte_ledger_records", "Einträge im Protokoll", registry=registry)
        self._ledger_waiting = Gauge("ki_pforte_ledger_unsequenced", "Einträge, die noch nicht eingereiht sind",
                                     registry=registry)
        self._kept_back = Gauge("ki_pforte_ledger_kept_back", "Einträge, die auf die Datenbank des Protokolls warten: "
                                "auf der Festplatte (disk), nur im Arbeitsspeicher (memory); verloren (lost)",
                                ("where",), registry=registry)
        self._forgeries = Gauge("ki_pforte_ledger_forgeries", "Funde der letzten 24 Stunden: Jemand hat in der "
                                "Datenbank des Protokolls etwas untergeschoben", registry=registry)
        self._checkpoint_age = Gauge("ki_pforte_ledger_checkpoint_age_seconds", "Alter des letzten Prüfpunkts",
                                     registry=registry)
        self._anchor_age = Gauge("ki_pforte_ledger_anchor_age_seconds", "Alter des letzten Prüfpunkts an diesem Ort "
                                 "außerhalb", ["sink"], registry=registry)
        self._passes = Gauge("ki_pforte_passes", "Personen nach Stand ihres KI-Passes", ["state"], registry=registry)
        self._detector = Gauge("ki_pforte_detector_queue", "Texte, die auf die Prüfung warten", registry=registry)
        self._inspected = Counter("ki_pforte_detector_texts", "Texte in der Prüfung, neu oder schon geprüft", ["cache"],
                                  registry=registry)
        self._seen = {"hit": 0, "miss": 0}
        self._stopped = Gauge("ki_pforte_model_stopped", "Angehaltene Modelle (1); die übrigen stehen hier nicht",
                              ["model"], registry=registry)
        self._content_modes = Gauge("ki_pforte_content_modes", "Ämter, deren Inhalte gerade versiegelt aufbewahrt "
                                    "werden (Inhaltsmodus)", registry=registry)
        self._limits_apart = Gauge("ki_pforte_limits_problem", "1, solange Grenzen nicht so genau gezählt werden, wie "
                                   "es eingerichtet ist (Redis oder Valkey fehlt)", registry=registry)
        self._syslog = Counter("ki_pforte_syslog_lost", "Betriebsmeldungen, die den Syslog des Hauses nicht erreicht "
                               "haben", registry=registry)
        self._syslog_seen = 0
        self._policy = Info("ki_pforte_policy", "Geltende Richtlinien", registry=registry)
        self._shadow = Counter("ki_pforte_shadow_decisions", "Anfragen, zu denen auch die Schatten-Richtlinien befragt "
                               "wurden: was die geltenden sagten, was die anderen, und der wichtigste Unterschied",
                               ["live", "shadow", "difference"], registry=registry)
        self._reloads = Counter("ki_pforte_policy_reloads", "Geänderte Richtlinien nach Ergebnis: übernommen (taken) "
                                "oder abgewiesen wegen ihrer Dateien, ihrer Prüfungen, der Erkennung oder einer "
                                "fehlenden Zustimmung", ["result"], registry=registry)
        for result in RELOADS:
            self._reloads.labels(result)
        self._not_in_force = Gauge("ki_pforte_policy_problem", "1, solange die Richtlinien im Ordner nicht so gelten, "
                                   "wie sie dort stehen", registry=registry)
        self._replicas = Gauge("ki_pforte_policy_digests", "Zahl verschiedener Richtlinien, mit denen die Prozesse "
                               "dieser Installation arbeiten; mehr als 1 nur während einer Übernahme",
                               registry=registry)
        Info("ki_pforte_build", "Version der KI-Pforte", registry=registry).info({"version": version})

    def exchange(self, api: str, department: str, model: str, decision: str) -> None:
        """See `gateway.ports.Metrics.exchange`."""
        self._requests.labels(api, self._shown(department), model, decision).inc()

    def refusal(self, code: str) -> None:
        """See `gateway.ports.Metrics.refusal`."""
        self._refusals.labels(code).inc()

    def redactions(self, counts: Mapping[tuple[str, str], int]) -> None:
        """See `gateway.ports.Metrics.redactions`."""
        for key, number in counts.items():
            counter = self._redacted.get(key)
            if counter is None:
                counter = self._redacted[key] = self._redactions.labels(*key)
            counter.inc(number)

    def stage(self, name: str, seconds: float) -> None:
        """See `gateway.ports.Metrics.stage`."""
        self._stages[name].observe(seconds)

    def tokens(self, model: str, prompt: int, completion: int) -> None:
        """See `gateway.ports.Metrics.tokens`."""
        self._tokens.labels(model, "in").inc(prompt)
        self._tokens.labels(model, "out").inc(completion)

    def cost(self, model: str, micro_euro: int) -> None:
        """See `gateway.ports.Metrics.cost`."""
        self._cost.labels(model).inc(micro_euro / 1_000_000)

    def limit_refused(self, by: str, limit: str) -> None:
        """See `gateway.ports.Metrics.limit_refused`."""
        self._limit_refused.labels(by, _plain(limit)).inc()

    def limit_near(self, by: str, limit: str) -> None:
        """See `gateway.ports.Metrics.limit_near`."""
        self._limit_near.labels(by, _plain(limit)).inc()

    def budgets(self, used: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        """Set how much is used of how much, per department (empty: the whole house) and limit.

        Small departments are added up.
        """
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for (name, limit), (part, whole) in used.items():
            key = (self._shown(name) if name else name, _plain(limit))
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + part, before[1] + whole)
        self._budgets.clear()
        for labels, (part, whole) in sums.items():
            self._budgets.labels(*labels).set(part / whole)

    def stream(self, delta: int) -> None:
        """See `gateway.ports.Metrics.stream`."""
        self._streams.inc(delta)

    def dropped_fields(self, api: str, count: int) -> None:
        """See `gateway.ports.Metrics.dropped_fields`."""
        self._dropped.labels(api).inc(count)

    def stripped_tools(self, api: str, count: int) -> None:
        """See `gateway.ports.Metrics.stripped_tools`."""
        self._stripped.labels(api).inc(count)

    def leak_alarms(self, count: int) -> None:
        """See `gateway.ports.Metrics.leak_alarms`."""
        self._leaks.inc(count)

    def strangers(self, counts: Mapping[str, int]) -> None:
        """See `gateway.ports.Metrics.strangers`."""
        for entity, number in counts.items():
            self._strangers.labels(entity).inc(number)

    def unresolved(self, count: int) -> None:
        """See `gateway.ports.Metrics.unresolved`."""
        self._unresolved.inc(count)

    def ledger(self, records: int, waiting: int, checkpoint_age: float | None, forgeries: int = 0) -> None:
        """Set what the ledger says of itself; without a checkpoint its age is not a number."""
        self._ledger_records.set(records)
        self._ledger_waiting.set(waiting)
        self._forgeries.set(forgeries)
        self._checkpoint_age.set(float("nan") if checkpoint_age is None else checkpoint_age)

    def kept_back(self, *, disk: int, memory: int, lost: int) -> None:
        """Set how many records wait for the ledger's database, and how many were given up."""
        for where, number in (("disk", disk), ("memory", memory), ("lost", lost)):
            self._kept_back.labels(where).set(number)

    def anchor(self, sink: str, age: float | None) -> None:
        """Set how old the newest note at this place is; one that never took any has no number."""
        self._anchor_age.labels(sink).set(float("nan") if age is None else age)

    def passes(self, states: Mapping[str, int]) -> None:
        """Set how many people hold a KI-Pass in each state."""
        for state, number in states.items():
            self._passes.labels(state).set(number)

    def detector(self, waiting: int, hits: int, misses: int) -> None:
        """Set the state of the detector."""
        self._detector.set(waiting)
        for kind, total in (("hit", hits), ("miss", misses)):
            self._inspected.labels(kind).inc(max(0, total - self._seen[kind]))
            self._seen[kind] = total

    def stopped(self, models: Iterable[str]) -> None:
        """Set which models are switched off, by id."""
        self._stopped.clear()
        for model in models:
            self._stopped.labels(model).set(1)

    def content_modes(self, departments: int) -> None:
        """Set how many departments have their content mode on."""
        self._content_modes.set(departments)

    def limits_problem(self, there_is_one: bool) -> None:
        """Set whether something keeps the limits from being counted as set up."""
        self._limits_apart.set(there_is_one)

    def syslog_lost(self, total: int) -> None:
        """Set how many lines this process could not hand to the syslog since it began."""
        self._syslog.inc(max(0, total - self._syslog_seen))
        self._syslog_seen = total

    def policy(self, digest: str) -> None:
        """Set the digest of the policies in force."""
        self._policy.info({"digest": digest})

    def reload(self, result: str) -> None:
        """Count one change of the policies by how it ended."""
        self._reloads.labels(result).inc()

    def generation(self, *, problem: bool, digests: int) -> None:
        """Set whether the folder is in force as it stands, and how many different sets processes run."""
        self._not_in_force.set(problem)
        self._replicas.set(digests)

    def shadow(self, live: str, other: str, difference: str) -> None:
        """See `gateway.ports.Metrics.shadow`."""
        self._shadow.labels(live, other, difference).inc()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def _plain(limit: str) -> str:
    """Return the name of a limit as the policies write it: shares have no unit, and nobody writes millionths."""
    return limit.replace("micro_euro", "euro")
