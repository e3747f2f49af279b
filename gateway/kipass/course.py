"""Reads a course: Markdown that a clerk can edit, with sections, minutes and questions.

    # Titel
    ## Abschnitt (5 Minuten) {#kuerzel}
    Text …
    ### Frage: Was stimmt?
    - [ ] eine Antwort
      > Warum sie nicht stimmt.
    - [x] eine richtige Antwort
      > Warum sie stimmt.

The key in braces may be left out; then it is made of the heading. Every answer has its explanation, since people learn
most from why an answer is wrong. Questions stand at the end of their section, so that what is asked was read before.

Pure: text in, values out, or `Mistakes` with the line and what to write. That the files are the published ones, and
which version applies, is known elsewhere (`gateway.policy.documents`, `gateway.kipass.documents`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gateway.kipass.lines import BOX, Line, Mistake, Mistakes, lines_of, paragraphs
from gateway.model.course import Answer, Course, Question, Section

_SECTION: Final = re.compile(r"(.*?)\s*\((\d{1,3}) +Minuten?\)\s*(?:\{#([^{}]*)\})?")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_QUESTION: Final = re.compile(r"Frage\s*(:?)\s*(.*)", re.IGNORECASE)
_SPELLED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LONGEST: Final = 60
"""Minutes that one section may take: nobody sits longer in one go."""


def slug(heading: str) -> str:
    """Return the key that a heading stands for: ``Was nie hineingehört`` becomes ``was-nie-hineingehoert``."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower().translate(_SPELLED)).strip("-")[:60].rstrip("-")


def parse_course(text: str) -> Course:
    """Return the course that a file describes. Raises `Mistakes`."""
    reader = _Reader()
    for line in lines_of(text, reader.mistakes):
        reader.take(line)
    return reader.course()


@dataclass(slots=True)
class _Answer:
    line: Line
    text: list[str]
    why: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Question:
    line: Line
    text: str
    body: list[str] = field(default_factory=list)
    answers: list[_Answer] = field(default_factory=list)


@dataclass(slots=True)
class _Section:
    line: Line
    title: str
    minutes: int
    key: str
    body: list[str] = field(default_factory=list)
    questions: list[_Question] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Takes one line after the other; what is open (section, question, answer) is the last of its list."""

    mistakes: list[Mistake] = field(default_factory=list)
    title: str = ""
    early: bool = False
    """Whether text stands before the title."""
    intro: list[str] = field(default_factory=list)
    sections: list[_Section] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    """Every key, and the line on which it was given."""

    def take(self, line: Line) -> None:
        """Take one line."""
        question = self._question
        if line.level and self._heading(line):
            return
        if line.box is not None or line.nearly_box:
            self._box(line)
        elif question is not None:
            self._in_question(line, question)
        elif self.sections:
            self.sections[-1].body.append(line.raw)
        else:
            self.early = self.early or not (self.title or line.blank)
            self.intro.append(line.raw)

    @property
    def _question(self) -> _Question | None:
        return self.sections[-1].questions[-1] if self.sections and self.sections[-1].questions else None

    def _wrong(self, line: Line, what: str, remedy: str) -> None:
        self.mistakes.append(Mistake(line.number, what, remedy))

    def _heading(self, line: Line) -> bool:
        """Take a heading; False for one that is part of a text."""
        asked = _QUESTION.fullmatch(line.text)
        if line.level == 1:
            if self.title:
                self._wrong(line, "Ein zweiter Titel", "schreiben Sie „## “ für einen Abschnitt; „# “ steht nur einmal")
            elif not line.text:
                self._wrong(line, "Der Titel ist leer", "schreiben Sie ihn hinter „# “")
            self.title = self.title or line.text or "?"
            return True
        if asked is not None and (asked[1] or line.level == 3):
            self._ask(line, asked[1], asked[2])
            return True
        if line.level == 2:
            self._section(line)
            return True
        if self._question is not None:
            self._wrong(line, "Zwischen den Fragen steht eine Überschrift", "schreiben Sie „### Frage: …“ oder "
                        "beginnen Sie mit „## … (5 Minuten)“ einen neuen Abschnitt")
            return True
        return False

    def _section(self, line: Line) -> None:
        found = _SECTION.fullmatch(line.text)
        if found is None or not found[1]:
            self._wrong(line, f"Dem Abschnitt „{line.text}“ fehlt die Dauer" if line.text else
                        "Der Abschnitt hat keine Überschrift",
                        "schreiben Sie sie dahinter, zum Beispiel „## Daten schützen (5 Minuten)“")
            self.sections.append(_Section(line, line.text, 1, f"?{line.number}"))
            return
        minutes, given = int(found[2]), found[3]
        if not 1 <= minutes <= _LONGEST:
            self._wrong(line, f"Ein Abschnitt dauert nicht {minutes} Minuten", f"nennen Sie 1 bis {_LONGEST} Minuten")
        key = slug(found[1]) if given is None else given
        if not _KEY.fullmatch(key):
            self._wrong(line, "Aus der Überschrift lässt sich kein Kürzel bilden" if given is None else
                        f"„{key}“ ist kein Kürzel", "schreiben Sie dahinter Kleinbuchstaben, Ziffern und „-“ ohne "
                        "Umlaute, zum Beispiel „{#daten}“")
        elif self.keys.setdefault(key, line.number) != line.number:
            self._wrong(line, f"Das Kürzel „{key}“ hat schon der Abschnitt in Zeile {self.keys[key]}",
                        "schreiben Sie hinter die Überschrift ein eigenes, zum Beispiel „{#" + key[:50] + "-2}“")
        self.sections.append(_Section(line, found[1], minutes, key))

    def _ask(self, line: Line, colon: str, text: str) -> None:
        if line.level != 3 or not colon or not text:
            self._wrong(line, "Hier ist eine Frage gemeint", "schreiben Sie „### Frage: “ und dahinter die Frage")
        if not self.sections:
            self._wrong(line, "Die Frage steht in keinem Abschnitt", "setzen Sie „## … (5 Minuten)“ davor")
            return
        self.sections[-1].questions.append(_Question(line, text))

    def _box(self, line: Line) -> None:
        question = self._question
        if question is None:
            self._wrong(line, "Hier steht eine Antwort ohne Frage", "setzen Sie „### Frage: …“ davor; eine gewöhnliche "
                        "Aufzählung beginnt mit „- “")
        elif line.box is None:
            self._wrong(line, "Hier ist eine Antwort gemeint", f"{BOX}; „- [x] “ steht vor richtigen Antworten")
            question.answers.append(_Answer(line, ["?"], ["?"]))
        else:
            question.answers.append(_Answer(line, [line.text]))

    def _in_question(self, line: Line, question: _Question) -> None:
        """Take a line behind the heading of a question: what is to be read first, or a part of an answer."""
        if not question.answers:
            question.body.append(line.raw)
            return
        answer, quoted = question.answers[-1], line.quote
        if line.blank:
            return
        if quoted is not None and line.indented:
            answer.why.append(quoted)
        elif quoted is not None:
            self._wrong(line, "Die Erklärung ist nicht eingerückt", "setzen Sie zwei Leerzeichen vor „>“")
            answer.why.append("?")
        elif line.indented and not answer.why:
            answer.text.append(line.raw.strip())
        else:
            self._wrong(line, "Hinter den Antworten steht Text", "setzen Sie ihn vor die Frage; eine Erklärung beginnt "
                        "mit „  > “, ein neuer Abschnitt mit „## … (5 Minuten)“")

    def course(self) -> Course:
        """Return what was read. Raises `Mistakes`."""
        if not self.title or self.early:
            self.mistakes.append(Mistake(1, "Der Kurs beginnt nicht mit seinem Titel", "schreiben Sie in die erste "
                                         "Zeile „# “ und dahinter den Titel"))
        if not self.sections:
            self.mistakes.append(Mistake(1, "Der Kurs hat keinen Abschnitt", "ergänzen Sie „## … (5 Minuten)“"))
        sections = tuple(self._finished(section) for section in self.sections)
        if self.mistakes:
            raise Mistakes(self.mistakes)
        return Course(self.title, sections, paragraphs(self.intro))

    def _finished(self, draft: _Section) -> Section:
        body = paragraphs(draft.body)
        if not body and not draft.questions:
            self._wrong(draft.line, f"Der Abschnitt „{draft.title}“ ist leer", "schreiben Sie den Text darunter")
        return Section(draft.key, draft.title, draft.minutes, body, tuple(self._asked(q) for q in draft.questions))

    def _asked(self, draft: _Question) -> Question:
        answers = tuple(Answer(" ".join(a.text), a.line.box == "x", paragraphs(a.why)) for a in draft.answers)
        if len(answers) < 2:
            self._wrong(draft.line, "Die Frage hat weniger als zwei Antworten", "ergänzen Sie Zeilen mit „- [ ] …“")
        elif not any(a.right for a in answers) and not any(a.line.nearly_box for a in draft.answers):
            self._wrong(draft.line, "Keine Antwort auf diese Frage ist richtig", "schreiben Sie „- [x] “ vor jede "
                        "richtige Antwort")
        for answer, one in zip(draft.answers, answers, strict=True):
            if not one.why:
                self._wrong(answer.line, "Zu dieser Antwort fehlt die Erklärung", "schreiben Sie in die nächste Zeile "
                            "„  > “ und warum sie stimmt oder nicht stimmt")
        return Question(draft.text, answers, paragraphs(draft.body))
