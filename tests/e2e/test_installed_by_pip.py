"""The wheel alone is enough: installed, set up from an empty folder, served, and a chat answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path
from site import getsitepackages

import pytest

from tests.support.gateway_process import PATIENCE, ROOT, free_port

ANSWERS = """
name: Gemeinde Süd
domain: sued.example
departments: [bauamt]
model: demo
it_name: Ida Technik
it_email: ida@sued.example
dpo_name: Dora Schutz
dpo_email: dora@sued.example
"""
LONG = 300


def run(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, encoding="utf-8",
                          timeout=LONG, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with our wheel; libraries come from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # building leaves folders behind, and they do not belong into the clone
    source.mkdir()
    for name in ("gateway", "audit", "policies", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).symlink_to(ROOT / name)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('..'))"
    wheel = folder / run(sys.executable, "-c", build, cwd=source).stdout.splitlines()[-1]
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).stdout.strip())
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel,
        cwd=folder)
    (site / "libraries.pth").write_text("\n".join(getsitepackages()) + "\n")
    return folder / "venv" / "bin" / "ki-pforte"


def test_the_wheel_serves_a_chat_from_an_empty_folder(program: Path, tmp_path: Path) -> None:
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KI_PFORTE_", "PYTHON"))}
    env["KI_PFORTE_PORT"] = str(port)
    (tmp_path / "antworten.yaml").write_text(ANSWERS + f"address: http://127.0.0.1:{port}\n")
    said = json.loads(run(program, "init", "--answers", "antworten.yaml", "--json", cwd=tmp_path, env=env).stdout)
    again = run(program, "init", "--answers", "antworten.yaml", cwd=tmp_path, env=env)
    assert "schon eingerichtet" in again.stderr
    server = subprocess.Popen([str(program), "serve"], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        body = {"model": said["model"], "messages": [{"role": "user", "content": "Frau Sabine Krüger fragt"}]}
        headers = {"Authorization": f"Bearer {said['key']}", "Content-Type": "application/json"}
        question = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(body).encode(),
                                          headers)
        answer = json.loads(until_answered(question, server))
        assert "Krüger" in answer["choices"][0]["message"]["content"]
    finally:
        server.terminate()
        server.wait(PATIENCE)


def until_answered(question: urllib.request.Request, server: subprocess.Popen[bytes]) -> bytes:
    give_up = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(question, timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.1)
