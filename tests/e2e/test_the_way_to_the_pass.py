"""Tried as a new user would: refused in the chat, the link, five steps with the keyboard alone, and the chat answers.

A real server, a real browser in which no script runs. After it: what the whole way left behind.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess, Person
from tests.support.http import Reply, ask, chat
from tests.support.pass_policies import learning_policies, publish, read_rules, write_rules
from tests.support.webdriver import MISSING, Chromium, chromium

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
TAB, ENTER, SPACE = "\ue004", "\ue007", " "
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
NEW = "Ein Absatz, den es bisher nicht gab."


class Clerk:
    """Somebody without a mouse."""

    def __init__(self, gateway: GatewayProcess, window: Chromium, person: Person) -> None:
        self.gateway, self.window, self.person = gateway, window, person

    def ask(self) -> Reply:
        return ask("POST", self.gateway.url + "/v1/chat/completions", self.person.key, chat("Guten Tag"))

    def go_to(self, selector: str) -> None:
        """Press Tab until the focus is there."""
        for _ in range(60):
            if self.window.script("return document.activeElement.matches(arguments[0])", selector):
                return
            self.window.press(TAB)
        raise AssertionError(f"no key leads to {selector} on {self.window.address}")

    def press(self, selector: str) -> None:
        """Go there and press Enter; another page comes."""
        self.go_to(selector)
        with self.window.leaving():
            self.window.press(ENTER)

    def tick(self, selector: str) -> None:
        self.go_to(selector)
        self.window.press(SPACE)

    def sign_in(self) -> None:
        self.go_to("#schluessel")
        with self.window.leaving():
            self.window.press(*self.person.key, ENTER)

    def fields(self, kind: str) -> list[str]:
        """One selector for each question, or for each box."""
        names = self.window.script("return [...document.querySelectorAll(`main input[type=${arguments[0]}]`)]"
                                   ".map(e => e.name)", kind)
        return [f'input[name="{name}"]' for name in dict.fromkeys(names)]

    def learn(self) -> None:
        """Go through the sections; every answer is the first one, right or not."""
        self.press("main a.button")
        while "/schulung/" in self.window.address:
            boxes = self.fields("checkbox")
            for field in (*self.fields("radio"), *boxes[:1]):
                self.tick(field)
            if self.fields("radio") or boxes:
                self.press("form.finish button")
                assert "stimmt" in self.window.text("#fragen"), "every answer is explained"
            self.press("form.finish button")


@pytest.fixture(scope="module")
def taught(provider: EchoProvider, policies: Path, settled: GatewayProcess,
           tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A server of its own, with a short course: its policies change on the way."""
    folder = tmp_path_factory.mktemp("pass")
    rules = learning_policies(folder / "policies", policies)
    with GatewayProcess(folder / "home", rules, provider.url) as running:
        organisation = rules / "organisation.yaml"
        organisation.write_text(re.sub(r"(?m)^base_url: .*", f"base_url: {running.url}",
                                       organisation.read_text(encoding="utf-8")), encoding="utf-8")
        yield running.settle_like(settled).start()


@pytest.fixture(scope="module")
def clerk(taught: GatewayProcess) -> Iterator[Clerk]:
    with chromium() as window:
        window.screen(1280)
        window.cdp("Emulation.setScriptExecutionDisabled", {"value": True})
        yield Clerk(taught, window, newcomer(taught))


def newcomer(gateway: GatewayProcess) -> Person:
    """Enter somebody who has done nothing yet."""
    email, name, department = "neu@musterstadt.example", "Nora Neumann", "bauamt"
    gateway.cli("person", "add", email, "--name", name, "--department", department)
    key = json.loads(gateway.cli("key", "create", email, "--json").stdout)["key"]
    return Person(email, name, department, ("staff",), key, "fehlt")


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.1)


def digest(gateway: GatewayProcess) -> str:
    return str(json.loads(ask("GET", gateway.url + "/readyz").body)["details"]["policy"]["digest"])


def change(gateway: GatewayProcess, how: Callable[[Path], Any]) -> None:
    """Change the policies as the pass office does, and wait until the server goes by them."""
    before = digest(gateway)
    how(Path(gateway.environment["KI_PFORTE_POLICIES"]))
    until(lambda: digest(gateway) != before, gateway.logged()[-3000:])


def end_of_grace(folder: Path) -> None:
    rules = read_rules(folder)
    del rules["documents"]["dienstvereinbarung"][-1]["grace_days"]
    write_rules(folder, rules)


@pytest.fixture(scope="module")
def way(clerk: Clerk) -> list[str]:
    """The whole way, once; the addresses on it."""
    window = clerk.window
    refused = clerk.ask()
    assert (refused.status, refused.error["code"]) == (403, "ki_pass_fehlt")
    link = re.search(r"http://\S+?(?=[.,]? |[.,]?$)", refused.error["message"])
    assert link, refused.error["message"]
    window.open(link[0])
    assert "/anmelden?weiter=/pass" in window.address
    clerk.sign_in()
    seen = [link[0], window.address]
    assert "Ihnen fehlen noch 5 Schritte" in window.text()
    clerk.press("main a.button")
    for _ in range(5):
        seen.append(window.address)
        if window.address.split("?")[0].endswith("/schulung"):
            clerk.learn()
            continue
        for box in clerk.fields("checkbox"):
            clerk.tick(box)
        clerk.press("form.finish button")
    return [*seen, window.address]


def test_a_refused_clerk_follows_the_link_and_does_five_steps_with_the_keyboard_alone(
        clerk: Clerk, way: list[str]) -> None:
    assert way[1].split("?")[0] == way[0] == clerk.gateway.url + "/pass", "the sign-in kept where the link leads"
    paths = [address.removeprefix(clerk.gateway.url).split("?")[0] for address in way[2:]]
    assert paths == [*(f"/pass/schritt/{key}" for key in (
        "information", "schulung", "leitlinien", "checkliste", "kenntnisnahme_dv")), "/pass/geschafft"]
    strange = "return [...document.scripts].filter(s => !s.src.startsWith(location.origin)).length"
    assert clerk.window.script(strange) == 0, "every script is a file of ours"
    until(lambda: clerk.ask().status == 200, "the pass does not reach the API")
    clerk.window.open(clerk.gateway.url + "/pass/geschafft")
    clerk.press("main a[href='/pass/nachweis']")
    assert clerk.window.address.endswith("/pass/nachweis")


def files(gateway: GatewayProcess) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in gateway.home.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("way")
def test_no_answer_no_tick_and_no_wording_of_a_question_stays_anywhere(taught: GatewayProcess) -> None:
    left = {**files(taught), "log": taught.logged().encode()}
    assert {"pforte.db", "protokoll.db", "protokoll.db-wal"} <= left.keys()
    for name, content in left.items():
        for word in (b"frage-", b"punkt-", b"ansehen", b"Datenbank nach", b"Vermerk, der als Verschlusssache",
                     b"versuch", b"ergebnis", b"score"):
            assert word not in content, (name, word)


@pytest.mark.usefixtures("way")
def test_of_the_whole_way_there_is_one_row_per_step_and_one_moment_in_it(taught: GatewayProcess, clerk: Clerk) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{taught.home}/pforte.db?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        [person] = connection.execute("SELECT id FROM person WHERE email = ?", (clerk.person.email,))
        assert connection.execute("SELECT count(*) FROM course_progress").fetchone()[0] == 0
        rows = connection.execute("SELECT * FROM evidence WHERE person_id = ?", (person["id"],)).fetchall()
        assert len(rows) == 5
        for row in rows:
            assert row["recorded_at"] == row["completed_at"]
            assert (row["source"], row["source_ref"], row["recorded_by"]) == ("selbst", None, "selbst")
    acts = [e for e in taught.records() if e.type.startswith("pass.")]
    assert [e.type for e in acts if "module" in str(e.meta)].count("pass.nachweis") == 5
    for act in acts:
        assert set(act.meta) <= {"modules", "document", "scope", "via", "role", "certificate"}, act.meta


@pytest.mark.usefixtures("way")
def test_a_new_dienstvereinbarung_means_grace_then_a_refusal_and_once_read_the_chat_answers_again(
        taught: GatewayProcess, clerk: Clerk) -> None:
    window = clerk.window
    until(lambda: clerk.ask().status == 200, "the pass does not reach the API")
    documents = Path(taught.environment["KI_PFORTE_POLICIES"]) / "documents"
    old = (documents / "dienstvereinbarung-3.0.md").read_text(encoding="utf-8")
    change(taught, lambda folder: publish(folder, "dienstvereinbarung", "4.0", f"{old}\n{NEW}\n",
                                          valid_from=YESTERDAY, grace_days=14))
    grace = clerk.ask()
    assert grace.status == 200
    assert f"{taught.url}/pass/schritt/kenntnisnahme_dv" in grace.headers["x-ki-pforte-hinweis"]
    assert "Dienstvereinbarung" not in grace.body.decode(), "the notice is no part of the answer"
    window.open(taught.url + "/pass")
    assert "Ihr KI-Pass gilt noch bis" in window.text()
    change(taught, end_of_grace)
    refused = clerk.ask()
    assert (refused.status, refused.error["code"]) == (403, "ki_pass_dv_neu")
    step = f"{taught.url}/pass/schritt/kenntnisnahme_dv"
    assert step in refused.error["message"]
    window.open(step)
    assert NEW in window.text("[aria-labelledby=aenderungen]"), "what is new comes first"
    clerk.press("form.finish button")
    assert "/pass/geschafft" in window.address
    until(lambda: clerk.ask().status == 200, "the acknowledgement does not reach the API")
    assert "Dienstvereinbarung" not in clerk.ask().headers.get("x-ki-pforte-hinweis", "")
