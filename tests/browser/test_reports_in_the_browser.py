"""The officer releases a paper with the keyboard alone and takes it along as a PDF; the list names its hash."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.papers import reader
from tests.support.playing import MISSING
from tests.support.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_officer_takes_a_report_along(stage: Stage, scripts: bool) -> None:
    page = stage.window("dpo", scripts=scripts)
    page.goto(stage.address("/review/berichte/transparency"))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PDF").press("Enter")
    data = Path(waiting.value.path()).read_bytes()
    assert reader(data).trailer["/Root"]["/Lang"] == "de-DE"
    page.goto(stage.address("/review/berichte"))
    assert sha256(data).hexdigest()[:8] in page.content()


def test_the_officer_releases_a_paper_with_the_keyboard(stage: Stage) -> None:
    page = stage.window("dpo")
    page.goto(stage.address("/review/unterlagen/model-register"))
    page.get_by_role("button", name="Prüfen und freigeben").press("Enter")
    page.wait_for_url("**freigegeben=ja")
    assert "Unverändert seit der Freigabe" in page.inner_text("main")
