"""Learning in the books, on both databases: only what was shown counts, and how far somebody came is soon forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.errors import GatewayError
from gateway.kipass.documents import in_force, versions_of
from gateway.model.kipass import Document
from gateway.model.people import Person
from gateway.policy import PolicySet, load_policies
from gateway.registry.books import Actor, Books
from gateway.registry.learning import Learner, NotShownError, finish, progress, read_section
from gateway.registry.passes import pass_file
from gateway.store import InvalidError, migrate, open_engine, people
from gateway.store.tables_office import course_progress
from tests.support.databases import database_url
from tests.support.pass_policies import COURSE, learning_policies, publish, read_rules, write_rules

__all__ = ["database_url"]
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
BEGUN = "2026-10-01"
SECTIONS = ("was", "nie", "lesen", "verantwortung")


class World:
    """Books over a folder of policies that a test may change, a clock that can be set, and what the ledger was told."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder, self.time, self.full = learning_policies(folder / "policies"), NOW, False
        self.records: list[tuple[str, dict[str, Any], str | None]] = []
        self.policies: PolicySet = load_policies(self.folder)
        self.engine = open_engine(url)
        migrate(self.engine)
        self.books = Books(self.engine, self._record, lambda: self.policies, self)
        with self.books.writing() as connection:
            [self.ada] = people.add(connection, [people.NewPerson("a@musterstadt.example", "Ada", "bauamt",
                                                                  frozenset({"staff"}))], NOW)
        self.actor = Actor("web", self.ada.id, "staff")

    def now(self) -> datetime:
        return self.time

    def _record(self, kind: str, meta: Any, subject: str | None, /) -> None:
        if self.full:
            raise OSError("full")
        self.records.append((kind, dict(meta), subject))

    def reload(self) -> None:
        self.policies = load_policies(self.folder)

    def publish(self, kind: str, version: str, text: str = "# Neu\n\nEin Satz.\n", **more: Any) -> str:
        found = publish(self.folder, kind, version, text, **more)
        self.reload()
        return found

    def version(self, module: str) -> Document:
        rules = self.books.rules
        found = in_force(versions_of(rules, rules.modules[module]), self.time)
        assert found is not None
        return found

    def read(self, *sections: str, module: str = "schulung") -> None:
        for section in sections:
            read_section(self.books, self.ada.id, module, section, self.version(module).sha256)

    def finish(self, module: str, shown: str | None = None) -> None:
        finish(self.books, self.actor, self.ada.id, module, shown or self.version(module).sha256)

    def progress(self) -> set[str]:
        return set(progress(self.books, self.ada.id).get("schulung", ()))

    def rows(self) -> int:
        with self.books.reading() as connection:
            return connection.scalar(select(func.count()).select_from(course_progress)) or 0

    def shown(self) -> list[tuple[str, str | None]]:
        return [(e.module, e.document_sha256) for e in pass_file(self.books, self.ada.id).proof.evidence]

    def change(self, person: Person) -> None:
        with self.books.writing() as connection:
            people.change(connection, [person])


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    found = World(database_url, tmp_path)
    yield found
    found.engine.dispose()


def test_a_course_is_finished_when_every_section_was_read_in_any_order_and_nothing_else_remains(world: World) -> None:
    world.read("lesen", "verantwortung", "was")
    with pytest.raises(InvalidError, match="Ein Abschnitt des Kurses ist noch offen"):
        world.finish("schulung")
    assert world.shown() == []
    assert world.progress() == {"lesen", "verantwortung", "was"}
    world.read("nie")
    world.finish("schulung")
    assert world.rows() == 0, "how far somebody came is forgotten with the end"
    version = world.version("schulung").sha256
    assert world.shown() == [("schulung", version)]
    assert world.records == [("pass.nachweis", {"modules": ["schulung"], "document": version, "scope": "", "via": "web",
                                                "role": "staff"}, world.ada.id)]


def test_progress_belongs_to_the_person_and_not_to_a_machine_and_reading_is_no_fact_for_the_ledger(
        world: World) -> None:
    world.read("was")
    other = Learner(Books(world.engine, world.books.record, world.books.policies, world))
    assert other.progress(world.ada.id) == {"schulung": frozenset({"was"})}
    assert other.read(world.ada.id, "schulung", "nie", world.version("schulung").sha256) == {"was", "nie"}
    assert world.progress() == {"was", "nie"}
    assert world.records == []


def test_after_ninety_days_nobody_knows_how_far_somebody_came(world: World) -> None:
    world.read("was", "nie")
    world.time = NOW + timedelta(days=90)
    assert world.progress() == {"was", "nie"}
    world.time = NOW + timedelta(days=91)
    assert world.progress() == set()
    with world.books.writing() as connection:
        [other] = people.add(connection, [people.NewPerson("b@musterstadt.example", "Bob", "bauamt",
                                                           frozenset({"staff"}))], world.time)
    read_section(world.books, other.id, "schulung", "was", world.version("schulung").sha256)
    assert world.rows() == 1, "the next write of anybody deletes what is too old"


@pytest.mark.parametrize(("module", "section"), [
    ("schulung", "gibt-es-nicht"), ("schulung", ""), ("schulung", "was nie"), ("gibt-es-nicht", "was"),
    ("schulung-fachverfahren", "was"), ("information", "was"), ("schulung-datenschutz", "was"),
])
def test_what_is_no_section_of_that_course_is_not_read(world: World, module: str, section: str) -> None:
    shown = world.version("schulung" if module not in world.books.rules.modules or module.endswith("verfahren")
                          else module).sha256
    with pytest.raises(InvalidError):
        read_section(world.books, world.ada.id, module, section, shown)
    assert world.rows() == 0


def test_the_hash_of_another_course_or_document_finishes_nothing(world: World) -> None:
    world.read(*SECTIONS)
    for module, shown in (("schulung", world.version("information").sha256), ("schulung", "0" * 64), ("schulung", ""),
                          ("information", world.version("leitlinien").sha256),
                          ("kenntnisnahme_dv", world.books.rules.documents["dienstvereinbarung"][0].sha256)):
        with pytest.raises(NotShownError):
            world.finish(module, shown or "?")
    with pytest.raises(InvalidError, match="trägt die KI-Pass-Stelle ein"):
        world.finish("schulung-fachverfahren", world.version("schulung").sha256)
    assert (world.shown(), world.records) == ([], [])


def test_a_newer_version_on_the_way_counts_from_the_first_section_unless_the_change_is_editorial(world: World) -> None:
    world.read("was", "nie")
    old = world.version("schulung").sha256
    world.publish("kurs", "1.1", COURSE.replace("Lesen Sie in Ihrem Tempo.", "Lassen Sie sich Zeit."), course="probe",
                  valid_from=BEGUN, change="redaktionell")
    assert world.progress() == {"was", "nie"}
    with pytest.raises(NotShownError):
        read_section(world.books, world.ada.id, "schulung", "lesen", old)
    world.read("lesen")
    assert world.progress() == {"was", "nie", "lesen"}
    world.publish("kurs", "2.0", COURSE.replace("{#was}", "{#wie}"), course="probe",
                  valid_from="2026-11-01")
    assert world.progress() == set(), "what was read was another course"
    world.read("wie")
    assert world.progress() == {"wie"}


@pytest.mark.parametrize("taken", ["course", "module"])
def test_a_course_or_module_that_a_reload_takes_away_half_way_harms_nobody(world: World, taken: str) -> None:
    world.read("was", "nie")
    shown = world.version("schulung").sha256
    rules = read_rules(world.folder)
    if taken == "course":
        del rules["modules"]["schulung"]["course"]
        del rules["courses"]["probe"]
    else:
        del rules["modules"]["schulung"]
        rules["scopes"]["basis"]["modules"].remove("schulung")
        del rules["courses"]["probe"]
    write_rules(world.folder, rules)
    world.reload()
    assert world.progress() == set()
    for act in (lambda: read_section(world.books, world.ada.id, "schulung", "lesen", shown),
                lambda: world.finish("schulung", shown)):
        with pytest.raises(InvalidError):
            act()
    assert world.shown() == []
    world.finish("information")
    assert len(world.shown()) == 1, "everything else goes on"


def test_an_announced_dienstvereinbarung_may_be_acknowledged_early_and_nothing_else_early(world: World) -> None:
    new = world.publish("dienstvereinbarung", "4.0", valid_from="2026-12-01", grace_days=14)
    early = world.publish("leitlinien", "2.0", valid_from="2026-12-01", grace_days=14)
    world.finish("kenntnisnahme_dv")
    world.finish("kenntnisnahme_dv", new)
    assert [sha for _, sha in world.shown()][-1] == new
    with pytest.raises(NotShownError):
        world.finish("leitlinien", early)


def test_the_same_form_sent_twice_at_once_leaves_one_piece_of_evidence_and_one_record(world: World) -> None:
    start = threading.Barrier(4)

    def send(_: int) -> None:
        start.wait()
        world.finish("information")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    assert len(world.shown()) == 1
    assert len(world.records) == 1


def test_sections_read_in_two_tabs_at_once_all_count(world: World) -> None:
    start = threading.Barrier(len(SECTIONS))

    def send(section: str) -> None:
        start.wait()
        world.read(section)

    with ThreadPoolExecutor(len(SECTIONS)) as pool:
        list(pool.map(send, SECTIONS))
    assert world.progress() == set(SECTIONS)


def test_read_again_on_another_day_is_new_evidence(world: World) -> None:
    world.finish("checkliste")
    world.time = NOW + timedelta(days=1)
    world.finish("checkliste")
    assert len(world.shown()) == 2


def test_without_the_ledger_nothing_was_finished_and_nothing_is_forgotten(world: World) -> None:
    world.read(*SECTIONS)
    world.full = True
    with pytest.raises(OSError, match="full"):
        world.finish("schulung")
    assert world.shown() == []
    assert world.progress() == set(SECTIONS)


def test_who_may_not_sign_in_any_more_finishes_nothing(world: World) -> None:
    world.change(replace(world.ada, disabled_at=NOW))
    learner = Learner(world.books)
    for act in (lambda: learner.read(world.ada.id, "schulung", "was", world.version("schulung").sha256),
                lambda: learner.finish(world.ada.id, "information", world.version("information").sha256),
                lambda: learner.finish("gibt-es-nicht", "information", world.version("information").sha256)):
        with pytest.raises(GatewayError) as refused:
            act()
        assert refused.value.code == "anfrage_ungueltig"
    assert world.records == []


def test_pages_are_told_that_another_version_counts_and_not_an_error(world: World) -> None:
    learner = Learner(world.books)
    assert learner.finish(world.ada.id, "information", "0" * 64) is False
    assert learner.read(world.ada.id, "schulung", "was", "0" * 64) is None
    assert learner.finish(world.ada.id, "information", world.version("information").sha256) is True
