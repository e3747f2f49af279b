"""What no single test of a room can see: who imports whom, who may seal, which codes exist, how long files are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import CODES

ROOT = Path(__file__).parents[2]
CODE = sorted([*(ROOT / "gateway").rglob("*.py"), *(ROOT / "audit").rglob("*.py")])
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE}
LONGEST = 400
TOO_LONG = {"tests/contract/test_upstream_contract.py": 554,
            "tests/unit/upstream/test_litellm_wires.py": 403}
"""Files longer than that, and how long they may be. The list only shrinks."""
MAY_PRINT = {"gateway/upstream/demo/__main__.py"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            yield node


@pytest.mark.parametrize(("package", "rooms"), [
    ("litellm", {"upstream"}), ("fastapi", {"app"}), ("presidio_analyzer", {"detection"}),
    ("presidio_anonymizer", {"detection"}), ("sqlalchemy", {"store"}), ("prometheus_client", {"telemetry"})])
def test_each_given_package_is_imported_by_the_room_that_needs_it(package: str, rooms: set[str]) -> None:
    found = {room_of(path) for path, tree in TREES.items() if package in imported(tree)
             and path.is_relative_to(ROOT / "gateway")}
    assert rooms <= found
    with (ROOT / "pyproject.toml").open("rb") as file:
        dependencies = " ".join(tomllib.load(file)["project"]["dependencies"])
    assert re.search(rf"\b{package.replace('_', '-')}==", dependencies)


def test_presidio_and_litellm_stay_behind_their_own_files() -> None:
    presidio = {"gateway/detection/presidio.py"}
    behind = {"presidio_analyzer": presidio, "presidio_anonymizer": presidio,
              "litellm": {"gateway/upstream/litellm_library.py"}}
    for package, files in behind.items():
        assert {name_of(path) for path, tree in TREES.items() if package in imported(tree)} == files


BREACHES = {
    "Stockwerke: Importe zeigen nur nach unten": ("gateway/policy/words.py", "gateway.pipeline.memory"),
    "Das Protokoll kennt kein Gateway": ("audit/errors.py", "gateway.errors"),
    "SQL nur in zwei Räumen": ("gateway/web/words.py", "sqlalchemy"),
    "Der Weg durch das Haus kennt kein Netz, keinen Rahmen und keinen Detektor": (
        "gateway/redaction/spans.py", "aiohttp"),
    "Presidio hinter einer Datei": ("gateway/http/models.py", "presidio_analyzer"),
}
"""For each contract an import that only this contract forbids."""


def lint(folder: Path) -> tuple[int, dict[str, str]]:
    """Run import-linter on the code in `folder`; return its exit code and KEPT or BROKEN per contract."""
    program = ("import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; "
               "lint_imports_command()")
    command = [sys.executable, "-c", program, "--config", "pyproject.toml", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False,
                          env={"PATH": "", "PYTHONPATH": str(folder), "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"})
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", plain, re.MULTILINE))
    assert found, done.stdout + done.stderr
    return done.returncode, found


def contracts() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return [contract["name"] for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]]


def test_the_floors_hold() -> None:
    assert lint(ROOT) == (0, dict.fromkeys(contracts(), "KEPT"))


def test_each_contract_notices_when_it_is_broken(tmp_path: Path) -> None:
    assert set(BREACHES) == set(contracts()), "a new contract needs an import that breaks it"
    for path in CODE:
        copy = tmp_path / name_of(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        text += "".join(f"\nimport {module}\n" for file, module in BREACHES.values() if file == name_of(path))
        copy.write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert lint(tmp_path) == (1, dict.fromkeys(contracts(), "BROKEN"))


def test_a_command_opens_without_what_only_the_server_needs() -> None:
    program = ("import gateway.cli, sys; print(*{m.split('.')[0] for m in sys.modules} "
               "& {'spacy', 'presidio_analyzer', 'litellm', 'fastapi', 'aiohttp', 'uvicorn'})")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == [], "every command would take seconds"


def test_only_the_pipeline_seals_a_request() -> None:
    sealing = {name_of(path) for path, tree in TREES.items() if any(calls(tree, "SealedRequest"))}
    assert sealing == {"gateway/pipeline/walk.py"}
    replacing = {name_of(path) for path, tree in TREES.items()
                 for call in calls(tree, "replace") if "sealed" in ast.unparse(call).lower()}
    assert replacing == set(), "a copy of a sealed request is not the one that was recorded"


def test_every_error_code_in_the_code_exists_and_every_code_is_used() -> None:
    used: set[str] = set()
    for path, tree in TREES.items():
        for name in ("GatewayError", "Denial"):
            for call in calls(tree, name):
                if call.args and isinstance(call.args[0], ast.Constant):
                    assert call.args[0].value in CODES, f"{name_of(path)}:{call.lineno}"
                    used.add(call.args[0].value)
        used |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in CODES
                 and name_of(path) != "gateway/errors.py"} if path.is_relative_to(ROOT / "gateway") else set()
    later = {"modell_gestoppt", "budget_erschoepft"}
    assert set(CODES) - used <= later


def test_no_file_grows_without_end() -> None:
    for path in [*CODE, *(ROOT / "tests").rglob("*.py")]:
        length = path.read_text(encoding="utf-8").count("\n")
        allowed = TOO_LONG.get(name_of(path))
        assert length <= (allowed or LONGEST), f"{name_of(path)} has {length} lines"
        assert allowed is None or length > LONGEST, f"{name_of(path)} is short enough now: take it off the list"


def test_nobody_prints() -> None:
    assert {name_of(path) for path, tree in TREES.items() for call in calls(tree, "print")
            if getattr(call.func, "id", "") == "print"} <= MAY_PRINT


def test_no_file_names_this_machine_or_a_registry() -> None:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no git repository here: the tracked files cannot be listed")
    own = name_of(Path(__file__))
    # Written in pieces, so that this file does not hold what it looks for.
    parts = (rb"/wo" rb"rk/(?:main|shared)", rb"/ro" rb"ot/", rb"python" rb"hosted", rb"pypi" rb"\.org",
             rb"--(?:extra-)?index-url[ =]https?:")
    forbidden = re.compile(b"|".join(parts))
    for name in done.stdout.decode().split("\0"):
        path = ROOT / name
        if name and name != own and path.is_file():
            match = forbidden.search(path.read_bytes())
            assert match is None, f"{name}: {match and match[0]!r}"


def test_every_core_file_says_what_it_is() -> None:
    for path, tree in TREES.items():
        if tree.body:
            assert ast.get_docstring(tree), name_of(path)
