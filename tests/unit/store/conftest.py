"""Databases for the store."""

from tests.support.databases import *  # noqa: F403 - fixtures
