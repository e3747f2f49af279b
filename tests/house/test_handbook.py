"""The handbook says what the program does: settings, commands, metrics and errors are all in it, as they are."""

from __future__ import annotations

import re

import pytest

from gateway.errors import CODES
from gateway.settings import PREFIX, Settings
from tests.support.handbook import DOCS, PAGES, commands


@pytest.mark.parametrize("file", PAGES)
def test_a_page_that_is_made_from_the_code_is_up_to_date(file: str) -> None:
    assert (DOCS / file).read_text(encoding="utf-8") == PAGES[file](), (
        "python -m tests.support.handbook writes it anew")


def test_every_setting_command_and_error_is_documented() -> None:
    settings, commanded, errors = ((DOCS / name).read_text(encoding="utf-8")
                                   for name in ("einstellungen.md", "befehle.md", "fehler.md"))
    assert set(re.findall(r"\| `(KI_PFORTE_\w+)`", settings)) == {PREFIX + name.upper() for name in
                                                                  Settings.model_fields}
    for path, command in commands():
        assert f"`{path}" in commanded
        assert command.help, path
        assert all(parameter.help for parameter in command.params), path
    assert {(int(status), code) for status, code in re.findall(r"\| (\d+) \| `(\w+)`", errors)} == {
        (status, code) for code, (status, _) in CODES.items()}


def test_every_link_between_pages_leads_somewhere() -> None:
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.glob("*.md"), *(root / "deploy").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
