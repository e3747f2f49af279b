"""The doors of the house: what the pipeline asks of the outside, as protocols.

Adapters on floor 3 implement them, `gateway.app` plugs them in, tests plug in fakes. Each method says which
`GatewayError` code may leave it; anything else that escapes is a bug and becomes ``intern``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from gateway.model.attachment import Attached
from gateway.model.decision import Action
from gateway.model.exchange import Receipt, SealedRequest
from gateway.model.finding import Finding, Passage
from gateway.model.limits import Limits
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the client presented: the secret with its scheme, and the headers that may name a person."""

    scheme: str
    """``bearer``, ``x-api-key``, ``api-key``, ``basic`` or ``none``."""
    secret: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Authenticator(Protocol):
    """Finds out who asks."""

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Return the principal with its KI-Pass as of now. Raises ``schluessel_ungueltig``."""
        ...


class Detector(Protocol):
    """Finds personal data. Stateless for the caller; what it has seen before it answers from its cache."""

    async def inspect(self, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        """Return the findings of each passage, sorted by start. Raises ``pruefung_nicht_verfuegbar``; never guesses."""
        ...

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Inspect one short passage here and now: a sentence of an answer that is being shown."""
        ...


class Reader(Protocol):
    """Reads what is attached. Stateless for the caller; what it has read before it answers from its memory."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that can be read on this machine."""
        ...

    async def read(self, attached: Attached) -> str:
        """Return the text in a file or picture, never an empty one.

        Raises ``nicht_pruefbar``, ``zu_gross`` and ``pruefung_nicht_verfuegbar``, with words for the person.
        """
        ...


class Operators(Protocol):
    """Replaces a value for good (no way back): the actions ``mask``, ``hash`` and ``generalise``."""

    def apply(self, action: Action, entity: str, value: str) -> str:
        """Return what stands in place of `value`. Total: never raises for any text."""
        ...


class UpstreamResponse(Protocol):
    """An answer that has begun. `chunks` gives the bytes as they come; `close` gives the connection back or cuts it."""

    status: int
    content_type: str
    retry_after: int | None

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces of any size. Raises ``anbieter_fehler`` or ``anbieter_zeit`` when it breaks."""
        ...

    async def close(self) -> None:
        """End the exchange; after a complete body the connection is reused, before that it is closed."""
        ...


class Upstream(Protocol):
    """Where requests go. Takes only a `SealedRequest`: redacted, released and recorded."""

    async def send(self, request: SealedRequest) -> UpstreamResponse:
        """Send and return once the head of the answer is there. Raises ``anbieter_fehler``, ``anbieter_zeit``."""
        ...


class Recorder(Protocol):
    """Writes the book. A returned receipt means: durable."""

    async def record(self, kind: str, meta: Mapping[str, Any], *, subject: str | None,
                     ref: str | None = None, content: bytes = b"") -> Receipt:
        """Write one record of `kind` (``intent``, ``outcome``, ``denied``, ...) and return when it is durable.

        ``meta`` holds strings, integers, and lists and maps of them: facts without content. ``subject`` is the opaque
        id of the principal; the ledger keeps a pseudonym of it. ``content`` comes sealed out of a `Safe`. Raises
        ``protokoll_nicht_verfuegbar``. An intent whose caller got no receipt (error or cancellation) and that becomes
        durable nevertheless is ended by the recorder.
        """
        ...


Side = Literal["request", "answer"]


class Safe(Protocol):
    """Takes the content of one exchange, and gives it back sealed so that the house cannot read it any more."""

    notice: str
    """What the person is told, ASCII."""

    async def shut(self, side: Side, texts: Sequence[str]) -> bytes:
        """Return the texts of one side, the request first, sealed; empty: nothing is kept (any more). Never raises."""
        ...


class Contents(Protocol):
    """Knows where content is kept for some days, because two people agreed to it."""

    def safe(self, department: str) -> Safe | None:
        """Return where the content of an exchange goes; None (nearly always, and when nobody can tell): it is not kept.

        Looks up memory: no database here. Never raises.
        """
        ...


Kept = Literal["answer", "conversation"]
"""What an id stands for: one answer with all that was said before it, or a conversation that grows."""


class Conversations(Protocol):
    """Keeps what was said for clients that go on with it by an id.

    Sealed: only who presents the id, as the same person, gets it back, and only for hours. Any method raises whatever
    the database raises.
    """

    async def keep(self, subject: str, id_: str, content: bytes, now: datetime, until: datetime,
                   kind: Kept = "answer") -> None:
        """Keep `content` until then. Raises ``zu_gross``."""
        ...

    async def recall(self, subject: str, id_: str, now: datetime, kind: Kept = "answer") -> bytes | None:
        """Return what was kept, or None: never there, over, of another kind, or somebody else's."""
        ...

    async def change(self, subject: str, id_: str, work: Callable[[bytes], bytes], now: datetime,
                     until: datetime) -> bool:
        """Put what `work` makes of a conversation in its place, until then; False: it is not there (any more).

        Of changes at the same time each sees what the one before left, in whichever process they are. Raises
        ``zu_gross`` and what `work` raises; then nothing has changed.
        """
        ...

    async def forget(self, subject: str, id_: str, now: datetime) -> bool:
        """Delete a conversation for good; return whether it was there."""
        ...


class Ticket(Protocol):
    """A request that was let in by the `Limiter`; what it really used is told at its end."""

    notice: str
    """What the person is told when a limit comes near (80 %), ASCII; empty otherwise."""

    async def moved(self, model: RegisteredModel, limits: Limits) -> None:
        """Count for this model what was counted for another: the same request goes there instead (a model in the house,
        one that stands in). Raises ``limit_erreicht`` and ``budget_erschoepft``; then nothing has changed."""
        ...

    async def settle(self, tokens_in: int, tokens_out: int) -> None:
        """Count what was really used in place of what was reserved, and give the place among the requests under way
        back. After `settle` or `close` it does nothing. Never raises."""
        ...

    async def close(self) -> None:
        """Give everything back if nothing was settled: no model answered. Harmless twice. Never raises."""
        ...


class Limiter(Protocol):
    """Counts what people, departments, models and the organisation use, and says no when a limit is reached."""

    async def enter(self, principal: Principal, model: RegisteredModel, limits: Limits, tokens_in: int,
                    tokens_out: int, now: datetime) -> Ticket:
        """Count one request that will use about so many tokens. Raises ``limit_erreicht`` and ``budget_erschoepft``.

        Whoever gets the ticket settles or closes it, whatever happens; who is cancelled before holds nothing.
        """
        ...


class Stops(Protocol):
    """Knows which models somebody switched off (``model stop``)."""

    def __call__(self) -> frozenset[str]:
        """Return the ids of stopped models, as of a few seconds ago at most. Looks up memory: no database here.

        Raises ``pruefung_nicht_verfuegbar`` when nobody can tell (the database has not answered for a while).
        """
        ...


class Pins(Protocol):
    """Remembers that a conversation once held something that decides where it may go.

    A conversation is known by its messages, as keyed digests of each bound to the person: whoever sends one of them
    again goes on with it, however much of it the client cut off.
    """

    async def recall(self, digests: Sequence[bytes], now: datetime) -> frozenset[str]:
        """Return the kinds of finding held for any of these messages. Raises ``intern`` when nobody can tell."""
        ...

    async def hold(self, digests: Sequence[bytes], kinds: frozenset[str], now: datetime) -> None:
        """Hold the kinds for all of these messages. Raises ``intern`` when they cannot be kept."""
        ...


class Clock(Protocol):
    """The time, so that tests can pin it."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...


class Traces(Protocol):
    """Where traces go, if the house sends any."""

    def exchange(self, trace: Trace) -> None:
        """Hand over one exchange that has ended. Never waits, never raises."""
        ...


class Metrics(Protocol):
    """What the pipeline tells the monitoring. No argument ever names a person or holds content."""

    def exchange(self, api: str, department: str, model: str, decision: str) -> None:
        """Count one finished request; ``decision`` is ``allowed``, ``local`` (the house itself answered), ``denied`` or
        ``failed``.
        """
        ...

    def refusal(self, code: str) -> None:
        """Count one refusal by its stable code."""
        ...

    def redactions(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Add replaced values per (entity type, action)."""
        ...

    def stage(self, name: str, seconds: float) -> None:
        """Observe the time one stage added."""
        ...

    def tokens(self, model: str, prompt: int, completion: int) -> None:
        """Add the usage that the provider reported."""
        ...

    def cost(self, model: str, micro_euro: int) -> None:
        """Add what one exchange costs by the prices of the register."""
        ...

    def limit_refused(self, by: str, limit: str) -> None:
        """Count one refusal by whose limit it was (a kind, never a name) and which."""
        ...

    def limit_near(self, by: str, limit: str) -> None:
        """Count one request that was told that more than 80 % of a limit are used."""
        ...

    def stream(self, delta: int) -> None:
        """A stream began (+1) or ended (-1)."""
        ...

    def dropped_fields(self, api: str, count: int) -> None:
        """Count unknown fields of a request that were not passed on."""
        ...

    def stripped_tools(self, api: str, count: int) -> None:
        """Count tools at the provider that were taken out of a request."""
        ...

    def leak_alarms(self, count: int) -> None:
        """Count replaced values that stood in a raw answer all the same."""
        ...

    def strangers(self, counts: Mapping[str, int]) -> None:
        """Count personal data in answers that the caller never sent, by kind."""
        ...

    def unresolved(self, count: int) -> None:
        """Count placeholders in an answer that could not be put back."""
        ...

    def shadow(self, live: str, other: str, difference: str) -> None:
        """Count one request that a shadow policy was asked about: what both said, and the most important difference."""
        ...
