"""A mail full of personal data, and what of it no provider may ever see."""

from __future__ import annotations

MAIL = """Sehr geehrte Frau Sabine Krüger,

Ihre IBAN lautet DE89 3704 0044 0532 0130 00, geboren am 14.03.1978, wohnhaft Lindenstraße 5, 12345 Musterstadt.
E-Mail sabine.krueger@example.org, Telefon 0151 23456789, Steuer-ID 86 095 742 719, Kennzeichen HH-AB 1234.

Wird Herr Dr. Müller das prüfen? [PERSON1] und [IBAN7] stehen schon im Entwurf; <b>Krüger</b>, "KRÜGER", Krüger's.
Siehe https://example.org/akte?name=Krueger\t— mit freundlichen Grüßen 🙂

Thomas Wächter
"""
PLANTED = ("Krüger", "KRÜGER", "krueger", "Krueger", "DE89", "0532 0130", "14.03.1978", "Lindenstraße 5",
           "sabine.krueger@example.org", "0151 23456789", "86 095 742 719", "HH-AB 1234", "Müller", "Wächter")


def found_in(data: bytes | str, values: tuple[str, ...] = PLANTED) -> list[str]:
    """Return which of `values` stand in `data`, also in the spellings of JSON and of UTF-16."""
    raw = data.encode() if isinstance(data, str) else data
    return [value for value in values
            if any(form in raw for form in (value.encode(), value.encode("ascii", "backslashreplace"),
                                            value.encode("unicode_escape"), value.encode("utf-16-le")))]
