"""The shape of ``ki-pass.yaml``, version 1: modules, scopes, and every version of documents and courses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.model.kipass import Change, ModuleKind
from gateway.policy.shapes import Day, Key, Sha256, StrictFile, Title, Version, Whole


class PassModule(StrictFile):
    """One module of the KI-Pass."""

    kind: ModuleKind
    title: Title
    minutes: Annotated[int, Field(ge=1, le=600), Whole]
    valid_months: Annotated[int, Field(ge=1, le=240), Whole] | None = None
    document: Literal["dienstvereinbarung", "leitlinien", "checkliste", "information"] | None = None
    course: Key | None = None


class PassScope(StrictFile):
    """One scope of the KI-Pass and the modules it takes."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=24)]
    modules: Annotated[tuple[str, ...], Field(min_length=1)]


class PassVersion(StrictFile):
    """One version of a course, and what a version of a document has in common with it."""

    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,20}$")]
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    file: Annotated[str, StringConstraints(pattern=r"^documents/[A-Za-z0-9][A-Za-z0-9._-]*$")]
    sha256: Sha256
    valid_from: Day
    change: Change
    supersedes: str | None = None


class PassDocument(PassVersion):
    """One version of a document."""

    grace_days: Annotated[int, Field(ge=0, le=3660), Whole] = 0


class PassDocuments(StrictFile):
    """The documents of the KI-Pass, every version, oldest first."""

    dienstvereinbarung: Annotated[tuple[PassDocument, ...], Field(min_length=1)]
    leitlinien: tuple[PassDocument, ...] = ()
    information: tuple[PassDocument, ...] = ()
    checkliste: tuple[PassDocument, ...] = ()


class KiPass(StrictFile):
    """``ki-pass.yaml``."""

    version: Version
    modules: dict[Key, PassModule]
    scopes: dict[Key, PassScope]
    documents: PassDocuments
    courses: dict[Key, Annotated[tuple[PassVersion, ...], Field(min_length=1)]] = Field(default_factory=dict)
