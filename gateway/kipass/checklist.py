"""Reads a checklist: a title, perhaps headings, and points with a box (``- [ ] Ich habe …``).

Pure, in the same spirit as `course`: text in, values out, or `Mistakes` with the line and what to write.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.kipass.lines import BOX, Line, Mistake, Mistakes, lines_of, paragraphs
from gateway.model.course import Checklist, Group


def parse_checklist(text: str) -> Checklist:
    """Return the checklist that a file describes. Raises `Mistakes`."""
    reader = _Reader()
    for line in lines_of(text, reader.mistakes):
        reader.take(line)
    return reader.checklist()


@dataclass(slots=True)
class _Group:
    title: str
    intro: list[str] = field(default_factory=list)
    points: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    mistakes: list[Mistake] = field(default_factory=list)
    title: str = ""
    intro: list[str] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)

    def take(self, line: Line) -> None:
        """Take one line."""
        if line.level == 1 and not self.title and line.text:
            self.title = line.text
        elif line.level == 2 and line.text:
            self.groups.append(_Group(line.text))
        elif line.level:
            self._wrong(line, "Diese Überschrift passt nicht hierher", "schreiben Sie „## “ vor eine Überschrift über "
                        "mehreren Punkten")
        elif line.box is not None or line.nearly_box:
            self._point(line)
        else:
            self._text(line)

    def _wrong(self, line: Line, what: str, remedy: str) -> None:
        self.mistakes.append(Mistake(line.number, what, remedy))

    def _point(self, line: Line) -> None:
        if line.box is None:
            self._wrong(line, "Hier ist ein Punkt zum Ankreuzen gemeint", BOX)
        elif line.box == "x":
            self._wrong(line, "Dieser Punkt ist schon angekreuzt", "lassen Sie das Kästchen leer: „- [ ] “")
        if not self.groups:
            self.groups.append(_Group(""))
        self.groups[-1].points.append([line.text or "?"])

    def _text(self, line: Line) -> None:
        points = self.groups[-1].points if self.groups else []
        if points and not line.blank:
            if line.indented:
                points[-1].append(line.raw.strip())
            else:
                self._wrong(line, "Hinter den Punkten steht Text", "setzen Sie ihn vor den ersten Punkt, oder rücken "
                            "Sie ihn mit zwei Leerzeichen ein, wenn er zum Punkt darüber gehört")
        elif not points:
            (self.groups[-1].intro if self.groups else self.intro).append(line.raw)

    def checklist(self) -> Checklist:
        """Return what was read. Raises `Mistakes`."""
        if not self.title:
            self.mistakes.append(Mistake(1, "Der Titel fehlt", "schreiben Sie in die erste Zeile „# “ und dahinter den "
                                         "Titel"))
        if not any(group.points for group in self.groups):
            self.mistakes.append(Mistake(1, "Die Checkliste hat keinen Punkt", "ergänzen Sie Zeilen mit „- [ ] …“"))
        if self.mistakes:
            raise Mistakes(self.mistakes)
        groups = tuple(Group(g.title, tuple(" ".join(p) for p in g.points), paragraphs(g.intro)) for g in self.groups)
        return Checklist(self.title, groups, paragraphs(self.intro))
