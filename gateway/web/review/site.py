"""The addresses below ``/review`` that are about the ledger, and who may see them."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.context import WebContext
from gateway.web.gate import Page
from gateway.web.review import accesses, checks, detail, sampling, views
from gateway.web.review.checking import Checking
from gateway.web.review.overview import Overview
from gateway.web.review.protocol import Protocol

OFFICER: Final[frozenset[Role]] = frozenset({"dpo"})
WATCHERS: Final[frozenset[Role]] = frozenset({"dpo", "personalrat"})


def pages(context: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages."""
    checking = Checking(context)
    overview, protocol, check = Overview(checking), Protocol(checking), checks.Checks(checking)
    return (
        Page("/review", overview.page, roles=OFFICER, english=True),
        Page("/review/protokoll", protocol.page, roles=OFFICER, english=True),
        Page("/review/protokoll", protocol.export, "POST", OFFICER, english=True),
        Page("/review/protokoll/{id}", detail.page, roles=OFFICER, english=True),
        Page("/review/protokoll/{id}/nachweis", detail.proof, roles=OFFICER, english=True),
        Page("/review/ansichten", views.page, roles=OFFICER, english=True),
        Page("/review/ansichten", views.change, "POST", OFFICER, english=True),
        Page("/review/stichprobe", sampling.page, roles=OFFICER, english=True),
        Page("/review/stichprobe", sampling.judge, "POST", OFFICER, english=True),
        Page("/review/zugriffe", accesses.page, roles=WATCHERS, english=True),
        Page("/review/pruefung", check.page, roles=OFFICER, english=True),
        Page("/review/pruefung", check.check, "POST", OFFICER, checks.FORM, english=True),
        Page("/review/pruefung/buendel", check.bundle, "POST", OFFICER, english=True),
        Page("/review/pruefung/pruefer.pyz", checks.program, roles=WATCHERS),
        Page("/review/pruefung/pruefer.html", checks.offline_page, roles=WATCHERS),
        Page("/review/dateien", checks.every_file, roles=OFFICER, english=True),
        Page("/review/dateien/{name}", checks.fetch, roles=OFFICER, english=True),
    )
