"""Alembic's entry: uses the connection that `run.upgrade` hands over, and a version table of our own."""

from __future__ import annotations

from alembic import context

from audit.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
