"""The figures for a terminal, for a handbook (Markdown) and for scripts (JSON). German; percentages with a comma."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.evaluation.counting import GROUP, Figures, Rate
from gateway.evaluation.measuring import Measured
from gateway.evaluation.score import NOTICED
from gateway.model.entities import ENTITIES

ORIGINS: Final[Mapping[str, str]] = {
    "german": "deutsch", "turkish": "türkisch", "arabic": "arabisch", "polish_czech": "polnisch, tschechisch",
    "russian_ukrainian": "russisch, ukrainisch", "vietnamese_chinese": "vietnamesisch, chinesisch",
    "african": "afrikanisch", "southeast_european": "südosteuropäisch",
    "italian_spanish_portuguese_greek": "italienisch, spanisch, portugiesisch, griechisch",
    "indian_persian_kurdish": "indisch, persisch, kurdisch", "other": "nicht zugeordnet"}
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, headers, rows."""


def percent(value: float) -> str:
    """Return a rate for a German reader."""
    return f"{100 * value:.1f} %".replace(".", ",")


def _interval(rate: Rate) -> str:
    if rate.low is None or rate.high is None or rate.part in (0, rate.whole):
        return "–"  # nothing leaked: the bootstrap would say "0 to 0", which nobody should read as "never"
    return f"{percent(rate.low).removesuffix(' %')} bis {percent(rate.high)}"


def tables(f: Figures) -> Iterator[Table]:
    """Yield the tables of an evaluation."""
    yield "Überblick", ("Kennzahl", "Wert", "95-%-Intervall"), list(_overview(f))
    kinds = [(ENTITIES[kind].name, f"{rate.whole}", f"{rate.documents}", f"{rate.part}", percent(rate.value),
              _interval(rate)) for kind, rate in f.kinds.items()]
    yield ("Lesbar geblieben, nach Art der Angabe", ("Art", "Zeichen", "Dokumente", "lesbar", "Anteil",
                                                     "95-%-Intervall"), kinds)
    if f.origins:
        groups = [(ORIGINS.get(group, group), f"{rate.whole}", f"{rate.part}",
                   percent(rate.value) if rate.whole >= GROUP else "zu wenige") for group, rate in f.origins.items()]
        yield "Lesbar gebliebene Namenswörter, nach Herkunft", ("Gruppe", "Wörter", "lesbar", "Anteil"), groups
    noticed = [(ENTITIES[kind].name, f"{rate.whole}", f"{rate.part}", percent(rate.value), _interval(rate))
               for kind, rate in f.noticed.items() if rate.whole]
    if noticed:
        yield ("Besondere Angaben (Art. 9 DSGVO): bemerkt", ("Art", "Angaben", "bemerkt", "Anteil", "95-%-Intervall"),
               noticed)


def _overview(f: Figures) -> Iterator[tuple[str, str, str]]:
    yield "Dokumente (davon mit personenbezogenen Angaben)", f"{f.documents} ({f.with_data})", ""
    yield "lesbar gebliebene Zeichen, alle Arten", percent(f.leak.value), _interval(f.leak)
    if "PERSON" in f.kinds:
        yield "lesbar gebliebene Zeichen, Namen", percent(f.kinds["PERSON"].value), _interval(f.kinds["PERSON"])
    yield "lesbar gebliebene Zeichen in Nummern mit Prüfziffer", f"{f.checked_leak}", ""
    yield "davon in Nummern, deren Prüfziffer stimmt", f"{f.valid_leak}", ""
    yield "Dokumente, in denen nichts lesbar blieb", f"{f.clean} von {f.with_data}", ""
    if f.gap is not None:
        yield "Abstand der schlechtesten zur besten Herkunftsgruppe", f"{100 * f.gap:.1f} Punkte".replace(".", ","), ""
    yield "ohne Not ersetzte Wörter, mit personenbezogenen Angaben", percent(f.over_with.value), _interval(f.over_with)
    if f.over_without.whole:
        yield ("ohne Not ersetzte Wörter, ohne personenbezogene Angaben", percent(f.over_without.value),
               _interval(f.over_without))
    yield "genaue Übereinstimmung der Stellen (F1), Namen", _f1(f.person_spans.f1), ""
    yield "genaue Übereinstimmung der Stellen (F1), alle Arten", _f1(f.all_spans.f1), ""
    yield "unverändert zurückgekommene Texte", f"{f.round_trip} von {f.documents}", ""
    yield "Rechenzeit je 2.000 Zeichen (ein Kern)", f"{f.milliseconds:.1f} ms".replace(".", ","), ""


def _f1(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def as_markdown(f: Figures) -> str:
    """Return the tables as Markdown."""
    lines: list[str] = []
    for title, headers, rows in tables(f):
        lines += [f"**{title}**", "", "| " + " | ".join(headers) + " |", "|---" + "|--:" * (len(headers) - 1) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def as_json(f: Figures) -> dict[str, Any]:
    """Return the figures for scripts; rates are fractions, rounded to four places."""
    return {
        "documents": f.documents, "documents_with_data": f.with_data, "leak_rate": _rate(f.leak),
        "leak_by_type": {kind: _rate(rate) for kind, rate in f.kinds.items()},
        "checked_leak": f.checked_leak, "valid_leak": f.valid_leak, "clean_documents": f.clean,
        "leak_by_origin": {group: _rate(rate) for group, rate in f.origins.items()},
        "origin_gap": None if f.gap is None else round(f.gap, 4),
        "over_with": _rate(f.over_with), "over_without": _rate(f.over_without),
        "noticed": {kind: _rate(rate) for kind, rate in f.noticed.items()}, "noticed_without": f.noticed_without,
        "f1_person": round(f.person_spans.f1, 4), "f1_all": round(f.all_spans.f1, 4),
        "round_trip": f.round_trip, "cpu_ms_per_2000_characters": round(f.milliseconds, 2)}


def _rate(rate: Rate) -> dict[str, Any]:
    interval = None if rate.low is None or rate.high is None else [round(rate.low, 4), round(rate.high, 4)]
    return {"rate": round(rate.value, 4), "part": rate.part, "whole": rate.whole, "interval": interval}


def misses(measured: Sequence[Measured]) -> list[tuple[str, str, str]]:
    """Return per document what leaked, what was replaced without need, and which Art. 9 details were not noticed."""
    rows: list[tuple[str, str, str]] = []
    for m in measured:
        rows += [(m.document.id, ENTITIES[kind].name + " lesbar", ", ".join(words))
                 for kind, words in m.score.words.items() if kind not in NOTICED]
        if m.score.over_words:
            rows.append((m.document.id, "ohne Not ersetzt", ", ".join(m.score.over_words)))
        spans = [(e.start, e.end) for e in m.explained.entries if e.entity in NOTICED or not e.noted]
        rows += [(m.document.id, ENTITIES[g.kind].name + " nicht bemerkt", g.surface) for g in m.document.gold
                 if g.kind in NOTICED and not any(a < g.end and g.start < b for a, b in spans)]
        if not m.round_trip:
            rows.append((m.document.id, "Rückersetzung", "verändert"))
    return rows
