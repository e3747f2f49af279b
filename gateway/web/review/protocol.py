"""The list of records: a filter that is an address, pages of a fixed price, an export that is a record first.

The list names nobody: the person stands in no column. Opening one record leaves a record (`gateway.web.review.detail`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from audit import Page as LedgerPage
from audit.search import Counted
from gateway.model.entities import ENTITIES
from gateway.policy import PolicySet
from gateway.policy.titles import in_words
from gateway.web import words
from gateway.web.asking import ask, do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _
from gateway.web.review import filters, records, views
from gateway.web.review.checking import Checking, Result
from gateway.web.review.timeline import moment_of

PAGE: Final = 25
FORMS: Final = Words({"csv": N_("Tabelle (CSV)"), "jsonl": N_("ohne Verlust (JSON Lines)")})
_PURPOSE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether the records of a page lie under a checkpoint that was checked."""

    unsigned: int
    unchecked: int
    checked_at: datetime | None


class Protocol:
    """The list and its export."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def page(self, desk: Desk, visit: Visit) -> Response:
        """Show the list."""
        return await self._page(desk, visit, filters.read(visit.request.query_params))

    async def _page(self, desk: Desk, visit: Visit, wanted: filters.ListFilter, problem: str = "",
                    purpose: str = "") -> Response:
        context, policies = desk.context, desk.context.policies()
        page, number = LedgerPage([], None), Counted(0, True)
        if not wanted.problems:
            asked = wanted.to_ledger()
            page = await ask(context.ledger.reader.page, asked, wanted.before, PAGE)
            number = await ask(context.review.ledger.reader.number, asked)
        parts = await ask(context.review.ledger.reader.parts, [row.id for row in page.rows])
        names = names_of(policies)
        rows = [_with_meta(records.line(row, names["amt"], names["modell"]), parts.get(row.id, {}).get("meta"),
                           policies) for row in page.rows]
        status, result = await ask(context.ledger.status), await self._checking.last()
        return desk.page(
            visit, "review/protocol.html", 422 if wanted.problems or problem else 200, wanted=wanted,
            chips=wanted.chips(names), rows=rows, names=names, number=number, forms=FORMS, problem=problem,
            purpose=purpose, cover=_cover(page, status.checkpoint_size, result), keep=views.keep_link(wanted),
            looked_to=moment_of(page.looked_to) if page.looked_to is not None else None,
            older=wanted.address(before=page.before) if page.before else "",
            newest=wanted.address() if wanted.before else "")

    async def export(self, desk: Desk, visit: Visit) -> Response:
        """Make a file of what the filter finds; the ledger says so before the file is there."""
        form, house = visit.form, desk.context.review
        wanted = filters.read_query(form.get("filter", ""))
        kind, purpose = form.get("form", "csv"), form.get("zweck", "").strip().lower()
        if not _PURPOSE.fullmatch(purpose) or kind not in FORMS:
            return await self._page(desk, visit, wanted, _("Bitte sagen Sie, wozu: ein Wort aus kleinen Buchstaben, "
                                    "Ziffern, Punkten und Strichen, zum Beispiel vorfall-2026-3."), purpose)
        if wanted.problems:
            return await self._page(desk, visit, wanted)
        name = await do(house.takeouts.begin, visit.somebody.person.id, kind, wanted.to_ledger(), purpose)
        return RedirectResponse(f"/review/dateien#{name}", 303)


def _cover(page: LedgerPage, signed: int, result: Result | None) -> Cover:
    checked = result.covered if result is not None and result.exit_code == 0 else 0
    return Cover(sum(row.idx >= signed for row in page.rows), sum(row.idx >= checked for row in page.rows),
                 result.at if result is not None and checked else None)


def _with_meta(line: records.RowView, meta: Any, policies: PolicySet) -> records.RowView:
    found = meta if isinstance(meta, dict) else {}
    rule = line.row.rule
    return replace(line, replaced=tuple(records.replaced_in_short(found)),
                   rule=in_words(rule, policies) if rule and line.row.type == "denied" else "")


def names_of(policies: PolicySet) -> Mapping[str, Mapping[str, str]]:
    """Return the words for what stands in the fields of the filter."""
    organisation = policies.organisation
    return {
        "amt": {key: rules.name for key, rules in policies.departments.items()},
        "modell": {model.id: model.name for model in policies.models.values()},
        "ort": {region: region for region in sorted({model.region for model in policies.models.values()})},
        "entscheidung": words.DECISIONS,
        "ergebnis": words.ENDS,
        "art": {key: _(name) for key, (name, _types) in words.GROUPS.items()},
        "grund": words.CODES,
        "angabe": dict(sorted(((key, words.entity(key)) for key in ENTITIES), key=lambda pair: pair[1])),
        "zweck": {key: purpose.title for key, purpose in organisation.purposes.allow.items()},
    }
