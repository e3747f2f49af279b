"""Alembic migrations of the ledger. A migration may add tables, columns and indexes; it never touches hashed bytes."""
