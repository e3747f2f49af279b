"""What policy answers. A denial carries its reason to the client, the explain page and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from gateway.model.limits import Limits
from gateway.model.register import RegisteredModel

Action = Literal["keep", "placeholder", "mask", "hash", "generalise", "note", "in_house", "refuse"]
"""What happens to one kind of finding.

``keep``: left as it is. ``placeholder``: replaced, and put back into the answer. ``mask``, ``hash``, ``generalise``:
replaced for good. ``note``: left, counted, and known to policy. ``in_house``: the request goes to a model in the house
instead, where this kind has a rule of its own. ``refuse``: the request does not leave the house.
"""

DEFAULT_PURPOSE: Final = "allgemein"
"""The purpose that applies when none is declared."""
UNKNOWN_PURPOSE: Final = "unbekannt"


Answers = Literal["show", "flag", "mask"]
"""What happens to personal data in an answer that the caller never sent: shown, shown and counted, or hidden."""


class Reason(NamedTuple):
    """One rule that took part: its stable id, what it said, and the same in German for people."""

    rule: str
    effect: Literal["allow", "deny", "note"]
    text: str


@dataclass(frozen=True, slots=True)
class Denial:
    """Why something may not pass: the stable error code, the sentence for the person, the rule behind it."""

    code: str
    message: str
    rule: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Answer to "may this person use this model for this purpose?", before anybody has looked at the content."""

    policy: str
    """Digest of the policy set (hex) that decided."""
    purpose: str
    """A purpose that the policy knows, or `UNKNOWN_PURPOSE`: what a client wrote is not recorded."""
    model: RegisteredModel | None
    """Where it may go; None when denied."""
    reasons: tuple[Reason, ...]
    denial: Denial | None = None
    notice: str = ""
    """A notice for the person that travels in a header (grace period), ASCII."""
    asked: str = ""
    """Registered id of the model that was asked for, empty when there is none: what a client wrote is not recorded."""
    keep_hours: int = 0
    """How long a conversation may be kept for clients that go on with it by an id; 0: not at all."""
    reads: frozenset[str] = frozenset()
    """Kinds of content that is no text whose text may go to this model in their place."""
    refuses_unknown_fields: bool = False
    """Whether a request with a field that nobody knows is refused instead of sent without it."""
    candidates: tuple[RegisteredModel, ...] = ()
    """The models that may be tried, in this order; `model` is the first. More than one only for an alias."""
    limits: Limits = field(default_factory=dict)
    """How much may be used; counted by who is called so in the mapping."""
    recalls: bool = False
    """Whether what was found earlier in this conversation can decide where the request may go."""
    clear_text: str = ""
    """The reason (a key of the policy) for which some kinds of finding stay readable; empty: none do."""


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """Answer to "given what was found, may it leave, to which model, and what happens to each kind of finding?"."""

    policy: str
    model: RegisteredModel | None
    actions: Mapping[str, Action] = field(default_factory=dict)
    """Action per entity key, for every key in `gateway.model.entities.ENTITIES`."""
    reasons: tuple[Reason, ...] = ()
    denial: Denial | None = None
    untrusted_tools: frozenset[str] = frozenset()
    """Tools whose arguments keep their placeholders."""
    answers: Mapping[str, Answers] = field(default_factory=dict)
    """What happens to personal data in the answer that the caller never sent, by kind; what is not there is shown."""
    stripped: frozenset[str] = frozenset()
    """Kinds of content in this request that are taken out of it."""
    trusts_undeclared: bool = False
    """Whether tools that the client did not declare are trusted, too."""
    fallbacks: tuple[RegisteredModel, ...] = ()
    """Where the request may go if the provider fails: each would be released as well, and none lies further away."""
    held: frozenset[str] = frozenset()
    """Kinds of finding because of which this conversation stays with the model it was given, whatever follows."""
    label: str = ""
    """The sentences, one a line, that end the answer: for texts that may be taken for finished."""
    notices: tuple[str, ...] = ()
    """What the person is told beside the answer, ASCII: the grace of a KI-Pass that it took for this model or for what
    was found; that findings were replaced which were to stay readable."""
