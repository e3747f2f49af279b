"""typer's own words in German: what was typed wrongly, and the frame of the help pages. The one place that knows them.

Keeps true: a misuse is one German sentence, the form of the command and where to read more, on standard error, with
exit code 2; the words of the framework appear nowhere. A message that this file does not know (a new version of
typer brought it) becomes a general sentence, never English.

Does not know: the commands. What they say themselves is German where it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer.exceptions import TyperException

from gateway.cli.output import Exit, note

_HEADINGS: Final = {"Options": "Optionen", "Arguments": "Angaben", "Commands": "Befehle"}
_FRAME: Final = {"[OPTIONS]": "[OPTIONEN]", "COMMAND [ARGS]...": "BEFEHL …"}
_TYPES: Final = {"str": "TEXT", "int": "ZAHL", "int range": "ZAHL", "float": "ZAHL", "path": "PFAD", "file": "DATEI",
                 "dir": "ORDNER", "list[str]": "TEXT", "list[Path]": "PFAD"}
_NOTES: Final = ((r"Show this message and exit\.", "Zeigt diese Hilfe."), (r"\brequired\b(?=[^\[]*\]$)", "nötig"),
                 (r"\bdefault: (?=[^\[]*\]$)", "sonst: "), (r"(-?\d+)<=x<=(-?\d+)", r"\1 bis \2"))
_MESSAGES: Final = tuple((re.compile(pattern, re.S), text) for pattern, text in (
    (r"No such command '(?P<a>.*?)'", "Den Befehl „{a}“ gibt es nicht"),
    (r"Missing command", "Es fehlt der Befehl"),
    (r"No such option: (?P<a>\S+)", "Die Option „{a}“ gibt es nicht"),
    (r"Got unexpected extra argument\(?s?\)? \((?P<a>.*)\)", "Diese Angaben sind zu viel: {a}"),
    (r"Option '(?P<a>.*?)' requires .*", "Nach der Option „{a}“ fehlt der Wert"),
    (r"Option '(?P<a>.*?)' does not take a value", "Die Option „{a}“ hat keinen Wert"),
))
_EXPECTED: Final = tuple((re.compile(pattern, re.S), text) for pattern, text in (
    (r"valid integer", "Erwartet wird eine ganze Zahl"), (r"valid number", "Erwartet wird eine Zahl"),
    (r"(?:less than or equal to|smaller than or equal to) (?P<a>\S+)", "Der Wert darf höchstens {a} sein"),
    (r"greater than or equal to (?P<a>\S+)", "Der Wert muss mindestens {a} sein"),
    (r"is not one of (?P<a>'.*')", "Erwartet wird eines von {a}"),
    (r"'(?P<a>.*)' does not exist", "„{a}“ gibt es nicht"), (r"'(?P<a>.*)' is a file", "„{a}“ ist kein Ordner"),
    (r"'(?P<a>.*)' is a directory", "„{a}“ ist ein Ordner"),
    (r"'(?P<a>.*)' is not readable", "„{a}“ ist nicht lesbar"),
    (r"'(?P<a>.*)' is not writable", "„{a}“ ist nicht beschreibbar"),
))


def carry_out(app: typer.Typer) -> int:
    """Run the program and return its exit code."""
    try:
        code = typer.main.get_command(app)(prog_name="ki-pforte", standalone_mode=False)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a command without anything: its help is the answer
            note(error.format_message())
        else:
            note(misuse(error))
        return Exit.MISUSE
    except typer.Abort:
        note("Abgebrochen.")
        return Exit.CANNOT_RUN
    return code if isinstance(code, int) else Exit.OK


def misuse(error: TyperException) -> str:
    """Return what a person reads who mistyped: what is wrong, how the command looks, where to read more."""
    context = getattr(error, "ctx", None)
    lines = [sentence(error)]
    if context is not None:
        lines += [context.get_usage(), f"Mehr dazu: {context.command_path} --help"]
    return "\n".join(lines)


def sentence(error: TyperException) -> str:
    """Return what is wrong."""
    parameter = getattr(error, "param", None)
    if type(error).__name__ == "MissingParameter" and parameter is not None:
        kind = "Option" if parameter.param_type_name == "option" else "Angabe"
        return f"Es fehlt die {kind} „{_name(parameter)}“."
    if parameter is not None:
        return f"Der Wert für „{_name(parameter)}“ passt nicht. {_translate(error.message, _EXPECTED, 'Bitte prüfen')}."
    return f"{_translate(error.message, _MESSAGES, 'So lässt sich das nicht aufrufen')}.{_guess(error)}"


def _translate(message: str, table: Sequence[tuple[re.Pattern[str], str]], otherwise: str) -> str:
    for pattern, text in table:
        if found := pattern.search(message):
            return text.format(**found.groupdict()).replace("'", "")
    return otherwise


def _name(parameter: Any) -> str:
    """Return the name as it is typed: the long option, or the word of the help."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name)


def _guess(error: TyperException) -> str:
    """Return what may have been meant."""
    context = getattr(error, "ctx", None)
    wrong = re.search(r"No such (?:command '(.*?)'|option: (\S+))", error.message)
    if context is None or wrong is None:
        return ""
    if wrong[2]:
        known = [option for parameter in context.command.params for option in parameter.opts]
    else:
        known = list(getattr(context.command, "commands", ()))
    close = difflib.get_close_matches(wrong[1] or wrong[2], known, n=1, cutoff=0.7)
    return f" Meinten Sie „{close[0]}“?" if close else ""


_Context: Any = typer.Context.__base__
_Formatter: Any = _Context.formatter_class


class GermanFormatter(_Formatter):  # type: ignore[misc]
    """Writes help pages with German headings."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        for english, german in _FRAME.items():
            args = args.replace(english, german)
        super().write_usage(prog, args, "Aufruf: ")

    def write_heading(self, heading: str) -> None:
        """Write the title of a section."""
        super().write_heading(_HEADINGS.get(heading, heading))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options, arguments or commands."""
        super().write_dl([(_typed(first), _annotated(second)) for first, second in rows], col_max, col_spacing)


def _typed(first: str) -> str:
    return re.sub(r"<([^<>]+)>$", lambda found: _TYPES.get(found[1], f"<{found[1]}>"), first)


def _annotated(second: str) -> str:
    for pattern, german in _NOTES:
        second = re.sub(pattern, german, second)
    return second


_Context.formatter_class = GermanFormatter
