"""How commands speak: results on standard output, everything else on standard error, four exit codes.

With ``--json`` standard output holds one JSON document and nothing else, so that scripts can read it.

What is printed may come from a record, a book or a file, and somebody may have written it to command a terminal: erase
a line, turn the direction of writing, add a row. So everything goes through here, and what a terminal would obey is
spelt out (``\\u001b``). In JSON that is the same value in another spelling: nothing is lost.
"""

from __future__ import annotations

import errno
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from audit.visible import visible
from gateway.policy.problems import PolicyErrors
from gateway.store import ConflictError, InvalidError, StoreError

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FOUND = 1
    MISUSE = 2
    CANNOT_RUN = 3


class CliError(Exception):
    """Ends a command with a German sentence that says what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


def speaks(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Turn the failures a user can do something about into one sentence and an exit code."""

    @wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        from audit import LedgerError  # late: help and misuse need no cryptography

        try:
            return command(*args, **kwargs)
        except CliError as error:
            _stop(str(error), error.code)
        except (ConflictError, InvalidError) as error:
            _stop(str(error), Exit.MISUSE)
        except PolicyErrors as error:
            _stop(f"Die Richtlinien sind nicht verwendbar:\n{error}", Exit.CANNOT_RUN)
        except StoreError as error:
            _stop(str(error), Exit.CANNOT_RUN)
        except LedgerError as error:
            _stop(f"Das Protokoll ist nicht verwendbar, darum wurde nichts geändert: {error}", Exit.CANNOT_RUN)

    return wrapped


def cannot_run(command: Callable[Params, None]) -> Callable[Params, None]:
    """As `speaks`; and what keeps the house from opening becomes one sentence and exit code 3."""
    @wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> None:
        from audit import LedgerError
        from gateway.errors import GatewayError
        from gateway.settings import SettingsError
        try:
            command(*args, **kwargs)
        except SettingsError as error:
            _stop(str(error), Exit.CANNOT_RUN)
        except LedgerError as error:
            _stop(f"Das Protokoll ist nicht verwendbar: {error}", Exit.CANNOT_RUN)
        except GatewayError as error:
            _stop(error.message, Exit.CANNOT_RUN)
        except OSError as error:
            _stop(f"{error.filename or 'Eine Datei'} {in_german(error)}", Exit.CANNOT_RUN)
    return speaks(wrapped)


def in_german(error: OSError) -> str:
    """Return what the operating system said, as the rest of a sentence that begins with the name of the file."""
    known = {
        errno.ENOENT: "gibt es nicht.",
        errno.EACCES: "ist gesperrt: Es fehlen Rechte. Bitte prüfen Sie, wem die Datei gehört.",
        errno.EISDIR: "ist ein Ordner. Bitte nennen Sie eine Datei.",
        errno.ENOSPC: "lässt sich nicht schreiben: Der Datenträger ist voll.",
    }
    return known.get(error.errno or 0, f"lässt sich nicht lesen oder schreiben ({error.strerror}).")


def _stop(message: str, code: Exit) -> NoReturn:
    note(message)
    raise typer.Exit(int(code))


def note(text: str) -> None:
    """Say something to the person at the terminal; scripts do not see it."""
    typer.echo(_shown(text), err=True)


def say(text: str) -> None:
    """Print a result."""
    typer.echo(_shown(text))


def hand_over(text: str) -> None:
    """Print a text that is the result itself: to a person as `say` does, into a file or a program as it is."""
    typer.echo(_shown(text) if sys.stdout.isatty() else text)


def emit(document: Any, *, indent: int | None = 2) -> None:
    """Print a result as JSON; without `indent` as one line."""
    typer.echo(visible(json.dumps(document, ensure_ascii=False, indent=indent, default=str)))


def cell(value: object) -> str:
    """Return a value as it may stand in a line or a table: its own ends of lines would look like further rows."""
    return visible(str(value)).replace("\n", "\\n")


def entries(rows: Iterable[Sequence[object]]) -> None:
    """Print rows whose last part is a sentence or more, folded to the width of the terminal."""
    lines = [[cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]) - 1)] if lines else []
    room = sum(widths) + 2 * len(widths)
    width = max(shutil.get_terminal_size().columns, room + 40)
    for line in lines:
        head = "".join(text.ljust(wide + 2) for text, wide in zip(line, widths, strict=False))
        say(textwrap.fill(line[-1], width, initial_indent=head, subsequent_indent=" " * room, break_long_words=False,
                          break_on_hyphens=False))


def _shown(text: str) -> str:
    return "\t".join(map(visible, text.split("\t")))


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headers, as wide as they need."""
    lines = [[cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headers), *lines]) for i in range(len(headers))]
    for line in [list(headers), ["-" * w for w in widths], *lines]:
        say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
