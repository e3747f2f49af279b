"""Every page and endpoint, with every role, with nobody, with keys that are no person's: one table says who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import BaseRoute

from gateway.app import application
from gateway.house import House as Served
from gateway.identity.keys import new_key
from gateway.model.clients import TrustedClient
from gateway.model.people import ROLES
from gateway.registry import keys as registry
from gateway.registry.books import COMMAND_LINE
from gateway.settings import load
from gateway.store import clients, people
from gateway.web import navigation, pages
from tests.support.role_matrix import ALL, AT_PROVIDER, DIRECTORY, ENDPOINTS, KEY, MATRIX, TOKEN, WITNESSES, may
from tests.support.web_client import Answer, Browser
from tests.support.web_house import House

HERE = {page: who for page, who in MATRIX.items() if page not in AT_PROVIDER}
REFUSED = "Ihre Rolle gehört nicht dazu"
ENDING = {"/abmelden", "/konto/abmelden"}
SCIM = "v" * 48
WRONG = ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


def address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "gibtsnicht", path)


def outcome(answer: Answer) -> str:
    """Say what the gate did: let somebody in, refused their role, or sent them to the sign-in."""
    if answer.status == 303 and answer.header("location").startswith("/anmelden?weiter="):
        return "sign-in"
    return "refused" if answer.status == 403 and REFUSED in answer.text else "in"


def expected(who: str, role: str | None) -> str:
    return "in" if may(who, role) else "sign-in" if role is None else "refused"


def test_the_table_of_pages_is_the_one_that_is_walked_here(house: House) -> None:
    assert {(p.method, p.path) for p in pages(house.context)} | {("GET", "/static/{name}")} == HERE.keys()
    for page in pages(house.context):
        who = MATRIX[page.method, page.path]
        assert (page.roles is None) == (who == ALL), page.path
        assert page.method in ("GET", "POST")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_page_opens_for_its_roles_and_for_nobody_else(house: House, role: str | None) -> None:
    browser = house.browser(house.hire("Mia Muster", role) if role else None)
    token = browser.get("/konto" if role else "/anmelden").token
    for (method, path), who in sorted(HERE.items(), key=lambda item: item[0][1] in ENDING):
        if method == "GET":
            answer = browser.get(address(path))
            assert outcome(answer) == expected(who, role), (path, role)
            assert browser.send("HEAD", address(path)).status == answer.status, path
            continue
        without = browser.post(address(path), {})
        assert without.status in (303, 403), path
        assert role is None or without.status == 403, path
        if path not in ENDING:
            answer = browser.post(address(path), {"formular": token})
            assert outcome(answer) == expected(who, role), (path, role)
            assert outcome(answer) != "in" or answer.status != 403, path


@pytest.mark.parametrize("method", WRONG)
def test_no_page_takes_another_method(house: House, method: str) -> None:
    browser = house.browser(house.hire("Mia Muster", *ROLES))
    for path in {path for _, path in HERE}:
        assert browser.send(method, address(path)).status == 405, path


def test_a_page_is_never_opened_by_a_key_in_the_head_of_the_request(house: House) -> None:
    key = house.keys[house.hire("Mia Muster", "dpo", "it").person.id]
    for (method, path), who in HERE.items():
        if method == "GET" and who != ALL:
            answer = Browser(house.app).get(address(path), {"authorization": f"Bearer {key}"})
            assert outcome(answer) == "sign-in", path


def test_neither_a_service_nor_a_front_end_signs_in(house: House) -> None:
    owner, now = house.hire("Mia Muster", "it"), house.clock.now()
    _, service = registry.create(house.books, COMMAND_LINE, owner.person.id, "n8n", service="bauamt",
                                 expires_at=now + timedelta(days=9))
    fresh = new_key()
    with house.books.writing() as connection:
        clients.add(connection, TrustedClient(fresh.id, "Open WebUI", "headers", now), fresh.sha256)
    for key in (service, fresh.text):
        answer = Browser(house.app).post("/anmelden", {"schluessel": key}, page="/anmelden")
        assert answer.status == 401
        assert not answer.header("set-cookie").startswith("ki_pforte_sitzung")


def test_the_navigation_shows_what_somebody_may_open_and_nothing_else(house: House) -> None:
    table = {p.path: p.roles for p in pages(house.context) if p.method == "GET"}
    for path, _, who in (*navigation.ENTRIES, *(e for some in navigation.SECTIONS.values() for e in some)):
        may = table[path]
        assert may == who or (may and who and who <= may), f"{path}: nobody is shown what they may not open"
    text = house.browser(house.hire("Mia Muster", "it")).get("/keys/dienste").text
    assert 'href="/keys/dienste" aria-current="page"' in text
    assert '<a href="/keys">' in text
    assert 'href="/review"' not in text
    assert 'href="/keys/dienste"' not in house.browser(house.hire("Max Muster")).get("/").text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The house as it serves, with everything wired; not started, so every question goes to the database."""
    home = tmp_path_factory.mktemp("served")
    patch = pytest.MonkeyPatch()
    for name, value in {"HOME": home, "POLICIES": Path("policies").absolute(), "NAMES_ENGINE": "keine",
                        "METRICS_TOKEN": "messen", "OIDC_ISSUER": "https://anmeldung.musterstadt.example",
                        "OIDC_CLIENT_ID": "ki", "OIDC_CLIENT_SECRET": "geheim", "SCIM_TOKEN": SCIM}.items():
        patch.setenv(f"KI_PFORTE_{name}", str(value))
    house = Served(load())
    patch.undo()
    yield house
    house.accounts.close()
    house.ledger.close()
    house.engine.dispose()


def routes(found: list[BaseRoute]) -> Iterator[tuple[set[str], str]]:
    for route in found:
        one: Any = route
        router = getattr(one, "original_router", one)
        if hasattr(router, "routes"):
            yield from routes(router.routes)
        else:
            yield set(one.methods or ()) - {"HEAD"}, one.path


def test_every_route_of_the_application_stands_in_the_table(served: Served) -> None:
    front = application(served)
    framework: Any = front._framework
    seen = {(method, path) for methods, path in routes(framework.routes) for method in methods or {"GET"}}
    ends = {path for path in ENDPOINTS if path.startswith("/v1/")}
    known = {prefix + path.removeprefix("/v1") + slash
             for path in ends for prefix in ("/v1", "") for slash in ("", "/")}
    strange = {(method, path) for method, path in seen - MATRIX.keys()
               if path not in known and path not in ENDPOINTS}
    assert not strange, "a new route needs an entry in tests/support/role_matrix.py"
    assert {path for _, path in seen} >= {
        *(path for _, path in MATRIX), *(path for path, who in ENDPOINTS.items() if who != WITNESSES)}


def test_every_endpoint_asks_for_a_key_and_metrics_for_their_password(served: Served) -> None:
    front, now = application(served), served.books.now()
    fresh = new_key()
    with served.books.writing() as connection:
        [mia] = people.add(connection, [people.NewPerson("mia@x.example", "Mia", "bauamt", frozenset(ROLES))], now)
        clients.add(connection, TrustedClient(fresh.id, "Open WebUI", "headers", now), fresh.sha256)
    _, own = registry.create(served.books, COMMAND_LINE, mia.id, "Test")
    _, service = registry.create(served.books, COMMAND_LINE, mia.id, "n8n", service="bauamt",
                                 expires_at=now + timedelta(days=9))
    framework: Any = front._framework
    known: dict[str, set[str]] = {}
    for methods, path in routes(framework.routes):
        known.setdefault(path, set()).update(methods)
    rights = {KEY: {"person", "service"}, TOKEN: {"metrics"}, DIRECTORY: {"directory"}}
    for path, who in ENDPOINTS.items():
        if who == WITNESSES:
            continue  # asks for a signature, not for a name: its own tests try that
        for method in sorted(known[path] or {"GET"}):
            answers = {name: Browser(front).send(method, address(path), headers=head).status for name, head in {
                "nobody": {}, "person": {"authorization": f"Bearer {own}"},
                "service": {"authorization": f"Bearer {service}"},
                "front end": {"authorization": f"Bearer {fresh.text}"},
                "metrics": {"authorization": "Bearer messen"},
                "directory": {"authorization": f"Bearer {SCIM}"}}.items()}
            open_to = {name for name, status in answers.items() if status != 401}
            assert open_to == rights.get(who, set(answers)), (method, path, answers)
