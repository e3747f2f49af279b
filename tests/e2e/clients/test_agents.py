"""codex and aider against the running gateway, with the settings of the handbook: ``make client-test-heavy``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.client_stacks import missing, program
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.pages import examples

QUESTION = "Bitte grüßen Sie Frau Sabine Krüger."


def clean(**more: str) -> dict[str, str]:
    return {**{n: v for n, v in os.environ.items() if not n.startswith(("KI_PFORTE_", "OPENAI_", "CODEX_"))}, **more}


def run(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, env=clean(**environment), capture_output=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, timeout=120, check=False)


class Codex:
    """``codex exec`` with the configuration of the handbook."""

    def __init__(self, gateway: GatewayProcess, folder: Path) -> None:
        shown = next(e for e in examples("docs/anbindung.md") if e.kind == "toml" and e.heading == "codex")
        (folder / "home").mkdir()
        (folder / "home" / "config.toml").write_text(shown.at(gateway.url, "", "schnellstart"), encoding="utf-8")
        (folder / "work").mkdir()
        self._folder = folder

    def ask(self, key: str, question: str = QUESTION) -> subprocess.CompletedProcess[str]:
        return run([str(program("codex", "codex")), "exec", "--skip-git-repo-check", question], self._folder / "work",
                   CODEX_HOME=str(self._folder / "home"), KI_PFORTE_SCHLUESSEL=key)


@pytest.fixture
def codex(gateway: GatewayProcess, tmp_path: Path) -> Codex:
    if missing("codex"):
        pytest.skip(missing("codex"))
    return Codex(gateway, tmp_path)


def test_codex_answers_with_names_that_the_provider_never_saw(codex: Codex, person: Person,
                                                              provider: EchoProvider) -> None:
    before = len(provider.received)
    done = codex.ask(person.key)
    assert done.returncode == 0, done.stderr
    assert "Frau Sabine Krüger" in done.stdout
    got, = provider.received[before:]
    assert "Krüger" not in got.body.decode()
    assert "[PERSON" in got.text
    assert got.json["stream"] is True
    assert not {"store", "include", "client_metadata", "prompt_cache_key"} & set(got.json), "state and identity"
    assert not [name for name in got.headers if name.lower().startswith(("x-codex", "originator", "session", "thread"))]


def test_codex_shows_why_it_may_not_and_asks_for_refused_content_once(codex: Codex, gateway: GatewayProcess,
                                                                      person: Person) -> None:
    done = codex.ask(gateway.holder("fehlt").key)
    assert done.returncode != 0
    assert "KI-Pass" in done.stderr
    shown = next(e for e in examples("docs/anbindung.md") if e.kind == "toml" and e.heading == "codex")
    config = codex._folder / "home" / "config.toml"
    config.write_text(shown.at(gateway.url, "", "eu-cloud"), encoding="utf-8")
    before = len(denied(gateway))
    done = codex.ask(person.key, "VS-NUR FÜR DEN DIENSTGEBRAUCH: Lageplan")
    assert "Verschlusssachen" in done.stderr
    assert len(denied(gateway)) == before + 1


def denied(gateway: GatewayProcess) -> list[str]:
    return [entry.id for entry in gateway.records() if entry.meta.get("code") == "inhalt_gesperrt"]


def test_codex_says_that_an_answer_broke_off(codex: Codex, person: Person, provider: EchoProvider) -> None:
    with provider.doing(cut=5, break_after=4):
        done = codex.ask(person.key)
    assert done.returncode != 0
    assert "unvollständig" in done.stderr


def test_aider_answers_with_names_that_the_provider_never_saw(gateway: GatewayProcess, person: Person,
                                                              provider: EchoProvider, tmp_path: Path) -> None:
    if missing("aider"):
        pytest.skip(missing("aider"))
    words = [str(program("aider", "aider")), "--model", "openai/schnellstart", "--no-git", "--yes-always",
             "--no-pretty", "--no-check-update", "--no-show-model-warnings", "--analytics-disable", "--message",
             QUESTION]
    before = len(provider.received)
    with provider.doing(says="Guten Tag, Frau [PERSON1]."):
        done = run(words, tmp_path, HOME=str(tmp_path), OPENAI_API_BASE=gateway.url + "/v1", OPENAI_API_KEY=person.key)
    got, = provider.received[before:]
    assert done.returncode == 0, done.stderr
    assert "Krüger" not in got.body.decode()
    assert "[PERSON1" in got.body.decode()
    assert "Tokens:" in done.stdout, "the usage was asked for and shown"
