"""What the book says about one exchange: facts, numbers, digests. No content, no name.

Builds the ``meta`` of the records and writes each exactly once: an exchange is one intent with exactly one outcome, or
one ``denied``, or one ``local`` (the house answered, nothing left it), whichever step fails or is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from gateway.errors import GatewayError, internal
from gateway.model.decision import Admission, Reason, ReleaseDecision
from gateway.model.exchange import Receipt
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.model.trace import Trace
from gateway.pipeline.finishing import finish
from gateway.policy.decide import ReleaseFacts
from gateway.ports import Recorder, Safe, Traces
from gateway.wire.dialect import Usage

_log = logging.getLogger(__name__)


class ExchangeLog:
    """The records of one exchange."""

    def __init__(self, recorder: Recorder, request_id: str, api: str, traces: Traces | None = None) -> None:
        self._recorder, self._traces = recorder, traces
        self._stages: list[tuple[str, float, float]] = []
        self.sent: float | None = None
        """When the request went to the provider."""
        self._started = perf_counter()
        self._facts: dict[str, Any] = {"vorgang": request_id, "api": api}
        self._subject: str | None = None
        self._intent: str | None = None
        self._ended = False
        self._streams = False
        self.first_byte: float | None = None
        self.bytes_out = 0
        self._safe: Safe | None = None
        self._content = b""

    @property
    def request_id(self) -> str:
        """The Vorgangsnummer."""
        return str(self._facts["vorgang"])

    @property
    def department(self) -> str:
        """The department of the person, or ``unbekannt``."""
        return str(self._facts.get("department", "unbekannt"))

    @property
    def model(self) -> str:
        """The registered model, or ``unbekannt``: what a client asked for is never a fact of ours."""
        return str(self._facts.get("model", "unbekannt"))

    @property
    def keeps_content(self) -> bool:
        """Whether the texts of the answer go into the book, too."""
        return self._safe is not None

    @property
    def is_open(self) -> bool:
        """Whether an intent stands without its end."""
        return self._intent is not None and not self._ended

    def stage(self, name: str, begun: float, ended: float) -> None:
        """Note how long a step took, for the trace."""
        if self._traces is not None:
            self._stages.append((name, begun, ended))

    def _trace(self, status: str, code: str, usage: Usage | None = None) -> None:
        """Hand the exchange over to whoever watches how long things take."""
        if self._traces is None:
            return
        tokens = (usage.prompt, usage.completion) if usage else None
        known = self._facts
        self._traces.exchange(Trace(
            self.request_id, str(known["api"]), self.model, str(known.get("provider", "")),
            str(known.get("region", "")), status, code, self._streams, self._started, perf_counter(),
            tuple(self._stages), self.sent, tokens))

    def principal(self, principal: Principal) -> None:
        """Note who asks: department and pass in the facts, the person for the pseudonym only."""
        self._subject = principal.subject
        basis = principal.pass_for()
        self._facts |= {"department": principal.department, "pass": basis.state,
                        "dv_sha256": basis.document_sha256 or ""}

    def reference(self, mark: str) -> None:
        """Note what a case reference is found by."""
        if mark:
            self._facts["reference"] = mark

    def retry(self, count: str) -> None:
        """Note what a client says of itself: that it asks the same again, and how often it has."""
        if count.isascii() and count.isdigit() and (number := int(count[:4])):
            self._facts["retry"] = number

    def instead_of(self, model: str) -> None:
        """Note that the provider of another model failed, and this one stands in."""
        self._facts["instead_of"] = model

    def task(self, task: str) -> None:
        """Note that a client made this call of its own accord, and what for."""
        self._facts["task"] = task

    def admission(self, admission: Admission, asked: str = "") -> None:
        """Note what policy said before the content was looked at; `asked` is a name that the policy knows, or empty."""
        self._facts |= {"policy": admission.policy, "purpose": admission.purpose, "asked": asked}
        if admission.clear_text:
            self._facts["clear_text"] = admission.clear_text
        self._reasons(admission.reasons)
        if admission.model:
            self._model(admission.model)
        elif admission.asked:
            self._facts["model"] = admission.asked

    def files(self, kinds: Mapping[str, int]) -> None:
        """Note how much of what kind was read, to be sent as text."""
        self._facts["read"] = dict(kinds)

    def stripped(self, count: int) -> None:
        """Note how many tools at the provider were taken out."""
        self._facts["stripped_tools"] = count

    def inspection(self, found: Mapping[str, int], bytes_in: int, dropped: int) -> None:
        """Note how much of what kind was found."""
        self._facts |= {"found": dict(found), "bytes_in": bytes_in, "dropped_fields": dropped}

    def release(self, release: ReleaseDecision, asked: ReleaseFacts) -> None:
        """Note what policy was asked about the content, and what it said."""
        for name, kinds in (("opaque", asked.opaque), ("held", asked.held)):
            if kinds:
                self._facts[name] = sorted(kinds)
        self._reasons(release.reasons)
        if release.model:
            self._model(release.model)

    def shadow(self, said: Mapping[str, Any]) -> None:
        """Note what another policy set would have said."""
        if said:
            self._facts["shadow"] = dict(said)

    def _reasons(self, reasons: Iterable[Reason]) -> None:
        """Note which rules took part, each once and in order, and which of them said no.

        The same trace that `gateway.policy.explain` puts into words, without the words: they follow from the id.
        """
        against: list[str] = []
        rules = dict.fromkeys(self._facts.get("rules", ()))
        for reason in reasons:
            rules[reason.rule] = None
            if reason.effect == "deny" and reason.rule not in against:
                against.append(reason.rule)
        self._facts["rules"] = list(rules)
        if against:
            self._facts["denied_by"] = against

    def _model(self, model: RegisteredModel) -> None:
        self._facts |= {"model": model.id, "provider": model.provider, "region": model.region}

    def report(self, error: GatewayError) -> None:
        """Tell the operator what was refused or failed, under the Vorgangsnummer that the person was given."""
        if error.status >= 500:
            self._say(logging.WARNING, "request failed", decision="failed", code=error.code, status=error.status,
                      hint=error.hint)
        else:  # what policy decided is in the book; nobody has to look after it
            self._say(logging.INFO if error.hint else logging.DEBUG, "request refused", decision="denied",
                      code=error.code, status=error.status, hint=error.hint)

    @property
    def named(self) -> dict[str, Any]:
        """What a line about this exchange carries, also when the request itself is over."""
        return {"facts": {"request_id": self.request_id}}

    def _say(self, level: int, words: str, **facts: Any) -> None:
        """Write a line for the operator; the names of its facts are those of `gateway.telemetry.logs.FIELDS`."""
        if _log.isEnabledFor(level):
            _log.log(level, words, extra={"facts": {
                "request_id": self.request_id, "api": self._facts["api"], "model": self.model,
                "ms": self._milliseconds(), **facts}})

    async def denied(self, error: GatewayError, *, unrecorded: int = 0) -> None:
        """Write that the request was refused and nothing left the house.

        `unrecorded` says how many refusals of strangers before this one were counted only.
        """
        if self._ended:
            return
        self._ended = True
        facts = {**self._facts, "decision": "denied", "code": error.code, "latency_ms": self._milliseconds()}
        if unrecorded:
            facts["unrecorded"] = unrecorded
        self._trace("denied" if error.status < 500 else "failed", error.code)
        await self._write("denied", facts)

    async def local(self) -> None:
        """Write, before it is given, that the house answers by itself: no model is asked and nothing leaves."""
        self._ended = True
        self._trace("local", "")
        self._say(logging.DEBUG, "request answered by the house", decision="local")
        where = ("model", "provider", "region")  # what the program named: it went nowhere
        facts = {key: value for key, value in self._facts.items() if key not in where}
        await self._write("local", {**facts, "decision": "local", "latency_ms": self._milliseconds()})

    async def keep(self, safe: Safe, texts: Sequence[str]) -> str:
        """Let the record of the intent hold these texts, sealed, and that of the end the answer.

        Returns what the person is told; empty: nothing is kept.
        """
        self._content = await safe.shut("request", texts)
        self._safe = safe if self._content else None
        return safe.notice if self._safe else ""

    async def intent(self, counts: Mapping[tuple[str, str], int], stream: bool) -> Receipt:
        """Write, before a byte leaves, that it will leave; return its receipt."""
        replaced = {f"{entity}:{action}": number for (entity, action), number in counts.items()}
        facts = {**self._facts, "decision": "allowed", "replaced": replaced, "stream": int(stream)}
        self._streams = stream
        writing = asyncio.ensure_future(self._write("intent", facts, content=self._content))
        try:
            receipt = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await finish(self._give_up(writing))  # the record may be durable all the same: then it has its end
            raise
        self._intent = receipt.record_id
        return receipt

    async def _give_up(self, writing: asyncio.Future[Receipt]) -> None:
        with suppress(GatewayError):
            self._intent = (await writing).record_id
            await self.outcome("aborted")

    async def outcome(self, status: str, *, code: str = "", http_status: int = 0, usage: Usage | None = None,
                      unresolved: int = 0, leaked: int = 0,
                      strangers: Mapping[str, int] | None = None, texts: Sequence[str] = ()) -> None:
        """Write how it ended: ``ok``, ``aborted`` (the client hung up) or ``failed``. The second call does nothing.

        `texts` are those of the answer as they came; they are kept, sealed, where those of the request are.
        """
        if self._ended or self._intent is None:
            return
        self._ended = True
        shared = ("vorgang", "api", "department", "model", "policy")
        facts = {key: self._facts[key] for key in shared if key in self._facts}
        facts |= {"status": status, "code": code, "http_status": http_status, "bytes_out": self.bytes_out,
                  "unresolved": unresolved, "leaked": leaked, "latency_ms": self._milliseconds()}
        if self.first_byte is not None:
            facts["first_byte_ms"] = round((self.first_byte - self._started) * 1000)
        self._trace(status, code, usage)
        if status != "failed":  # of a failure `report` has told
            self._say(logging.DEBUG, "request ended", decision=status, code=code, status=http_status or None)
        if strangers:
            facts["strangers"] = dict(strangers)
        if usage:
            facts |= {"tokens_in": usage.prompt, "tokens_out": usage.completion}
            if usage.seconds:
                facts["audio_seconds"] = usage.seconds
        try:
            content = await self._safe.shut("answer", texts) if self._safe and texts else b""
            await self._write("outcome", facts, self._intent, content)
        except GatewayError as error:  # what the recorder says of a request that was not sent is not true of this one
            raise GatewayError(error.code, "Ihre Anfrage ließ sich nicht abschließen, weil das Protokoll gerade nicht "
                               "geschrieben werden kann. Bitte versuchen Sie es in einigen Minuten noch einmal und "
                               "sagen Sie sonst der IT Bescheid.", hint=error.hint, retry_after=error.retry_after
                               ) from None

    async def _write(self, kind: str, facts: Mapping[str, Any], ref: str | None = None,
                     content: bytes = b"") -> Receipt:
        try:
            return await self._recorder.record(kind, facts, subject=self._subject, ref=ref, content=content)
        except GatewayError:
            raise
        except Exception:  # noqa: BLE001  (a fault is an answer as well; the formatter keeps its words out)
            _log.exception("%s could not be written", kind, extra=self.named)
            raise internal() from None

    def _milliseconds(self) -> int:
        return round((perf_counter() - self._started) * 1000)
