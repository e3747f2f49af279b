"""IP and MAC addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_COLONS: Final = re.compile(r":[0-9A-Fa-f]{0,4}:")
_V4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d|/\d|\w)")
_V6: Final = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]{6})(?:[0-9A-Fa-f]{1,4}:|:){2,8}[0-9A-Fa-f:]{0,24}(?![\w:.])")
_MAC: Final = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_VERSION: Final = re.compile(r"(?:version|release|v|build|firmware)[ .:]*$", re.I)


def _find(sheet: Sheet) -> Iterator[Finding]:
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


RULE: Final = Rule("NETWORK", ("IP",), _find, digits=True)
