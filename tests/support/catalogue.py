"""Collects the sentences of the pages, and compiles the catalogue: ``make locale``.

Every page is collected; what stays German is named here, and a house test holds the table of pages to it.
"""

from __future__ import annotations

import ast
import importlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from gateway.web import heard, words
from gateway.web.i18n import Words
from gateway.web.site import pages

WEB = Path(cast(str, words.__file__)).parent
FOLDER = WEB / "locale" / "en" / "LC_MESSAGES"
SHARED = ("access", "casework.views", "charts", "clients", "context", "disclosure", "gate", "heard", "navigation",
          "register", "reid.stations", "review.filters", "review.records", "review.timeline", "review.trends",
          "sayings", "setup.wizard", "staff.limits", "steps", "words")
"""Modules that pages put sentences together with."""
ABOVE = ("gateway.reports.parts", "gateway.founding.settled")
"""And above the pages: what the public page shows of a report, and how a new house is set."""
WORDS = ("ROLES", "DECISIONS", "OUTCOMES", "ENDS", "CODES", "RISKS", "ZONES", "AI_ROLES", "PASS_STATES", "TYPES",
         "APIS", "TASKS", "PARTS", "SOURCES", "EVENTS", "OFFICES", "PAGES")
"""Tables of words that English pages show."""
GERMAN = {"citizen_sheet.html", "casework/letter.html", "reid/letter.html", "styleguide.html"}
"""Templates that stay German: papers, letters to people outside, and the page that only builders of pages open."""
_SENTENCE = re.compile(r"[A-ZÄÖÜ„][^{}\n]* [^{}\n]*\.")


def modules() -> list[Path]:
    """Return the files of the modules that speak English."""
    own = {page.handler.__module__ for page in pages(cast(Any, MagicMock()))}
    names = own | {f"gateway.web.{name}" for name in SHARED} | set(ABOVE)
    return sorted(Path(cast(str, importlib.import_module(name).__file__)) for name in names)


def below() -> Iterator[Path]:
    """Yield the files of the floors below whose refusals are read in English."""
    for name in heard.SOURCES:
        found = Path(cast(str, importlib.import_module(name).__file__))
        yield from sorted(found.parent.glob("*.py")) if found.name == "__init__.py" else [found]


def spoken(path: Path) -> Iterator[str]:
    """Yield the whole sentences in a file: what is no docstring, has no gaps and ends with a full stop."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    other = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    other |= {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in other \
                and _SENTENCE.fullmatch(node.value):
            yield node.value


def templates() -> list[Path]:
    """Return the templates that speak English: all but the German ones, so that nobody can leave one out."""
    folder = WEB / "templates"
    return sorted(path for path in folder.rglob("*.html") if path.relative_to(folder).as_posix() not in GERMAN)


def sentences() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield file and sentence, or its two forms."""
    keywords: Any = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    options = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
    for method, files in (("python", modules()), ("jinja2", templates())):
        for path in files:
            found = extract(method, io.BytesIO(path.read_bytes()), keywords, (), options if method == "jinja2" else {})
            for _line, message, _comments, _context in found:
                yield path.relative_to(WEB if path.is_relative_to(WEB) else WEB.parent).as_posix(), cast(Any, message)
    yield from (("words.py", word) for word in words.DONE.values())
    for name in WORDS:
        yield from (("words.py", word) for word in cast(Words, getattr(words, name)).source())
    yield from (("heard.py", text) for text in heard.told_below() if text)
    for path in below():
        yield from (("heard.py", text) for text in spoken(path))


def template() -> Catalog:
    """Return the catalogue without translations."""
    found = Catalog(project="KI-Pforte", charset="utf-8")
    for path, message in sentences():
        if message:
            found.add(message, locations=[(path, 1)])
    return found


def current() -> Catalog:
    """Return the catalogue as it is kept."""
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="en", charset="utf-8")


def compiled(catalogue: Catalog) -> bytes:
    """Return what the program reads."""
    out = io.BytesIO()
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(out, catalogue)
    return out.getvalue()


def renew() -> int:
    """Bring the catalogue up to date; return how many sentences lack their English."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = current() if (FOLDER / "messages.po").exists() else Catalog(locale="en", charset="utf-8")
    kept.update(template(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    out = io.BytesIO()
    write_po(out, kept, width=110, sort_output=True, include_lineno=False, omit_header=True)
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: en\\n"\n' \
           '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    (FOLDER / "messages.po").write_bytes(head.encode() + out.getvalue())
    (FOLDER / "messages.mo").write_bytes(compiled(current()))
    return sum(not all(m.string) if isinstance(m.string, (tuple, list)) else not m.string for m in current() if m.id)


if __name__ == "__main__":
    print(f"{renew()} Sätze ohne Englisch")
