"""Databases for identity."""

from tests.support.databases import *  # noqa: F403 - fixtures
