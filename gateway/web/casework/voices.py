"""What others say: feedback from staff without content, and complaints from the public (KI-Rüge).

Nothing that is written here is logged. Feedback is not signed: who gave it is not stored. Both are counted per quarter
of an hour, feedback by person and complaints by the address of the network, so that nobody fills the queue; counted
before it is taken in, so that many at once gain nothing.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.casework import KINDS_OF_PROBLEM, PLACES
from gateway.web import words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit, open_form
from gateway.web.i18n import _

FEEDBACK: Final = "/usage/rueckmeldung"
COMPLAINT: Final = "/transparency/ruege"
FORM: Final = 65_536
PER_PERSON: Final = 10
PER_PLACE: Final = 5
IN_ALL: Final = 200
_FIELDS: Final = ("text", "name", "kontakt", "aktenzeichen", "amt")


async def feedback_form(desk: Desk, visit: Visit) -> Response:
    """Show the form for feedback."""
    return _feedback(desk, visit)


async def feedback(desk: Desk, visit: Visit) -> Response:
    """Take in feedback."""
    limits = {f"rueckmeldung {visit.somebody.person.id}": PER_PERSON}
    if (wait := await desk.context.guesses.wait(limits, desk.context.now())) > 0:
        return _feedback(desk, visit, _later(wait), 429)
    await desk.context.guesses.count(limits, desk.context.now())
    try:
        await do(desk.context.cases.feedback, dict(visit.form))
    except GatewayError as error:
        await desk.context.guesses.count(limits, desk.context.now(), by=-1)
        if error.code != "anfrage_ungueltig":
            raise
        return _feedback(desk, visit, error.message, 422)
    return RedirectResponse(f"{FEEDBACK}?getan=1", 303)


def _feedback(desk: Desk, visit: Visit, problem: str = "", status: int = 200) -> Response:
    given = visit.form.get("vorgang", "") or visit.request.query_params.get("vorgang", "")[:40]
    return desk.page(visit, "casework/feedback.html", status, kinds=KINDS_OF_PROBLEM, places=PLACES, problem=problem,
                     form=visit.form, vorgang=given, done=visit.request.query_params.get("getan") == "1")


async def complaint_form(desk: Desk, visit: Visit) -> Response:
    """Show the form for a complaint."""
    return _complaint(desk, visit)


async def complaint(desk: Desk, visit: Visit) -> Response:
    """Take in a complaint from the public."""
    place = visit.request.client.host if visit.request.client else ""
    limits = {f"ruege {place}": PER_PLACE, "ruege": IN_ALL}
    if (wait := await desk.context.guesses.wait(limits, desk.context.now())) > 0:
        return _complaint(desk, visit, _later(wait), 429)
    await desk.context.guesses.count(limits, desk.context.now())
    try:
        number = await do(desk.context.cases.complain, {name: visit.form.get(name, "") for name in _FIELDS})
    except GatewayError as error:
        await desk.context.guesses.count(limits, desk.context.now(), by=-1)
        if error.code != "anfrage_ungueltig":
            raise
        return _complaint(desk, visit, error.message, 422)
    return desk.page(visit, "casework/complaint_done.html", number=number)


def _complaint(desk: Desk, visit: Visit, problem: str = "", status: int = 200) -> Response:
    open_form(visit)
    departments = sorted(rules.name for rules in desk.context.policies().departments.values())
    return desk.page(visit, "casework/complaint.html", status, problem=problem, form=visit.form,
                     departments=departments, days=desk.context.cases.complaint_days)


def _later(wait: int) -> str:
    return _("Von hier kamen gerade sehr viele Meldungen. Bitte versuchen Sie es in {minutes} noch einmal. Ihre "
             "Eingabe steht noch im Formular.").format(minutes=words.minutes(-(-wait // 60)))
