"""Databases for these tests."""

from tests.support.databases import database_url

__all__ = ["database_url"]
