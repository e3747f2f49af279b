"""What is measured, as own processes pinned to one core: the gateway, a bare proxy, LiteLLM's proxy, and the provider.

Every process is started here, in a temporary folder, with an environment of its own, and ended by its handle. A process
that dies or does not get ready stops the benchmark with the end of what it said: a figure of a half-started
program is worse than none.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.measure import cpu_seconds, rss_megabytes

ROOT = Path(__file__).resolve().parents[2]
_LITELLM_NEEDS = ("litellm", "backoff", "apscheduler", "gunicorn", "fastapi_sso", "websockets")


class BenchError(Exception):
    """The benchmark cannot run; the text says why."""


@dataclass(slots=True)
class Target:
    """A running program: where it listens, how to address it, and how long it took until it was ready."""

    name: str
    label: str
    port: int
    model: str
    key: str = "bench"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    start_seconds: float = 0.0
    log: Path = Path(os.devnull)

    def cpu(self) -> float:
        """CPU seconds used so far by the program, all its threads and children."""
        return cpu_seconds(self.process.pid) if self.process else 0.0

    def rss(self) -> float:
        """Resident memory in MB."""
        return rss_megabytes(self.process.pid) if self.process else 0.0

    def stop(self, how: int = signal.SIGTERM, patience: float = 20.0) -> None:
        """End the program; kill it if it does not want to."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cores() -> tuple[int, int] | None:
    """Return the core of what is measured and the core of provider and generator; None when there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def request(port: int, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    """Send one plain HTTP request to loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without what would change what is measured.

    Settings of KI-Pforte; and a Python that must not keep what it compiled would compile everything at every start.
    """
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("KI_PFORTE_") and name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | extra


def launch(target: Target, command: list[str], env: dict[str, str], core: int | None, ready: str) -> Target:
    """Start the command on one core and return when ``GET ready`` answers 200."""
    begin = time.monotonic()
    with target.log.open("wb") as log:
        target.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if core is not None else None)
    while time.monotonic() - begin < 60:
        if target.process.poll() is not None:
            raise BenchError(f"{target.label} ist beim Start ausgestiegen:\n{_end_of(target.log)}")
        try:
            if request(target.port, "GET", ready)[0] == 200:
                target.start_seconds = time.monotonic() - begin
                return target
        except OSError:
            pass  # not listening yet
        time.sleep(0.02)
    target.stop()
    raise BenchError(f"{target.label} war nach 60 Sekunden nicht bereit:\n{_end_of(target.log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def start_provider(folder: Path, core: int | None) -> Target:
    """Start the fake provider."""
    target = Target("direct", "Anbieter direkt", free_port(), "fake", log=folder / "provider.log")
    command = [sys.executable, "-m", "tests.bench.provider", "--port", str(target.port)]
    return launch(target, command, environment(), core, "/control")


def start_bare(folder: Path, core: int | None, provider: int) -> Target:
    """Start the proxy that only passes on."""
    target = Target("bare", "nackter Proxy", free_port(), "fake", log=folder / "bare.log")
    command = [sys.executable, "-m", "tests.bench.bare_proxy", "--port", str(target.port),
               "--upstream", f"http://127.0.0.1:{provider}/v1"]
    return launch(target, command, environment(), core, "/readyz")


def start_gateway(folder: Path, core: int | None, provider: int, *, profile: Path | None = None) -> Target:
    """Set up an example town in a fresh HOME and serve it with one worker."""
    target = Target("gateway", "KI-Pforte", free_port(), "schnellstart", log=folder / "gateway.log")
    env = environment(KI_PFORTE_HOME=str(folder / "home"), KI_PFORTE_PORT=str(target.port), KI_PFORTE_WORKERS="1",
                      KI_PFORTE_OPENAI_BASE_URL=f"http://127.0.0.1:{provider}/v1", KI_PFORTE_OPENAI_MODEL="fake")
    target.key = _demo_key(env)
    python = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else [])]
    return launch(target, [*python, "-m", "gateway", "serve"], env, core, "/readyz")


def _demo_key(env: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-m", "gateway", "init", "--demo", "--json"], cwd=ROOT, env=env,
                          capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise BenchError(f"`ki-pforte init --demo --json` endete mit {done.returncode}:\n"
                         f"{done.stderr.decode()[-2000:]}")
    people = json.loads(done.stdout)["people"]
    return str(next(person["key"] for person in people if person["pass"] == "gueltig"))


def verify_ledger(folder: Path) -> int:
    """Return the exit code of ``audit verify`` on the gateway's ledger after the load: 0 means unchanged."""
    env = environment(KI_PFORTE_HOME=str(folder / "home"))
    command = [sys.executable, "-m", "gateway", "audit", "verify", "--json"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=600, check=False).returncode


def has_litellm(python: str) -> bool:
    """Tell whether this interpreter has LiteLLM's proxy, without importing it (which takes seconds)."""
    code = f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, {_LITELLM_NEEDS!r})))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def start_litellm(folder: Path, core: int | None, provider: int, python: str) -> Target:
    """Start LiteLLM's proxy: one master key, no redaction, no logging, no database; the same provider behind it."""
    target = Target("litellm", "LiteLLM-Proxy", free_port(), "fake", key=f"sk-{secrets.token_hex(24)}",
                    log=folder / "litellm.log")
    config = folder / "litellm.json"  # JSON is YAML
    config.write_text(json.dumps({
        "model_list": [{"model_name": "fake", "litellm_params": {
            "model": "openai/fake", "api_base": f"http://127.0.0.1:{provider}/v1", "api_key": "bench"}}],
        "litellm_settings": {"telemetry": False}}))
    env = environment(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="ERROR", DISABLE_ADMIN_UI="True",
                      LITELLM_MASTER_KEY=target.key)
    del env["PYTHONPATH"]
    command = [python, "-c", "from litellm import run_server; run_server()", "--config", str(config),
               "--host", "127.0.0.1", "--port", str(target.port), "--num_workers", "1", "--telemetry", "False"]
    return launch(target, command, env, core, "/health/liveliness")
