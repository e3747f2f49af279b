"""Any course survives being written and read; any other text is a course or a list of mistakes, never a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass.checklist import parse_checklist
from gateway.kipass.course import parse_course
from gateway.kipass.lines import Mistake, Mistakes
from gateway.model.course import Answer, Course, Question, Section

words = st.text(alphabet="abcäöüßXYZ019 .,„“*_()[]§", min_size=1, max_size=12).map(
    lambda t: "w" + " ".join(t.split()) + "w")
bodies = st.lists(words | st.sampled_from(["", "- punkt", "> zitat", "### Zwischen", "```\n# x\n- [x] y\n```"]),
                  max_size=6).map(lambda lines: "\n".join(lines).strip("\n"))
answers = st.builds(Answer, words, st.booleans(), st.lists(words, min_size=1, max_size=3).map("\n".join))
questions = st.builds(Question, words, st.lists(answers, min_size=2, max_size=4).map(
    lambda found: (Answer(found[0].text, True, found[0].why), *found[1:])), words | st.just(""))


@st.composite
def courses(draw: st.DrawFn) -> Course:
    keys = draw(st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True), min_size=1, max_size=4, unique=True))
    sections = tuple(Section(key, draw(words), draw(st.integers(1, 60)), ("w\n" + draw(bodies)).rstrip("\n"),
                             tuple(draw(st.lists(questions, max_size=2)))) for key in keys)
    return Course(draw(words), sections, draw(words | st.just("")))


def written(course: Course) -> str:
    parts = [f"# {course.title}", "", course.intro, ""]
    for section in course.sections:
        unit = "Minute" if section.minutes == 1 else "Minuten"
        parts += [f"## {section.title} ({section.minutes} {unit}) {{#{section.key}}}", "", section.body, ""]
        for question in section.questions:
            parts += [f"### Frage: {question.text}", "", question.body, ""]
            for answer in question.answers:
                parts.append(f"- [{'x' if answer.right else ' '}] {answer.text}")
                parts += [f"  > {line}" for line in answer.why.split("\n")]
            parts.append("")
    return "\n".join(parts)


def mistakes(text: str, parse: Callable[[str], object]) -> Sequence[Mistake]:
    """Return what is wrong with a text; nothing where it can be read."""
    try:
        parse(text)
    except Mistakes as found:
        return found.mistakes
    return ()


@given(courses())
def test_a_course_that_is_written_and_read_is_the_same_course(course: Course) -> None:
    assert parse_course(written(course)) == course


@given(courses(), st.data())
def test_a_course_without_one_of_its_lines_is_a_course_or_names_lines_there_are(course: Course,
                                                                               data: st.DataObject) -> None:
    lines = written(course).split("\n")
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    assert all(1 <= m.line <= len(lines) and m.what and m.remedy for m in mistakes("\n".join(lines), parse_course))


@given(st.text(alphabet="#-*[]xX >`~(){}:Fragein5Minut\n\r\t ä\x00", max_size=120))
def test_any_text_is_a_course_or_a_list_of_mistakes(text: str) -> None:
    for parse in (parse_course, parse_checklist):
        assert mistakes(text, parse) is not None
