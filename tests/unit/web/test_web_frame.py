"""The frame around every page: few words to choose from, and what stands where."""

from __future__ import annotations

import re

import pytest

from gateway.model.people import ROLES
from gateway.web import navigation
from gateway.web.styleguide import samples
from tests.support.web_house import House

MOST_WORDS = 8


@pytest.mark.parametrize("role", list(ROLES))
def test_the_navigation_has_few_words_for_somebody_with_one_role(role: str) -> None:
    assert len(navigation.links({"staff", role}, signed_in=True)) <= MOST_WORDS


@pytest.mark.parametrize("role", list(ROLES))
def test_the_second_level_shows_at_least_two_words_or_none(role: str) -> None:
    for area in navigation.SECTIONS:
        assert len(navigation.sections(area, {role})) != 1


def test_the_frame_says_whose_pages_these_are_and_which_rules_apply(house: House) -> None:
    policies = house.policies
    text = house.browser(house.hire("Mia Muster", "dpo")).get("/review").text
    assert f"– KI-Pforte {policies.organisation.name}</title>" in text
    foot = text[text.index("<footer"):]
    assert [word for word in ("Barrierefreiheit", "Datenschutz", "Impressum") if f">{word}</a>" in foot] == [
        "Barrierefreiheit", "Datenschutz", "Impressum"]
    assert policies.digest[:12] in foot
    assert house.context.version in foot
    assert "Datenschutzbeauftragte" in text[text.index("<header"):text.index("</header>")]


def test_an_id_is_on_a_page_only_once(house: House) -> None:
    names = [chart.id for chart in samples(house.clock.now())]
    assert len(names) == len(set(names))
    text = house.browser(house.hire("Mia Muster", "dpo")).get("/review").text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
