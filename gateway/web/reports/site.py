"""The addresses of reports, papers and the public register, and who may see them."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.model.reporting import KINDS
from gateway.web.context import WebContext
from gateway.web.gate import Page
from gateway.web.reports import pages as reports
from gateway.web.reports import public

OFFICER: Final[frozenset[Role]] = frozenset({"dpo"})
READERS: Final[frozenset[Role]] = frozenset().union(*(kind.readers for kind in KINDS.values()))


def pages(context: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages. Which reports a reader sees is said by each report (`gateway.model.reporting`).
    """
    return (
        Page("/transparency", public.page, english=True),
        Page("/transparency.json", public.as_json),
        Page("/transparency.csv", public.as_csv),
        Page("/review/berichte", reports.overview, roles=READERS, english=True),
        Page("/review/berichte/{kind}", reports.show, roles=READERS, english=True),
        Page("/review/berichte/{kind}", reports.take, "POST", READERS, english=True),
        Page("/review/unterlagen", reports.papers, roles=OFFICER, english=True),
        Page("/review/unterlagen/{kind}", reports.paper, roles=OFFICER, english=True),
        Page("/review/unterlagen/{kind}", reports.release, "POST", OFFICER, english=True),
        Page("/review/unterlagen/{kind}/freigabe/{id}", reports.take_release, "POST", OFFICER),
    )
