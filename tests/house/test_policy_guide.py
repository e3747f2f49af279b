"""The guide to the policies says what the program does: its tables name every key, and its examples are accepted."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, create_model

from gateway.cli.looking import LazyLens
from gateway.model.entities import ENTITIES
from gateway.policy import load_policies, schema, schema_register
from gateway.policy.check_suite import load_suites
from gateway.policy.source import parse, read
from gateway.policy.suite import run
from gateway.policy.vocabulary import ANSWERS, DATA_CLASSES, FIXED, OPAQUE_STRICTNESS, REQUIREMENTS, STRICTNESS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/richtlinien-nachschlagen.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/richtlinien.md").read_text(encoding="utf-8")
LEVELS = {"O": ("Organisation", "OrganisationModels", "OrganisationPurposes", "PassRequirement"),
          "A": ("Department", "ModelSelection", "Selection", "MorePasses"),
          "G": ("Group",), "P": ("Profile",)}
WORDS = {"REQUIREMENTS": tuple(REQUIREMENTS), "STRICTNESS": STRICTNESS, "OPAQUE_STRICTNESS": OPAQUE_STRICTNESS,
         "ANSWERS": ANSWERS, "DATA_CLASSES": tuple(DATA_CLASSES), "ENTITIES": tuple(ENTITIES.keys() - FIXED)}


def tables() -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield the names above each table and its rows."""
    for found in re.finditer(r"<!-- (.+?) -->\n\n((?:\|.*\n)+)", PAGE):
        rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in found[2].splitlines()[2:]]
        yield found[1].split(", "), rows


def model(name: str) -> type[BaseModel]:
    found: type[BaseModel] = getattr(schema, name, None) or getattr(schema_register, name)
    return found


OF_MODELS = [(names, rows) for names, rows in tables() if names[0] not in WORDS]


@pytest.mark.parametrize(("names", "rows"), OF_MODELS, ids=lambda v: v[0] if isinstance(v[0], str) else "")
def test_a_table_names_every_key_and_no_other(names: list[str], rows: list[list[str]]) -> None:
    keys = [row[0].strip("`") for row in rows]
    assert len(keys) == len(set(keys))
    assert set(keys) == {field for name in names for field in model(name).model_fields}


@pytest.mark.parametrize(("names", "rows"), OF_MODELS, ids=lambda v: v[0] if isinstance(v[0], str) else "")
def test_an_example_is_what_the_program_accepts_where_the_table_says(names: list[str], rows: list[list[str]]) -> None:
    for row in rows:
        key, example = row[0].strip("`"), next(cell for cell in row[1:] if cell.startswith("`")).strip("`")
        source, problems = parse(example, "example")
        assert source is not None, (example, problems)
        having = [name for name in names if key in model(name).model_fields]
        if len(row) == 4:
            assert row[1].split() == [mark for mark, meant in LEVELS.items() if set(meant) & set(having)], key
        assert list(source.data) == [key]
        assert any(accepted(name, key, source.data[key]) for name in having), example


def accepted(name: str, key: str, value: Any) -> bool:
    field = model(name).model_fields[key]
    kind: Any = field.annotation
    try:
        create_model("One", one=(kind, field)).model_validate({"one": value})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", WORDS)
def test_a_table_of_words_names_each_of_them(name: str) -> None:
    rows = next(rows for names, rows in tables() if names == [name])
    assert sorted(row[0].strip("`") for row in rows) == sorted(WORDS[name])
    if name in ("STRICTNESS", "OPAQUE_STRICTNESS", "ANSWERS"):
        assert tuple(row[0].strip("`") for row in rows) == WORDS[name], "from the loosest to the strictest"


def test_every_model_of_the_language_has_its_table() -> None:
    told = {name for names, _ in OF_MODELS for name in names}
    of_layers = {"Rules", "StrictFile", "TightenedLimits", "LimitRules", "Testat"}
    known = {name for module in (schema, schema_register) for name, found in vars(module).items()
             if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__}
    assert known - of_layers - told == set()


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """Return the shipped policies, changed as the guide says, file by file."""
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    for path, content in re.findall(r"```yaml\n# policies/(\S+\.yaml)\n(.*?)```", GUIDE, re.DOTALL):
        (policies / path).write_text(content, encoding="utf-8")
    for path, at, content in re.findall(r"```yaml\n# policies/(\S+\.yaml), bei „([\w.-]+)“\n(.*?)```", GUIDE,
                                        re.DOTALL):
        change(policies / path, at.split("."), content)
    return policies


def change(path: Path, at: list[str], content: str) -> None:
    """Put what the guide shows in place of what stands there."""
    whole, _ = read(path, path.name)
    part, problems = parse(content, path.name)
    assert whole is not None
    assert part is not None, problems
    changed = copy.deepcopy(whole.data)  # what was read is remembered
    here: Any = changed
    for key in at:
        here = here.setdefault(key, {})
    here.update(part.data)
    path.write_text(json.dumps(changed, ensure_ascii=False), encoding="utf-8")


def test_who_follows_the_guide_gets_policies_that_hold_what_their_tests_say(followed: Path) -> None:
    policies = load_policies(followed)
    assert "wohngeldstelle" in policies.departments
    assert policies.models["eu-cloud"].enabled
    suites = load_suites(followed / "tests", policies)
    own = [s for s in suites if s.source.file.endswith("wohngeldstelle.yaml")]
    assert len(own) == 1
    failed = run(policies, own, LazyLens(policies.municipality)).failed
    assert [(r.name, r.mismatches) for r in failed] == []


def test_the_links_of_the_guide_lead_somewhere() -> None:
    for page in (GUIDE, PAGE):
        for target in re.findall(r"\]\(([^)#]+)\)", page):
            assert (ROOT / "docs" / target).exists(), target
