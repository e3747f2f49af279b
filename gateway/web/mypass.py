"""The pages of one's own KI-Pass: how do I stand, and the steps, each on a page of its own.

A step is finished by a form that carries the hash of the version on the page: what was not shown is not acknowledged.
Sent twice, sent late, sent in another order, it does no harm. After it comes the next open step.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.kipass.documents import checklist_of, course_of, text_of
from gateway.model.kipass import Document, KiPassConfig
from gateway.web import changes, steps
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.steps import Overview, Step

_LONGEST_COMPARED = 200_000
"""Characters of a text up to which versions are compared."""


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show how somebody stands and what comes next."""
    found = await overview_of(desk, visit)
    config, now = desk.context.policies().kipass, desk.context.now()
    return desk.page(visit, "pass.html", overview=found, sentence=steps.sentence(found, config, now),
                     states=[steps.state_in_words(one.status, config, now) for one in found.further],
                     finished=_finished(visit, found))


async def step(desk: Desk, visit: Visit) -> Response:
    """Show one step."""
    found = await overview_of(desk, visit)
    one = _step(visit, found)
    if one is None:
        return desk.error(visit, 404, extra=N_("Ihre Schritte stehen auf der Seite „KI-Pass“."))
    return await show(desk, visit, found, one)


async def finish(desk: Desk, visit: Visit) -> Response:
    """Finish a step and go on to the next."""
    found = await overview_of(desk, visit)
    one = _step(visit, found)
    if one is None or one.module.course is not None:
        return desk.error(visit, 404, extra=N_("Ihre Schritte stehen auf der Seite „KI-Pass“."))
    if one.module.kind == "checkliste" and one.version is not None:
        points = [p for g in checklist_of(desk.context.policies().kipass, one.version).groups for p in g.points]
        left = [n for n in range(1, len(points) + 1) if visit.form.get(f"punkt-{n}") != "ja"]
        if left and visit.form.get("fassung") == one.version.sha256:
            return await show(desk, visit, found, one, http_status=400, left=left)
    return await finished(desk, visit, found, one, visit.form.get("fassung", ""))


async def finished(desk: Desk, visit: Visit, found: Overview, one: Step, shown: str) -> Response:
    """Write down that a step is finished, unless another version applies by now; then show that one."""
    person = visit.somebody.person.id
    if not await do(desk.context.learning.finish, person, one.module.key, shown):
        return await show(desk, visit, found, one, http_status=409, newer=True)
    await desk.look_again(visit)
    now_ = await overview_of(desk, visit)
    done = f"?erledigt={quote(one.module.key)}"
    if now_.admits and not now_.open:
        return RedirectResponse(f"/pass/geschafft{done}", 303)
    return RedirectResponse((now_.next.address if now_.next else "/pass") + done, 303)


async def all_done(desk: Desk, visit: Visit) -> Response:
    """Say that the pass is valid, until when, and what one can do with it."""
    found = await overview_of(desk, visit)
    if not found.admits:
        return RedirectResponse("/pass", 303)
    return desk.page(visit, "pass_done.html", overview=found, finished=_finished(visit, found))


async def overview_of(desk: Desk, visit: Visit) -> Overview:
    """Return how whoever is signed in stands at this moment."""
    member = visit.somebody
    progress = await do(desk.context.learning.progress, member.person.id)
    return steps.overview(member, desk.context.policies(), desk.context.now(), progress)


async def show(desk: Desk, visit: Visit, found: Overview, one: Step, *, http_status: int = 200, newer: bool = False,
               left: list[int] | None = None) -> Response:
    """Render the page of a step."""
    config, now = desk.context.policies().kipass, desk.context.now()
    member = visit.somebody
    version = steps.chosen_version(member, one, config, now, visit.request.query_params.get("fassung", ""))
    values = {"overview": found, "step": one, "document": version, "newer": newer, "left": left or [],
              "finished": _finished(visit, found), "number": _number(found, one)}
    if one.module.course is not None and version is not None:
        read = (await do(desk.context.learning.progress, member.person.id)).get(one.module.key, frozenset())
        course = course_of(config, version)
        return desk.page(visit, "course.html", http_status, **values, course=course, read=read,
                         to_do=steps.may_finish(one, now),
                         go_on=next((n for n, s in enumerate(course.sections) if s.key not in read), 0))
    if one.module.kind == "checkliste" and version is not None:
        ticked = {name for name, value in visit.form.items() if name.startswith("punkt-") and value == "ja"}
        return desk.page(visit, "checklist.html", http_status, **values, checklist=checklist_of(config, version),
                         ticked=ticked, to_do=steps.may_finish(one, now))
    announced = version is not None and version != one.version
    known = version is not None and steps.knows(member, one.module, version)
    before = steps.acknowledged(member, one, config, version) if version else None
    return desk.page(visit, "step.html", http_status, **values, text=_text(config, version), before=before,
                     differs=_differences(config, before, version), announced=announced,
                     to_do=steps.may_finish(one, now) or (announced and not known))


def _step(visit: Visit, found: Overview) -> Step | None:
    return found.step(visit.request.path_params["module"])


def _number(found: Overview, one: Step) -> str:
    """Return ``Schritt 3 von 5`` for a step of the pass that everybody needs."""
    keys = [s.module.key for s in found.basis.steps]
    if one.module.key not in keys:
        return ""
    return _("Schritt {number} von {all}").format(number=keys.index(one.module.key) + 1, all=len(keys))


def _finished(visit: Visit, found: Overview) -> str:
    """Return the title of the step that was finished on the page before, if it really is."""
    one = found.step(visit.request.query_params.get("erledigt", ""))
    return one.module.title if one is not None and one.done else ""


def _text(config: KiPassConfig, version: Document | None) -> str:
    """Return the Markdown of a version; nothing for a PDF."""
    return text_of(config, version) if version is not None and version.file.endswith(".md") else ""


def _differences(config: KiPassConfig, before: Document | None,
                 version: Document | None) -> list[changes.Change] | None:
    """Return what has changed since the version that somebody knows; None: that cannot be said."""
    if before is None or version is None:
        return None
    old, new = _text(config, before), _text(config, version)
    if not old or not new or max(len(old), len(new)) > _LONGEST_COMPARED:
        return None
    return _compared(old, new)


_compared = lru_cache(maxsize=16)(changes.changes)
