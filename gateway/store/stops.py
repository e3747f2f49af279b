"""Models that somebody switched off: one row per stop, gone when it is lifted (the ledger keeps both)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from gateway.model.stops import ModelStop, StopKind
from gateway.store.tables import model_stop


def stop(connection: Connection, new: ModelStop) -> bool:
    """Switch off; False if that very stop is there already, which then stays as it is."""
    found = connection.execute(select(model_stop.c.name).where(_same(new.kind, new.name))).one_or_none()
    if found is not None:
        return False
    connection.execute(insert(model_stop).values(
        kind=new.kind, name=new.name, reason=new.reason, at=new.at, by=new.by, models=" ".join(sorted(new.models))))
    return True


def lift(connection: Connection, kind: StopKind, name: str) -> bool:
    """Take one stop back; False if there is none."""
    return connection.execute(delete(model_stop).where(_same(kind, name))).rowcount > 0


def every(connection: Connection) -> tuple[ModelStop, ...]:
    """Return all stops that are in force, the oldest first."""
    columns = (model_stop.c.kind, model_stop.c.name, model_stop.c.reason, model_stop.c.at, model_stop.c.by,
               model_stop.c.models)
    rows = connection.execute(select(*columns).order_by(model_stop.c.at, model_stop.c.kind, model_stop.c.name))
    return tuple(ModelStop(kind, name, reason, at, by, frozenset(models.split()))
                 for kind, name, reason, at, by, models in rows)


def _same(kind: StopKind, name: str) -> ColumnElement[bool]:
    return and_(model_stop.c.kind == kind, model_stop.c.name == name)
