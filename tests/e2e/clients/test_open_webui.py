"""A real Open WebUI with the settings of ``deploy/open-webui``, driven through its HTTP API as its browser does
(``make client-test-heavy``): who asks is known by the signed token, and a title costs no request to a model."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.test_pages_for_clients import read_env
from tests.support.client_stacks import missing, program
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, ROOT, GatewayProcess, Person, free_port
from tests.support.http import Reply, ask
from tests.support.signed_tokens import SECRET

TEXT = "Bitte schreiben Sie Frau Sabine Krüger wegen der Hundesteuer."
STARTS = 180.0


class OpenWebUi:
    """The running server, and people signed in to it."""

    def __init__(self, gateway: GatewayProcess, key: str, folder: Path) -> None:
        self.gateway, self.url = gateway, f"http://127.0.0.1:{free_port()}"
        written = (ROOT / "deploy/open-webui/open-webui.env").read_text(encoding="utf-8")
        settings = dict(read_env(written.replace("http://pforte:8080", gateway.url)))
        environment = {**{n: v for n, v in os.environ.items() if not n.startswith("KI_PFORTE_")}, **settings,
                       "OPENAI_API_KEY": key, "RAG_OPENAI_API_KEY": key, "WEBUI_SECRET_KEY": "only for this test",
                       "FORWARD_USER_INFO_HEADER_JWT_SECRET": SECRET, "DATA_DIR": str(folder)}
        self.log = folder / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(program("open-webui", "open-webui")), "serve", "--host", "127.0.0.1", "--port",
                 self.url.rpartition(":")[2]], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self._tokens: dict[str, str] = {}

    def until_ready(self) -> None:
        give_up = time.monotonic() + STARTS
        while True:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            try:
                if ask("GET", self.url + "/health").status == 200:
                    return
            except OSError:
                pass
            assert time.monotonic() < give_up
            time.sleep(0.5)

    def sign_up(self, person: Person, admin: Person | None = None) -> None:
        """Let somebody in; the first one is the administrator, who adds the others."""
        form = {"name": person.name, "email": person.email, "password": "Ein-langes-Kennwort-7"}
        if admin is None:
            reply = self.post("/api/v1/auths/signup", "", form)
        else:
            self.post("/api/v1/auths/add", admin.email, {**form, "role": "user"})
            reply = self.post("/api/v1/auths/signin", "", form)
        assert reply.status == 200, reply.body
        self._tokens[person.email] = reply.json["token"]

    def post(self, path: str, email: str, body: dict[str, Any]) -> Reply:
        return ask("POST", self.url + path, self._tokens.get(email, ""), body, Content_Type="application/json")

    def models(self, email: str) -> set[str]:
        return {model["id"] for model in ask("GET", self.url + "/api/models", self._tokens[email]).json["data"]}

    def chat(self, email: str, **more: Any) -> Reply:
        body = {"model": "schnellstart", "messages": [{"role": "user", "content": TEXT}], "stream": True, **more}
        return self.post("/api/chat/completions", email, body)


@pytest.fixture(scope="module")
def webui(provider: EchoProvider, policies: Path, settled: GatewayProcess,
          tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenWebUi]:
    if missing("open-webui"):
        pytest.skip(missing("open-webui"))
    with GatewayProcess(tmp_path_factory.mktemp("behind") / "home", policies, provider.url,
                        OPEN_WEBUI_SECRET=SECRET) as gateway:
        gateway.settle_like(settled)
        made = gateway.cli("client", "add", "Open WebUI", "--identity", "openwebui-jwt", "--secret",
                           "OPEN_WEBUI_SECRET", "--groups", "choose", "--json")
        gateway.start()
        running = OpenWebUi(gateway, json.loads(made.stdout)["key"], tmp_path_factory.mktemp("webui"))
        try:
            running.until_ready()
            running.sign_up(gateway.holder("gueltig"))
            yield running
        finally:
            running.process.terminate()
            running.process.wait(PATIENCE)


@pytest.fixture
def somebody(webui: OpenWebUi) -> str:
    return webui.gateway.holder("gueltig").email


def shown(reply: Reply) -> str:
    """Return the text that the browser shows for a stream."""
    lines = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    pieces = [json.loads(line) for line in lines if line != "[DONE]"]
    return "".join(choice.get("delta", {}).get("content") or "" for piece in pieces for choice in piece["choices"])


def test_the_models_of_the_person_are_there(webui: OpenWebUi, somebody: str) -> None:
    assert {"demo", "schnellstart", "vllm-haus"} <= webui.models(somebody)


def test_names_are_real_in_the_browser_and_hidden_from_the_provider(webui: OpenWebUi, somebody: str,
                                                                    provider: EchoProvider) -> None:
    with provider.doing(cut=5):
        reply = webui.chat(somebody)
    assert shown(reply) == TEXT
    got = provider.last
    assert "Krüger" not in got.body.decode()
    assert somebody not in got.body.decode() + json.dumps(got.headers)
    assert "user" not in got.json
    assert not [name for name in got.headers if name.lower().startswith("x-")]


def test_a_title_costs_no_request_to_a_model(webui: OpenWebUi, somebody: str, provider: EchoProvider) -> None:
    before = len(provider.received)
    messages = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "Gern."}]
    for task, key in (("title", "title"), ("tags", "tags"), ("follow_up", "follow_ups")):
        reply = webui.post(f"/api/v1/tasks/{task}/completions", somebody,
                           {"model": "schnellstart", "messages": messages, "chat_id": "1"})
        assert reply.status == 200, reply.body
        assert key in json.loads(reply.json["choices"][0]["message"]["content"])
    assert len(provider.received) == before


def test_a_refusal_is_read_in_the_chat(webui: OpenWebUi, somebody: str, provider: EchoProvider) -> None:
    without = webui.gateway.holder("fehlt")
    webui.sign_up(without, webui.gateway.holder("gueltig"))
    before = len(provider.received)
    text = shown(webui.chat(without.email))
    assert "KI-Pass" in text
    assert "Vorgang" in text
    assert len(provider.received) == before


def test_who_is_unknown_here_gets_no_answer_and_asks_nobody(webui: OpenWebUi, provider: EchoProvider) -> None:
    stranger = Person("fremd@anderswo.example", "Fremd", "", (), "", "")
    webui.sign_up(stranger, webui.gateway.holder("gueltig"))
    before = len(provider.received)
    reply = webui.chat(stranger.email)
    assert "Hundesteuer" not in reply.body.decode()
    assert len(provider.received) == before


def test_an_answer_that_breaks_off_says_so(webui: OpenWebUi, somebody: str, provider: EchoProvider) -> None:
    with provider.doing(cut=5, break_after=4):
        reply = webui.chat(somebody)
    assert "unvollständig" in json.loads('"' + reply.body.decode().replace('"', '\\"').replace("\n", "\\n") + '"')


def test_its_tools_get_the_real_name(webui: OpenWebUi, somebody: str, provider: EchoProvider) -> None:
    tool = {"type": "function", "function": {"name": "notiz", "parameters": {
        "type": "object", "properties": {"name": {"type": "string"}}}}}
    with provider.doing(tool=("notiz", "name"), cut=5):
        reply = webui.chat(somebody, tools=[tool])
    lines = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: {")]
    calls = [call for line in lines for choice in json.loads(line)["choices"]
             for call in choice["delta"].get("tool_calls") or ()]
    assert "Sabine Krüger" in "".join(call["function"].get("arguments") or "" for call in calls)
