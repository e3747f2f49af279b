"""Documents in the pass office: what applies, and a new version that is shown before it is published."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.model.office import Draft
from gateway.policy import load_policies
from gateway.registry import index
from tests.support.web_client import Browser
from tests.support.web_house import POLICIES, House

NEW = {"art": "dienstvereinbarung", "fassung": "9.0", "ab": "2026-12-01", "aenderung": "wesentlich", "frist": "14",
       "titel": "Neue DV", "text": "# Neu\r\n\r\nEin Satz.\r\n"}
PAGE = "/office/documents/neu"


@pytest.fixture
def folder(house: House, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(POLICIES, tmp_path / "policies"))
    object.__setattr__(house.context.office, "folder", copy)
    return copy


@pytest.fixture
def office(house: House) -> Browser:
    browser = house.browser(house.hire("Eleni", "ki-pass-stelle"))
    house.hire("Mia")
    while index.refresh(house.books):
        pass
    return browser


def send(office: Browser, **more: str) -> tuple[int, str]:
    token = office.get("/office/import").token
    answer = office.post(PAGE, {**NEW, "formular": token, **more})
    return answer.status, answer.text


def test_what_cannot_be_published_here_is_said_with_the_way_to_do_it(office: Browser) -> None:
    text = office.get("/office/documents").text
    assert "ki-pforte document publish" in text
    assert "Neue Fassung</a>" not in text
    assert send(office, schritt="veroeffentlichen")[0] == 422


def test_the_trial_says_for_whom_and_until_when_and_changes_nothing(office: Browser, folder: Path) -> None:
    before = (folder / "ki-pass.yaml").read_bytes()
    status, text = send(office, schritt="zeigen")
    assert status == 200
    assert "2 Personen mit einem KI-Pass" in text
    assert "Bis 14.12.2026 gilt die vorige weiter" in text
    assert "<ins>+Ein Satz.</ins>" in text
    assert (folder / "ki-pass.yaml").read_bytes() == before


def test_publishing_writes_the_folder_and_the_ledger(house: House, office: Browser, folder: Path) -> None:
    assert send(office, schritt="veroeffentlichen")[0] == 303
    last = load_policies(folder).kipass.documents["dienstvereinbarung"][-1]
    assert (last.version, last.grace_days, last.title) == ("9.0", 14, "Neue DV")
    assert (folder / last.file).read_bytes() == b"# Neu\n\nEin Satz.\n"
    assert house.types()[-1] == "policy.change"


@pytest.mark.parametrize("wrong", [{"fassung": ""}, {"fassung": "../x"}, {"ab": "bald"}, {"ab": "2020-01-01"},
                                   {"frist": "-1"}, {"frist": "viele"}, {"aenderung": "keine"}, {"text": " "},
                                   {"art": "unbekannt"}, {"art": "../../x"}])
def test_what_is_wrong_is_told_and_the_text_stays(office: Browser, folder: Path, wrong: dict[str, str]) -> None:
    before = sorted(p.name for p in folder.rglob("*"))
    status, text = send(office, schritt="veroeffentlichen", **wrong)
    assert status == 422
    assert 'role="alert"' in text
    assert wrong.get("text") or "Ein Satz." in text
    assert sorted(p.name for p in folder.rglob("*")) == before


def test_an_editorial_change_asks_nobody(office: Browser, folder: Path) -> None:
    assert "Niemand muss deshalb etwas tun" in send(office, schritt="zeigen", aenderung="redaktionell")[1]


def test_two_versions_at_the_same_moment_never_spoil_the_rules(house: House, office: Browser, folder: Path) -> None:
    """The second is published while the first is being tried out: each alone would be fine."""
    rival = replace(house.context.office, load=lambda path: load_policies(path))

    def slow(path: Path) -> object:
        object.__setattr__(house.context.office, "load", load_policies)
        rival.publish("p2", Draft("dienstvereinbarung", b"# Anders\n", ".md", "9.0", "wesentlich", date(2026, 12, 1)))
        return load_policies(path)

    object.__setattr__(house.context.office, "load", slow)
    status, text = send(office, schritt="veroeffentlichen")
    assert (status, "eben geändert" in text) == (422, True)
    assert load_policies(folder).kipass.documents["dienstvereinbarung"][-1].sha256 == sha256(b"# Anders\n").hexdigest()
    assert house.types().count("policy.change") == 1
