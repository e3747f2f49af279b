"""The handbooks hold together: they build as a site, and what they tell people to type, set or open exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.settings import PREFIX, Settings
from tests.support import licences
from tests.support.pages import ROOT
from tests.support.role_matrix import ENDPOINTS, MATRIX
from tests.support.told_commands import told, unknown

PAGES = sorted(str(path.relative_to(ROOT)) for path in (
    ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")))
HANDBOOKS = [page for page in PAGES if page.startswith(("docs/handbuch/", "docs/vorlagen/"))]
OF_OTHERS = {"KI_PFORTE_SCHLUESSEL"}
"""Named by examples for the program of others."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b",
                           "html", "-d", str(tmp_path / "trees"), "docs", str(tmp_path / "site")], cwd=ROOT,
                          capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    built = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("**/*.html"))
    assert '<html class="no-js" lang="de"' in built
    fetched = re.findall(r'<(?:script|img|iframe|source)[^>]*src="https?:[^"]+|<link[^>]*href="https?:[^"]+', built)
    assert fetched == [], "a page that somebody reads in the house fetches nothing"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_told_exists_with_its_options(page: str) -> None:
    assert [wrong for line in told(text_of(page)) if (wrong := unknown(line))] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | OF_OTHERS
    assert set(re.findall(r"\bKI_PFORTE_[A-Z_]+[A-Z]\b", text_of(page))) - known == set()


@pytest.mark.parametrize("page", HANDBOOKS)
def test_every_address_that_is_named_exists(page: str) -> None:
    known = {path for _, path in MATRIX} | set(ENDPOINTS)
    named = set(re.findall(r"`(/(?!etc|opt|var)[a-z][a-z/.-]*)`", text_of(page)))
    assert named - known == set()


def test_links_to_a_heading_lead_to_one() -> None:
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", text_of(page)):
            file = (ROOT / page).parent / target if target else ROOT / page
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
            assert anchor in slugs, (page, anchor)


def test_every_package_of_an_installation_has_a_row_with_its_version() -> None:
    rows = dict(re.findall(r"^\| ([a-z0-9._-]+) \| (\S+) \| ", text_of("docs/lizenzen.md"), re.MULTILINE))
    assert rows == licences.locked()


def test_the_description_for_catalogues_says_what_the_package_says() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    told_there = YAML(typ="safe", pure=True).load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    assert f'version = "{told_there["softwareVersion"]}"' in project
    assert f'license = "{told_there["legal"]["license"]}"' in project
    for description in told_there["description"].values():
        assert len(description["shortDescription"]) <= 150
        assert 150 <= len(description["longDescription"]) <= 10_000
