"""Markdown on pages: what a hostile text cannot do, and how headings and tables come out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.markdown import block, inline

DOCUMENTS = Path("policies/documents")
HOSTILE = [
    "<script>alert(1)</script>", "a <b onclick=alert(1)>b</b>", "<img src=x onerror=alert(1)>",
    "<!-- x --><iframe src=//e>",
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](  javascript:alert(1))", "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](data:text/html,<script>1</script>)", "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>", "<data:text/html,x>", "[x](//elsewhere.example)", "[x](/\\elsewhere.example)",
    "[x][1]\n\n[1]: javascript:alert(1)", "![x](https://elsewhere.example/pixel.png)", "![x](javascript:alert(1))",
    "[x](https://e.example \"><script>alert(1)</script>\")", "`<script>`", "```\n<script>\n```",
    "```\"><script>\nx\n```",
    "|a|\n|:-:|\n|<script>|", "&lt;script&gt;", "[x](\x00javascript:alert(1))", "[x](javascript&colon;alert(1))",
]
TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "em", "strong", "code", "pre", "blockquote",
        "hr", "br", "span", "table", "thead", "tbody", "tr", "th", "td"}


class Seen(HTMLParser):
    """Collects every tag with its attributes, as a browser would."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def harmless(html: str) -> None:
    for tag, attributes in Seen(html).tags:
        assert tag in TAGS, html
        assert attributes.keys() <= {"href", "title", "class", "start", "scope", "data-label"}, html
        if (href := attributes.get("href")) is not None:
            assert not href.startswith("//")
            assert "\\" not in href
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", href), re.IGNORECASE)
            assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), href


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_yields_no_script_no_foreign_address_and_no_html_of_its_own(text: str) -> None:
    harmless(block(text))
    harmless(inline(text))


@given(st.text(alphabet="<>[]()!`*_#|-:/\\&;\"' \n\tjavscript:dataonx=1ä\x00", max_size=80))
def test_no_text_at_all_yields_a_tag_that_we_do_not_know(text: str) -> None:
    harmless(block(text))
    harmless(inline(text))


@pytest.mark.parametrize("link", ["https://stadt.example/x?a=1#b", "http://stadt.example", "mailto:dsb@stadt.example",
                                  "/pass", "leitlinien", "#abschnitt", "?seite=2"])
def test_links_of_the_web_of_mail_and_of_this_site_are_links(link: str) -> None:
    assert f'<a href="{link}">hier</a>' in block(f"[hier]({link})")


def test_a_picture_is_its_description_so_that_a_page_loads_nothing_from_elsewhere() -> None:
    assert block("![Das *Rathaus*](https://e.example/a.png)") == "<p>Das Rathaus</p>\n"


@pytest.mark.parametrize(("text", "level", "expected"), [
    ("# A\n\n## B\n\n### C", 2, ["h2", "h3", "h4"]), ("### A\n\n#### B", 2, ["h2", "h3"]),
    ("# A", 1, ["h1"]), ("# A\n\n###### B", 3, ["h3", "h6"])])
def test_headings_begin_below_those_of_the_page(text: str, level: int, expected: list[str]) -> None:
    assert [tag for tag, _ in Seen(block(text, level=level)).tags if tag[0] == "h"] == expected


def test_the_title_of_a_text_can_be_left_to_the_page() -> None:
    assert block("# Titel\n\nText\n\n## Teil", title=False) == "<p>Text</p>\n<h2>Teil</h2>\n"
    assert "<h2>Kein Titel</h2>" in block("## Kein Titel", title=False)


def test_a_table_names_the_column_of_every_cell_for_narrow_screens_and_has_no_styles_of_its_own() -> None:
    html = block("|*a*|b \"c\"|\n|:-|-:|\n|1 **x**|2|\n|3|\n\n|d|\n|-|\n|4|")
    assert '<td data-label="a"><span>1 <strong>x</strong></span></td>\n<td data-label="b &quot;c&quot;"><span>2' in html
    assert '<td data-label="d"><span>4' in html
    assert '<table class="table">' in html
    assert "style" not in html


@pytest.mark.parametrize("file", sorted(DOCUMENTS.glob("*.md")), ids=lambda p: p.name)
def test_every_shipped_text_is_shown_with_one_main_heading_left_to_the_page(file: Path) -> None:
    html = block(file.read_text(encoding="utf-8"), title=False)
    harmless(html)
    assert "<h1" not in html
    assert "<p>" in html
