"""One section of a course: read, answer, see why, go on.

What serves learning best, and why it is so here: a question is answered before its explanation is shown (recalling
teaches more than reading once more), every answer is explained, also those that nobody chose, and a wrong answer does
not hold anybody up: the explanation is the lesson. So one goes on when every question of the section was answered once,
right or wrong. There is no score, no time, no count; answers live in this one form and are written down nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from gateway.kipass.documents import course_of
from gateway.model.course import Answer, Course, Question, Section
from gateway.web import steps
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_
from gateway.web.mypass import finished, overview_of, show
from gateway.web.steps import Overview, Step


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose, as the page shows it: the name and value of its field, and whether it was chosen."""

    answer: Answer
    field: str
    value: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what was chosen."""

    number: int
    question: Question
    choices: tuple[Choice, ...]

    @property
    def answered(self) -> bool:
        """Whether anything was chosen."""
        return any(c.chosen for c in self.choices)

    @property
    def right(self) -> bool:
        """Whether exactly the right answers were chosen."""
        return all(c.chosen == c.answer.right for c in self.choices)


@dataclass(frozen=True, slots=True)
class Place:
    """A section, and where it stands in its course."""

    step: Step
    course: Course
    at: int
    read: frozenset[str]

    @property
    def section(self) -> Section:
        """The section itself."""
        return self.course.sections[self.at]

    def address(self, at: int) -> str:
        """Return where a section is read."""
        return f"{self.step.address}/{self.course.sections[at].key}"

    @property
    def left(self) -> list[int]:
        """The other sections that are still to be read: first those that follow, then those that were left out."""
        order = [*range(self.at + 1, len(self.course.sections)), *range(self.at)]
        return [n for n in order if self.course.sections[n].key not in self.read]


async def section(desk: Desk, visit: Visit) -> Response:
    """Show a section with its questions."""
    place = _place(desk, visit, await overview_of(desk, visit), await _read(desk, visit))
    if place is None:
        return _unknown(desk, visit)
    return _page(desk, visit, place, asked(place.section, {}))


async def answer(desk: Desk, visit: Visit) -> Response:
    """Explain the answers; then, when asked to, note that the section was read and go on."""
    found = await overview_of(desk, visit)
    place = _place(desk, visit, found, await _read(desk, visit))
    if place is None:
        return _unknown(desk, visit)
    questions = asked(place.section, visit.form)
    if any(not q.answered for q in questions):
        return _page(desk, visit, place, questions, http_status=400, incomplete=True)
    if questions and visit.form.get("tun") != "weiter":
        return _page(desk, visit, place, questions, explained=True)
    return await _go_on(desk, visit, found, place)


async def _go_on(desk: Desk, visit: Visit, found: Overview, place: Place) -> Response:
    shown = visit.form.get("fassung", "")
    if not steps.may_finish(place.step, desk.context.now()):  # read once more: nothing is to be noted
        following = place.at + 1
        return RedirectResponse(place.address(following) if following < len(place.course.sections)
                                else place.step.address, 303)
    read = await do(desk.context.learning.read, visit.somebody.person.id, place.step.module.key, place.section.key,
                    shown)
    if read is None:
        return await show(desk, visit, found, place.step, http_status=409, newer=True)
    if left := Place(place.step, place.course, place.at, read).left:
        return RedirectResponse(place.address(left[0]), 303)
    return await finished(desk, visit, found, place.step, shown)


def asked(one: Section, form: Mapping[str, str]) -> tuple[Asked, ...]:
    """Return the questions of a section with what the form says was chosen."""
    found = []
    for number, question in enumerate(one.questions, 1):
        choices = []
        for n, possible in enumerate(question.answers, 1):
            field = f"frage-{number}-{n}" if question.several else f"frage-{number}"
            choices.append(Choice(possible, field, str(n), form.get(field) == str(n)))
        found.append(Asked(number, question, tuple(choices)))
    return tuple(found)


def _page(desk: Desk, visit: Visit, place: Place, questions: Sequence[Asked], *, http_status: int = 200,
          explained: bool = False, incomplete: bool = False) -> Response:
    to_do = steps.may_finish(place.step, desk.context.now())
    return desk.page(visit, "section.html", http_status, place=place, step=place.step, questions=questions,
                     explained=explained, incomplete=incomplete, to_do=to_do, last=to_do and not place.left,
                     document=place.step.version)


def _place(desk: Desk, visit: Visit, found: Overview, progress: Mapping[str, frozenset[str]]) -> Place | None:
    one = found.step(visit.request.path_params["module"])
    if one is None or one.module.course is None or one.version is None:
        return None
    course = course_of(desk.context.policies().kipass, one.version)
    keys = [s.key for s in course.sections]
    key = visit.request.path_params["section"]
    return Place(one, course, keys.index(key), progress.get(one.module.key, frozenset())) if key in keys else None


async def _read(desk: Desk, visit: Visit) -> Mapping[str, frozenset[str]]:
    return await do(desk.context.learning.progress, visit.somebody.person.id)


def _unknown(desk: Desk, visit: Visit) -> Response:
    return desk.error(visit, 404, text=N_("Diesen Abschnitt gibt es nicht (mehr)."),
                      extra=N_("Ihre Schritte stehen auf der Seite „KI-Pass“."))
