"""Databases for commands."""

from tests.support.databases import *  # noqa: F403 - fixtures
