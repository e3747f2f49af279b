"""Which reminders were sent, and whom to look at for new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, and_, delete, insert, or_, select

from gateway.store.chunks import in_chunks
from gateway.store.tables import person
from gateway.store.tables_office import pass_index, reminder


def candidates(connection: Connection, horizon: datetime) -> list[str]:
    """Return active people with a pass that ends before `horizon`, or that is in its grace; soonest first."""
    rows = connection.execute(
        select(pass_index.c.person_id).join(person, person.c.id == pass_index.c.person_id)
        .where(person.c.disabled_at.is_(None), or_(
            pass_index.c.state == "kulanz", and_(pass_index.c.state == "gueltig", pass_index.c.until <= horizon)))
        .order_by(pass_index.c.until, pass_index.c.person_id))
    return list(dict.fromkeys(rows.scalars()))


def known(connection: Connection, person_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return of what these people were reminded."""
    found: dict[str, set[str]] = defaultdict(set)
    for ids in in_chunks(person_ids):
        for id_, about in connection.execute(select(reminder.c.person_id, reminder.c.about)
                                             .where(reminder.c.person_id.in_(ids))):
            found[id_].add(about)
    return found


def claim(connection: Connection, person_id: str, about: Sequence[str], day: date) -> bool:
    """Note that a person is reminded of all this; False if somebody else just did (or the person is gone)."""
    free = connection.execute(select(person.c.id).where(person.c.id == person_id, person.c.disabled_at.is_(None))
                              .with_for_update()).one_or_none()
    taken = connection.execute(select(reminder.c.about).where(
        reminder.c.person_id == person_id, reminder.c.about.in_(about))).first()
    if free is None or taken is not None:
        return False
    connection.execute(insert(reminder), [{"person_id": person_id, "about": one, "day": day} for one in about])
    return True


def give_back(connection: Connection, person_id: str, about: Sequence[str]) -> None:
    """Take a note back, because nothing was sent."""
    connection.execute(delete(reminder).where(reminder.c.person_id == person_id, reminder.c.about.in_(about)))
