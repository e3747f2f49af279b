"""What somebody writes who writes policies for the first time, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy import PolicyErrors, load_policies
from tests.unit.policy.policy_sets import SHIPPED

HEAD = "version: 1\nname: Wohnungsamt\nlegal_basis: Wohngeldgesetz\n"


def told(tmp_path: Path, written: str) -> list[str]:
    """Return what `policy check` says about a department added to the shipped policies."""
    for path in SHIPPED.rglob("*"):
        if path.is_file() and path.parent.name not in ("tests", "schema"):
            target = tmp_path / "policies" / path.relative_to(SHIPPED)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "policies/departments/wohnungsamt.yaml").write_text(HEAD + written, encoding="utf-8")
    try:
        load_policies(tmp_path / "policies")
    except PolicyErrors as errors:
        return [f"{p.line} {p.key}: {p.what}; {p.remedy}" for p in errors.problems]
    return []


@pytest.mark.parametrize(("written", "expected"), [
    ("routing: {in_house: [demo]}", "4 routing: „routing“ legt nur die Organisation fest, für alle; streichen Sie "
                                    "die Angabe hier; sie gehört in organisation.yaml"),
    ("clear_text: {entities: [PERSON]}", "4 clear_text: Hier steht mehr als ein Wort; schreiben Sie eines davon: "
                                         "refuse"),
    ("profile: [sozialdaten]", "4 profile: Die Angabe „profile“ ist hier unbekannt; meinten Sie „profiles“?"),
    ("handles: [sozial]", "4 handles[1]: „sozial“ gibt es hier nicht; meinten Sie „social“?"),
    ("models: {deny: claude}", "4 models.deny: Hier steht keine Liste; schreiben Sie eine Liste: [eins, zwei] oder "
                               "Zeilen mit „- “"),
    ("content: {outside: {findings: {PERSON: keep}}}",
     "4 content.outside.findings.PERSON: „keep“ ist weniger streng als „placeholder“, das die Organisation vorgibt; "
     "möglich sind: placeholder, mask, in_house, refuse"),
    ("purposes: {deny: [programmieren]}", "4 purposes.deny[1]: Den Zweck „programmieren“ gibt es nicht; meinten Sie "
                                          "„programmierung“?"),
])
def test_a_first_attempt_is_answered_with_line_and_remedy(written: str, expected: str, tmp_path: Path) -> None:
    assert told(tmp_path, written) == [expected]
