"""Courses in ``ki-pass.yaml``: checked like documents, readable, and held exactly as they were hashed."""

from __future__ import annotations

import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.policy import PolicyErrors, load_policies, with_base_url
from gateway.policy.diff import differences
from gateway.policy.documents import MAX_BYTES

FIRST = 'courses:\n  grundlagen:\n    - version: "1.0"'
SHIPPED = Path(__file__).parents[3] / "policies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "ki-pass.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def put(folder: Path, name: str, content: bytes) -> None:
    """Put other content into a document, with its hash in the rules: an honest version of something else."""
    file = folder / "documents" / name
    before = sha256(file.read_bytes()).hexdigest()
    file.write_bytes(content)
    edit(folder, before, sha256(content).hexdigest())


def problems(folder: Path) -> str:
    with pytest.raises(PolicyErrors) as found:
        load_policies(folder)
    return str(found.value)


def test_every_version_is_held_with_exactly_the_bytes_that_were_hashed() -> None:
    rules = load_policies(SHIPPED).kipass
    every = [v for versions in (*rules.documents.values(), *rules.courses.values()) for v in versions]
    assert rules.texts.keys() == {v.sha256 for v in every}
    for version in every:
        assert rules.texts[version.sha256] == (SHIPPED / version.file).read_bytes()
        assert sha256(rules.texts[version.sha256]).hexdigest() == version.sha256


def test_the_texts_stay_when_settings_add_to_the_policies() -> None:
    policies = load_policies(SHIPPED)
    assert with_base_url(policies, "https://ki.example").kipass.texts == policies.kipass.texts
    assert "Fassung" not in repr(policies.kipass)


def test_a_change_in_a_course_is_another_digest_and_a_line_in_the_diff(folder: Path) -> None:
    before = load_policies(SHIPPED)
    put(folder, "kurs-bild-1.0.md", b"# B\n## A (5 Minuten)\nText\n")
    after = load_policies(folder)
    assert after.digest != before.digest
    assert "Kurs „bild“: Angaben zur Fassung 1.0 sind geändert" in " ".join(map(str, differences(before, after)))


@pytest.mark.parametrize(("old", "new", "message"), [
    ("    course: grundlagen", "    course: grundlage", r"ki-pass.yaml:\d+: modules.schulung.course: .*meinten Sie"),
    ("    document: information", "    document: information\n    course: grundlagen",
     "modules.information.course: Einen Kurs hat nur eine Schulung; schreiben Sie „kind: schulung“ oder streichen"),
    ("    course: grundlagen", "    course: grundlagen\n    document: leitlinien",
     "modules.schulung.course: Ein Schritt hat entweder ein Dokument oder einen Kurs"),
    (FIRST, f'{FIRST}\n      supersedes: "0"', r"courses.grundlagen\[1\].supersedes: Fassung „1.0“ ist die älteste"),
    ("      file: documents/kurs-bild-1.0.md", "      file: documents/kurs-nix-1.0.md",
     r"courses.bild\[1\].file: Die Datei „documents/kurs-nix-1.0.md“ fehlt oder ist nicht lesbar"),
    (FIRST, f"{FIRST}\n      grace_days: 5", "grace_days.* ist hier unbekannt"),
    ("      title: Bilder und KI", "", r"courses.bild\[1\].title: Die Angabe fehlt"),
])
def test_what_rules_say_about_a_course_must_hold(folder: Path, old: str, new: str, message: str) -> None:
    edit(folder, old, new)
    assert re.search(message, problems(folder))


def test_a_course_that_was_changed_without_a_new_version_stops_the_start(folder: Path) -> None:
    file = folder / "documents/kurs-bild-1.0.md"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert re.search(r"courses.bild\[1\].sha256: Die Prüfsumme passt nicht", problems(folder))


@pytest.mark.parametrize(("name", "content", "message"), [
    ("kurs-bild-1.0.md", b"# B\n\n## Ohne Dauer\n\nText\n",
     "policies/documents/kurs-bild-1.0.md:3: Dem Abschnitt „Ohne Dauer“ fehlt die Dauer; schreiben Sie sie dahinter"),
    ("kurs-bild-1.0.md", "# B\n\nGrüße".encode("latin-1"),
     "policies/documents/kurs-bild-1.0.md:3: Die Datei ist nicht in UTF-8 gespeichert"),
    ("checkliste-1.1.md", b"# C\n\n- [x] a\n",
     "policies/documents/checkliste-1.1.md:3: Dieser Punkt ist schon angekreuzt"),
    ("leitlinien-1.1.md", b"x" * (MAX_BYTES + 1), "documents/leitlinien-1.1.md“ ist größer als 5 MB; verkleinern"),
])
def test_a_text_that_no_page_can_show_is_named_with_its_line(folder: Path, name: str, content: bytes,
                                                            message: str) -> None:
    put(folder, name, content)
    assert message in problems(folder)


def test_the_dienstvereinbarung_may_be_a_scanned_pdf_and_nothing_else_may(folder: Path) -> None:
    for kind, version in (("dienstvereinbarung", "3.0"), ("leitlinien", "1.1")):
        old = folder / f"documents/{kind}-{version}.md"
        put(folder, old.name, f"%PDF-1.7 {kind}".encode())
        old.rename(old.with_suffix(".pdf"))
        edit(folder, f"documents/{old.name}", f"documents/{old.stem}.pdf")
    said = problems(folder)
    assert "documents/leitlinien-1.1.pdf“ hat eine Form, die sich hier nicht zeigen lässt; nennen Sie" in said
    assert "dienstvereinbarung" not in said
    (folder / "documents/dienstvereinbarung-3.0.pdf").write_bytes(b"kein PDF")
    edit(folder, sha256(b"%PDF-1.7 dienstvereinbarung").hexdigest(), sha256(b"kein PDF").hexdigest())
    assert "documents/dienstvereinbarung-3.0.pdf“ ist kein PDF" in problems(folder)
