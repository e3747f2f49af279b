"""Courses and checklists as people write them: what is read, and what is said about every mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.kipass.checklist import parse_checklist
from gateway.kipass.course import parse_course, slug
from gateway.kipass.lines import Mistakes
from gateway.model.course import Answer, Question
from gateway.policy import load_policies

POLICIES = Path(__file__).parents[3] / "policies"
HANDBOOK = POLICIES.parent / "docs" / "ki-pass.md"
GOOD = """# Titel

Fassung 1.0

## Erster Abschnitt (5 Minuten)

Text mit **Nachdruck**.

### Zwischenüberschrift

- eine Aufzählung

## Zweiter (1 Minute) {#zwei}

### Frage: Was stimmt?

Lesen Sie dies zuerst.

- [ ] eine Antwort
  die weitergeht
  > Nein.
- [x] die richtige
  > Ja,
  > und zwar darum.
* [X] noch eine
  > Auch.
"""


def test_a_course_is_read_as_it_is_written() -> None:
    course = parse_course(GOOD)
    assert (course.title, course.intro, course.minutes) == ("Titel", "Fassung 1.0", 6)
    first, second = course.sections
    assert (first.key, first.title, first.minutes) == ("erster-abschnitt", "Erster Abschnitt", 5)
    assert first.body == "Text mit **Nachdruck**.\n\n### Zwischenüberschrift\n\n- eine Aufzählung"
    assert (second.key, second.body) == ("zwei", "")
    assert second.questions == (Question("Was stimmt?", (
        Answer("eine Antwort die weitergeht", False, "Nein."), Answer("die richtige", True, "Ja,\nund zwar darum."),
        Answer("noch eine", True, "Auch.")), "Lesen Sie dies zuerst."),)
    assert second.questions[0].several


def test_windows_line_ends_and_headings_in_code_change_nothing() -> None:
    assert parse_course(GOOD.replace("\n", "\r\n")) == parse_course(GOOD)
    block = parse_course("# T\n## A (1 Minute)\n```\n# kein Titel\n- [x] keine Antwort\n```\n")
    assert block.sections[0].body == "```\n# kein Titel\n- [x] keine Antwort\n```"


@pytest.mark.parametrize(("heading", "key"), [
    ("Was nie hineingehört", "was-nie-hineingehoert"), ("„Größe“ & Maß – 2. Teil", "groesse-mass-2-teil"),
    ("!!!", ""), ("a" * 80, "a" * 60)])
def test_a_heading_becomes_a_key(heading: str, key: str) -> None:
    assert slug(heading) == key


def said(text: str) -> str:
    with pytest.raises(Mistakes) as found:
        parse_course(text)
    return str(found.value)


@pytest.mark.parametrize(("old", "new", "message"), [
    ("# Titel\n", "", "Zeile 1: Der Kurs beginnt nicht mit seinem Titel; schreiben Sie in die erste Zeile „# “"),
    ("# Titel", "Vorab\n# Titel", "Zeile 1: Der Kurs beginnt nicht mit seinem Titel"),
    ("Fassung 1.0", "# Noch einer", "Zeile 3: Ein zweiter Titel; schreiben Sie „## “ für einen Abschnitt"),
    (" (5 Minuten)", "", "Zeile 5: Dem Abschnitt „Erster Abschnitt“ fehlt die Dauer; schreiben Sie sie dahinter"),
    (" (5 Minuten)", " (0 Minuten)", "Zeile 5: Ein Abschnitt dauert nicht 0 Minuten; nennen Sie 1 bis 60 Minuten"),
    (" (5 Minuten)", " (5 min)", "Zeile 5: Dem Abschnitt „Erster Abschnitt (5 min)“ fehlt die Dauer"),
    ("{#zwei}", "{#Zwei Ü}", "Zeile 13: „Zwei Ü“ ist kein Kürzel"),
    ("{#zwei}", "{#erster-abschnitt}", "Zeile 13: Das Kürzel „erster-abschnitt“ hat schon der Abschnitt in Zeile 5"),
    ("Erster Abschnitt", "???", "Zeile 5: Aus der Überschrift lässt sich kein Kürzel bilden"),
    ("### Frage: Was", "### Frage Was", "Zeile 15: Hier ist eine Frage gemeint; schreiben Sie „### Frage: “"),
    ("### Frage: Was", "## Frage: Was", "Zeile 15: Hier ist eine Frage gemeint"),
    ("### Frage: Was stimmt?", "", "Zeile 19: Hier steht eine Antwort ohne Frage"),
    ("- [ ] eine", "-[ ] eine", "Zeile 19: Hier ist eine Antwort gemeint; schreiben Sie „- [ ] “"),
    ("- [ ] eine", "- [] eine", "Zeile 19: Hier ist eine Antwort gemeint"),
    ("- [x] die richtige\n  > Ja,\n  > und zwar darum.\n* [X] noch eine\n  > Auch.\n", "",
     "Zeile 15: Die Frage hat weniger als zwei Antworten"),
    ("  > Nein.\n", "", "Zeile 19: Zu dieser Antwort fehlt die Erklärung; schreiben Sie in die nächste Zeile „  > “"),
    ("  > Nein.", "> Nein.", "Zeile 21: Die Erklärung ist nicht eingerückt; setzen Sie zwei Leerzeichen vor „>“"),
    ("  > Auch.\n", "  > Auch.\n\nNachtrag\n", "Zeile 28: Hinter den Antworten steht Text"),
    ("  > Auch.\n", "  > Auch.\n### Mehr\n", "Zeile 27: Zwischen den Fragen steht eine Überschrift"),
    ("Text mit **Nachdruck**.\n\n### Zwischenüberschrift\n\n- eine Aufzählung\n", "",
     "Zeile 5: Der Abschnitt „Erster Abschnitt“ ist leer"),
    ("Text mit", "```\nText mit", "Zeile 7: Der Block „```“ wird nicht geschlossen"),
])
def test_a_mistake_is_named_with_its_line_and_what_to_write(old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    assert message in said(GOOD.replace(old, new))


@pytest.mark.parametrize("line", ["# a{}(5", "## a{}(5 Minuten", "### Frage{}", "- [ ]{}", "-{}[ ] a", "{}> a"])
def test_a_line_of_blanks_is_read_in_passing(line: str) -> None:
    with pytest.raises(Mistakes):  # a million blanks: whoever looks for their end twice never comes back
        parse_course("# T\n# T\n## A (1 Minute)\n" + line.format(" " * 1_000_000))


def test_all_mistakes_are_named_at_once_in_the_order_of_the_lines() -> None:
    lines = said(GOOD.replace(" (5 Minuten)", "").replace("  > Nein.\n", "").replace("* [X]", "*[X]")).splitlines()
    assert [line.split(":")[0] for line in lines] == ["Zeile 5", "Zeile 19", "Zeile 24"]


def test_no_right_answer_is_a_mistake() -> None:
    none = GOOD.replace("[x]", "[ ]").replace("[X]", "[ ]")
    assert "Zeile 15: Keine Antwort auf diese Frage ist richtig" in said(none)


def test_a_checklist_is_read_as_it_is_written() -> None:
    found = parse_checklist("# Liste\n\nIn Ruhe.\n\n- [ ] ohne Gruppe\n\n## Vorher\n\nErst dies.\n\n"
                            "- [ ] eins\n  zwei\n")
    assert (found.title, found.intro) == ("Liste", "In Ruhe.")
    assert [(g.title, g.intro, g.points) for g in found.groups] == [
        ("", "", ("ohne Gruppe",)), ("Vorher", "Erst dies.", ("eins zwei",))]


@pytest.mark.parametrize(("text", "message"), [
    ("", "Zeile 1: Der Titel fehlt"), ("# L\n\nText", "Zeile 1: Die Checkliste hat keinen Punkt"),
    ("# L\n- [x] a", "Zeile 2: Dieser Punkt ist schon angekreuzt; lassen Sie das Kästchen leer: „- [ ] “"),
    ("# L\n- [] a", "Zeile 2: Hier ist ein Punkt zum Ankreuzen gemeint"),
    ("# L\n- [ ] a\nText", "Zeile 3: Hinter den Punkten steht Text"),
    ("# L\n#### b\n- [ ] a", "Zeile 2: Diese Überschrift passt nicht hierher"),
])
def test_a_mistake_in_a_checklist_is_named_too(text: str, message: str) -> None:
    with pytest.raises(Mistakes) as found:
        parse_checklist(text)
    assert message in str(found.value)


def test_the_examples_of_the_handbook_are_a_course_and_a_checklist() -> None:
    course, checklist = re.findall(r"```markdown\n(.*?)```", HANDBOOK.read_text(encoding="utf-8"), re.DOTALL)
    assert parse_course(course).sections[0].questions[0].several
    assert len(parse_checklist(checklist).groups[0].points) == 2


def test_the_shipped_courses_take_about_as_long_as_their_modules_say() -> None:
    rules = load_policies(POLICIES).kipass
    modules = [m for m in rules.modules.values() if m.course is not None]
    assert {m.course for m in modules} == set(rules.courses) == {"grundlagen", "datenschutz", "bild"}
    for module in modules:
        for version in rules.courses[module.course or ""]:
            course = parse_course(rules.texts[version.sha256].decode())
            assert course.title == version.title
            assert abs(course.minutes - module.minutes) <= module.minutes / 10


def test_the_shipped_courses_can_be_read_in_the_time_they_name_and_ask_in_every_section() -> None:
    for file in (POLICIES / "documents").glob("kurs-*.md"):
        course = parse_course(file.read_text(encoding="utf-8"))
        words = len(file.read_text(encoding="utf-8").split())
        assert 80 <= words / course.minutes <= 170, file.name  # reading and thinking, not skimming
        for section in course.sections:
            assert 2 <= section.minutes <= 6
            assert 1 <= len(section.questions) <= 3, (file.name, section.key)
            assert all(len(a.why) > 20 for q in section.questions for a in q.answers)
            assert any(not a.right for q in section.questions for a in q.answers)
