"""What of the policies waits for the Personalrat, and agreeing to it, for somebody who has signed in in that role.

Candidates are the changed policies of the folder and the shadow policies, if there are any. An agreement names the
digest that was on the screen: if the points have changed meanwhile, nothing is agreed to. Running processes ask again
by themselves within seconds (`gateway.generation.current`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from gateway.errors import GatewayError
from gateway.generation.approval import RecordFacts, agree, standing_of
from gateway.model.consent import Agreement, PendingPolicies
from gateway.policy import PolicySet
from gateway.registry.said import in_words
from gateway.store import approvals, reading, writing

_GONE = ("Diese Änderung wartet nicht mehr auf Zustimmung, oder sie wurde inzwischen geändert. Bitte laden Sie die "
         "Seite neu.")


@dataclass(frozen=True, slots=True)
class PolicyConsent:
    """Implements `gateway.web.council.ports.PolicyConsent`. All methods block."""

    engine: Engine
    record: RecordFacts
    now: Callable[[], datetime]
    candidates: Callable[[], tuple[PolicySet | None, PolicySet | None]]
    """The changed policies of the folder, and the shadow policies."""

    def pending(self) -> list[PendingPolicies]:
        """Return what waits."""
        with in_words(), reading(self.engine) as connection:
            found = [PendingPolicies(standing.digest, policies.digest, standing.open_points, shadow)
                     for shadow, policies in zip((False, True), self.candidates(), strict=True) if policies is not None
                     if (standing := standing_of(connection, policies)).open_points]
        return [one for n, one in enumerate(found) if one.digest not in {two.digest for two in found[:n]}]

    def agreements(self) -> list[Agreement]:
        """Return what was agreed to, the newest first."""
        with in_words(), reading(self.engine) as connection:
            return [Agreement(one.kind, one.at, one.in_force_since, one.digest)
                    for one in approvals.every(connection)]

    def agree(self, by: str, digest: str) -> None:
        """Agree to exactly these points."""
        for policies in self.candidates():
            if policies is None:
                continue
            with in_words(), writing(self.engine, bump=False) as connection:
                if standing_of(connection, policies).digest == digest and agree(
                        connection, policies, by, "web", self.record, self.now()).open_points:
                    return
        raise GatewayError("anfrage_ungueltig", _GONE)
