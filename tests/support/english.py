"""What a page says to somebody who reads English, and whether any of it is German."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from tests.support.web_house import House

GERMAN = re.compile(r"[äöüßÄÖÜ„]|\b(?:der|die|das|und|nicht|Sie|Ihre?|ist|wird|mit|für|ein|eine|Uhr)\b")
VOID = {"meta", "link", "input", "img", "br", "hr", "path", "circle", "rect", "line", "polyline", "use"}
"""What has no end of its own."""


class Said(HTMLParser):
    """Collects what a page says, attributes that are read included; leaves out what it marks as German, code, and
    the title of the window: a course has the title that the house gave it, and no part of it can be marked."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in VOID:
            return
        if self.left_out or found.get("lang") == "de" or tag in ("script", "style", "pre", "code", "title"):
            self.left_out.append(tag)
        else:
            self.said += [found[name] or "" for name in ("aria-label", "data-label", "title", "alt") if name in found]

    def handle_endtag(self, tag: str) -> None:
        if self.left_out and tag == self.left_out[-1]:
            self.left_out.pop()

    def handle_data(self, data: str) -> None:
        if not self.left_out:
            self.said.append(data)


def shown(text: str) -> str:
    """Return what a page says, without what it marks as German and without data of the house."""
    page = Said()
    page.feed(text)
    return " ".join(page.said)


def plain(house: House) -> None:
    """Give the house a name and contacts that are in no language."""
    contact = house.policies.organisation.contact
    contact = contact.model_copy(update=dict.fromkeys(type(contact).model_fields, "office@example"))
    house.policies = replace(house.policies, organisation=house.policies.organisation.model_copy(
        update={"name": "Town", "legal_basis": "", "contact": contact}))


def german_in(house: House, text: str) -> str:
    """Return the first German word that a page does not mark as German, with what stands around it; else nothing."""
    said = shown(text)
    for name in [m.name for m in house.policies.models.values()] + [
            p.title for p in house.policies.organisation.purposes.allow.values()]:
        said = said.replace(name, "")
    found = GERMAN.search(said)
    return " ".join(said[max(0, found.start() - 80):found.end() + 80].split()) if found else ""
