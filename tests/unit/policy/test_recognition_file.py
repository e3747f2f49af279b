"""``erkennung.yaml``: optional, part of the digest, and every mistake is named with line and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.model.municipality import Municipality, OfficeHolder
from gateway.policy import PolicyErrors, load_policies, with_quickstart

SHIPPED = Path(__file__).parents[3] / "policies"
HEAD = "version: 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def write(folder: Path, text: str) -> None:
    (folder / "erkennung.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_file_says_what_musterstadt_has() -> None:
    own = load_policies(SHIPPED).municipality
    assert "MST-##-####/#+" in own.case_numbers
    assert "Stadt Musterstadt" in own.offices
    assert own.office_holders == ()


def test_without_the_file_nothing_is_peculiar(folder: Path) -> None:
    with_file = load_policies(folder).digest
    (folder / "erkennung.yaml").unlink()
    without = load_policies(folder)
    assert without.municipality == Municipality()
    assert without.digest != with_file


def test_what_the_file_says_belongs_to_the_digest_and_comments_do_not(folder: Path) -> None:
    write(folder, HEAD + "own: {phones: [06000 12-0]}\n")
    one = load_policies(folder)
    write(folder, "# neu\n" + HEAD + "own:\n  phones:\n    - 06000 12-0\n")
    assert load_policies(folder).digest == one.digest
    write(folder, HEAD + "own: {phones: [06000 12-1]}\n")
    assert load_policies(folder).digest != one.digest


def test_every_entry_arrives(folder: Path) -> None:
    write(folder, HEAD + """
numbers: {case: ["A-####"], cash: ["K####"]}
own:
  offices: [Haus Falkenberg]
  places: [Stadtpark]
  addresses: [Marktplatz 1]
  mailboxes: [team@musterstadt.example]
  phones: ["+49 6000 120"]
  creditor_ids: [de98 zzz 09999999999]
office_holders: [{name: Sabine Beispiel, office: Landrätin}]
""")
    own = load_policies(folder).municipality
    assert own == Municipality(
        ("A-####",), ("K####",), ("Haus Falkenberg",), ("Stadtpark",), ("Marktplatz 1",),
        ("team@musterstadt.example",), ("+49 6000 120",), ("DE98ZZZ09999999999",),
        (OfficeHolder("Sabine Beispiel", "Landrätin"),))
    quick = with_quickstart(load_policies(folder), base_url="http://127.0.0.1:9/v1", model="m", dialects=["chat"])
    assert quick.municipality == own


BROKEN = [
    ("own:\n  office: [x]\n", 3, "own.office: Die Angabe „office“ ist hier unbekannt; meinten Sie „offices“?"),
    ('numbers:\n  case:\n    - "AZ-@@@@"\n', 4, "numbers.case[1]: Das Muster enthält keine Ziffer; schreiben Sie „#“"),
    ('numbers:\n  case:\n    - "##-####"\n    - "AZ+####"\n', 5, "numbers.case[2]: Vor „+“ steht weder „#“ noch „@“; "),
    ('numbers:\n  cash: ["#-#"]\n', 3, "numbers.cash[1]: Das Muster ist zu kurz und würde auf zu vieles passen; "),
    ("own:\n  offices: [Amt]\n", 3, "own.offices[1]: Der Name ist zu kurz und würde zu vieles verdecken; nennen Sie"),
    ("own:\n  addresses: [Marktplatz]\n", 3, "own.addresses[1]: Die Anschrift hat keine Hausnummer; schreiben Sie sie"),
    ("own:\n  mailboxes: [poststelle]\n", 3, "own.mailboxes[1]: Das ist keine E-Mail-Adresse; schreiben Sie die ganze"),
    ("own:\n  phones: [Zentrale]\n", 3, "own.phones[1]: Das ist keine Telefonnummer; schreiben Sie die ganze Nummer"),
    ("own:\n  creditor_ids: [DE98]\n", 3, "own.creditor_ids[1]: Das ist keine Gläubiger-Identifikationsnummer; "),
    ("office_holders:\n  - {name: Beispiel, office: Landrätin}\n", 3,
     "office_holders[1].name: Hier fehlt Vor- oder Nachname; schreiben Sie beide, sonst bliebe jeder Mensch"),
    ("own: [x]\n", 2, "own: Hier stehen keine eingerückten Angaben; "),
]


@pytest.mark.parametrize(("text", "line", "message"), BROKEN)
def test_a_mistake_is_named_with_line_and_remedy(folder: Path, text: str, line: int, message: str) -> None:
    write(folder, HEAD + text)
    with pytest.raises(PolicyErrors) as caught:
        load_policies(folder)
    assert [str(p) for p in caught.value.problems if str(p).startswith(f"policies/erkennung.yaml:{line}: {message}")], (
        str(caught.value))


def test_an_unreadable_file_is_a_mistake_and_not_a_missing_one(folder: Path) -> None:
    (folder / "erkennung.yaml").write_bytes(b"version: 1\nown: \xff")
    with pytest.raises(PolicyErrors, match="nicht in UTF-8"):
        load_policies(folder)
