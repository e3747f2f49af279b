"""The handbooks as a site: ``make site`` writes them to ``var/handbuch``. Nothing is fetched, nor when it is read."""

from __future__ import annotations

from typing import Any

from pygments.lexers.special import TextLexer

project = "KI-Pforte"
author = "KI-Pforte"
project_copyright = "KI-Pforte, EUPL-1.2"
language = "de"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["bilder"]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
highlight_language = "none"

html_theme = "furo"
html_title = "KI-Pforte: Handbücher"
html_copy_source = False
html_show_sphinx = False
html_static_path: list[str] = []
html_last_updated_fmt = None


def setup(app: Any) -> None:
    """Let blocks of settings (``env``) stand as they are."""
    app.add_lexer("env", TextLexer)
