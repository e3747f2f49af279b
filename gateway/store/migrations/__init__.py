"""Alembic's migrations of the gateway's database. Run by `gateway.store.migrate` only."""
