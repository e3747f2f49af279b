"""A real KI-Pforte: its own process, its own HOME, a free port, the example town, and models that lead to a provider.

``schnellstart`` is the quick start (in the house). Of the register's own entries ``vllm-haus`` is switched on and led
to the same provider with one second of patience, and ``eu-cloud`` (outside) is switched on where nobody listens.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENDS = ("outcome", "outcome.unknown", "denied", "local")
PATIENCE = 180.0
"""Seconds after which a server that does not come up has failed; nothing is measured with it."""


@dataclass(frozen=True)
class Person:
    """One of the example people, with a key that works."""

    email: str
    name: str
    department: str
    roles: tuple[str, ...]
    key: str = field(repr=False)
    state: str


@dataclass(frozen=True)
class Entry:
    """One record of the ledger."""

    id: str
    type: str
    ref: str
    meta: dict[str, Any]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def example_policies(folder: Path, provider_url: str) -> Path:
    """Copy the shipped policies, with two models of the register switched on."""
    shutil.copytree(ROOT / "policies", folder)
    path = folder / "models.yaml"
    text = path.read_text(encoding="utf-8")
    agreement = f"    avv: {{concluded: 2026-01-01, sha256: {'a' * 64}}}\n"
    text = _switch_on(text, "eu-cloud", "https://127.0.0.1:1/v1", agreement)
    text = _switch_on(text, "vllm-haus", provider_url, "    timeout_seconds: 1\n")
    path.write_text(text, encoding="utf-8")
    return folder


def _switch_on(text: str, model: str, url: str, more: str) -> str:
    start = text.index(f"\n  {model}:\n") + 1
    end = text.find("\n\n", start)
    entry = text[start:end + 1]
    changed = entry.replace("enabled: false", "enabled: true")
    changed = re.sub(r"base_url: .*", f"base_url: {url}", changed)
    changed = re.sub(r" *api_key_env: .*\n", "", changed)
    return text[:start] + changed + more + text[end + 1:]


class GatewayProcess:
    """Use as ``with GatewayProcess(...) as gateway``; `people` are there after `init`, the server after `start`."""

    def __init__(self, home: Path, policies: Path, provider_url: str, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tree = ROOT
        """Where the program lies; another version may lie elsewhere."""
        self.log = home.with_name(home.name + ".log")
        """Standard output and standard error of every start, one after the other."""
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KI_PFORTE_")},
            "KI_PFORTE_HOME": str(home), "KI_PFORTE_POLICIES": str(policies), "KI_PFORTE_LOG_LEVEL": "debug",
            "KI_PFORTE_OPENAI_BASE_URL": provider_url, "KI_PFORTE_OPENAI_MODEL": "echo-1",
            "KI_PFORTE_OPENAI_API_KEY": "sk-of-the-provider", "KI_PFORTE_PORT": str(self.port),
            "KI_PFORTE_OCR": "off", "KI_PFORTE_DRAIN_SECONDS": "0", "PYTHONFAULTHANDLER": "1", **settings}
        self.people: list[Person] = []
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> GatewayProcess:
        return self

    def init(self, patience: float = PATIENCE) -> GatewayProcess:
        """Set HOME up with the example people."""
        shown = json.loads(self.cli("init", "--demo", "--json", timeout=patience).stdout)["people"]
        self.people = [Person(p["email"], p["name"], p["department"], tuple(p["roles"]), p["key"], p["pass"])
                       for p in shown]
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def settle_like(self, other: GatewayProcess) -> GatewayProcess:
        """Begin with a copy of the HOME of `other`, which does not run; cheaper than `init`."""
        shutil.copytree(other.home, self.home)
        self.people = other.people
        return self

    def run(self, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command on the same HOME, whatever its exit code."""
        return subprocess.run([sys.executable, "-m", "gateway", *words], env=self.environment, cwd=self.tree,
                              capture_output=True, encoding="utf-8", timeout=timeout, check=False)

    def cli(self, *words: str, code: int = 0, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command on the same HOME and check its exit code."""
        done = self.run(*words, timeout=timeout)
        assert done.returncode == code, f"{words} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, patience: float = PATIENCE) -> GatewayProcess:
        """Start the server and wait until it can serve."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "gateway", "serve"], env=self.environment,
                                            cwd=self.tree, stdout=log, stderr=subprocess.STDOUT)
        self.until_ready(patience)
        return self

    def until_ready(self, patience: float = PATIENCE) -> None:
        """Wait until ``/readyz`` says 200."""
        give_up = time.monotonic() + patience
        while True:
            assert self.process is not None
            assert self.process.poll() is None, f"the server has ended:\n{self.logged()}"
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                    answer.read()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < give_up, f"the server does not come up:\n{self.logged()}"
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server as systemd would."""
        if self.process is not None:
            process, self.process = self.process, None
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # it says where it stands
                process.wait(PATIENCE)
                raise AssertionError(f"the server does not end:\n{self.logged()}") from None

    def kill(self) -> None:
        """Stop the server as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process = None

    def logged(self) -> str:
        """Return all that the server has written."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def holder(self, state: str, department: str | None = None) -> Person:
        """Return the first person whose KI-Pass is in `state`."""
        return next(p for p in self.people if p.state == state and department in (None, p.department))

    def records(self) -> list[Entry]:
        """Return all records of the ledger in the order of their ids, read from the database as it is now."""
        with contextlib.closing(sqlite3.connect(f"file:{self.home}/protokoll.db?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT r.id, r.type, r.ref, p.body FROM audit_record r LEFT JOIN audit_part p "
                "ON p.record_id = r.id AND p.name = 'meta' ORDER BY r.id").fetchall()
        return [Entry(id_, type_, ref, json.loads(body or b"{}")) for id_, type_, ref, body in rows]

    def ends_of(self, vorgang: str) -> list[Entry]:
        """Wait until the exchange with this Vorgangsnummer has ended; return its ends."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            found = [e for e in self.records() if e.meta.get("vorgang") == vorgang and e.type in ENDS]
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("the exchange has no end")
