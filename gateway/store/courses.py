"""Where somebody stopped in a course: keys of sections and a day, for as long as the course is not finished.

No time of day and no answer is kept. What nobody touched for ninety days is deleted with the next write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from gateway.model.course import Progress
from gateway.store.tables_office import course_progress

KEPT_DAYS: Final = 90


def of(connection: Connection, person_id: str, today: date) -> Mapping[str, Progress]:
    """Return how far a person came, by module."""
    rows = connection.execute(select(
        course_progress.c.module, course_progress.c.document_sha256, course_progress.c.sections,
    ).where(course_progress.c.person_id == person_id, course_progress.c.day >= _oldest(today)))
    return {row.module: Progress(row.document_sha256, frozenset(row.sections.split())) for row in rows}


def write(connection: Connection, person_id: str, module: str, progress: Progress, today: date) -> None:
    """Write down how far a person came, in place of what stood there; forget what is too old."""
    connection.execute(delete(course_progress).where(course_progress.c.day < _oldest(today)))
    forget(connection, person_id, module)
    connection.execute(insert(course_progress).values(
        person_id=person_id, module=module, document_sha256=progress.document_sha256,
        sections=" ".join(sorted(progress.sections)), day=today))


def forget(connection: Connection, person_id: str, module: str) -> None:
    """Delete it: the course is finished."""
    connection.execute(delete(course_progress).where(course_progress.c.person_id == person_id,
                                                     course_progress.c.module == module))


def _oldest(today: date) -> date:
    return today - timedelta(days=KEPT_DAYS)
