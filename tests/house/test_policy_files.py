"""The JSON schemas of the policies are what the program makes, and the shipped files are what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gateway.policy.json_schema import FILES, schemas, undescribed

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"
KINDS = {"departments": "department", "groups": "group", "profiles": "profile", "tests": "tests"}
SHIPPED = sorted(POLICIES.rglob("*.yaml"))


def as_an_editor_reads(path: Path) -> Any:
    """Return the content of a YAML file; a date is the text that stands there."""
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.isoformat() if isinstance(value, date) else value
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)
    return plain(yaml.load(path.read_text(encoding="utf-8")))


def kind_of(path: Path) -> str:
    return KINDS.get(path.parent.name, path.stem)


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_valid_and_up_to_date(name: str) -> None:
    text = schemas()[f"{name}.json"]
    Draft202012Validator.check_schema(json.loads(text))
    assert (POLICIES / "schema" / f"{name}.json").read_text(encoding="utf-8") == text, "run: ki-pforte policy schema"


def test_no_schema_is_left_over_and_every_field_says_in_german_what_it_is_for() -> None:
    assert {path.name for path in (POLICIES / "schema").iterdir()} == set(schemas())
    assert list(undescribed()) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.relative_to(POLICIES).as_posix())
def test_a_shipped_file_fits_its_schema_and_tells_editors_which_it_is(path: Path) -> None:
    schema = json.loads(schemas()[f"{kind_of(path)}.json"])
    problems = [f"{'.'.join(map(str, e.absolute_path))}: {e.message}"
                for e in Draft202012Validator(schema).iter_errors(as_an_editor_reads(path))]
    assert problems == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
    assert named, "the first line names the schema"
    assert (path.parent / named[1]).resolve() == POLICIES / "schema" / f"{kind_of(path)}.json"


@pytest.mark.parametrize(("name", "content", "where"), [
    ("department", {"version": 1, "name": "Amt", "legal_basis": "x", "modells": {}}, ()),
    ("department", {"version": 1, "name": "Amt", "legal_basis": "x", "content": {
        "outside": {"findings": {"NAME": "mask"}}}}, ("content", "outside", "findings")),
    ("department", {"version": 1, "name": "Amt", "legal_basis": "x", "content": {
        "outside": {"findings": {"PERSON": "hide"}}}}, ("content", "outside", "findings", "PERSON")),
    ("organisation", {"version": 1}, ()),
    ("department", {"version": 1, "name": "Amt", "legal_basis": "x", "hours": {"begin": "6 Uhr", "end": "22:00"}},
     ("hours", "begin")),
    ("tests", {"version": 1, "name": "x", "now": "heute", "callers": {"a": {"department": "x"}}, "tests": []},
     ("now",)),
])
def test_an_editor_marks_what_the_house_would_refuse(name: str, content: dict[str, Any],
                                                     where: tuple[str, ...]) -> None:
    found = {tuple(e.absolute_path) for e in Draft202012Validator(json.loads(schemas()[f"{name}.json"])).iter_errors(
        content)}
    assert where in found


@pytest.mark.parametrize("command", [["check"], ["test", "--require-coverage", "95"]], ids=lambda c: str(c[0]))
def test_the_shipped_policies_are_right_and_their_suites_pass(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", "policy", *command, "policies"], cwd=ROOT, encoding="utf-8",
                          capture_output=True, check=False, env={"PATH": "", "KI_PFORTE_HOME": str(tmp_path),
                                                                 "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stdout + done.stderr
