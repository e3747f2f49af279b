"""The words of the policy language that are fixed by the software: strictness, data classes, defaults, forbidden ends.

Strictness is defined here and nowhere else. The one measure is what the provider learns: everything (``keep``,
``note``; the second one is at least counted), a part (``generalise``), that two requests speak of the same value
(``hash``), that two places of one conversation do (``placeholder``), the kind only (``mask``), nothing
(``in_house``, ``refuse``).
A department may move up this ladder, never down. Whether a value returns into the answer is not a measure of its own:
what comes back goes to the person who wrote it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from gateway.model.decision import Action, Answers
from gateway.model.entities import ENTITIES
from gateway.model.register import Zone as Zone

STRICTNESS: Final[tuple[Action, ...]] = ("keep", "note", "generalise", "hash", "placeholder", "mask", "in_house",
                                        "refuse")
"""Every action, from the loosest to the strictest. After ``in_house`` the provider learns nothing, but somebody gets
an answer."""
READABLE: Final[frozenset[Action]] = frozenset({"keep", "note"})
"""The actions after which the provider reads the value as it is."""

ANSWERS: Final[tuple[Answers, ...]] = ("show", "flag", "mask")
"""What happens to personal data in an answer that nobody sent, from the loosest to the strictest."""

BACKGROUND: Final = ("same", "model", "local")
"""What happens to calls that a client makes of its own accord, from the loosest to the strictest."""

UNKNOWN_FIELDS: Final = ("drop", "refuse")
"""What happens to a request with fields that no wire API describes, from the loosest to the strictest."""

OpaqueKind = Literal["image", "audio", "file", "provider_tool"]
OpaqueAction = Literal["pass", "inspect", "strip", "refuse"]
OPAQUE_KINDS: Final[tuple[OpaqueKind, ...]] = get_args(OpaqueKind)
OPAQUE_STRICTNESS: Final[tuple[OpaqueAction, ...]] = ("pass", "inspect", "strip", "refuse")
"""What happens to content that is no text: let through as it is, its text taken out and sent in its place (what cannot
be read is refused), taken out of the request, or the request refused. Data that lies at the provider is no kind here:
no policy lets it pass."""


def opaque_actions(kind: OpaqueKind, in_house: bool) -> tuple[OpaqueAction, ...]:
    """Return what may be done with one kind. A tool is not read but taken out, and one outside never passes.

    One in the house may: it runs where the model runs, and gets what the model got, with placeholders. A recording,
    in which nobody can look for personal data, never leaves the house either.
    """
    if kind == "provider_tool":
        return ("pass", "strip", "refuse") if in_house else ("strip", "refuse")
    if kind == "audio" and not in_house:
        return ("inspect", "refuse")
    return ("pass", "inspect", "refuse")


DataClass = Literal["public", "internal", "personal", "special", "criminal", "social", "tax", "professional",
                    "classified"]
DATA_CLASSES: Final[MappingProxyType[str, str]] = MappingProxyType({
    "public": "öffentliche Texte",
    "internal": "interne Texte",
    "personal": "personenbezogene Daten",
    "special": "besondere Kategorien (Art. 9 DSGVO)",
    "criminal": "Angaben zu Straftaten (Art. 10 DSGVO)",
    "social": "Sozialdaten (§ 67 SGB X)",
    "tax": "Daten unter dem Steuergeheimnis (§ 30 AO)",
    "professional": "Daten unter einem Berufsgeheimnis (§ 203 StGB)",
    "classified": "Verschlusssachen und Auskunftssperren",
})
"""What a model may be cleared for, with the name for staff."""

Requirement = Literal["avv", "training_excluded", "no_retention", "retention_known", "sub_processors", "c5",
                      "c5_type_2", "social_notice", "secrecy"]
REQUIREMENTS: Final[MappingProxyType[str, str]] = MappingProxyType({
    "avv": "eine Vereinbarung zur Auftragsverarbeitung („avv“)",
    "training_excluded": "der Ausschluss des Trainings („training_excluded: true“)",
    "no_retention": "dass der Anbieter nichts speichert („retention_days: 0“)",
    "retention_known": "wie lange der Anbieter speichert („retention_days“)",
    "sub_processors": "die Liste der Unterauftragnehmer („sub_processors“)",
    "c5": "ein C5-Testat des BSI („c5“)",
    "c5_type_2": "ein C5-Testat vom Typ 2 („c5: {type: 2, …}“)",
    "social_notice": "die Anzeige bei der Aufsichtsbehörde nach § 80 SGB X („social_notice“)",
    "secrecy": "die Verpflichtung auf das Berufs- oder Steuergeheimnis („secrecy“)",
})
"""What a policy can demand of a model outside the house, with the words for people. A model in the house has nobody
to agree on it with."""

Weekday = Literal["mo", "di", "mi", "do", "fr", "sa", "so"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)



class FoundClass(NamedTuple):
    """A class of data that can be found in a text: its name for staff, and the kinds of finding in it."""

    name: str
    kinds: frozenset[str]


def _found(name: str, data_class: str) -> FoundClass:
    return FoundClass(name, frozenset(key for key, entity in ENTITIES.items() if entity.data_class == data_class))


FOUND_CLASSES: Final[MappingProxyType[str, FoundClass]] = MappingProxyType({key: _found(name, key) for key, name in {
    "personal": "Namen, Anschriften, Nummern", "special": "Angaben nach Art. 9 DSGVO",
    "criminal": "Angaben zu Straftaten", "financial": "Einkommen, Schulden oder Vermögen",
    "classified": "Verschlusssachen und Auskunftssperren"}.items()})
"""The classes that a policy can speak of where it speaks of what was found."""

_BY_CLASS: Final[dict[str, tuple[Action, Action]]] = {
    "personal": ("placeholder", "placeholder"),
    "special": ("note", "note"),
    "criminal": ("note", "note"),
    "financial": ("note", "note"),
    "classified": ("note", "refuse"),
    "technical": ("placeholder", "placeholder"),
}
DEFAULTS_IN_HOUSE: Final[MappingProxyType[str, Action]] = MappingProxyType(
    {key: _BY_CLASS[entity.data_class][0] for key, entity in ENTITIES.items()})
DEFAULTS_OUTSIDE: Final[MappingProxyType[str, Action]] = MappingProxyType(
    {key: _BY_CLASS[entity.data_class][1] for key, entity in ENTITIES.items()})
"""What happens to a kind of finding about which the organisation says nothing."""

FIXED: Final = frozenset(key for key, entity in ENTITIES.items() if entity.data_class == "technical")
"""Kinds that no policy may speak about: without their placeholder, restoration could mix up values."""

FORBIDDEN_PURPOSES: Final[MappingProxyType[str, str]] = MappingProxyType({
    "manipulation": "Unterschwellige Beeinflussung oder Täuschung von Menschen (Art. 5 Abs. 1 Buchst. a KI-Verordnung)",
    "ausnutzung_schutzbeduerftiger": "Ausnutzung von Alter, Behinderung oder Notlage "
                                     "(Art. 5 Abs. 1 Buchst. b KI-Verordnung)",
    "social_scoring": "Bewertung von Menschen nach ihrem sozialen Verhalten (Art. 5 Abs. 1 Buchst. c KI-Verordnung)",
    "straftat_vorhersage": "Vorhersage von Straftaten allein aus Persönlichkeitsmerkmalen "
                           "(Art. 5 Abs. 1 Buchst. d KI-Verordnung)",
    "gesichtsdatenbank": "Wahlloses Sammeln von Gesichtsbildern (Art. 5 Abs. 1 Buchst. e KI-Verordnung)",
    "emotionserkennung": "Erkennen von Gefühlen am Arbeitsplatz oder in Bildungseinrichtungen "
                         "(Art. 5 Abs. 1 Buchst. f KI-Verordnung)",
    "biometrische_kategorisierung": "Schlüsse aus biometrischen Daten auf Herkunft, Religion oder Gesinnung "
                                    "(Art. 5 Abs. 1 Buchst. g KI-Verordnung)",
    "biometrische_fernidentifizierung": "Biometrische Fernidentifizierung in Echtzeit im öffentlichen Raum "
                                        "(Art. 5 Abs. 1 Buchst. h KI-Verordnung)",
    "intime_bilder": "Intime Bilder ohne Einwilligung und Darstellungen von Kindesmissbrauch "
                     "(Art. 5 KI-Verordnung, Omnibus 2026)",
})
"""Art. 5 of the AI Act. Every policy inherits it; no file can take anything away from it."""


def stricter(one: Action, other: Action) -> Action:
    """Return the stricter of two actions."""
    return max(one, other, key=STRICTNESS.index)


def at_least(action: Action) -> tuple[Action, ...]:
    """Return the actions that are as strict as `action` or stricter."""
    return STRICTNESS[STRICTNESS.index(action):]
