"""Which version applies on which day, and what evidence therefore names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from gateway.kipass.documents import checklist_of, course_of, evidence_for, in_force, text_of, versions_of
from gateway.model.kipass import Document, DocumentKind, KiPassConfig, Module

COURSE = b"# K\n## A (5 Minuten)\nText\n"
LIST = "\ufeff# L\n- [ ] a\n".encode()
COURSE_HASH, LIST_HASH = (sha256(content).hexdigest() for content in (COURSE, LIST))


def version(kind: DocumentKind, sha: str, day: date) -> Document:
    return Document(kind, sha, kind, sha, day, file=f"documents/{sha}.md")


NEW = Document("kurs", "2", "K", COURSE_HASH, date(2026, 6, 1), file="documents/k.md", course="k")
RULES = KiPassConfig(
    {"info": Module("info", "information", "I", 5, document="information"), "kurs": Module("kurs", "schulung", "K", 5,
                                                                                           course="k"),
     "raum": Module("raum", "schulung", "R", 30), "dv": Module("dv", "kenntnisnahme_dv", "D", 5),
     "liste": Module("liste", "checkliste", "L", 5, document="checkliste")}, {},
    {"information": (version("information", "i1", date(2026, 1, 1)),),
     "dienstvereinbarung": (version("dienstvereinbarung", "d1", date(2026, 1, 1)),
                            version("dienstvereinbarung", "d2", date(2026, 6, 1))),
     "checkliste": (version("checkliste", LIST_HASH, date(2026, 1, 1)),)},
    courses={"k": (Document("kurs", "1", "K", "k1", date(2026, 1, 1), course="k"), NEW)},
    texts={COURSE_HASH: COURSE, LIST_HASH: LIST})


@pytest.mark.parametrize(("moment", "expected"), [
    ((2025, 12, 31, 22, 59), None), ((2025, 12, 31, 23, 0), "d1"), ((2026, 5, 31, 21, 59), "d1"),
    ((2026, 5, 31, 22, 0), "d2"), ((2027, 1, 1, 0, 0), "d2")])
def test_a_version_applies_from_midnight_in_berlin(moment: tuple[int, ...], expected: str | None) -> None:
    found = in_force(RULES.documents["dienstvereinbarung"], datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]
    assert (found and found.sha256) == expected


def test_evidence_names_the_version_of_document_or_course_that_applied_on_that_day() -> None:
    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    named = {e.module: e.document_sha256 for e in evidence_for(RULES, RULES.modules, day)}
    assert named == {"info": "i1", "kurs": "k1", "raum": None, "dv": "d1", "liste": LIST_HASH}
    [later] = evidence_for(RULES, ["kurs"], datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert later.document_sha256 == COURSE_HASH


def test_what_somebody_else_attests_names_no_course_of_ours_but_documents_all_the_same() -> None:
    day = datetime(2026, 7, 1, 12, tzinfo=UTC)
    named = {e.module: e.document_sha256 for e in evidence_for(RULES, RULES.modules, day, elsewhere=True)}
    assert named == {"info": "i1", "kurs": None, "raum": None, "dv": "d2", "liste": LIST_HASH}


def test_a_training_that_takes_place_elsewhere_names_no_content() -> None:
    assert versions_of(RULES, RULES.modules["raum"]) == ()
    [found] = evidence_for(RULES, ["raum"], datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert found.document_sha256 is None


def test_what_is_shown_is_what_was_hashed() -> None:
    assert text_of(RULES, NEW) == COURSE.decode()
    assert course_of(RULES, NEW).sections[0].title == "A"
    assert checklist_of(RULES, RULES.documents["checkliste"][0]).groups[0].points == ("a",)
    with pytest.raises(ValueError, match="not a text"):
        text_of(RULES, Document("dienstvereinbarung", "1", "D", "x", date(2026, 1, 1), file="documents/dv.pdf"))


def test_a_version_is_called_by_its_kind_or_its_course() -> None:
    assert (NEW.name, RULES.documents["information"][0].name) == ("kurs:k", "information")
