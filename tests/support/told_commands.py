"""Commands as documents tell people to type them."""

from __future__ import annotations

import re
import shlex
from functools import cache
from itertools import takewhile
from typing import Any

from tests.support.handbook import commands

_CALL = re.compile(r"(?<![\w/.-])ki-pforte (?=[a-z])(?!env )")
_FENCE = re.compile(r" *```(\w*)")


def told(text: str) -> list[str]:
    """Return every call of ``ki-pforte`` in a document, from its blocks for the shell and within its sentences."""
    kind: str | None = None
    blocks, sentences = [], []
    for line in text.splitlines():
        if fence := _FENCE.match(line):
            kind = None if kind is not None else fence[1]
        elif kind in ("", "sh", "bash"):
            blocks.append(line)
        elif kind is None:
            sentences.append(line)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    inline = re.findall(r"`([^`]+)`", "\n".join(sentences))
    return [line[found.start():] for line in (*(re.sub(r"(^|\s)#\s.*", "", line) for line in lines), *inline)
            if (found := _CALL.search(line))]


def unknown(line: str) -> str:
    """Return what is wrong with a call: no such command, no such option; empty if nothing is."""
    words = _words(line)
    name = next((path for n in (4, 3, 2) if (path := " ".join(words[:n])) in _known()), "")
    if not name:
        return "" if " ".join(words) in _groups() else f"„{line}“: no such command"
    options = {option for parameter in _known()[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
    wrong = [word for word in (w.partition("=")[0] for w in words) if word.startswith("-") and word not in options
             and word not in ("-", "--help")]
    return f"„{line}“: {name} has no {wrong}" if wrong else ""


def _words(line: str) -> list[str]:
    """Return the words of a call, up to where the shell goes on with something else."""
    reader = shlex.shlex(line.replace("…", ""), posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    return list(takewhile(lambda word: not set(word) <= set("|<>;&()"), reader))


@cache
def _known() -> dict[str, Any]:
    return dict(commands())


@cache
def _groups() -> set[str]:
    return {path.rpartition(" ")[0] for path in _known()}
