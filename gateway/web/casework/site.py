"""The addresses of casework, and who may see them."""

from __future__ import annotations

from typing import Final

from gateway.model.people import Role
from gateway.web.casework import findings, incidents, requests, voices
from gateway.web.context import WebContext
from gateway.web.gate import Page

OFFICER: Final[frozenset[Role]] = frozenset({"dpo"})
SIGNED_IN: Final[frozenset[Role]] = frozenset()


def pages(_: WebContext) -> tuple[Page, ...]:
    """Return the table of these pages."""
    return (
        Page("/review/befunde", findings.overview, roles=OFFICER, english=True),
        Page("/review/befunde/{id}", findings.show, roles=OFFICER, english=True),
        Page("/review/befunde/{id}", findings.change, "POST", OFFICER, 65_536, english=True),
        Page("/review/vorfaelle", incidents.overview, roles=OFFICER, english=True),
        Page("/review/vorfaelle", incidents.begin, "POST", OFFICER, english=True),
        Page("/review/vorfaelle/{id}", incidents.show, roles=OFFICER, english=True),
        Page("/review/vorfaelle/{id}", incidents.change, "POST", OFFICER, incidents.FORM, english=True),
        Page("/review/vorfaelle/{id}/datei", incidents.take, "POST", OFFICER),
        Page("/review/anfragen", requests.overview, roles=OFFICER, english=True),
        Page("/review/anfragen", requests.begin, "POST", OFFICER, english=True),
        Page("/review/anfragen/neu", requests.form, roles=OFFICER, english=True),
        Page("/review/anfragen/{id}", requests.show, roles=OFFICER, english=True),
        Page("/review/anfragen/{id}", requests.change, "POST", OFFICER, 65_536, english=True),
        Page("/review/anfragen/{id}/auskunft", requests.take, "POST", OFFICER),
        Page("/review/anfragen/{id}/brief", requests.letter, roles=OFFICER),
        # What others say: staff, and the public.
        Page(voices.FEEDBACK, voices.feedback_form, roles=SIGNED_IN, english=True),
        Page(voices.FEEDBACK, voices.feedback, "POST", SIGNED_IN, english=True),
        Page(voices.COMPLAINT, voices.complaint_form, english=True),
        Page(voices.COMPLAINT, voices.complaint, "POST", form=voices.FORM, english=True),
    )
