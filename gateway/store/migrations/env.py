"""What Alembic runs: the open connection of `gateway.store.migrate`, inside its transaction and its lock."""

from __future__ import annotations

from alembic import context

from gateway.store.tables_review import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
