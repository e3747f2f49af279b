"""What a person reads about what they have used."""

from __future__ import annotations

from datetime import timedelta

from gateway.model.limits import Used
from tests.support.web_house import NOW, House

LATER = NOW + timedelta(hours=10)


def test_a_person_sees_their_own_numbers_and_nobody_elses(house: House) -> None:
    mia, otto = house.hire("Mia Muster"), house.hire("Otto Weber")
    house.used = {mia.person.id: [Used("tokens_per_day", 12_345, 100_000, LATER)],
                  otto.person.id: [Used("tokens_per_day", 98_765, 100_000, LATER)]}
    shown = house.browser(mia).get("/usage")
    assert shown.status == 200
    assert "12.345" in shown.text
    assert "100.000" in shown.text
    assert "12 %, frei" in shown.text
    assert "98.765" not in shown.text
    assert "Otto" not in shown.text


def test_amounts_are_written_as_people_write_them(house: House) -> None:
    mia = house.hire("Mia Muster")
    house.used[mia.person.id] = [Used("micro_euro_per_month", 1_234_560_000, 2_000_000_000, LATER),
                                 Used("concurrent", 2, 3)]
    shown = house.browser(mia).get("/usage").text
    assert "1.234,56 €" in shown
    assert "23.11.2026, 00:05 Uhr" in shown
    assert "wenn eine Antwort fertig ist" in shown
    assert "Sie haben von allem noch genug." in shown


def test_what_is_used_up_stands_in_the_first_sentence(house: House) -> None:
    mia = house.hire("Mia Muster")
    house.used[mia.person.id] = [Used("requests_per_day", 20, 20, LATER), Used("tokens_per_day", 85, 100, LATER)]
    shown = house.browser(mia).get("/usage").text
    assert "Aufgebraucht: Anfragen heute." in shown
    assert "85 %, fast aufgebraucht" in shown


def test_who_is_not_limited_is_told_that_nothing_is_counted(house: House) -> None:
    shown = house.browser(house.hire("Mia Muster")).get("/usage").text
    assert "Für Sie gilt keine persönliche Grenze." in shown
    assert "<table" not in shown


def test_when_nobody_can_tell_the_page_says_so(house: House) -> None:
    mia = house.hire("Mia Muster")
    house.used[mia.person.id] = None
    shown = house.browser(mia).get("/usage")
    assert shown.status == 200
    assert "lässt sich gerade nicht sagen" in shown.text
