"""No page, no export and no address of it filters, groups, sorts or counts by a person (R-PR2), whatever is asked for.

The parameters are not listed here: while a page is opened, every name that its code asks the address for is noted, and
each of them is then asked about two people whose use differs. A page that knew anything about them would answer
differently.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection

from audit import LedgerConfigError
from audit.statistics import BY, requests
from gateway.http.asgi import new_request_id
from gateway.model.people import ROLES
from gateway.ports import Receipt
from gateway.web import pages
from tests.support.web_client import Browser
from tests.support.web_house import Entry, House, LedgerRecorder, open_house

ABOUT_NOBODY = ("/review", "/it", "/transparency")
"""Where use is shown. The pass office (`/office/people`) lists people and their pass by its task, and no use."""
SUSPICIOUS = ("group_by", "gruppe", "nach", "person", "subject")
BY_PERSON = ("subject", "person", "pseudonym")
NOTHING = "zzzzzz"


class Noted(QueryParams):
    """An address that remembers what it was asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: str, default: Any = None) -> Any:
        Noted.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        Noted.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        Noted.asked.add(str(key))
        return super().__contains__(key)

    def getlist(self, key: str) -> list[str]:
        Noted.asked.add(key)
        return super().getlist(key)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Entry, Entry]]:
    """Two clerks of one department: one asks often and is refused often, the other once."""
    with open_house(tmp_path_factory.mktemp("town")) as house:
        busy, quiet = house.hire("Berta Viel"), house.hire("Quirin Wenig")
        for _ in range(9):
            house.exchange(subject=busy.person.id)
            house.write("denied", {"vorgang": new_request_id(), "department": "bauamt", "code": "inhalt_gesperrt"},
                        subject=busy.person.id)
        house.exchange(subject=quiet.person.id)
        house.settle()
        yield house, busy, quiet


def _looks_leave_nothing(patch: pytest.MonkeyPatch) -> None:
    """Else every look would change the numbers that the next look shows."""
    async def record(_: LedgerRecorder, kind: str, meta: Any, **more: Any) -> Receipt:
        return Receipt("nothing-was-written")
    patch.setattr(LedgerRecorder, "record", record)


def _addresses(house: House) -> list[str]:
    record = house.ledger.reader.page().rows[-1].id
    return sorted({re.sub(r"\{[^}]+\}", record, page.path) for page in pages(house.context)
                   if page.method == "GET" and page.path.startswith(ABOUT_NOBODY)})


def _said(browser: Browser, address: str, name: str, value: str) -> str:
    """What a page says, with the value itself taken out: it may stand in a field again."""
    answer = browser.get(f"{address}?{name}={quote(value)}")
    text = answer.body.decode("utf-8", "replace")
    main = text.partition("<main")[2].partition("</main>")[0] or text
    spelt = "|".join(map(re.escape, (value, html.escape(value), quote(value))))
    return f"{answer.status} {re.sub(spelt, '', main, flags=re.IGNORECASE)}"


def test_no_page_answers_differently_about_two_people(town: tuple[House, Entry, Entry],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    house, busy, quiet = town
    _looks_leave_nothing(monkeypatch)
    monkeypatch.setattr(HTTPConnection, "query_params", property(lambda self: Noted(self.scope["query_string"])))
    browser = house.browser(house.hire("Mia Muster", *ROLES))
    named = [(one.person.id, house.ledger.pseudonym(one.person.id)) for one in (busy, quiet)]
    asked: dict[str, set[str]] = defaultdict(set)
    for address in _addresses(house):
        Noted.asked = set()
        assert browser.get(address).status < 500, address
        asked[address] = set(Noted.asked)
        for name in sorted(asked[address] | set(SUSPICIOUS)):
            for first, second in zip(*named, strict=True):
                assert _said(browser, address, name, first) == _said(browser, address, name, second), (address, name)
    assert any(asked.values()), "the names of the parameters are noted"


def test_no_page_groups_or_sorts_by_person(town: tuple[House, Entry, Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    house, busy, quiet = town
    _looks_leave_nothing(monkeypatch)
    browser = house.browser(house.hire("Max Muster", *ROLES))
    hidden = [word for one in (busy, quiet) for word in (
        one.person.id, one.person.name, one.person.email, house.ledger.pseudonym(one.person.id))]
    for address in _addresses(house):
        if address.startswith("/review/protokoll/"):
            continue  # one record, with its pseudonym
        for name in SUSPICIOUS:
            for value in BY_PERSON:
                said = _said(browser, address, name, value)
                assert [word for word in hidden if word in said] == [], (address, name, value)
            assert _said(browser, address, name, "subject") == _said(browser, address, name, NOTHING), (address, name)


@given(by=st.text(max_size=24) | st.sampled_from(BY_PERSON))
def test_what_is_not_on_the_closed_list_is_not_counted_by(by: str) -> None:
    assert not set(BY) & set(BY_PERSON)
    if by not in BY:
        with pytest.raises((ValueError, KeyError, LedgerConfigError)):
            requests(None, by, 2026, 11)  # type: ignore[arg-type]
