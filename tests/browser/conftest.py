"""One stage for all tests of pages with Playwright."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stage import Stage, open_stage


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A served town hall with a browser before it; nobody changes what others look at."""
    with open_stage(tmp_path_factory.mktemp("stage")) as found:
        yield found
