"""Which version of a document or course applies, what evidence therefore names, and what the version says.

Evidence names the content that was read, by its hash: the Dienstvereinbarung that was acknowledged, the version of the
course that was worked through. What was taught elsewhere (in a classroom, on a learning platform) is not ours to say,
so such evidence names no content, whether or not we have a course for the same module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from gateway.kipass.calendar import day_of
from gateway.kipass.checklist import parse_checklist
from gateway.kipass.course import parse_course
from gateway.model.course import Checklist, Course
from gateway.model.kipass import Document, Evidence, KiPassConfig, Module


def in_force(versions: Sequence[Document], now: datetime) -> Document | None:
    """Return the newest of the versions (oldest first) that applies at `now`."""
    begun = [d for d in versions if d.valid_from <= day_of(now)]
    return begun[-1] if begun else None


def versions_of(config: KiPassConfig, module: Module) -> Sequence[Document]:
    """Return the versions of what one reads in a module, oldest first; nothing for a training done elsewhere."""
    if module.course is not None:
        return config.courses.get(module.course, ())
    kind = "dienstvereinbarung" if module.kind == "kenntnisnahme_dv" else module.document
    return config.documents.get(kind, ()) if kind else ()


def evidence_for(config: KiPassConfig, modules: Iterable[str], completed_at: datetime, *,
                 elsewhere: bool = False) -> list[Evidence]:
    """Return what somebody can show who completed these modules at `completed_at`, with the versions of that day.

    `elsewhere`: somebody else attests it (pass office, learning platform), so no course of ours was worked through.
    """
    return [Evidence(key, completed_at, _hash(config, config.modules[key], completed_at, elsewhere)) for key in modules]


def _hash(config: KiPassConfig, module: Module, at: datetime, elsewhere: bool) -> str | None:
    if elsewhere and module.course is not None:
        return None
    version = in_force(versions_of(config, module), at)
    return version.sha256 if version else None


def text_of(config: KiPassConfig, document: Document) -> str:
    """Return the text of a Markdown version, exactly as it was hashed. Raises `ValueError` for a PDF."""
    if not document.file.endswith(".md"):
        raise ValueError("not a text")
    return config.texts[document.sha256].decode("utf-8-sig")


def course_of(config: KiPassConfig, document: Document) -> Course:
    """Return a version of a course, ready to be shown."""
    return _course(text_of(config, document))


def checklist_of(config: KiPassConfig, document: Document) -> Checklist:
    """Return a version of the checklist, ready to be shown."""
    return _checklist(text_of(config, document))


# Remembered, since every look at a page asks; the loader has read them all without a mistake.
_course = lru_cache(maxsize=64)(parse_course)
_checklist = lru_cache(maxsize=16)(parse_checklist)
