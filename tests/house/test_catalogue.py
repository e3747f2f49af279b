"""The English of the pages: fresh, whole, and no page is half German."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest

from gateway.web.site import pages
from tests.support import catalogue

HINT = "run: make locale, then write the English into locale/en/LC_MESSAGES/messages.po and run it again"
EXPRESSIONS = re.compile(r"\{% trans.*?endtrans %\}|\{#.*?#\}|<code[^>]*>.*?</code>|<pre.*?</pre>|\{\{.*?\}\}|"
                         r"\{%.*?%\}", re.DOTALL)
TAGS = re.compile(r"<style>.*?</style>|"
                  r'<span lang="\w*">.*?</span>|<p [^>]*lang="[^"]*">.*?</p>|<[^>]*>|aria-[a-z]+="[^"]*"', re.DOTALL)
TRANS = re.compile(r"\{%-?\s*trans\b((?:(?!%\}).)*)%\}((?:(?!\{%-?\s*endtrans).)*?)\{%-?\s*pluralize\s*(\w*)\s*-?%\}",
                   re.DOTALL)
TEMPLATES = Path(__file__).parents[2] / "gateway/web/templates"
NAMES = {"KI-Pforte", "doctype", "html"}
"""What is the same in every language."""


NO_PAGES = {
    "/.well-known/did.json", "/.well-known/ki-pass.json", "/abmelden", "/anmelden/abmelden", "/anmelden/abmelden-oidc",
    "/ansicht", "/konto/abmelden", "/office/people.csv", "/pass/dokumente/{sha256}", "/pass/nachweis.jws",
    "/pass/open-badge.jwt", "/review/anfragen/{id}/auskunft", "/review/anfragen/{id}/brief",
    "/review/person/{id}/brief", "/review/pruefung/pruefer.html", "/review/pruefung/pruefer.pyz",
    "/review/unterlagen/{kind}/freigabe/{id}", "/review/vorfaelle/{id}/datei", "/styleguide", "/transparency.csv",
    "/transparency.json"}
"""The same for everybody: files, letters to people outside, ways on to another page, what builders of pages open."""


def test_no_page_is_left_out_of_the_catalogue() -> None:
    assert {page.path for page in pages(cast(Any, MagicMock())) if not page.english} == NO_PAGES
    left = {path.relative_to(TEMPLATES).as_posix() for path in set(TEMPLATES.rglob("*.html")) - set(
        catalogue.templates())}
    assert left == catalogue.GERMAN


def test_the_catalogue_has_every_sentence_of_the_english_pages_and_no_other() -> None:
    assert {m.id for m in catalogue.current()} == {m.id for m in catalogue.template()}, HINT


def test_every_sentence_has_its_english_with_the_same_gaps() -> None:
    gaps = re.compile(r"\{\w*\}|%\(\w+\)s|%%")
    for message in catalogue.current():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for source, text in zip(ids, texts, strict=True):
            assert text or not source, f"{source!r} has no English; {HINT}"
            assert not source or sorted(gaps.findall(source)) == sorted(gaps.findall(text)), source
        assert not message.fuzzy


def test_the_program_reads_what_the_catalogue_says() -> None:
    assert (catalogue.FOLDER / "messages.mo").read_bytes() == catalogue.compiled(catalogue.current()), HINT


@pytest.mark.parametrize("path", catalogue.templates())
def test_a_template_that_speaks_english_has_no_word_outside_a_sentence_of_the_catalogue(path: Path) -> None:
    rest = TAGS.sub("|", EXPRESSIONS.sub("", path.read_text(encoding="utf-8")))
    found = {word.strip(" \n–-(),.:/×") for word in rest.split("|")} - NAMES
    assert {word for word in found if re.search(r"[A-Za-zÄÖÜäöüß]{2}", word)} == set()


def test_no_template_translates_what_is_not_written_in_it() -> None:
    """What gettext returns in a template counts as markup, so a text from elsewhere goes through `said` or `word`."""
    for path in (catalogue.WEB / "templates").rglob("*.html"):
        assert not re.search(r"(?<!\w)_\((?![\"'])", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_what_decides_between_one_and_many_is_a_count(file: Path) -> None:
    """Without a name Jinja counts by the first variable; a text there fails only in the language with real plurals."""
    for head, _, named in TRANS.findall(file.read_text(encoding="utf-8")):
        given = dict(re.findall(r"(\w+)\s*=\s*([^,]+)", head))
        counts = named or head.split("=")[0].strip()
        assert counts == "count", f"{head.strip()}: name it, {{% pluralize count %}}"
        assert not re.search(r"\|\s*(number|moment|day|time|data|said)\b", given.get(counts, "")), head
