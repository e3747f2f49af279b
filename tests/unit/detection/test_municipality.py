"""What one town hall writes about itself: its numbers are found, its public data stay, nothing else is hidden."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection import DetectorOptions, RuleDetector, build_detector
from gateway.detection.own import address_forms, phone_forms, template
from gateway.detection.sheet import Rule, Sheet
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from gateway.model.municipality import Municipality, OfficeHolder

OWN = Municipality(
    case_numbers=("MST-##-####/#+", "##.#-@+-####/#+"), cash_numbers=("#.####.######.#", "PK #######"),
    offices=("Haus Anna Falkenberg", "Stadtwerke Musterstadt"), places=("Konrad-Beispiel-Platz",),
    addresses=("Berliner Straße 70, 33330 Gütersloh",), mailboxes=("Erika.Muster@stadt.example",),
    phones=("05241 / 82-0",), creditor_ids=("DE98ZZZ09999999999",),
    office_holders=(OfficeHolder("Sabine Hasselfeldt", "Bürgermeisterin"),))


def rules(own: Municipality = OWN) -> RuleDetector:
    return build_detector(DetectorOptions(names="keine", municipality=own))


@pytest.fixture(scope="module")
def detector() -> RuleDetector:
    return rules()


def found(detector: RuleDetector, text: str) -> list[tuple[str, str]]:
    return [(f.entity, text[f.start:f.end]) for f in detector.find(Passage(text)) if not f.noted]


@pytest.mark.parametrize("text", [
    "erika.muster@stadt.example, Tel. 05241 82-0 oder +49 5241 820",
    "Berliner Straße 70, 33330 Gütersloh",
    "Sie finden uns in der Berliner Str. 70.",
    "Treffpunkt: Konrad-Beispiel-Platz 3, am Brunnen",
    "Frau Bürgermeisterin Hasselfeldt eröffnet das Fest, Bürgermeisterin Sabine Hasselfeldt spricht.",
    "Gläubiger-ID DE98 ZZZ 09999999999",
    "Anfahrt: Haus Anna Falkenberg",
])
def test_what_belongs_to_the_town_stays(detector: RuleDetector, text: str) -> None:
    assert found(detector, text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("Herr Hasselfeldt wohnt dort.", ("PERSON", "Hasselfeldt")),
    ("Frau Anna Falkenberg kommt.", ("PERSON", "Anna Falkenberg")),
    ("Er wohnt Berliner Straße 71, 33330 Gütersloh.", ("ADDRESS", "Berliner Straße 71, 33330 Gütersloh")),
    ("Tel. 05241 82-17", ("PHONE", "05241 82-17")),
    ("muster.erika@stadt.example", ("EMAIL", "muster.erika@stadt.example")),
    ("Gläubiger-ID DE12ZZZ00000001234", ("CASH_NUMBER", "DE12ZZZ00000001234")),
])
def test_what_only_looks_alike_is_found(detector: RuleDetector, text: str, expected: tuple[str, str]) -> None:
    assert expected in found(detector, text)


@pytest.mark.parametrize(("text", "expected"), [
    ("bitte MST-51-2025/17 prüfen", ("CASE_NUMBER", "MST-51-2025/17")),
    ("zu 50.2-WG-2025/4711 fehlt", ("CASE_NUMBER", "50.2-WG-2025/4711")),
    ("unter 5.0118.203344.7 gebucht", ("CASH_NUMBER", "5.0118.203344.7")),
    ("mit PK 0048213 angemeldet", ("CASH_NUMBER", "PK 0048213")),
])
def test_own_numbers_are_found_without_a_label(detector: RuleDetector, text: str, expected: tuple[str, str]) -> None:
    assert expected in found(detector, text)


@pytest.mark.parametrize("text", ["XMST-51-2025/17", "MST-51-2025/17a", "MST-51-202/17", "MST-51-2025/" + "1" * 30])
def test_a_template_matches_whole_numbers_only(text: str) -> None:
    assert template("MST-##-####/#+").search(text) is None


def test_without_own_creditor_numbers_none_is_a_finding() -> None:
    assert found(rules(Municipality()), "Gläubiger-ID DE12ZZZ00000001234") == []


PLACES = st.lists(st.sampled_from(["#", "@", "#+", "@+", "-", "/", ".", " ", "MST", "("]), min_size=1, max_size=12)


@given(PLACES, st.text("0123456789abcXYZ-/. (", max_size=60))
def test_every_template_is_a_pattern_and_finds_what_it_describes(parts: list[str], around: str) -> None:
    written = "M" + "".join(parts) + "#"
    example = written.replace("#+", "471").replace("@+", "xyz").replace("#", "7").replace("@", "q")
    pattern = template(written)
    assert pattern.fullmatch(example)
    pattern.search(around)


def test_forms_of_own_numbers_and_addresses() -> None:
    assert "0524182" in phone_forms("+49 (0)5241 / 82")
    assert address_forms("Berliner Straße 70,  33330 Gütersloh") == (
        "berliner str. 70, 33330 gütersloh", "berliner str. 70")


def test_a_changed_configuration_is_taken_over_and_forgets_what_was_known() -> None:
    detector = rules(Municipality())
    passage = Passage("Sie finden uns in der Berliner Str. 70.")
    before = asyncio.run(detector.inspect([passage]))
    of_before = detector.configured(Municipality())
    detector.adopt(detector.configured(OWN))
    assert before != asyncio.run(detector.inspect([passage])) == [()]
    assert asyncio.run(of_before.inspect([passage])) == before, "a request under way ends with what it began with"
    detector.adopt(detector.configured(Municipality()))
    assert asyncio.run(detector.inspect([passage])) == before


def test_a_configuration_that_does_not_work_leaves_the_last_good_one(caplog: pytest.LogCaptureFixture) -> None:
    broken = Municipality(phones=("05241 1234567",))

    def make(own: Municipality) -> tuple[Rule, ...]:
        def find(sheet: Sheet) -> list[Finding]:
            if own == broken:
                raise RuntimeError("Krüger")
            return [Finding(0, 1, "PERSON", 1.0, "format")]
        return (Rule("ONE", ("PERSON",), find),)
    detector = RuleDetector(make, OWN)
    with caplog.at_level(logging.ERROR), pytest.raises(GatewayError, match="pruefung_nicht_verfuegbar"):
        detector.configured(broken)
    assert "cannot be configured" in caplog.text
    assert "Krüger" not in caplog.text
    assert detector.find(Passage("x y"))


def test_the_self_test_does_not_depend_on_what_the_town_counts_as_its_own() -> None:
    own = Municipality(mailboxes=("erika@mustermann.example",), offices=("Frau Mustermann",))
    assert found(rules(own), "erika@mustermann.example") == []
