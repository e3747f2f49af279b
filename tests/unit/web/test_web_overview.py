"""The officer's hour: one line that says whether anything is to be done, and pages that lead to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from audit import AnchorState, Filters, sample
from gateway.registry.rulebook import Rulebook
from gateway.store.reports import keep_month
from tests.support.web_client import Browser
from tests.support.web_house import NOW, House


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser(house.hire("Friederike von Ahlen", "dpo", department="standesamt"))


@dataclass(frozen=True)
class Waiting:
    open: int
    oldest: datetime | None = None
    overdue: int = 0
    next_due: datetime | None = None


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture
def anchored(monkeypatch: pytest.MonkeyPatch, house: House) -> House:
    """Notes lie at two places outside, since an hour."""
    monkeypatch.setattr(type(house.ledger), "anchors", lambda _: [AnchorState("mail", 3, 3600.0),
                                                                  AnchorState("datei", 3, 3600.0)])
    return house


# ---- the first line --------------------------------------------------------------------------------------------------

def test_a_house_in_order_says_so_and_names_no_point(anchored: House, officer: Browser) -> None:
    anchored.exchange()
    anchored.settle()
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    text = plain(officer.get("/review").text)
    assert "Alles in Ordnung." in text
    assert "brauch" not in text
    assert "Geprüft am 22.11.2026, 14:05 Uhr von Ihnen." in text
    assert "Der Anker vom 22.11.2026, 13:05 Uhr liegt bei: mail." in text
    assert "Überfällig: 0." in text


def test_every_point_leads_to_where_it_can_be_settled(house: House, officer: Browser) -> None:
    house.pending = {"befund": Waiting(2, NOW - timedelta(days=4), 1), "vorfall": Waiting(
        1, NOW, next_due=NOW + timedelta(hours=51))}
    text = officer.get("/review").text
    assert "Punkte brauchen Sie." in text
    assert "Alles in Ordnung" not in text
    for href, words in (("/review/pruefung", "Das Protokoll wurde noch nie geprüft."),
                        ("/review/befunde", "2 Befunde offen, 1 davon überfällig."),
                        ("/review/vorfaelle", "1 Vorfall offen."),
                        ("/review/pruefung", "Prüfpunkte des Protokolls werden an keinem Ort außerhalb aufbewahrt")):
        assert re.search(rf'<a href="{href}">{words}', text), words
    assert "Vorfall: Frist am 24.11.2026, 17:05 Uhr." in plain(text)
    assert "offen seit 18.11.2026" in plain(text)


def test_a_check_that_found_something_is_the_first_point(anchored: House, officer: Browser) -> None:
    anchored.write("verify.result", {"verdict": "verändert bei Nr. 3", "exit_code": 1, "size": 3, "covered": 3})
    anchored.settle()
    text = officer.get("/review").text
    assert "Die letzte Prüfung des Protokolls sagt: verändert bei Nr. 3." in text
    assert "unverändert" not in text


def test_a_check_grows_old(anchored: House, officer: Browser) -> None:
    anchored.exchange()
    anchored.settle()
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    anchored.clock.time = NOW + timedelta(days=40)
    later = anchored.browser(anchored.hire("Mia Muster", "dpo"))
    # The day is that of the page's clock or, once the record has its place, of the ledger's: the real one.
    text = plain(later.get("/review").text)
    assert re.search(r"Das Protokoll wurde zuletzt am [0-9.]{10} geprüft\.", text)


def test_trends_are_the_numbers_of_the_reports_and_tell_of_no_single_day(house: House, officer: Browser) -> None:
    house.exchange()
    house.denied("inhalt_gesperrt")
    house.settle()
    text = plain(officer.get("/review").text)
    assert "noch kein Monat vorbei" in text
    assert "Zahlen als Tabelle" not in text
    with house.books.writing() as connection:
        for month, many in (("2026-09", 40), ("2026-10", 60)):
            keep_month(connection, month, json.dumps({
                "decision": [[["allowed"], many], [["denied", "local"], 7]], "code": [[["inhalt_gesperrt"], 7]],
                "finding": [[["IBAN", "HEALTH"], 9], [["PERSON"], 30]]}), NOW)
        keep_month(connection, "2026-08", json.dumps({"decision": []}), NOW)
    text = plain(officer.get("/review").text)
    assert text.count("Zahlen als Tabelle") == 3
    assert "Anfragen zusammen: 114." in text
    assert "September 2026" in text
    assert "August 2026" not in text, "nothing can be told about it"
    assert "22.11." not in text[text.index("zwölf Monate"):], "the month that runs is not told"
    assert "andere und zusammen gezählte" in text


# ---- the list --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("query", "count"), [
    ("angabe=HEALTH", 3), ("angabe=RELIGION", 0), ("ort=im+Haus", 3), ("ort=Mond", 0), ("ergebnis=failed", 1),
    ("ergebnis=aborted", 1), ("ergebnis=ok", 1), ("ergebnis=open", 0), ("ergebnis=failed&angabe=IBAN", 1),
    ("ergebnis=failed&amt=sozialamt", 0), ("ergebnis=quatsch", 0)])
def test_requests_are_found_by_kind_place_and_end(house: House, officer: Browser, query: str, count: int) -> None:
    for status in ("ok", "failed", "aborted"):
        house.exchange(status=status)
    house.denied()
    house.settle()
    answer = officer.get(f"/review/protokoll?{query}")
    assert answer.status == 200
    assert len(re.findall(r'href="/review/protokoll/[0-9a-f-]{36}"', answer.text)) == count
    assert len(re.findall(r'class="chips"', answer.text)) == 1


def test_the_list_says_how_many_there_are_and_whether_a_checked_checkpoint_covers_them(
        house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    text = plain(officer.get("/review/protokoll").text)
    assert "Ein Eintrag" in text
    assert "geprüft wurde noch nie" in text
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    text = plain(officer.get("/review/protokoll").text)
    assert "Alle liegen unter einem Prüfpunkt, der am 22.11.2026, 14:05 Uhr geprüft wurde." in text
    house.exchange()
    house.ledger.sequence()
    assert "Einer davon liegt noch nicht unter einem Prüfpunkt." in plain(officer.get("/review/protokoll").text)


def test_a_file_of_the_filter_is_a_record_first_and_only_for_whoever_asked(house: House, officer: Browser) -> None:
    house.exchange()
    house.denied(department="sozialamt")
    house.settle()
    answer = officer.post("/review/protokoll", {"filter": "amt=sozialamt", "form": "csv", "zweck": "Vorfall-2026-3"},
                          page="/review/protokoll?amt=sozialamt")
    assert answer.status == 303, answer.text
    name = (answer.header("location") or "").partition("#")[2]
    house.ledger.sequence()
    [row] = house.ledger.reader.page(Filters(types=("export",))).rows
    view = house.ledger.reader.get(row.id)
    assert view is not None
    assert (view.meta["rows"], view.meta["reason"], view.meta["filter"]["department"]) == (
        1, "vorfall-2026-3", "sozialamt")
    assert name in officer.get("/review/dateien").text
    file = officer.get(f"/review/dateien/{name}")
    assert file.status == 200
    assert "sozialamt" in file.text
    assert house.ledger.pseudonym("subject-x") not in file.text, "nobody is named"
    other = house.browser(house.hire("Mia Muster", "dpo"))
    assert other.get(f"/review/dateien/{name}").status == 404
    assert name not in other.get("/review/dateien").text


@pytest.mark.parametrize("purpose", ["", "Weil ich es will!", "<b>"])
def test_a_file_without_a_purpose_is_not_made_and_what_was_typed_stays(
        house: House, officer: Browser, purpose: str) -> None:
    house.settle()
    answer = officer.post("/review/protokoll", {"filter": "amt=bauamt", "form": "csv", "zweck": purpose},
                          page="/review/protokoll")
    assert answer.status == 422
    assert "Bitte sagen Sie, wozu" in answer.text
    assert '<option value="bauamt" selected>' in answer.text
    assert "<b>" not in answer.text
    assert "export" not in house.types()


# ---- views -----------------------------------------------------------------------------------------------------------

def test_a_private_view_is_seen_by_nobody_else_and_is_no_record(house: House, officer: Browser) -> None:
    before = house.types()
    answer = officer.post("/review/ansichten", {"filter": "amt=bauamt&boese=1", "name": "Bauamt im Blick"},
                          page="/review/ansichten?filter=amt%3Dbauamt")
    assert answer.status == 303
    text = officer.get("/review/ansichten").text
    assert 'href="/review/protokoll?amt=bauamt">Bauamt im Blick' in text
    assert "Bauamt im Blick" not in house.browser(house.hire("Mia Muster", "dpo")).get("/review/ansichten").text
    assert house.types() == before


def test_changing_a_shared_view_is_a_record_that_does_not_tell_its_name(house: House, officer: Browser) -> None:
    officer.post("/review/ansichten", {"filter": "grund=inhalt_gesperrt", "name": "Fall Meier", "geteilt": "ja"},
                 page="/review/ansichten?filter=grund%3Dinhalt_gesperrt")
    other = house.browser(house.hire("Mia Muster", "dpo"))
    text = other.get("/review/ansichten").text
    assert "Fall Meier" in text
    view_id = re.findall(r'name="entfernen" value="([0-9a-f]+)"', text)[0]
    other.post("/review/ansichten", {"entfernen": view_id}, page="/review/ansichten")
    assert "Fall Meier" not in officer.get("/review/ansichten").text
    assert house.types()[-2:] == ["view.saved", "view.removed"]
    for row in house.ledger.reader.page(Filters(types=("view.saved", "view.removed"))).rows:
        view = house.ledger.reader.get(row.id)
        assert view is not None
        assert "Meier" not in str(view.meta)
        assert view.meta["saved"] == view_id


@pytest.mark.parametrize(("filter_", "name"), [("", "Ohne Filter"), ("amt=bauamt", ""), ("amt=bauamt", "x" * 81)])
def test_a_view_without_name_or_filter_is_not_kept(house: House, officer: Browser, filter_: str, name: str) -> None:
    answer = officer.post("/review/ansichten", {"filter": filter_, "name": name}, page="/review/ansichten?filter=x")
    assert answer.status == 422
    assert 'role="alert"' in answer.text


def test_the_twelve_views_that_come_with_the_house_all_open(house: House, officer: Browser) -> None:
    house.settle()
    text = officer.get("/review/ansichten").text
    links = re.findall(r'href="(/review/protokoll\?[^"]+)"', text)
    assert len(links) == 12
    for link in links:
        answer = officer.get(link.replace("&amp;", "&"))
        assert (answer.status, answer.text.count('class="chips"')) == (200, 1), link


# ---- one record ------------------------------------------------------------------------------------------------------

def test_a_record_is_explained_with_the_rules_of_then(house: House, officer: Browser) -> None:
    old = replace(house.policies, digest="f" * 64, organisation=house.policies.organisation.model_copy(
        update={"name": "Altstadt"}))
    Rulebook(house.books.engine, house.clock.now).keep(old)
    house.keep_rules()
    then = house.denied("inhalt_gesperrt", policy="f" * 64, rules=["organisation:models.allow"])
    now = house.denied("inhalt_gesperrt", rules=["organisation:models.allow"])
    house.settle()
    text = plain(officer.get(f"/review/protokoll/{then}").text)
    assert "wie sie damals galten" in text
    assert "Altstadt: freigegebene Modelle" in text
    assert "models.allow: [" in text, "what stood in the file"
    text = plain(officer.get(f"/review/protokoll/{now}").text)
    assert "So stehen die Regeln auch heute." in text
    assert "Altstadt" not in text


def test_rules_that_nobody_kept_are_said_to_be_unknown(house: House, officer: Browser) -> None:
    record = house.denied("inhalt_gesperrt", policy="e" * 64)
    house.settle()
    assert "Der Wortlaut der Regeln von damals ist nicht mehr bekannt." in officer.get(
        f"/review/protokoll/{record}").text


def test_the_proof_of_a_record_is_a_file_and_taking_it_is_a_record(house: House, officer: Browser) -> None:
    record = house.exchange()
    house.settle()
    answer = officer.get(f"/review/protokoll/{record}/nachweis")
    assert answer.status == 200
    assert answer.text.startswith("c2sp.org/tlog-proof@v1")
    assert house.types()[-1] == "export"
    assert house.ledger.reader.tail(-1, 1000)[-1].ref == record


# ---- the sample ------------------------------------------------------------------------------------------------------

@pytest.fixture
def sampled(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Everything that is there counts as written last month."""
    for n in range(14):
        house.exchange(subject=f"s-{n}")
    house.write("heartbeat", {})
    house.settle()
    end = house.ledger.status().size - 1
    monkeypatch.setattr(sample, "_first_index", lambda _, day: 0 if day == date(2026, 10, 1) else end)
    return house


def test_the_sample_is_the_same_for_everybody_and_a_verdict_is_a_record(sampled: House, officer: Browser) -> None:
    text = officer.get("/review/stichprobe").text
    drawn = re.findall(r'name="eintrag" value="([0-9a-f-]{36})"', text)
    assert len(drawn) == len(set(drawn)) == 10
    assert "10 Vorgänge sind noch anzusehen." in text
    other = sampled.browser(sampled.hire("Mia Muster", "dpo")).get("/review/stichprobe").text
    assert re.findall(r'name="eintrag" value="([0-9a-f-]{36})"', other) == drawn
    answer = officer.post("/review/stichprobe", {"monat": "2026-10", "eintrag": drawn[0], "urteil": "befund"},
                          page="/review/stichprobe")
    assert answer.status == 303
    assert sampled.types()[-1] == "sample.verdict"
    text = officer.get("/review/stichprobe").text
    assert "9 Vorgänge sind noch anzusehen." in text
    assert "Die Stichprobe für Oktober 2026 ist noch nicht fertig angesehen: 9 offen." in officer.get("/review").text


@pytest.mark.parametrize("wrong", [{"eintrag": "00000000-0000-7000-8000-000000000000", "urteil": "ohne"},
                                   {"urteil": "ohne"}, {"eintrag": "drawn", "urteil": "vielleicht"}])
def test_only_what_was_drawn_gets_a_verdict_and_only_one_of_two(sampled: House, officer: Browser,
                                                               wrong: dict[str, str]) -> None:
    if wrong.get("eintrag") == "drawn":
        text = officer.get("/review/stichprobe").text
        wrong = {**wrong, "eintrag": re.findall(r'name="eintrag" value="([0-9a-f-]{36})"', text)[0]}
    before = sampled.types()
    answer = officer.post("/review/stichprobe", {"monat": "2026-10", **wrong}, page="/review/stichprobe")
    assert answer.status == 422
    assert sampled.types() == before


# ---- who looked at what ----------------------------------------------------------------------------------------------

def test_accesses_name_role_and_pseudonym_and_never_a_person(house: House, officer: Browser) -> None:
    record = house.exchange()
    house.settle()
    officer.get(f"/review/protokoll/{record}")
    house.ledger.sequence()
    [person, *_] = house.keys
    council = house.browser(house.hire("Petra Rat", "personalrat"))
    for browser in (officer, council):
        text = browser.get("/review/zugriffe").text
        main = text[text.index("<main"):]
        assert "Eintrag im Protokoll" in main
        assert "Datenschutzbeauftragte" in main
        assert house.ledger.pseudonym(person) in main
        assert "Ahlen" not in main
    assert f"/review/protokoll/{record}" not in council.get("/review/zugriffe").text, "that page is not theirs"


# ---- checking --------------------------------------------------------------------------------------------------------

def test_a_note_from_the_mailbox_makes_the_end_checkable_and_is_kept(house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    note = house.ledger.status().checkpoint_note
    mailed = "Guten Tag,\r\nIhre Notiz:\r\n\r\n" + note.replace("\n", "\r\n")
    officer.post("/review/pruefung", {"notiz": mailed}, page="/review/pruefung")
    text = plain(officer.get("/review/pruefung").text)
    size = house.ledger.reader.status().checkpoint_size
    assert f"durch eine Notiz von außen belegt {size}" in text
    assert "keine Notiz angegeben" not in text
    assert "Ohne neue Notiz mit der vergleichen, die Sie am 22.11.2026, 14:05 Uhr hier ablegten" in text
    officer.post("/review/pruefung", {"mit": "notiz"}, page="/review/pruefung")
    assert "keine Notiz angegeben" not in officer.get("/review/pruefung").text


@pytest.mark.parametrize("note", ["kein Prüfpunkt", "fremd.example/log/1\n3\n" + "A" * 43 + "=\n\n— x AAAA\n", "— x"])
def test_what_is_no_note_of_this_log_is_refused_and_stays_typed(house: House, officer: Browser, note: str) -> None:
    before = house.types()
    answer = officer.post("/review/pruefung", {"notiz": note}, page="/review/pruefung")
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert note.split("\n")[0] in answer.text
    assert house.types() == before


def test_the_verifier_and_the_bundle_can_be_taken_along(house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    assert officer.get("/review/pruefung/pruefer.html").text.startswith("<!")
    assert officer.get("/review/pruefung/pruefer.pyz").header("content-disposition")
    assert officer.post("/review/pruefung/buendel", {}, page="/review/pruefung").status == 303
    text = officer.get("/review/pruefung").text
    [link] = re.findall(r'href="(/review/dateien/[0-9a-f-]+\.zip)"', text)
    assert officer.get(link).status == 200
    assert house.types()[-1] == "export"
