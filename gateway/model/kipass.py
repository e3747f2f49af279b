"""What a municipality decided about its KI-Pass, and what one person has to show for it.

Values only: `gateway.policy` reads the rules from ``policies/ki-pass.yaml``, the registry of people keeps evidence and
events, `gateway.kipass` computes the pass from both. Nothing here holds a score, an attempt or an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

ModuleKind = Literal["information", "schulung", "leitlinien", "checkliste", "kenntnisnahme_dv"]
DocumentKind = Literal["dienstvereinbarung", "leitlinien", "checkliste", "information"]
PaperKind = Literal[DocumentKind, "kurs"]
Change = Literal["redaktionell", "wesentlich"]
PassEventKind = Literal["erteilt", "gesperrt", "entsperrt", "entzogen", "verlängert"]

BASIS: Final = "basis"
"""The scope that everybody needs, whatever else policy asks for."""


@dataclass(frozen=True, slots=True)
class Module:
    """One step towards the pass. ``valid_months`` is None where completing it once is enough.

    A ``schulung`` with a ``course`` is done on our own pages; one without is done elsewhere (classroom, learning
    platform) and only recorded here.
    """

    key: str
    kind: ModuleKind
    title: str
    minutes: int
    valid_months: int | None = None
    document: DocumentKind | None = None
    course: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pass is good for, and the modules that it takes (keys, in the order in which one does them)."""

    key: str
    name: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document that staff read, or of a course. ``file`` is relative to the policy folder."""

    kind: PaperKind
    version: str
    title: str
    sha256: str
    valid_from: date
    """First day (Europe/Berlin) on which this version applies."""
    change: Change = "wesentlich"
    grace_days: int = 0
    """Days from `valid_from` on during which the version before still counts."""
    supersedes: str | None = None
    file: str = ""
    course: str = ""
    """Which course this is a version of; empty for documents."""

    @property
    def name(self) -> str:
        """What it is a version of, in one word: ``leitlinien``, ``kurs:grundlagen``."""
        return f"{self.kind}:{self.course}" if self.course else self.kind


@dataclass(frozen=True, slots=True)
class KiPassConfig:
    """All of it. ``documents`` and ``courses`` hold every version, oldest first."""

    modules: Mapping[str, Module]
    scopes: Mapping[str, Scope]
    documents: Mapping[DocumentKind, tuple[Document, ...]] = field(default_factory=dict)
    link: str = ""
    """Where staff see their pass and go on with it: a whole address, since it is read inside a chat client."""
    contact: str = ""
    """Who issues, blocks and explains: a name and a way to reach them."""
    courses: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What stands in the file of every version of documents and courses, by SHA-256: what was hashed is what is shown.
    """


@dataclass(frozen=True, slots=True)
class Evidence:
    """One person completed one module. Moments are aware.

    `document_sha256` is the version of the document or course that was read. Only for ``kenntnisnahme_dv`` does it
    decide anything; without it the evidence shows that *some* version was acknowledged. `valid_until` is an end that
    the source itself named (a certificate).
    """

    module: str
    completed_at: datetime
    document_sha256: str | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PassEvent:
    """An act of the pass office. ``scope`` None means the whole pass.

    ``gesperrt`` is ended by ``entsperrt``, ``entzogen`` only by a new ``erteilt``. ``verlängert`` is kept for the
    file; what extends a pass is the new evidence.
    """

    event: PassEventKind
    at: datetime
    scope: str | None = None
