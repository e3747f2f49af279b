"""A town hall of which everything is known, for reports: policies with models outside, months, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from audit.anchors.anchorer import AnchorState
from audit.reid_state import Request
from audit.statistics import Group
from gateway.model.content_mode import ContentMode
from gateway.model.literacy import Content, Line, Report
from gateway.policy import PolicySet
from gateway.reports.figures import QUESTIONS, Figures, Question
from gateway.reports.happenings import Happening
from gateway.reports.periods import Period
from gateway.reports.situation import InForce, Situation

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
QUARTER, YEAR = Period(2026, 3), Period(2026)
_TOLD = {"gilt": 6, "galt": None, "offen": None}
COUNTED = Report("Stadt Musterstadt", date(2026, 10, 5), "p" * 64, {"basis": "Grundlagen"}, 25,
                 {"basis": {"gueltig": 14, "fehlt+gesperrt": 11}},
                 (Line("Bauamt", 12, {"basis": _TOLD}), Line("", 13, {"basis": _TOLD})),
                 (Content("Grundlagen der KI", "1.0", 14),), (("2026-Q2 bis 2026-Q3", 31),))
"""Who holds the KI-Pass."""


def in_force(policies: PolicySet, **values: Any) -> InForce:
    """What is in force: two models outside the house are switched on."""
    models = {key: replace(model, enabled=True) if key in ("mistral-large", "gpt-azure-eu") else model
              for key, model in policies.models.items()}
    known = replace(policies, digest="p" * 64, models=models)
    return InForce(**{"now": NOW, "version": "0.1.0", "policies": known, "stopped": frozenset({"gpt-azure-eu"}),
                      "retention": {"meta-standard": 184, "subject": 90}, "log": "musterstadt.example/ki-pforte/1",
                      "size": 4711, "checkpoint": "musterstadt.example/ki-pforte/1\n4700\nwurzel=\n\n— x y\n",
                      "anchors": (AnchorState("datei:anker", 4700, 3600.0), AnchorState("mail:dsb", 4000, 200_000.0)),
                      "sign_in": "über den Anmeldedienst", **values})


def numbers(months: Sequence[str] = ("2026-07", "2026-08"), silent: Sequence[str] = ("2026-09",)) -> Figures:
    """Numbers of some months."""
    told: Mapping[Question, tuple[Group, ...]] = {
        "decision": (Group(("allowed",), 1200), Group(("denied",), 34)),
        "department": (Group(("bauamt",), 800), Group(("kaemmerei", "standesamt"), 434)),
        "model": (Group(("demo",), 1200), Group(("",), 34)),
        "code": (Group(("ki_pass_fehlt",), 20), Group(("inhalt_gesperrt", "zu_gross"), 14)),
        "finding": (Group(("PERSON",), 611), Group(("HEALTH", "IBAN"), 30))}
    return Figures(tuple(months), tuple(silent), told if months else dict.fromkeys(QUESTIONS, ()))


def situation(policies: PolicySet, period: Period = QUARTER, **values: Any) -> Situation:
    """A quarter in which something of everything happened."""
    def at(day: int, hour: int = 9) -> datetime:
        return datetime(2026, 8, day, hour, tzinfo=UTC)
    happened = (
        Happening("policy.promoted", at(3), {"policy": "a" * 64}),
        Happening("policy.approved", at(3, 8), {"policy": "a" * 64}),
        Happening("policy.change", at(4), {"document": "dienstvereinbarung", "version": "3.0"}),
        Happening("retention.delete", at(5), {"until": 1, "parts": {"subject": 40, "meta-standard": 12}}),
        Happening("retention.delete", at(6), {"until": 1, "parts": {"subject": 2}, "identities": 3}),
        Happening("verify.result", at(7), {"verdict": "unverändert", "exit_code": 0, "size": 4000, "covered": 3990}),
        Happening("anchor.sent", at(7), {"sink": "datei:anker", "size": 4000}),
        Happening("anchor.sent", at(8), {"sink": "datei:anker", "size": 4100}),
        Happening("view", at(9), {"page": "review/protokoll"}), Happening("view", at(9), {"page": "review/protokoll"}),
        Happening("export", at(10), {"report": "leadership", "format": "pdf", "sha256": "b" * 64}),
        Happening("finding.new", at(11), {"kind": "befund"}), Happening("case.new", at(12), {"kind": "ruege"}))
    request = Request("id", round(at(12).timestamp()) * 1_000_000, "V-2026-3", "missbrauch", "", "2026Q3", "", "2026Q3",
                      approvals={"dpo": "P-1", "personalrat": "P-2"}, resolved_us=1, informed_us=2)
    mode = ContentMode(1, "bauamt", "fehlersuche", "V-2026-3", at(1), at(20), on_since=at(2), off_at=at(9),
                       end="stopped")
    return Situation(**{"house": in_force(policies), "period": period, "figures": numbers(), "happenings": happened,
                        "literacy": COUNTED, "modes": (mode,), "requests": (request,), **values})
