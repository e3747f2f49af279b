"""IP and MAC addresses, and user names by their label or in a path."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import Rule, Sheet, value_at
from gateway.model.finding import Finding

_COLONS: Final = re.compile(r":[0-9A-Fa-f]{0,4}:")
_V4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d|/\d|\w)")
_V6: Final = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]{6})(?:[0-9A-Fa-f]{1,4}:|:){2,8}[0-9A-Fa-f:]{0,24}(?![\w:.])")
_MAC: Final = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_VERSION: Final = re.compile(r"(?:version|release|v|build|firmware)[ .:]*$", re.I)
_USER: Final = re.compile(r"[A-Za-z_][\w.\\-]{1,40}[\w]")
_PATH: Final = re.compile(r"(?:/home/|[\\/]Users[\\/]+|[A-Z]{3,15}\\)([A-Za-z][\w.-]{2,30})")
_COLON: Final = re.compile(r"""["'”)]{0,2}\s{0,2}[:=]""")
_NO_USER: Final = frozenset({"admin", "root", "true", "false", "null", "none", "default", "public", "shared", "system"})


def _find(sheet: Sheet) -> Iterator[Finding]:
    if sheet.has_digit:
        yield from _addresses(sheet)
    for _, end in sheet.hits("USERNAME"):
        found = value_at(sheet, end, _USER)
        if found is None or found[0].lower() in _NO_USER or "\n" in sheet.text[end:found.start()]:
            continue
        said = _COLON.match(sheet.text, end) is not None and sheet.text[found.end():found.end() + 2] != ": "
        telling = any(c.isdigit() or c in "._\\" for c in found[0])
        if telling or (said and found[0].islower()):
            yield Finding(*found.span(), "USERNAME", 0.7, "kontext")
    if sheet.has("\\") or sheet.has("/home/") or sheet.has("/Users/"):
        for match in sheet.scan(_PATH):
            if match[1].lower() not in _NO_USER:
                yield Finding(*match.span(1), "USERNAME", 0.7, "format")


def _addresses(sheet: Sheet) -> Iterator[Finding]:
    for match in sheet.scan_numbers(_V4, 4):
        if _is_personal(match[0]) and not _VERSION.search(sheet.line_left(match.start(), 12)):
            yield Finding(*match.span(), "IP", 0.9, "format")
    if sheet.text.count(":", sheet.begin, sheet.end) >= 2 and _COLONS.search(sheet.text, sheet.begin, sheet.end):
        for match in sheet.scan(_V6):
            if match[0].count(":") >= 2 and _is_personal(match[0]):
                yield Finding(*match.span(), "IP", 0.9, "format")
    if sheet.has("-") or sheet.has(":"):
        for match in sheet.scan_numbers(_MAC):
            yield Finding(*match.span(), "IP", 0.9, "format")


def _is_personal(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast)


RULE: Final = Rule("NETWORK", ("IP", "USERNAME"), _find, {
    "USERNAME": "account benutzer benutzername username user login benutzerkennung userid kennung nutzername "
    "nutzerkennung"
                " benutzerkonto loginname anmeldename"})
