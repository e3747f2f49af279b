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
        Page("/review", overview.page, roles=OFFICER),
        Page("/review/protokoll", protocol.page, roles=OFFICER),
        Page("/review/protokoll", protocol.export, "POST", OFFICER),
        Page("/review/protokoll/{id}", detail.page, roles=OFFICER),
        Page("/review/protokoll/{id}/nachweis", detail.proof, roles=OFFICER),
        Page("/review/ansichten", views.page, roles=OFFICER),
        Page("/review/ansichten", views.change, "POST", OFFICER),
        Page("/review/stichprobe", sampling.page, roles=OFFICER),
        Page("/review/stichprobe", sampling.judge, "POST", OFFICER),
        Page("/review/zugriffe", accesses.page, roles=WATCHERS),
        Page("/review/pruefung", check.page, roles=OFFICER),
        Page("/review/pruefung", check.check, "POST", OFFICER, checks.FORM),
        Page("/review/pruefung/buendel", check.bundle, "POST", OFFICER),
        Page("/review/pruefung/pruefer.pyz", checks.program, roles=WATCHERS),
        Page("/review/pruefung/pruefer.html", checks.offline_page, roles=WATCHERS),
        Page("/review/dateien", checks.every_file, roles=OFFICER),
        Page("/review/dateien/{name}", checks.fetch, roles=OFFICER),
    )
