"""The examples of the handbook work as they stand there: run against the demo, each in its own environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.client_stacks import FOLDER, missing
from tests.support.gateway_process import GatewayProcess, Person
from tests.support.pages import Example, examples

RUNNABLE = [example for example in examples("docs/anbindung.md") if example.kind in ("python", "js")]
STACKS = {"from langchain_openai": "langchain", "from pydantic_ai": "pydantic-ai"}


def command(example: Example, folder: Path) -> list[str]:
    """Return how to run the example, written down in `folder`; skips where its packages are missing."""
    stack = "node" if example.kind == "js" else next((s for start, s in STACKS.items() if start in example.text), "")
    if stack and missing(stack):
        pytest.skip(missing(stack))
    if example.kind == "js":
        return ["node", str(folder / "example.mjs")]
    return [str(FOLDER / stack / "bin/python") if stack else sys.executable, str(folder / "example.py")]


@pytest.mark.parametrize("example", RUNNABLE, ids=str)
def test_an_example_of_the_handbook_works(example: Example, gateway: GatewayProcess, person: Person,
                                          tmp_path: Path) -> None:
    words = command(example, tmp_path)
    Path(words[1]).write_text(example.at(gateway.url, person.key, "demo"), encoding="utf-8")
    if example.kind == "js":  # Node looks for packages in the folders above the script
        (tmp_path / "node_modules").symlink_to(FOLDER / "node" / "node_modules")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KI_PFORTE_", "OPENAI_"))}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    # An example that names somebody shows that the name comes back; the shortest one only that there is an answer.
    assert ("Sabine Krüger" if "Sabine Krüger" in example.text else "Guten Tag") in done.stdout
