"""The page of the Personalrat: what waits stays pending until somebody of them, signed in, agrees; nobody else can."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.generation.approval import MonitoringGate
from gateway.generation.proving import Rejected
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from gateway.policy.schema import LimitRules, Limits
from gateway.registry.content_mode import ContentDesk
from tests.support.two_people import CANARY, TwoPeople, asked, two_people
from tests.support.web_client import Answer, Browser
from tests.support.web_house import House

HERE = "/review/personalrat"
POINT = "Neue Grenze je Person im ganzen Haus"


def with_limit(house: House, number: int) -> PolicySet:
    organisation = house.policies.organisation.model_copy(
        update={"limits": Limits(person=LimitRules(requests_per_day=number))})
    return reworked(house.policies, f"{number:064x}", organisation=organisation)


def gate(house: House) -> MonitoringGate:
    return MonitoringGate(house.books.engine, house._record, house.clock.now)


def act(browser: Browser, **form: str) -> Answer:
    return browser.post(HERE, form, page="/konto")


def digest_on(answer: Answer) -> str:
    return answer.text.partition('name="stand" value="')[2].partition('"')[0]


@pytest.fixture
def changed(house: House) -> House:
    """A house whose changed policies count for persons, and therefore wait."""
    gate(house).admit(house.policies)
    house.changed_policies = with_limit(house, 50)
    return house


def test_a_change_waits_until_somebody_of_the_council_agrees_signed_in(changed: House) -> None:
    policies = changed.changed_policies
    assert policies is not None
    with pytest.raises(Rejected):
        gate(changed).admit(policies)
    officer = changed.browser(changed.hire("Friederike von Ahlen", "dpo"))
    council = changed.browser(changed.hire("Bülent Özkan", "personalrat"))
    it = changed.browser(changed.hire("Ines Technik", "it"))
    seen = officer.get(HERE)
    assert POINT in seen.text
    assert "Zustimmen kann nur der Personalrat" in seen.text
    assert 'name="stand"' not in seen.text
    stand = digest_on(council.get(HERE))
    for other in (officer, it):
        assert act(other, schritt="richtlinien", stand=stand).status == 403
    with pytest.raises(Rejected):
        gate(changed).admit(policies)
    assert act(council, schritt="richtlinien", stand=stand).status == 303
    gate(changed).admit(policies)
    assert "policy.approved" in changed.types()
    assert "Nichts wartet auf den Personalrat" in council.get(HERE).text


def test_an_agreement_is_to_what_was_on_the_screen_and_not_to_what_came_after(changed: House) -> None:
    council = changed.browser(changed.hire("Bülent Özkan", "personalrat"))
    stand = digest_on(council.get(HERE))
    changed.changed_policies = with_limit(changed, 5)
    answer = act(council, schritt="richtlinien", stand=stand)
    assert answer.status == 422
    assert "inzwischen geändert" in answer.text
    assert "policy.approved" not in changed.types()
    assert act(council, schritt="richtlinien", stand="").status == 422


def test_what_is_only_tried_out_can_be_agreed_to_before_it_is_asked_for(changed: House) -> None:
    changed.shadow_policies, changed.changed_policies = changed.changed_policies, None
    council = changed.browser(changed.hire("Bülent Özkan", "personalrat"))
    seen = council.get(HERE)
    assert "laufen zur Probe mit" in seen.text
    assert act(council, schritt="richtlinien", stand=digest_on(seen)).status == 303


def test_the_content_mode_needs_the_council_and_the_council_can_end_it(house: House) -> None:
    there = two_people(house)
    council, officer = house.browser(there.council), house.browser(there.officer)
    desk = ContentDesk(house.books, list)
    until = (house.clock.now() + timedelta(days=3)).date()
    mode = desk.request(there.officer.person.id, "dpo", "bauamt", until=until, reason="fehlersuche", case="V-9")
    desk.approve(there.officer.person.id, "dpo", mode.id)
    seen = council.get(HERE)
    assert "Inhaltsmodus: Bauamt" in seen.text
    assert "Fehlersuche" in seen.text
    assert act(officer, schritt="inhalt", nummer=str(mode.id)).status == 403
    assert act(council, schritt="inhalt", nummer="1e9").status == 422
    assert act(council, schritt="inhalt", nummer=str(mode.id)).status == 303
    assert "Der Inhaltsmodus ist eingeschaltet" in council.get(HERE).text
    assert act(council, schritt="inhalt-ende", nummer=str(mode.id)).status == 303
    assert "content_mode.off" in house.types()


def test_the_council_sees_every_request_with_its_reason_and_no_name(house: House) -> None:
    there: TwoPeople = two_people(house)
    asked(house.browser(there.officer))
    text = house.browser(there.council).get(HERE).text
    assert "begründeter Verdacht auf Missbrauch: 1" in text
    assert "V-2026-3" in text
    assert CANARY not in text
    assert there.officer.person.name not in text
    assert there.pseudonym not in text


def test_a_ledger_that_does_not_write_agrees_to_nothing(changed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import LedgerUnavailable
    council = changed.browser(changed.hire("Bülent Özkan", "personalrat"))
    stand = digest_on(council.get(HERE))

    def broken(*_: object) -> None:
        raise LedgerUnavailable
    monkeypatch.setattr(changed.ledger, "append_wait", broken)
    assert act(council, schritt="richtlinien", stand=stand).status == 503
    monkeypatch.undo()
    assert POINT in council.get(HERE).text, "it waits as before"
