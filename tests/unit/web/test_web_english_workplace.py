"""The pages of the officer, the Personalrat and IT for somebody who reads English, with matters on them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import audit
import gateway
from gateway.web import heard, i18n
from tests.support.web_client import Browser
from tests.support.web_house import House, example_life

ENGLISH = {"accept-language": "en-GB,en;q=0.9"}
GERMAN = re.compile(r"[äöüßÄÖÜ„]|\b(?:der|die|das|und|nicht|Sie|Ihre?|ist|wird|mit|für|ein|eine|Uhr|vom|zum|bis)\b")
PARTS = re.compile(r"<(\w+)[^>]*\slang=\"de\"[^>]*>.*?</\1>|<(script|pre|code)\b.*?</\2>|<[^>]*>", re.DOTALL)


@pytest.fixture
def officer(house: House) -> tuple[House, Browser]:
    """An officer with some days of records."""
    return house, house.browser(example_life(house)[0])


def speaks(answer_text: str, house: House) -> str:
    """Return what of a page is neither marked as German nor a name."""
    text = PARTS.sub(" | ", re.sub(r"<(?:head|header|footer|nav)\b.*?</(?:head|header|footer|nav)>"
                                   r"|<div class=\"paper\" lang=\"de\">.*</main>", " ", answer_text, flags=re.DOTALL))
    for name in (*(m.name for m in house.policies.models.values()), house.policies.organisation.name,
                 *(d.name for d in house.policies.departments.values()),
                 *(p.title for p in house.policies.organisation.purposes.allow.values()),
                 *house.policies.organisation.contact.model_dump().values()):
        text = text.replace(str(name), "")
    return text


def opened(browser: Browser, path: str, house: House, status: int = 200) -> str:
    answer = browser.get(path, ENGLISH)
    assert answer.status == status, (path, answer.status)
    assert '<html lang="en"' in answer.text, path
    said = speaks(answer.text, house)
    found = GERMAN.search(said)
    assert found is None, (path, said[max(0, found.start() - 60):found.end() + 60] if found else "")
    assert f"weiter={path.split('?')[0]}" in answer.text, "switching the language keeps the page"
    return answer.text


def test_the_log_and_what_belongs_to_it_are_english_with_records_in_it(officer: tuple[House, Browser]) -> None:
    house, browser = officer
    house.problems = []
    for path in ("/review", "/review/protokoll", "/review/protokoll?art=alle",
                 "/review/protokoll?grund=inhalt_gesperrt", "/review/protokoll?art=betrieb", "/review/stichprobe",
                 "/review/ansichten?filter=amt%3Dbauamt",
                 "/review/dateien", "/review/zugriffe", "/review/pruefung"):
        opened(browser, path, house)
    listed = browser.get("/review/protokoll?art=alle", ENGLISH).text
    records = dict.fromkeys(re.findall(r'"/review/protokoll/([0-9a-f-]{36})"', listed))
    for record in list(records)[:12]:
        opened(browser, f"/review/protokoll/{record}", house)
    browser.post("/review/pruefung", {}, page="/review/pruefung")
    opened(browser, "/review/pruefung", house)
    opened(browser, "/review", house)
    opened(browser, "/review/zugriffe", house)
    answer = browser.get("/review/protokoll?von=gestern", ENGLISH)
    assert "Please enter a date, for example 22.11.2026." in answer.text


def test_matters_are_english_from_the_first_form_to_the_last(officer: tuple[House, Browser]) -> None:
    house, browser = officer
    made = browser.post("/review/vorfaelle", {}, page="/review/vorfaelle").header("location").partition("?")[0]
    house.context.cases.feedback({"art": "falsch", "stelle": "chat", "vorgang": ""})
    asked = browser.post("/review/anfragen", {"art": "auskunft_buerger", "eingang": "2026-11-20",
                                              "aktenzeichen": "A-1"}, page="/review/anfragen/neu"
                         ).header("location").partition("?")[0]
    number = house.context.cases.complain({"text": "Test", "name": "", "kontakt": ""})
    for path in ("/review/befunde", "/review/befunde?stand=alle&schwere=hoch", "/review/vorfaelle", "/review/anfragen",
                 "/review/anfragen/neu", made, asked, f"/review/anfragen/{number}"):
        opened(browser, path, house)
    finding = re.findall(r'"(/review/befunde/B-[0-9-]+)"', browser.get("/review/befunde", ENGLISH).text)
    for path in finding:
        opened(browser, path, house)
    answer = browser.send("POST", made, f"formular={browser.get(made).token}&fassung=1&schritt=entscheiden".encode(),
                          ENGLISH)
    assert answer.status == 422
    assert "Please choose whether the incident is reported." in answer.text


def test_the_personalrat_it_and_who_identifies_read_english(house: House) -> None:
    council, engineer = house.browser(house.hire("Kim Example", "personalrat")), house.browser(
        house.hire("Jo Example", "it"))
    dpo = house.browser(house.hire("Pat Example", "dpo"))
    for browser in (council, dpo):
        for path in ("/review/personalrat", "/review/person", "/review/person/schluessel", "/review/person/verloren",
                     "/review/zugriffe"):
            opened(browser, path, house)
    for path in ("/review/person/neu", "/review/unterlagen", "/review/unterlagen/dpia", "/review/berichte",
                 "/review/berichte/leadership", "/review/berichte/transparency"):
        opened(dpo, path, house)
    opened(engineer, "/it", house)
    model = next(model.id for model in house.policies.models.values() if model.enabled)
    opened(engineer, f"/it/modelle/{model}", house)
    answer = engineer.send("POST", f"/it/modelle/{model}", f"formular={engineer.get('/it').token}&grund=".encode(),
                           ENGLISH)
    assert "Please give a reason of at most" in answer.text


def _texts(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(piece.value if isinstance(piece, ast.Constant) else "{}" for piece in node.values)
    return None


def test_no_pattern_outlives_the_sentence_that_it_is_for() -> None:
    """What pages hear from below stands there word for word, with gaps where values come in."""
    folders = [Path(gateway.__file__).parent / name for name in ("policy", "model", "casework", "founding", "registry",
                                                           "reports")]
    files = [path for folder in folders for path in folder.glob("*.py")]
    files += [Path(gateway.__file__).parent / "condition.py", Path(audit.__file__).parent / "verdict.py",
              Path(audit.__file__).parent / "anchors" / "anchorer.py"]
    known = {text for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if (text := _texts(node)) is not None}
    pieces = "\n".join(sorted(known))
    for sentence in heard.SPOKEN:
        bare = re.sub(r"\{\w+\}", "{}", sentence)
        assert bare in known or all(piece in pieces for piece in bare.split("{}")), sentence


def test_a_sentence_with_gaps_is_said_with_its_values_written_anew() -> None:
    with i18n.reading("en"):
        said = heard.told("Die AVV endet am 01.12.2026. Danach ist das Modell gesperrt, bis eine neue eingetragen ist.")
        assert said == ("The data processing agreement ends on 1 December 2026. After that the model is blocked until "
                        "a new one is entered.")
        assert re.fullmatch("Bauamt: [a-z]+ models", heard.told("Bauamt: freigegebene Modelle"))
        assert heard.said("Niemand kennt diesen Satz.") == '<span lang="de">Niemand kennt diesen Satz.</span>'
        assert heard.said("<b>") == '<span lang="de">&lt;b&gt;</span>'
    assert heard.told("verändert bei Nr. 7") == "verändert bei Nr. 7"
