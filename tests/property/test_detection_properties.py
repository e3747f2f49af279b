"""Detection for all texts: in bounds, sorted, the same in windows, and validated numbers in every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection import DetectorOptions, build_detector, reading
from gateway.model.finding import Passage
from gateway.redaction.normalise import normalise

DETECTOR = build_detector()
RULES = build_detector(DetectorOptions(names="keine"))
"""The name model reads a window as a text of its own, so what it finds may depend on the window."""

WORDS = st.sampled_from([
    "Frau", "Herr", "Dr.", "Müller", "von", "der", "Heide", "geb.", "am", "07.11.1984",
    "Tel.", "0171", "2345678", "IBAN", "DE89", "3704",
    "0044", "0532", "0130", "00", "Az.", "50.2-WG-2024/004711", "Lindenstr.", "3,", "33330", "Gütersloh",
    "\n", "\n\n", "Antrag", "und", "Name:",
    "Mit freundlichen Grüßen\n", "\u00a0", "\u200b", "ab@cd.example", "(at)", "|", "\t",
    "*", "§ 19", "Kassenzeichen", "X", "GT-SK 12", "<<", ":",
    "86 095 742 719", "sch\u0308o\u0308n", "\ud800", "1.", "/", "-", "12 Js 345/24", "Vorname\tNachname\n",
])
MESSY = st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=200)

SENTENCES = [
    "Sehr geehrte Frau {n}lexandra Krüger, Ihr Antrag vom 3. März ist da.",
    "Die IBAN lautet DE89 3704 0044 0532 0130 00.",
    "Sie wohnt in der Lindenstr. {n}, 33330 Gütersloh.", "Er ist am 07.11.19{n} geboren.",
    "Telefon:\n0171 23456{n}",
    "Az. 50.2-WG-2024/0047{n}, Kassenzeichen 7734.00{n}.2",
    "Ein Absatz ohne alles, in dem nur von Gebühren die Rede ist.",
    "Der Pkw GT-SK 19{n} und der Ausweis L01X00T47.",
    "DE89 3704 0044\n0532 0130 00", "Mit freundlichen Grüßen\n\nAnna Alt",
    "Mein Vater ist vom 3. bis 17. Mai 20{n} krank gewesen und am 2. Advent 20{n} verstorben.",
    "Kinder: Emma (04.05.20{n}), Noah 28.09.2018, Lina *12.03. und Ben, 7.8.2018.",
    "Die Ehe (geschlossen Mai 19{n}, aufgelöst 2016) mit Herrn Alt, Jg. 19{n}; Anna Weber (19{n}).",
    "Kita-Nr. 08{n}, AZR-Nummer 1234567890{n}, FIN WVWZZZ1JZXW0000{n}, HRB 12{n}",
    "name,geburtsdatum,ort\nAlt,1961-03-{n},Bonn\nNeu,1970-01-{n},Trier",
    "Lange Reihe 7\n18055 Rostock", "Name: Nguyen, Van Anh", "Name\tTelefon\nKaiser, Gundula\t0171 39200{n}",
]


@given(MESSY)
def test_findings_are_in_bounds_sorted_and_not_empty(text: str) -> None:
    findings = DETECTOR.find(Passage(text))
    assert list(findings) == sorted(findings, key=lambda f: (f.start, -f.end, f.entity))
    for f in findings:
        assert 0 <= f.start < f.end <= len(text)
        assert 0 < f.score <= 1


@given(MESSY, st.sampled_from(["nachname", "ort", "iban", "x" * 200, '"'],))
def test_a_label_never_moves_a_finding_out_of_the_text(text: str, label: str) -> None:
    assert all(0 <= f.start < f.end <= len(text) for f in DETECTOR.find(Passage(text, label)))


PARTS = st.tuples(st.sampled_from(SENTENCES), st.integers(10, 99), st.sampled_from([" ", "\n", "\n\n"]))


@given(st.lists(PARTS, max_size=60),
       st.integers(150, 900))
def test_a_text_in_windows_gives_the_findings_of_the_whole(parts: list[tuple[str, int, str]], window: int) -> None:
    text = "".join(sentence.format(n=n) + gap for sentence, n, gap in parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "WINDOW", 1 << 30)
        whole = RULES.find(Passage(text))
        patch.setattr(reading, "WINDOW", window)
        assert RULES.find(Passage(text)) == whole


def spans(text: str) -> set[tuple[str, float, str]]:
    return {(f.entity, f.score, text[f.start:f.end]) for f in DETECTOR.find(Passage(text))}


def _tax_id(serial: int) -> str:
    """Eleven digits with the right check digit, whatever the rule about repeated digits says of them."""
    body = f"8{serial:09d}"
    product = 10
    for digit in body:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return body + str((11 - product) % 10)


@given(st.integers(0, 10**9 - 1), st.sampled_from(["", " ", "\u00a0", "\u202f", "-", "."]), st.booleans())
def test_a_tax_id_is_found_in_every_spelling_even_mistyped(serial: int, joint: str, valid: bool) -> None:
    number = _tax_id(serial)
    if not valid:
        number = number[:-1] + str((int(number[-1]) + 1) % 10)
    written = joint.join((number[:2], number[2:5], number[5:8], number[8:]))
    assert any(entity == "TAX_ID" and surface == written for entity, _, surface in spans(f"IdNr. {written}, danke"))


def _iban(account: int) -> str:
    bban = f"37040044{account:010d}"
    return f"DE{98 - int(bban + '131400') % 97:02d}{bban}"


def _pension(serial: int) -> str:
    body = f"65{serial % 29:02d}{serial % 13:02d}44W{serial % 100:02d}"
    plain = body[:8] + "23" + body[9:]
    products = [int(d) * w for d, w in zip(plain, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)]
    total = sum(p // 10 + p % 10 for p in products)
    return body + str(total % 10)


@given(st.integers(0, 10**10 - 1), st.sampled_from(["", " ", "\u00a0", "\u202f", "-", " \u200b"]), st.booleans(),
       st.integers(0, 5))
def test_a_valid_iban_is_found_in_every_spelling(account: int, joint: str, lower: bool, broken: int) -> None:
    number = _iban(account)
    groups = [number[i:i + 4] for i in range(0, 22, 4)]
    joints = ["\n" if i == broken and joint != "-" else joint for i in range(5)] + [""]
    written = "".join(group + between for group, between in zip(groups, joints, strict=True))
    written = written.lower() if lower else written
    text = f"Bitte auf {written} überweisen, danke."
    assert ("IBAN", 1.0, written) in spans(text)


@given(st.integers(0, 10**6), st.sampled_from(["", " ", "\u00a0", "-"]), st.booleans())
def test_a_valid_pension_number_is_found_in_every_spelling(serial: int, joint: str, valid: bool) -> None:
    number = _pension(serial)
    if not valid:
        number = number[:-1] + str((int(number[-1]) + 1) % 10)
    written = joint.join((number[:2], number[2:8], number[8], number[9:]))
    text = f"Nummer {written}."
    assert ("SOCIAL_SECURITY", 1.0 if valid else 0.6, written) in spans(text)


STRANGE = st.sampled_from("abcäÖß 12\u0301\u0308\u00a0\u200b\u00ad\r\n\u2028\uff11ﬁEЕоo\u2011\u0661")


@given(st.text(alphabet=STRANGE, max_size=60))
def test_every_span_of_the_view_maps_into_the_original_in_order(text: str) -> None:
    view = normalise(text)
    previous = 0
    for i in range(len(view.text)):
        start, end = view.original(i, i + 1)
        assert 0 <= start < end <= len(text)
        assert start >= previous
        previous = start
        if view.text[i].isalnum() and text[start:end].isascii():
            assert view.text[i] in text[start:end]


def test_a_long_line_without_breaks_takes_time_in_proportion() -> None:
    """Not timed: the windows are what bounds the work, so their number must grow with the text and not faster."""
    assert len(reading.windows("a" * 200_000)) <= 200_000 // (reading.WINDOW // 2) + 1
