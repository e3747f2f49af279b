"""A house in which two people hold the keys of the seal, and a record whose person they may find out together."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit import pieces
from audit.sealing import DPO, PERSONALRAT, TrusteeKey
from tests.support.web_client import Answer, Browser
from tests.support.web_house import Entry, House

OFFICER, COUNCIL = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
CANARY = "Kanarie Gelb"
VORGANG = "7F3K-2QAB"


@dataclass
class TwoPeople:
    """Who is there."""

    house: House
    officer: Entry
    council: Entry
    clerk: Entry
    """Whom it is about."""

    @property
    def pseudonym(self) -> str:
        return self.house.ledger.pseudonym(self.clerk.person.id)


def give_keys(house: House) -> None:
    """Put the keys of both in force."""
    def write(kind: str, meta: dict[str, Any], by: str) -> object:
        return house.ledger.append_wait(house.ledger.draft(kind, meta, subject=by))
    for role, private in ((DPO, OFFICER), (PERSONALRAT, COUNCIL)):
        house.ledger.keyring.propose(str(TrusteeKey.of(role, private)), "it", write)
        house.ledger.keyring.approve(role, "rat", write)


def two_people(house: House, *, keys: bool = True) -> TwoPeople:
    """Let them come in, and let the clerk be refused once, with a number."""
    if keys:
        give_keys(house)
    found = TwoPeople(house, house.hire("Friederike von Ahlen", "dpo", department="standesamt"),
                      house.hire("Bülent Özkan", "personalrat"), house.hire(CANARY))
    house.write("denied", {"vorgang": VORGANG, "department": "bauamt", "code": "inhalt_gesperrt"},
                subject=found.clerk.person.id)
    house.ledger.sequence()
    house.ledger.identities.flush()
    return found


def asked(browser: Browser, **more: str) -> str:
    """Make a request on the page; return its address."""
    answer = browser.post("/review/person/neu", {"grund": "missbrauch", "fall": "V-2026-3", "vorgang": VORGANG, **more},
                          page="/review/person/neu")
    assert answer.status == 303, answer.text
    return answer.header("location")


def step(browser: Browser, address: str, name: str, **more: str) -> Answer:
    """Take a step on the page of a request."""
    return browser.post(address, {"schritt": name, **more}, page="/konto")


def piece_on(browser: Browser, address: str) -> str:
    """Return the piece that a page hands on."""
    found = re.search(r"data-stueck>(.*?)</textarea>", browser.get(address).text, re.S)
    assert found, "no piece on this page"
    return html.unescape(found[1])


def opened(officer: Browser, council: Browser, address: str) -> None:
    """Go the whole way to the answer."""
    assert step(council, address, "zustimmen", rolle="personalrat").status == 303
    assert step(officer, address, "ausgeben").status == 303
    assert step(officer, address, "umschlag", stueck=open_outer(piece_on(officer, address))).status == 303
    assert step(council, address, "antwort", stueck=open_inner(piece_on(council, address))).status == 303


def open_outer(piece: str) -> str:
    return pieces.open_outer(OFFICER, pieces.unarmor(piece)[1])


def open_inner(piece: str) -> str:
    return pieces.open_inner(COUNCIL, PERSONALRAT, pieces.unarmor(piece)[1])
