"""Hypothesis profiles: ``default`` for every run, ``long`` (10,000 examples) for ``make test-long``."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=10_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests with Playwright run last: its loop stays in this thread, and others could begin none of their own.
    """
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
