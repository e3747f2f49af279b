"""Requests that come as a form (``multipart/form-data``): taken apart in memory, and written anew for the provider.

A form is a body like any other: its fields become the leaves of a `Document`, which are inspected and rewritten; one
field, ``file``, is a recording. What leaves is a form of our own making: nothing of the client's is in it but the
values of the fields that are described, redacted, and the bytes of the recording. Names of files, headers of parts,
the boundary and whatever stands between the parts stay behind.

Keeps true: nothing is ever written to disk (frameworks spool large parts to temporary files; the parser used here is
the one below them); a field that came twice is refused unless it is a list, because nobody can say which of the two a
provider would read; a text that is not plain UTF-8 is refused, because nobody could have inspected it.

The boundary is read where the form itself states it, in its first line; a header that says something else changes
nothing, since what leaves is written anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import GatewayError
from gateway.wire.document import Document, invalid
from gateway.wire.recordings import Recording

FILE: Final = "file"
MOST_PARTS: Final = 1000
_PLAIN: Final = ("", "7bit", "8bit", "binary")
_LONGEST_FIRST_LINE: Final = 200


@dataclass(slots=True)
class Part:
    """One part of a form as it came."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    pieces: list[bytes] = field(default_factory=list, repr=False)

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)


class FormDocument(Document):
    """A request that leaves as a form. ``lists`` are the fields that may come several times."""

    def __init__(self, root: dict[str, Any], lists: Collection[str]) -> None:
        super().__init__(root)
        self._lists = lists

    def to_bytes(self) -> bytes:
        """See `Document.to_bytes`."""
        return self.sealed()[0]

    def sealed(self) -> tuple[bytes, str]:
        """See `Document.sealed`."""
        parts = [(name, value) for name, values in self.root.items()
                 for value in (values if isinstance(values, list) else [values])]
        return write_form([(f"{name}[]" if name in self._lists else name, value) for name, value in parts])


def read_form(body: bytes, lists: Collection[str]) -> dict[str, Any]:
    """Return the fields of the form in `body` as texts, lists of texts, and a `Recording` for ``file``.

    Raises ``anfrage_ungueltig``, and ``nicht_pruefbar`` for a file that is no recording.
    """
    root: dict[str, Any] = {}
    for name, part in _named(_parts(body)):
        if name == FILE:
            value: Any = Recording.of(part.data)
        elif "filename" in _disposition(part):
            raise invalid("Ihre Anfrage wurde nicht gesendet: Eine Datei darf nur im Feld „file“ stehen.")
        else:
            value = _text(part)
        bare = name.removesuffix("[]")
        if bare in lists:
            root.setdefault(bare, []).append(value)
        elif name in root:
            raise invalid("Ihre Anfrage wurde nicht gesendet: Ein Feld des Formulars kommt mehrfach vor. Bitte prüfen "
                          "Sie die Einstellungen Ihres Programms.")
        else:
            root[name] = value
    return root


def write_form(fields: list[tuple[str, Any]]) -> tuple[bytes, str]:
    """Return a form with these fields, texts and recordings, and its media type.

    Names are ours and need no escaping. The boundary is drawn by lot for each form, after its values were written: none
    of them can hold it and end its part early.
    """
    boundary = f"ki-pforte-{token_hex(16)}"
    out: list[bytes] = []
    for name, value in fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, Recording):
            head += f'; filename="{value.name}"\r\nContent-Type: {value.media}'
        data = value.data if isinstance(value, Recording) else _bytes(value)
        out += [head.encode("ascii"), b"\r\n\r\n", data, b"\r\n"]
    out.append(f"--{boundary}--\r\n".encode("ascii"))
    return b"".join(out), f"multipart/form-data; boundary={boundary}"


def _bytes(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode()


def _named(parts: list[Part]) -> Iterator[tuple[str, Part]]:
    for part in parts:
        options = _disposition(part)
        if not options.get("name"):
            raise _unreadable()
        yield options["name"], part


def _disposition(part: Part) -> dict[str, str]:
    """Return what the part says about itself: ``name``, perhaps ``filename``."""
    kind, options = parse_options_header(part.headers.get("content-disposition"))
    if kind != b"form-data":
        raise _unreadable()
    return {key.decode("latin-1"): value.decode("utf-8", "replace") for key, value in options.items()}


def _text(part: Part) -> str:
    if part.headers.get("content-transfer-encoding", "").strip().lower() not in _PLAIN:
        raise _unreadable()
    try:
        return part.data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable() from None


def _parts(body: bytes) -> list[Part]:
    """Cut a form into its parts."""
    body = body.lstrip(b"\r\n") if body[:1] in (b"\r", b"\n") else body
    first, end, _ = body[:_LONGEST_FIRST_LINE].partition(b"\r\n")
    boundary = first.removeprefix(b"--").rstrip(b" \t")
    if not end or not first.startswith(b"--") or not boundary:
        raise _unreadable()
    collector = _Collector()
    try:
        parser = MultipartParser(boundary, collector.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise _unreadable() from None
    if not collector.ended:
        raise invalid("Ihre Anfrage wurde nicht gesendet: Das Formular ist unvollständig angekommen. Bitte senden Sie "
                      "es noch einmal.")
    return collector.parts


class _Collector:
    """Takes down what the parser tells."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = self._value = b""

    def callbacks(self) -> Any:
        """Return what the parser calls."""
        return {"on_part_begin": self._begin, "on_part_data": self._data, "on_header_field": self._header_field,
                "on_header_value": self._header_value, "on_header_end": self._header_end, "on_end": self._end}

    def _begin(self) -> None:
        if len(self.parts) >= MOST_PARTS:
            raise GatewayError("zu_gross", "Ihre Anfrage wurde nicht gesendet: Das Formular hat zu viele Felder.")
        self.parts.append(Part())

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].pieces.append(data[start:end])

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        name = self._name.decode("latin-1").lower()
        if name in self.parts[-1].headers:
            raise _unreadable()
        self.parts[-1].headers[name] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _end(self) -> None:
        self.ended = True


def _unreadable() -> GatewayError:
    return invalid("Die Anfrage ist kein lesbares Formular (multipart/form-data mit Text in UTF-8). Bitte prüfen Sie "
                   "die Einstellungen Ihres Programms.")
