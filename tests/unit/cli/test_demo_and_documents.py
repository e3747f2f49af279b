"""Musterstadt keeps its states, and a published document changes exactly what it should."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.context import CliContext
from gateway.cli.demo import EXAMPLES, reset_demo
from gateway.cli.document import document_app
from gateway.cli.passes import pass_app
from gateway.identity.keys import digest
from gateway.kipass import PassEvent
from gateway.model.people import ROLES, ApiKey
from gateway.policy import load_policies
from gateway.store import keys, migrate, open_engine, passes, people, reading, writing
from gateway.store.directory import SqlDirectory

POLICIES = Path(__file__).parents[3] / "policies"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class House:
    """The commands over the shipped policies (a copy) and a fresh database, with a clock that one sets."""

    def __init__(self, folder: Path) -> None:
        self.policies = folder / "policies"
        shutil.copytree(POLICIES, self.policies)
        self.now = NOW
        self.records: list[str] = []
        self.url = f"sqlite:///{folder}/pforte.sqlite3"
        self.engine = open_engine(self.url)
        migrate(self.engine)

    def context(self) -> CliContext:
        own = CliContext(self.url, self.policies, lambda t, *_: self.records.append(t), load_policies, lambda: self.now)
        own.__dict__["engine"] = self.engine
        return own

    def __call__(self, *arguments: str) -> Any:
        root = typer.Typer()
        root.add_typer(document_app)
        root.add_typer(pass_app)
        return CliRunner().invoke(root, arguments, obj=self.context(), catch_exceptions=False)

    def states(self) -> dict[str, str]:
        found = json.loads(self("pass", "list", "--json").stdout)["people"]
        return {p["email"]: p["state"] for p in found}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("years", [0, 1, 9])
def test_musterstadt_has_every_state_and_every_role_whenever_it_is_started(house: House, years: int) -> None:
    house.now = NOW + timedelta(days=365 * years)
    shown = reset_demo(house.context())["people"]
    assert [p["pass"] for p in shown] == [e.state for e in EXAMPLES]
    assert {p["pass"] for p in shown} == {"gueltig", "kulanz", "abgelaufen", "dv_neu", "gesperrt", "fehlt"}
    assert {role for p in shown for role in p["roles"]} == set(ROLES)
    assert {p["department"] for p in shown} == set(house.context().departments)
    assert all(set(p) == {"email", "name", "department", "roles", "key", "pass"} for p in shown)


def test_the_first_valid_person_has_every_scope_and_every_key_works(house: House) -> None:
    shown = reset_demo(house.context())["people"]
    directory, rules = SqlDirectory(house.engine), house.context().rules
    from gateway.kipass import passes as compute

    for entry in shown:
        caller = directory.caller(entry["key"].split("_")[1])
        assert caller is not None
        assert caller.sha256 == digest(entry["key"])
        held = compute(caller.evidence, caller.events, rules, NOW)
        assert held["basis"].state == entry["pass"]
        if entry is next(e for e in shown if e["pass"] == "gueltig"):
            assert {status.state for status in held.values()} == {"gueltig"}


def test_a_second_start_replaces_the_keys_and_heals_the_examples_but_touches_nothing_else(house: House) -> None:
    first = reset_demo(house.context())["people"]
    anneke = first[0]["email"]
    with writing(house.engine) as connection:
        [other] = people.add(connection, [people.NewPerson("echt@stadt.de", "E", "bauamt", frozenset())], NOW)
        person = people.by_email(connection, anneke)
        assert person is not None
        for owner, id_ in ((other.id, "other"), (person.id, "own")):
            keys.add(connection, ApiKey(id_, owner, "von Hand", NOW), id_.encode() * 4)
        passes.act(connection, other.id, PassEvent("gesperrt", NOW), by_role="x")
        passes.act(connection, person.id, PassEvent("gesperrt", NOW), by_role="x")
    second = reset_demo(house.context())["people"]
    assert [p["pass"] for p in second] == [p["pass"] for p in first]
    assert not {p["key"] for p in first} & {p["key"] for p in second}
    directory = SqlDirectory(house.engine)
    assert all(directory.caller(p["key"].split("_")[1]) is None for p in first)
    assert directory.caller("other") is not None
    assert directory.caller("own") is not None
    assert house.states()["echt@stadt.de"] == "gesperrt"
    with reading(house.engine) as connection:
        assert len(people.every(connection)) == len(EXAMPLES) + 1


def publish(house: House, text: str, *options: str) -> Any:
    file = house.policies.parent / "neu.md"
    file.write_text(text, encoding="utf-8")
    return house("document", "publish", "dienstvereinbarung", str(file), "--version", "4.0", *options)


def test_a_material_version_gives_grace_and_then_asks_again(house: House) -> None:
    reset_demo(house.context())
    before = (house.policies / "ki-pass.yaml").read_text(encoding="utf-8")
    result = publish(house, "# Neu\n", "--change", "wesentlich", "--grace-days", "14", "--json")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert shown["sha256"] == sha256(b"# Neu\n").hexdigest()
    assert (shown["supersedes"], shown["in_force"]) == ("3.0", True)
    assert (house.policies / shown["file"]).read_bytes() == b"# Neu\n"
    assert house.records[-1] == "policy.change"
    assert house.states()["anneke.petersen@musterstadt.example"] == "kulanz"
    house.now += timedelta(days=14)
    assert house.states()["anneke.petersen@musterstadt.example"] == "dv_neu"
    assert house("pass", "grant", "anneke.petersen@musterstadt.example", "--module", "kenntnisnahme_dv").exit_code == 0
    assert house.states()["anneke.petersen@musterstadt.example"] == "gueltig"
    after = (house.policies / "ki-pass.yaml").read_text(encoding="utf-8").splitlines()
    assert len(after) == len(before.splitlines()) + 8
    kept = iter(after)
    assert all(line in kept for line in before.splitlines())  # every old line, in its old order


def test_an_editorial_version_asks_nobody(house: House) -> None:
    reset_demo(house.context())
    before = house.states()
    assert publish(house, "# Neu\n", "--change", "redaktionell").exit_code == 0
    assert house.states() == before


def test_a_dry_run_of_a_publication_changes_nothing(house: House) -> None:
    before = {p: p.read_bytes() for p in house.policies.rglob("*") if p.is_file()}
    assert publish(house, "# Neu\n", "--change", "wesentlich", "--dry-run").exit_code == 0
    assert {p: p.read_bytes() for p in house.policies.rglob("*") if p.is_file()} == before
    assert house.records == []


@pytest.mark.parametrize(("options", "says"), [
    (("--change", "riesig"), "Die Änderung „riesig“"),
    (("--change", "wesentlich", "--valid-from", "gestern"), "JJJJ-MM-TT"),
    (("--change", "wesentlich", "--valid-from", "2020-01-01"), "späteren Tag"),
    (("--change", "wesentlich", "--version", "3.0"), "gibt es schon"),
])
def test_a_publication_that_cannot_be_meant_is_refused(house: House, options: tuple[str, ...], says: str) -> None:
    result = publish(house, "# Neu\n", *options)
    assert result.exit_code == 2
    assert says in result.stderr


COURSE = """# Neu
## Ein Abschnitt (5 Minuten)
Text
### Frage: Was?
- [ ] dies
  > Nein.
- [x] das
  > Ja.
"""


def publish_course(house: House, text: str, name: str, version: str) -> Any:
    file = house.policies.parent / "kurs.md"
    file.write_text(text, encoding="utf-8")
    return house("document", "publish", f"kurs:{name}", str(file), "--version", version, "--change", "redaktionell",
                 "--title", "Neu", "--json")


def test_a_new_version_of_a_course_takes_its_place_and_changes_nothing_else(house: House) -> None:
    reset_demo(house.context())
    states = house.states()
    result = publish_course(house, COURSE, "grundlagen", "1.1")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert (shown["kind"], shown["supersedes"]) == ("kurs:grundlagen", "1.0")
    assert shown["file"] == "documents/kurs-grundlagen-1.1.md"
    rules = house.context().rules
    assert [v.version for v in rules.courses["grundlagen"]] == ["1.0", "1.1"]
    assert rules.texts[shown["sha256"]] == COURSE.encode()
    assert house.states() == states
    assert house.records[-1] == "policy.change"


@pytest.mark.parametrize("without_any", [False, True])
def test_the_first_version_of_a_course_opens_its_list(house: House, without_any: bool) -> None:
    rules = house.policies / "ki-pass.yaml"
    if without_any:  # a town that has no courses yet
        text = rules.read_text(encoding="utf-8")
        text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("    course: "))
        rules.write_text(text[:text.index("courses:\n")].rstrip("\n"), encoding="utf-8")
    assert publish_course(house, COURSE, "neu", "1.0").exit_code == 0
    assert [v.title for v in house.context().rules.courses["neu"]] == ["Neu"]


def test_a_course_that_nobody_could_work_through_is_not_published(house: House) -> None:
    before = {p: p.read_bytes() for p in house.policies.rglob("*") if p.is_file()}
    result = publish_course(house, COURSE.replace("[x]", "[ ]"), "grundlagen", "1.1")
    assert result.exit_code != 0
    assert "kurs-grundlagen-1.1.md:4: Keine Antwort auf diese Frage ist richtig" in " ".join(result.stderr.split())
    assert {p: p.read_bytes() for p in house.policies.rglob("*") if p.is_file()} == before
    assert "kurs:grundlagen" in publish_course(house, COURSE, "GROSS", "1.0").stderr


def test_the_list_names_the_version_that_applies(house: House) -> None:
    found = json.loads(house("document", "list", "--json").stdout)["documents"]
    assert [d["version"] for d in found if d["in_force"]] == ["3.0", "1.1", "1.1", "1.1", "1.0", "1.0", "1.0"]
    assert house("document", "list").exit_code == 0


def test_the_folder_of_temporary_copies_is_gone(house: House) -> None:
    publish(house, "# Neu\n", "--change", "wesentlich")
    assert [p.name for p in house.policies.rglob(".*")] == []
