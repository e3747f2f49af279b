"""What the set-up pages show can be copied: every example is of its language, every command and setting exists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.pages import ADDRESS, KEY, ROOT, Example, examples

PAGES = ("docs/anbindung.md", "deploy/open-webui/README.md")
EXAMPLES = [example for page in PAGES for example in examples(page)]
ENV_LINE = re.compile(r"[A-Z][A-Z0-9_]*=\S.*")
CLIENTS = ("Open WebUI", "LibreChat", "Nextcloud Assistant", "AnythingLLM", "Chatbox", "Jan", "Continue", "VS Code",
           "n8n", "llm", "codex", "aider", "LangChain", "pydantic-ai", "Vercel AI SDK", "OpenAI-SDK", "Anthropic-SDK")


def parse(example: Example) -> Any:
    """Read an example as its program would."""
    kind, text = example.kind, example.text
    if kind == "json":
        return json.loads(text)
    if kind == "yaml":
        return YAML(typ="safe", pure=True).load(text)
    if kind == "toml":
        return tomllib.loads(text)
    if kind == "python":
        return compile(text, str(example), "exec")
    if kind == "env":
        return dict(read_env(text))
    if kind == "sh":
        return subprocess.run(["sh", "-n"], input=text, encoding="utf-8", check=True)
    if kind == "text":  # what people type into fields
        return dict(line.split(": ", 1) for line in text.splitlines() if line)
    assert kind == "js", f"nobody reads {kind!r}"
    return check_js(text)


def check_js(text: str) -> None:
    if shutil.which("node") is None:
        pytest.skip("Node fehlt")
    subprocess.run(["node", "--check", "--input-type=module", "-"], input=text, encoding="utf-8", check=True)


def read_env(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(ENV_LINE.fullmatch(line) for line in lines), lines
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_can_be_read_by_its_program(example: Example) -> None:
    parse(example)


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_says_who_asks_what_a_refusal_looks_like_and_what_it_cannot(client: str) -> None:
    text = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    section = next(part for part in text.split("\n## ") if part.lower().startswith(client.lower()))
    assert "**Wer fragt:**" in section
    assert "**Ablehnung:**" in section
    assert "**Grenzen:**" in section or "**Ausschalten:**" in section or "**Wichtig:**" in section
    assert re.search(rf"\| .*{re.escape(client)}", text, re.IGNORECASE), "not in the overview"


def test_links_inside_the_page_lead_to_a_heading() -> None:
    text = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
               for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_no_example_holds_a_real_address_or_key() -> None:
    allowed = (ADDRESS, "http://127.0.0.1", "http://pforte:", "http://tauri.localhost")
    for example in EXAMPLES:
        for address in re.findall(r"https?://[^\s\"'`;,)]+", example.text):
            assert address.startswith(allowed), address
        assert set(re.findall(r"kip_\S+?(?=[\"'\s,)]|$)", example.text)) <= {KEY}


def test_the_files_for_open_webui_fit_the_page() -> None:
    folder = ROOT / "deploy" / "open-webui"
    own = dict(read_env((folder / "open-webui.env").read_text(encoding="utf-8")))
    shown = next(dict(read_env(e.text)) for e in EXAMPLES if e.kind == "env" and e.heading == "Open WebUI")
    secrets = {"OPENAI_API_KEY", "RAG_OPENAI_API_KEY", "FORWARD_USER_INFO_HEADER_JWT_SECRET"}
    assert set(shown) <= set(own) | secrets
    assert set(own).isdisjoint(secrets)
    for name in ("ENABLE_FORWARD_USER_INFO_HEADERS", "OFFLINE_MODE", "ENABLE_DIRECT_CONNECTIONS"):
        assert own[name] == shown[name]
    part = YAML(typ="safe", pure=True).load(Path(folder / "compose.yaml").read_text(encoding="utf-8"))
    service = part["services"]["open-webui"]
    assert service["env_file"] == ["open-webui/open-webui.env", "open-webui/geheim.env"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
