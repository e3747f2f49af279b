"""The register on the pages: what is stopped, and what is known about a model, in words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from gateway.model.register import Attest, Avv, Prices
from gateway.policy.compile import reworked, work_out
from gateway.policy.schema import Group
from gateway.web import register
from tests.support.web_house import House


def test_a_stopped_model_is_called_so_in_public_and_to_staff(house: House) -> None:
    visitor = house.browser()
    assert "angehalten" not in visitor.get("/transparency").text
    house.stopped = frozenset({"demo"})
    assert "Zurzeit angehalten" in visitor.get("/transparency").text
    [entry] = json.loads(visitor.get("/transparency.json").body)["modelle"]
    assert entry["stand"] == "angehalten"
    assert "Zurzeit angehalten." in house.browser(house.hire("Anneke Petersen")).get("/").text


def test_what_is_known_about_a_model_is_said_in_words(house: House) -> None:
    cloud = replace(house.policies.models["mistral-large"], enabled=True, avv=Avv(date(2026, 1, 1), "a" * 64),
                    sub_processors=("Rechenzentrum Nord", "Wartung Süd"), c5=Attest(2, "c" * 64, date(2027, 6, 30)),
                    prices=Prices(1_800_000, 1_234_500_000))
    house.policies = reworked(house.policies, house.policies.digest, models={"mistral-large": cloud})
    page = house.browser().get("/transparency").text
    for said in ("EU und EWR", "Rechenzentrum Nord und Wartung Süd", "30 Tage (30 Tage zur Missbrauchskontrolle)",
                 "Typ 2, gültig bis 30.06.2027", "Betreiber"):
        assert said in page
    assert "1,80" not in page, "contracts may keep prices secret"
    [entry] = json.loads(house.browser().get("/transparency.json").body)["modelle"]
    assert (entry["zone"], entry["speicherung_tage"], entry["c5"]) == (
        "EU und EWR", 30, {"typ": 2, "gilt_bis": "2027-06-30"})
    assert "preis" not in str(entry).lower()
    own = house.browser(house.hire("Anneke Petersen")).get("/").text
    assert "1,80 € für eine Million Token der Anfragen, 1.234,50 €" in own


def test_what_nobody_wrote_down_is_no_promise(house: House) -> None:
    bare = replace(house.policies.models["claude"], sub_processors=None, retention_days=None, retention="", c5=None)
    assert (register.sub_processors(bare), register.retention(bare), register.attest(bare)) == (
        "keine Angabe", "keine Angabe", "keines")
    assert register.sub_processors(replace(bare, sub_processors=())) == "keine"


def test_pages_show_what_a_group_may_use(house: House) -> None:
    nothing = Group.model_validate({"version": 1, "name": "Gäste", "models": {"allow": []}})
    old = house.policies
    house.policies = work_out(old.digest, old.organisation, old.files, old.models, old.kipass,
                              profiles=old.profiles, groups={"gaeste": nothing})
    guest = house.hire("Jonas Brandt")
    house.change(guest, person=replace(guest.person, groups=frozenset({"gaeste"})))
    assert "kein Modell freigegeben" in house.browser(guest).get("/").text
    assert "kein Modell freigegeben" not in house.browser(house.hire("Lan Nguyen")).get("/").text
