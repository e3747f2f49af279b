"""QR codes as inline SVG: dark on white in every colour scheme, with the quiet zone that readers need."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

import segno
from markupsafe import Markup

QUIET: Final = 4
"""Modules of white around the code; ISO/IEC 18004 asks for four."""


def qr(text: str, title: str) -> Markup:
    """Return the code that says `text`; `title` is what somebody hears who does not see it.

    A quarter of it may be dirty or folded away (error level Q).
    """
    code = segno.make(text, error="q", micro=False, boost_error=False)
    size = code.symbol_size(border=QUIET)[0]
    return Markup(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" '
        'shape-rendering="crispEdges"><title>{1}</title><path fill="#fff" d="M0 0h{0}v{0}H0z"/>'
        '<path fill="#000" d="{2}"/></svg>').format(size, title, "".join(_bars(code)))


def _bars(code: segno.QRCode) -> Iterator[str]:
    """Yield every run of dark modules as a bar."""
    for y, row in enumerate(code.matrix_iter(border=QUIET)):
        x = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                yield f"M{x} {y}h{length}v1h-{length}z"
            x += length
