"""Staff, the pass office and the public on their pages in English: every page of the way, with what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway.model.kipass import PassEvent
from gateway.registry import index
from tests.support.english import german_in, plain
from tests.support.web_client import Answer, Browser
from tests.support.web_house import NOW, House

TEXT = ("Dear Ms Kim,\nplease pay to DE02120300000000202051. Call 0431 901-2345. Born 12.03.1980. She has diabetes.\n"
        "Yours, Alex Muster, Hauptstr. 1, 24103 Kiel")


@pytest.fixture
def town(house: House) -> House:
    plain(house)
    return house


def english(house: House, *roles: str, name: str = "Kim Example", steps: int | None = None,
            events: tuple[PassEvent, ...] = ()) -> Browser:
    """Return the browser of somebody who chose English."""
    browser = house.browser(house.hire(name, *roles, steps=steps, events=events))
    assert browser.get("/ansicht?sprache=en&weiter=/").status == 303
    return browser


def check(house: House, answer: Answer, status: int = 200) -> str:
    """Return a page after looking whether all of it is English."""
    assert answer.status == status, answer.status
    assert '<html lang="en"' in answer.text
    assert german_in(house, answer.text) == ""
    return answer.text


def version(page: Answer) -> str:
    """Return the version that a step shows."""
    return found[1] if (found := re.search(r'name="fassung" value="([0-9a-f]+)"', page.text)) else ""


def steps_of(house: House) -> Iterator[tuple[str, str]]:
    """Yield the address of every step of the KI-Pass, and its kind."""
    for key, module in house.policies.kipass.modules.items():
        yield f"/pass/schritt/{key}", module.kind


@pytest.mark.parametrize("steps", [0, 2, None])
def test_the_way_to_the_pass_is_read_in_english(town: House, steps: int | None) -> None:
    browser = english(town, steps=steps)
    for path in ("/", "/pass", "/pass/dokumente", "/keys", "/konto", "/pass/nachweis"):
        check(town, browser.get(path))
    if steps is None:
        check(town, browser.get("/pass/geschafft"))
    for path, _kind in steps_of(town):
        page = browser.get(path)
        check(town, page)
        for section in dict.fromkeys(re.findall(rf'href="({path}/[\w-]+)"', page.text)):
            check(town, browser.get(section))
    for document in dict.fromkeys(re.findall(r'href="(/pass/dokumente/[0-9a-f]+/lesen)"',
                                             browser.get("/pass/dokumente").text)):
        check(town, browser.get(document))


def test_what_is_missing_on_the_way_is_said_in_english(town: House) -> None:
    browser = english(town, steps=0)
    for path, kind in steps_of(town):
        page = browser.get(path)
        if kind == "checkliste":
            check(town, browser.post(path, {"formular": page.token, "fassung": version(page)}), 400)
        sections = re.findall(rf'href="({path}/[\w-]+)"', page.text)
        if kind == "schulung" and sections:
            section = sections[0]
            page = browser.get(section)
            check(town, browser.post(section, {"formular": page.token, "fassung": version(page)}), 400)
            answers = dict.fromkeys(re.findall(r'name="(frage-[\d-]+)"', page.text), "1")
            check(town, browser.post(section, {"formular": page.token, "fassung": version(page), **answers}))


def test_a_suspended_pass_is_explained_in_english(town: House) -> None:
    browser = english(town, events=(PassEvent("gesperrt", NOW),))
    for path in ("/", "/pass", "/pass/nachweis"):
        assert "suspended" in check(town, browser.get(path)) or path == "/pass/nachweis"


def test_the_certificate_and_its_check_are_read_in_english(town: House) -> None:
    browser = english(town)
    browser.post("/pass/nachweis", {"schritt": "ausstellen"}, page="/pass/nachweis")
    page = check(town, browser.get("/pass/nachweis?erledigt=ausstellen"))
    found = re.search(r'class="certificate-number">((?:<span>[0-9A-Z]{4}</span>){5})', page)
    assert found
    number = re.sub(r"<[^>]+>", "", found[1])
    check(town, browser.get(f"/pass/pruefen/{number}"))
    check(town, browser.get("/pass/pruefen/ZZZZ"), 404)
    check(town, browser.post("/pass/pruefen", {"nachweis": ""}, page="/pass/pruefen"), 400)
    check(town, browser.post("/pass/pruefen", {"nachweis": "a.b.c"}, page="/pass/pruefen"))


def test_the_preview_explains_itself_in_english(town: House) -> None:
    browser = english(town)
    check(town, browser.get("/preview"))
    check(town, browser.post("/preview", {"text": ""}, page="/preview"), 400)
    for model in town.policies.models:
        check(town, browser.post("/preview", {"text": TEXT, "modell": model, "zweck": "allgemein"}, page="/preview"))


def test_ones_own_use_is_read_in_english_and_its_file_for_programs_is_the_same_for_everybody(town: House) -> None:
    entry = town.hire("Kim Example")
    for status in ("ok", "failed", ""):
        town.exchange(department="bauamt", subject=entry.person.id, status=status)
    town.denied("inhalt_gesperrt", department="bauamt", subject=entry.person.id)
    town.settle()
    browser = town.browser(entry)
    german = browser.get("/usage/alles.json").body
    browser.get("/ansicht?sprache=en&weiter=/")
    assert browser.get("/usage/alles.json").body == german
    page = check(town, browser.get("/usage"))
    for path in dict.fromkeys(re.findall(r'href="(/usage/[A-Z0-9-]+)"', page)):
        check(town, browser.get(path))
    check(town, browser.get("/usage/alles.html"))
    check(town, browser.get("/usage/XXXX"), 404)
    check(town, browser.get("/"))
    check(town, browser.get("/usage/rueckmeldung?getan=1"))
    check(town, browser.post("/usage/rueckmeldung", {}, page="/usage/rueckmeldung"), 422)


def test_the_public_reads_english_and_programs_always_read_the_same(town: House) -> None:
    browser = Browser(town.app)
    german = browser.get("/transparency", {"accept": "application/json"}).text
    browser.get("/ansicht?sprache=en&weiter=/")
    check(town, browser.get("/transparency"))
    check(town, browser.get("/transparency?jahr=1999"), 404)
    assert browser.get("/transparency", {"accept": "application/json"}).text == german
    check(town, browser.get("/transparency/ruege"))
    check(town, browser.post("/transparency/ruege", {"text": ""}, page="/transparency/ruege"), 422)
    check(town, browser.post("/transparency/ruege", {"text": "A letter."}, page="/transparency/ruege"))


def test_the_pass_office_works_in_english(town: House) -> None:
    person = town.hire("Alex Example", department="it", steps=2)
    browser = english(town, "ki-pass-stelle")
    while index.refresh(town.books):
        pass
    here = f"/office/people/{person.person.id}"
    for path in ("/office", "/office/people", "/office/people?stand=kulanz", "/office/people?bis=soon", here,
                 "/office/documents", "/office/import", "/office/reminders",
                 "/office/documents/neu?art=leitlinien", "/office/reminders?verschickt=2&offen=1"):
        check(town, browser.get(path))
    check(town, browser.post(here, {"schritt": "sperren", "bereich": "", "grund": "Test"}, page=here))
    assert browser.post(here, {"schritt": "sperren", "grund": "Test", "sicher": "ja"}, page=here).status == 303
    check(town, browser.get(f"{here}?getan=gesperrt"))
    check(town, browser.post(here, {"schritt": "eintragen", "tag": "x"}, page=here), 422)
