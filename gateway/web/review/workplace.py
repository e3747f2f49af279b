"""The workplace of the data protection officer, first version: is everything in order, and what happened?

Whoever opens a record leaves one (``view``): before the page is shown, and if that cannot be written, it is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from audit import Page as LedgerPage
from gateway.model.entities import ENTITIES
from gateway.policy import PolicySet
from gateway.policy.titles import in_words
from gateway.web import words
from gateway.web.asking import ask
from gateway.web.gate import Desk, Visit
from gateway.web.review import filters, records
from gateway.web.review.checking import Checking

PAGE: Final = 25
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Review:
    """The pages below ``/review``."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def overview(self, desk: Desk, visit: Visit) -> Response:
        """Show the verdict of the verifier and the list of records."""
        policies, wanted = desk.context.policies(), filters.read(visit.request.query_params)
        status = await ask(desk.context.ledger.status)
        page = LedgerPage([], None) if wanted.problems else await ask(
            desk.context.ledger.reader.page, wanted.to_ledger(), wanted.before, PAGE)
        names = _names(policies)
        rows = [records.line(row, names["amt"], names["modell"]) for row in page.rows]
        return desk.page(
            visit, "review/workplace.html", 422 if wanted.problems else 200, result=await self._checking.last(),
            running_since=self._checking.running_since, policy_problems=desk.context.problems(),
            problem=self._checking.problem, status=status, wanted=wanted,
            chips=wanted.chips(names), rows=rows, names=names, groups=words.GROUPS,
            older=wanted.address(before=page.before) if page.before else "",
            newest=wanted.address() if wanted.before else "",
            uncovered=sum(row.row.idx >= status.checkpoint_size for row in rows))

    async def check(self, desk: Desk, visit: Visit) -> Response:
        """Run the verifier."""
        await self._checking.run(visit.somebody.person.id)
        return RedirectResponse("/review", 303)

    async def record(self, desk: Desk, visit: Visit) -> Response:
        """Show one record and its exchange; that somebody looked is written first."""
        record_id, reader = visit.request.path_params["id"], desk.context.ledger.reader
        view = await ask(reader.get, record_id) if _ID.fullmatch(record_id) else None
        if view is None:
            return desk.error(visit, 404, text="Diesen Eintrag gibt es nicht. Ganz neue Einträge erscheinen nach etwa "
                                               "einer Sekunde, gelöschte gar nicht mehr.")
        await desk.context.recorder.record("view", {"page": "review/protokoll"}, subject=visit.somebody.person.id,
                                           ref=view.id)
        vorgang = records.text_of(view.meta, "vorgang")
        exchange = await ask(reader.vorgang, vorgang) if vorgang else []
        status, policies = await ask(desk.context.ledger.status), desk.context.policies()
        names = _names(policies)
        shown = records.detail(view, exchange, {
            "department": names["amt"], "model": names["modell"],
            "decision": {**words.DECISIONS, "local": words.HERE}, "task": words.TASKS,
            "status": words.OUTCOMES, "code": words.CODES, "api": words.APIS, "pass": words.PASS_STATES,
            "purpose": names["zweck"]}, status.checkpoint_size, lambda rule: in_words(rule, policies))
        return desk.page(visit, "review/record.html", shown=shown, log=status.log,
                         current_policy=records.text_of(view.meta, "policy") == policies.digest)


def _names(policies: PolicySet) -> Mapping[str, Mapping[str, str]]:
    """Return the words for what stands in the fields of the filter."""
    organisation = policies.organisation
    return {
        "amt": {key: rules.name for key, rules in policies.departments.items()},
        "modell": {model.id: model.name for model in policies.models.values()},
        "entscheidung": words.DECISIONS,
        "art": {key: name for key, (name, _) in words.GROUPS.items()},
        "grund": words.CODES,
        "zweck": {key: purpose.title for key, purpose in organisation.purposes.allow.items()},
        "kind": {key: kind.name for key, kind in ENTITIES.items()},
    }
