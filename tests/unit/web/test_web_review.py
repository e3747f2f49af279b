"""The officer's workplace: the verdict, the list with its filters, one record, and that looking leaves a trace."""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from audit import LedgerUnavailable
from gateway.errors import GatewayError
from gateway.web.review.timeline import moment_of
from gateway.web.words import BERLIN
from tests.support.web_client import Browser
from tests.support.web_house import Entry, House


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser(house.hire("Friederike von Ahlen", "dpo", department="standesamt"))


def rows(text: str) -> list[str]:
    """The lines of the list, without tags."""
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>\s*<td.*?</tr>", text, re.S)]


def test_before_the_first_check_the_page_does_not_claim_anything(house: House, officer: Browser) -> None:
    text = officer.get("/review/pruefung").text
    assert "Noch nicht geprüft" in text
    assert "Unverändert" not in text
    assert "Es gibt noch keine Anfragen. Hier ist nichts zu tun." in officer.get("/review/protokoll").text


def test_the_button_checks_the_ledger_and_the_result_is_a_record(house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    answer = officer.post("/review/pruefung", {}, page="/review/pruefung")
    assert (answer.status, answer.header("location")) == (303, "/review/pruefung")
    text = officer.get("/review/pruefung").text
    assert "Unverändert" in text
    assert "Geprüft am 22.11.2026, 14:05 Uhr von Ihnen: 3 Einträge, keiner verändert, gelöscht oder eingefügt" in text
    assert "Ende nicht prüfbar" in text
    assert house.types()[-1] == "verify.result"


def test_after_a_restart_the_last_result_is_still_there(house: House, officer: Browser) -> None:
    house.settle()
    house.exchange()
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    house.ledger.sequence()
    house.app = house._application()
    assert "Unverändert" in Browser(house.app, officer.cookies).get("/review/pruefung").text


def test_a_changed_record_is_said_in_words_and_nobody_is_told_all_is_well(house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    database = sqlite3.connect(house.ledger.config.url.removeprefix("sqlite:///"))
    with database:
        database.execute("UPDATE audit_part SET body = replace(body, 'bauamt', 'kaemme') WHERE name = 'meta'")
    database.close()
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    text = officer.get("/review/pruefung").text
    assert "Das Protokoll ist nicht in Ordnung" in text
    assert "Was der Eintrag sagt, wurde verändert (Teil meta)" in text
    assert "Unverändert" not in text


def test_the_list_shows_requests_newest_first_without_any_person(house: House, officer: Browser) -> None:
    house.exchange(vorgang="AAAA-AAAA-AAAA", subject="subject-7")
    house.denied("inhalt_gesperrt", department="sozialamt")
    house.settle()
    text = officer.get("/review/protokoll").text
    shown = rows(text)
    assert len(shown) == 2
    assert "Sozialamt" in shown[0]
    assert "abgelehnt" in shown[0]
    assert "Inhalt nicht erlaubt" in shown[0]
    assert "AAAA-AAAA-AAAA" in shown[1]
    assert "durchgelassen" in shown[1]
    assert house.ledger.pseudonym("subject-7") not in text
    assert "subject-" not in text


def test_an_answer_of_the_house_has_a_list_of_its_own_and_says_that_nothing_was_sent(
        house: House, officer: Browser) -> None:
    house.exchange()
    record = house.write("local", {"vorgang": "BBBB-BBBB-BBBB", "api": "chat", "department": "bauamt",
                                   "decision": "local", "task": "follow_ups", "policy": house.policies.digest},
                         subject="subject-7")
    house.settle()
    assert len(rows(officer.get("/review/protokoll").text)) == 1, "one question would be buried under what programs ask"
    (shown,) = rows(officer.get("/review/protokoll?art=nebenanfragen").text)
    assert "im Haus beantwortet" in shown
    assert "nichts wurde gesendet" in shown
    text = officer.get(f"/review/protokoll/{record}").text
    assert "Folgefragen" in text
    assert "Kein Modell wurde gefragt. Es wurde nichts gesendet." in text
    assert "Noch kein Ergebnis" not in text


def test_a_request_without_an_end_says_so(house: House, officer: Browser) -> None:
    house.exchange(status="")
    house.settle()
    assert "noch ohne Ergebnis" in rows(officer.get("/review/protokoll").text)[0]


@pytest.mark.parametrize(("query", "count"), [
    ("", 5), ("amt=bauamt", 3), ("amt=sozialamt", 2), ("amt=nix", 0), ("entscheidung=denied", 2),
    ("entscheidung=quatsch", 0), ("amt=bauamt&entscheidung=denied", 1), ("grund=inhalt_gesperrt", 1),
    ("modell=vllm-haus", 1), ("art=ergebnisse", 3), ("art=alle", 9), ("art=unfug", 5), ("zweck=recherche", 1),
    ("vorgang=bbbb-bbbb-bbbb", 1), ("regel=ki-pass:basis", 5), ("von=2020-01-01", 5), ("von=2999-01-01", 0),
    ("bis=2020-01-01", 0), ("bis=9999-12-31", 5), ("vor=quatsch", 5), ("vor=0.0", 0), ("vor=1.1.1", 5),
])
def test_the_address_is_the_filter(house: House, officer: Browser, query: str, count: int) -> None:
    house.exchange(vorgang="BBBB-BBBB-BBBB")
    house.exchange(model="vllm-haus", purpose="recherche")
    house.exchange(department="sozialamt")
    house.denied("inhalt_gesperrt")
    house.denied("ki_pass_fehlt", department="sozialamt")
    house.settle()
    answer = officer.get(f"/review/protokoll?{query}")
    assert answer.status == 200
    assert len(rows(answer.text)) == count


@pytest.mark.parametrize("query", ["von=gestern", "bis=2026-13-40", "von=2026-11-22&bis=2026-11-01"])
def test_a_date_that_is_none_is_said_at_its_field_and_nothing_typed_is_lost(officer: Browser, query: str) -> None:
    answer = officer.get(f"/review/protokoll?{query}&amt=bauamt")
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert query.split("=")[1].split("&")[0] in answer.text
    assert '<option value="bauamt" selected>' in answer.text


def test_a_day_is_a_day_in_berlin(house: House, officer: Browser) -> None:
    house.exchange()
    house.settle()
    day = moment_of(house.ledger.reader.page().rows[0].t_us).astimezone(BERLIN).date()
    typed = f"{day:%d.%m.%Y}"
    assert len(rows(officer.get(f"/review/protokoll?von={typed}&bis={day.isoformat()}").text)) == 1
    before = day - timedelta(days=1)
    assert len(rows(officer.get(f"/review/protokoll?bis={before.isoformat()}").text)) == 0


def test_paging_shows_every_record_once_and_keeps_the_filter(house: House, officer: Browser) -> None:
    for _ in range(60):
        house.exchange()
    house.denied(department="sozialamt")
    house.settle()
    seen, address = [], "/review/protokoll?amt=bauamt"
    while address:
        text = officer.get(address).text
        seen += rows(text)
        older = re.search(r'href="([^"]+)">Ältere Einträge', text)
        address = older[1].replace("&amp;", "&") if older else ""
        assert not address or "amt=bauamt" in address
    assert len(seen) == len(set(seen)) == 60


def test_active_filters_can_be_taken_away_one_by_one(house: House, officer: Browser) -> None:
    text = officer.get("/review/protokoll?amt=bauamt&entscheidung=denied").text
    assert 'href="/review/protokoll?entscheidung=denied">Amt: Bauamt' in text
    assert 'href="/review/protokoll?amt=bauamt">Entscheidung: abgelehnt' in text


def test_one_record_shows_facts_counts_timeline_and_proof(house: House, officer: Browser) -> None:
    intent = house.exchange(subject="subject-7", vorgang="AAAA-AAAA-AAAA")
    house.settle()
    text = officer.get(f"/review/protokoll/{intent}").text
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    for expected in ("Vorgang AAAA-AAAA-AAAA", "Bauamt", "Demo (kein Sprachmodell)", "Allgemeine Büroarbeit", "2,1 kB",
                     "Name 3 5 ersetzt und in der Antwort wieder eingesetzt", "Gesundheitsangabe 1 stehen geblieben",
                     "Geprüft, ersetzt und freigegeben", "Die ersten Zeichen kamen nach 320 ms, insgesamt 1,8 s",
                     "liegt unter einem unterschriebenen Prüfpunkt", "(gilt heute noch)"):
        assert expected in words, expected
    assert house.ledger.pseudonym("subject-7") in text
    assert "subject-7" not in text
    view = house.ledger.reader.get(intent)
    assert view is not None
    text = re.sub(r"<[^>]+>", "", text)
    assert view.leaf.hex() in text
    commitments = re.findall(r"[0-9a-f]{64}", view.envelope.decode())
    assert len(commitments) == 2
    assert all(commitment in text for commitment in commitments)


def test_opening_a_record_is_itself_a_record_and_opening_the_list_is_none(house: House, officer: Browser) -> None:
    intent = house.exchange()
    house.settle()
    before = house.types()
    officer.get("/review")
    officer.get("/review/protokoll?art=alle")
    assert house.types() == before
    officer.get(f"/review/protokoll/{intent}")
    officer.send("HEAD", f"/review/protokoll/{intent}")
    assert house.types() == [*before, "view", "view"]
    row = house.ledger.reader.tail(-1, 1000)[-1]
    assert row.ref == intent
    view = house.ledger.reader.get(row.id)
    assert view is not None
    assert view.parts["subject"].value["pseudonym"] == house.ledger.pseudonym(next(iter(house.keys)))


def test_if_the_view_cannot_be_recorded_nothing_is_shown(house: House, monkeypatch: pytest.MonkeyPatch,
                                                         officer: Browser) -> None:
    intent = house.exchange(vorgang="AAAA-AAAA-AAAA")
    house.settle()

    async def down(*_: Any, **__: Any) -> None:
        raise GatewayError("protokoll_nicht_verfuegbar", "Das Protokoll ist nicht verfügbar.")

    monkeypatch.setattr(type(house.context.recorder), "record", down)
    answer = officer.get(f"/review/protokoll/{intent}")
    assert answer.status == 503
    assert "AAAA-AAAA-AAAA" not in answer.text


def test_a_ledger_that_cannot_be_read_is_said_in_german(house: House, monkeypatch: pytest.MonkeyPatch,
                                                        officer: Browser) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error at /secret/place")

    monkeypatch.setattr(type(house.ledger.reader), "page", broken)
    answer = officer.get("/review")
    assert answer.status == 503
    assert "Das Protokoll ist gerade nicht lesbar" in answer.text
    assert "secret" not in answer.text


def test_a_check_that_fails_says_so_and_leaves_the_last_verdict(house: House, monkeypatch: pytest.MonkeyPatch,
                                                                officer: Browser) -> None:
    house.settle()
    house.exchange()
    officer.post("/review/pruefung", {}, page="/review/pruefung")

    def broken(*_: Any, **__: Any) -> None:
        raise LedgerUnavailable("Die Datenbank des Protokolls ist nicht erreichbar.")

    monkeypatch.setattr(type(house.ledger), "verify", broken)
    officer.post("/review/pruefung", {}, page="/review/pruefung")
    text = officer.get("/review/pruefung").text
    assert "Das Protokoll ist gerade nicht lesbar" in text
    assert "Unverändert" in text


@pytest.mark.parametrize("wrong", ["00000000-0000-7000-8000-000000000000", "x", "%2e%2e", "1%20OR%201=1"])
def test_a_record_that_does_not_exist_is_a_404_and_leaves_no_trace(house: House, officer: Browser, wrong: str) -> None:
    before = house.types()
    assert officer.get(f"/review/protokoll/{wrong}").status == 404
    assert house.types() == before


def test_records_of_any_type_and_with_deleted_parts_open(house: House, officer: Browser) -> None:
    known = ["heartbeat", "pass.gesperrt", "etwas.neues", "outcome.unknown", "policy.change"]
    records = [house.write(kind, {"x": 1, "deep": {"a": ["b"]}}) for kind in known]
    gone = house.exchange()
    house.settle()
    database = sqlite3.connect(house.ledger.config.url.removeprefix("sqlite:///"))
    with database:
        database.execute("DELETE FROM audit_part WHERE record_id = ?", (gone,))
    database.close()
    for record in records:
        assert officer.get(f"/review/protokoll/{record}").status == 200
    text = officer.get(f"/review/protokoll/{gone}").text
    assert "wurden nach Ablauf der Frist gelöscht" in text
    assert "gelöscht, die Frist ist abgelaufen" in text
    assert officer.get("/review/protokoll?art=alle").status == 200


def test_the_officers_name_is_on_no_record_page_but_their_own_head(house: House, officer: Browser) -> None:
    clerk: Entry = house.hire("Geheimer Name")
    intent = house.exchange(subject=clerk.person.id)
    house.settle()
    for path in ("/review", "/review/protokoll?art=alle", f"/review/protokoll/{intent}", "/transparency"):
        assert "Geheimer Name" not in officer.get(path).text


def test_policies_that_are_not_in_force_as_they_stand_are_said_on_the_page(house: House) -> None:
    browser = house.browser(house.hire("Mia Muster", "dpo"))
    assert "letzten gültigen" not in browser.get("/review").text
    house.problems = ["Die geänderten Richtlinien <b>gelten</b> nicht; die letzten gültigen gelten weiter."]
    text = browser.get("/review").text
    assert "die letzten gültigen gelten weiter." in text
    assert "<b>gelten" not in text
