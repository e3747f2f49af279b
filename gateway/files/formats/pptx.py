"""PPTX: the words of each visible slide, its tables and the speaker's notes. Comments and layouts are not read."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.files.formats.flow import Flow, joined
from gateway.files.formats.package import Package
from gateway.files.formats.xml import Skipping
from gateway.files.reasons import UnreadableError


def read(package: Package, limit: int, most: int) -> str:
    """Return the text of a PPTX."""
    main = package.main()
    slides = [name for kind, name, _ in package.relations(main) if kind == "slide"]
    if len(slides) > most:
        raise UnreadableError("pages", most)
    order = _Order()
    package.parse(main, order)
    by_id = {id_: name for kind, name, id_ in package.relations(main) if kind == "slide"}
    flow = Flow(limit)
    for number, id_ in enumerate(order.ids, 1):
        name = by_id.get(id_, "")
        flow.line(f"\nFolie {number}:")
        package.parse(name, _Slide(flow))
        for kind, notes, _ in package.relations(name) if name else ():
            if kind == "notesSlide":
                flow.line("[Notizen]")
                package.parse(notes, _Slide(flow))
    return joined(flow.take(), flow.notes())


class _Order(Skipping):
    """The order of the slides."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        if name == "sldId":
            self.ids.append(attributes.get("id", ""))


class _Slide(Skipping):
    """One slide. (Its own number is a field that says nothing.)"""

    skipped = frozenset({"Fallback", "fld"})

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self._flow = flow
        self._taken = False

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """A slide that is not shown."""
        hidden = name == "sld" and attributes.get("show") in ("0", "false")
        self._flow.left_out["hidden"] += hidden
        return hidden

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        self._taken = name == "t"
        if name == "tr":
            self._flow.begin_row()
        elif name == "br":
            self._flow.add("\n")
        elif name == "pic":
            self._flow.left_out["pictures"] += 1

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        self._taken = False
        if name == "p":
            self._flow.end_line()
        elif name == "tc":
            self._flow.end_cell()
        elif name == "tr":
            self._flow.end_row()

    def says(self, text: str) -> None:
        """See `Skipping.says`."""
        if self._taken:
            self._flow.add(text)
