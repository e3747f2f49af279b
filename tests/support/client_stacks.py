"""Programs of others that speak to the gateway, each in an environment of its own below ``.venv/clients``.

``python -m tests.support.client_stacks [NAME ...]`` sets them up (``make client-test`` does); tests only look whether
they are there. What cannot be set up, because no package index is reachable or Node is missing, is skipped with that
reason. A `Driver` is one such program under way: a small script in ``tests/e2e/clients/drivers`` that gets a task a
line as JSON and answers with a line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "clients"
DRIVERS = ROOT / "tests" / "e2e" / "clients" / "drivers"


@dataclass(frozen=True)
class Stack:
    """What to install, from which index."""

    kind: str
    packages: tuple[str, ...]
    heavy: bool = False


STACKS = {
    "langchain": Stack("pip", ("langchain==1.4.7", "langchain-openai==1.7.3")),
    "pydantic-ai": Stack("pip", ("pydantic-ai-slim[openai]==2.68.0",)),
    "llm": Stack("pip", ("llm==0.36",)),
    "node": Stack("npm", ("openai@6.49.0", "ai@6.0.326", "@ai-sdk/openai-compatible@2.0.91", "@ai-sdk/openai@3.0.141",
                          "@anthropic-ai/sdk@1.10.0", "zod@4.6.7")),
    "codex": Stack("npm", ("@openai/codex@0.169.0",), heavy=True),
    "aider": Stack("pip", ("aider-chat==0.86.2",), heavy=True),
    "open-webui": Stack("pip", ("open-webui==0.12.4",), heavy=True),
}


def missing(name: str) -> str:
    """Return why the programs of this stack cannot be used, or nothing. Only the make targets use them: it is slow."""
    if os.environ.get("CLIENT_TESTS") != "1":
        return f"nur mit „make client-test{'-heavy' if STACKS[name].heavy else ''}“"
    return _not_there(name)


def _not_there(name: str) -> str:
    stack = STACKS[name]
    if stack.kind == "npm" and shutil.which("node") is None:
        return "Node fehlt"
    if _stamp(name).is_file() and _stamp(name).read_text(encoding="utf-8") == _wanted(stack):
        return ""
    return f"{name} ist nicht eingerichtet („make client-test{'-heavy' if stack.heavy else ''}“ richtet es ein)"


def program(name: str, command: str) -> Path:
    """Return the path of a program that a stack brings."""
    folder = "bin" if STACKS[name].kind == "pip" else "node_modules/.bin"
    return FOLDER / name / folder / command


def set_up(name: str) -> str:
    """Install a stack; return what went wrong, or nothing."""
    stack, folder = STACKS[name], FOLDER / name
    if stack.kind == "npm" and shutil.which("npm") is None:
        return "npm fehlt"
    if not _not_there(name):
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if stack.kind == "pip":
        venv.create(folder, with_pip=True)
        command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *stack.packages]
    else:
        (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *stack.packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        return (done.stderr or done.stdout).strip().splitlines()[-1]
    _stamp(name).write_text(_wanted(stack), encoding="utf-8")
    return ""


def _stamp(name: str) -> Path:
    return FOLDER / name / "installed.txt"


def _wanted(stack: Stack) -> str:
    return "\n".join(stack.packages)


class Driver:
    """One program under way; `do` gives it a task and returns what came of it."""

    def __init__(self, stack: str, script: str, **environment: str) -> None:
        own = FOLDER / stack
        path = DRIVERS / script
        if script.endswith(".mjs"):  # Node looks for packages beside the script
            path = Path(shutil.copy(path, own / script))
            shutil.copy(DRIVERS / "lines.mjs", own / "lines.mjs")
        command = ["node", str(path)] if script.endswith(".mjs") else [str(own / "bin/python"), str(path)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("KI_PFORTE_", "OPENAI_"))}
        self._process = subprocess.Popen(command, cwd=own, env={**clean, **environment}, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, encoding="utf-8")

    def begin(self, task: str, **given: Any) -> None:
        """Give a task without waiting for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"task": task, **given}) + "\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """Wait for what came of the task."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the program has ended with {self._process.wait()}"
        found: dict[str, Any] = json.loads(line)
        return found

    def do(self, task: str, **given: Any) -> dict[str, Any]:
        """Give a task and wait for what comes of it."""
        self.begin(task, **given)
        return self.result()

    def close(self) -> None:
        """Let the program end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [name for name, stack in STACKS.items() if not stack.heavy]:
        print(f"{chosen}: {set_up(chosen) or 'bereit'}", flush=True)
