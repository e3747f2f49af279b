"""One request on its way through the house: receive, authenticate, admit, count, read, inspect, release, redact,
record, seal, send, relay, record. One method a step.

What it keeps true: nothing is sent without a principal, an admission, an inspection, a release and a durable intent,
in this order; a failure at any step sends nothing further, is recorded with its reason, and reaches the person in
German. Where the provider fails before anything was shown, a new walk goes to the model that may stand in: policy is
asked all its questions again, and the book has a second exchange under the same Vorgangsnummer.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Final

from gateway.errors import GatewayError
from gateway.model.decision import Action, Denial, ReleaseDecision
from gateway.model.exchange import RedactedBody, SealedRequest
from gateway.model.finding import Passage
from gateway.model.limits import Limits
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.pipeline.afterthought import AnswerCheck
from gateway.pipeline.beside import beside
from gateway.pipeline.doors import Inbound, Outbound, error_outbound
from gateway.pipeline.exchange_log import ExchangeLog
from gateway.pipeline.holding import Holding
from gateway.pipeline.memory import Inspection, count
from gateway.pipeline.provider_errors import provider_error
from gateway.pipeline.reading import read_files
from gateway.pipeline.reference import HEADER, read_mark
from gateway.pipeline.relay import Relay
from gateway.pipeline.rooms import Rooms
from gateway.pipeline.sequel import Sequel
from gateway.pipeline.shadow import Beside
from gateway.pipeline.turnstile import Turnstile, limits_of
from gateway.policy.decide import AdmitFacts, ReleaseFacts, admit, background, release
from gateway.policy.words import ascii_text
from gateway.redaction.placeholder import instruction
from gateway.redaction.redact import Plan, Redaction, apply, plan
from gateway.wire.background import Task, recognise, reply
from gateway.wire.bridges import spoken
from gateway.wire.dialect import AnswerContext, ParsedRequest
from gateway.wire.error_forms import public_message
from gateway.wire.labels import labelled, without_labels
from gateway.wire.taking import unknown_field
from gateway.wire.withheld import take_out

_log = logging.getLogger(__name__)
NOTHING: Final[frozenset[str]] = frozenset()
_PROVIDER_FAILED: Final = frozenset({"anbieter_fehler", "anbieter_zeit", "limit_erreicht"})
"""The provider is down, too slow or too busy; what it refuses for what it was sent, another one would refuse too."""
AI_NOTICE = "Die Antwort stammt von einem KI-System. Bitte pruefen Sie sie, bevor Sie sie verwenden."
"""Goes with every answer as a header, therefore ASCII (AI Act Art. 50(1))."""
STRIP_NOTICE = ("Ihr Programm verlangt ein Werkzeug, das beim Anbieter laeuft (zum Beispiel eine Internetsuche). Es "
                "wurde aus der Anfrage herausgenommen; die Antwort entstand ohne dieses Werkzeug.")
LARGE = 20_000
"""Characters from which on redaction leaves the event loop; known ones count a quarter."""


class Walk:
    """One request on its way; holds what the steps hand on."""

    def __init__(self, rooms: Rooms, inbound: Inbound, after: Walk | None = None) -> None:
        """`after` is the walk whose provider failed: the same request, to the next model that may stand in."""
        self._rooms, self._inbound = rooms, inbound
        self._after = after
        self._stand_ins: tuple[RegisteredModel, ...] = ()
        self._sending = False
        self.log = ExchangeLog(rooms.recorder, inbound.request_id, inbound.dialect.name, rooms.traces)
        self.relayed = False
        self._principal: Principal | None = None
        self._parsed: ParsedRequest | None = None
        self._headers: dict[str, str] = {"x-request-id": inbound.request_id}
        self.turnstile: Turnstile = Turnstile(rooms.limiter) if after is None else after.turnstile
        self._memory, self._detector = rooms.memory, rooms.detector
        self._read_kinds = NOTHING
        self._beside: Beside | None = None
        self._digest = b""
        self._task: Task | None = None
        self._mark = perf_counter()

    def successor(self) -> Walk:
        """Return the walk to the next model that may stand in."""
        return Walk(self._rooms, self._inbound, self)

    async def gave_way(self, error: GatewayError) -> bool:
        """Whether the provider failed before anything was shown, and another model may stand in; ends the exchange."""
        if not (self._sending and self._stand_ins and error.code in _PROVIDER_FAILED and not self.relayed):
            return False
        try:
            await self.log.outcome("failed", code=error.code)
        except GatewayError:
            return False  # the book is closed: nothing more leaves
        self.log.report(error)
        self._count("failed")
        return True

    def _stage(self, name: str) -> None:
        now = perf_counter()
        self._rooms.metrics.stage(name, now - self._mark)
        self.log.stage(name, self._mark, now)
        self._mark = now

    async def through(self) -> Outbound:
        rooms, inbound = self._rooms, self._inbound
        self._principal = principal = await rooms.authenticator.authenticate(inbound.credentials)
        self.log.principal(principal)
        self.log.reference(read_mark(rooms.secret, inbound.credentials.headers.get(HEADER)))
        self.log.retry(inbound.credentials.headers.get("x-stainless-retry-count", ""))
        self._stage("authenticate")
        self._parsed = parsed = await beside(partial(inbound.dialect.parse, inbound.body), len(inbound.body))
        task = recognise(inbound.credentials.headers.get("x-kip-task"), parsed.last, parsed.turns)
        facts, here = self._admit(principal, parsed, task)
        if here is not None:
            return await self._answered_here(here)
        await self._enter(facts, self._admission.model, self._admission.limits)
        if parsed.thread is not None:
            self._sequel = Sequel(rooms.conversations, rooms.clock, principal.subject, self._keep_hours)
            self._parsed = parsed = await self._sequel.resumed(parsed.thread, parsed)
        self._stage("admit")
        if self._reads:
            self._parsed = parsed = await self._read(parsed)
        if self._policies.labels:
            without_labels(parsed.document, self._policies.labels)
        passages = [Passage(slot.text, slot.label) for slot in parsed.document.slots]
        inspection = await self._inspect(passages)
        self._stage("inspect")
        decision = await self._release(facts, inspection, parsed)
        self._stage("release")
        redaction = await self._redact(passages, inspection, decision)
        sealed = await self._seal(parsed, decision, redaction)
        return await self._send(sealed, parsed, redaction, [passage.text for passage in passages])

    def _admit(self, principal: Principal, parsed: ParsedRequest,
               task: Task | None) -> tuple[AdmitFacts, Outbound | None]:
        """Ask policy; return what it was asked, and the answer of the house to a call that no model is to see."""
        rooms, inbound = self._rooms, self._inbound
        policies = rooms.policies()
        self._memory, self._detector = rooms.memory, rooms.detector  # of the same generation
        facts = self._instead(AdmitFacts(
            principal=principal, model=parsed.model, purpose=inbound.purpose, dialect=inbound.dialect.name,
            now=rooms.clock.now(), clear_text=inbound.credentials.headers.get("x-ki-klartext"),
            stopped=rooms.stops(), speaks=spoken(inbound.dialect.name)))
        answered: Outbound | None = None
        if rooms.shadow is not None and self._after is None:
            self._beside = rooms.shadow.beside(facts, is_task=task is not None)
        asked = policies.known_name(facts.model)
        if task is not None:
            self.log.task(task)
            self._task = task
            model = background(policies, facts)
            facts = facts if model is None else replace(facts, model=model)
            answered = self._said(reply(task, parsed.last)) if model is None else None
        admission = admit(policies, facts)
        self.log.admission(admission, asked)
        if self._beside is not None and (admission.denial is not None or answered is not None):
            self.log.shadow(self._beside.at_admission(admission))
        self._headers["x-ki-pforte-policy"] = admission.policy
        if admission.notice:
            self._headers["x-ki-pforte-hinweis"] = admission.notice
        _refuse(admission.denial)
        if admission.refuses_unknown_fields and parsed.document.unknown:
            raise unknown_field(parsed.document.unknown)
        self._policies, self._keep_hours, self._purpose = policies, admission.keep_hours, admission.purpose
        self._recalls = admission.recalls
        self._admission = admission
        self._reads = admission.reads & rooms.reader.kinds
        return facts, answered

    async def _enter(self, facts: AdmitFacts, model: RegisteredModel | None, limits: Limits) -> None:
        """Count the request, before anything that costs: whoever has reached a limit gets no further."""
        assert self._parsed is not None
        assert model is not None, "who was admitted was admitted to a model"
        self._tell(await self.turnstile.enter(facts.principal, model, limits, self._parsed, facts.now))

    def _instead(self, facts: AdmitFacts) -> AdmitFacts:
        """Return what policy is asked where the provider failed: the same, for the model that stands in."""
        failed = self._after
        if failed is None:
            return facts
        self.log.instead_of(failed.log.model)
        return replace(facts, model=failed._stand_ins[0].id, purpose=failed._purpose)

    async def _answered_here(self, answer: Outbound) -> Outbound:
        """Record and return an answer of the house."""
        await self.log.local()
        self._headers["x-ki-pforte-decision"] = "local"
        self._count("local")
        return answer

    def _said(self, text: str) -> Outbound | None:
        """Return a normal answer that says `text`, if the API has one that a person reads."""
        assert self._parsed is not None
        body = self._inbound.dialect.say(text, self._parsed, self._inbound.request_id)
        if body is None:
            return None
        kind = "text/event-stream; charset=utf-8" if self._parsed.stream else "application/json"
        return Outbound(200, self._headers, body, content_type=kind)

    async def _read(self, parsed: ParsedRequest) -> ParsedRequest:
        """Return the request with the text of files in their place."""
        inbound = self._inbound
        parsed, read = await read_files(self._rooms.reader, self._reads, parsed, inbound.dialect, inbound.body)
        if read:
            self._read_kinds = frozenset(read)
            self.log.files(read)
            self._stage("read")
        return parsed

    async def _inspect(self, passages: list[Passage]) -> Inspection:
        memory = self._memory
        digest = self._digest = memory.digest(passages)
        known = memory.get(digest)
        if known is None:
            findings = await self._detector.inspect(passages)
            known = Inspection(findings, count(findings))
            memory.put(digest, known)
        return known

    async def _release(self, facts: AdmitFacts, inspection: Inspection, parsed: ParsedRequest) -> ReleaseDecision:
        rooms, document = self._rooms, parsed.document
        self.log.inspection(inspection.counts, len(self._inbound.body), len(document.dropped))
        if document.dropped:
            self._rooms.metrics.dropped_fields(self._inbound.dialect.name, len(document.dropped))
        holding = Holding(rooms.pins, rooms.secret, facts.principal.subject, document.slots)
        held = await holding.recalled(facts.now) if self._recalls else NOTHING
        facts = replace(facts, stopped=rooms.stops())  # reading and inspecting may have taken a while
        asked = ReleaseFacts(facts, inspection.counts, frozenset(document.opaque), held)
        decision = release(self._policies, asked)
        self.log.release(decision, asked)
        if self._beside is not None:
            self.log.shadow(self._beside.at_release(decision, asked, self._read_kinds, self._admission.reads))
        if decision.held:
            await holding.hold(decision.held, facts.now)
        _refuse(decision.denial)
        if decision.model and decision.model != self._admission.model:
            await self._enter(facts, decision.model, limits_of(self._policies, facts.principal, decision.model))
        for notice in decision.notices:
            self._tell(notice)
        self._stand_ins = decision.fallbacks if self._after is None else self._after._stand_ins[1:]
        self._tell_who_answers(decision)
        return decision

    def _tell_who_answers(self, decision: ReleaseDecision) -> None:
        """Say it where another model answers than the one that was asked for: the answer may well read differently."""
        model, asked = decision.model, self._admission.model
        if model is None or asked is None:
            return
        if self._after is not None:
            self._tell(ascii_text(f"Das gewünschte Modell ist gerade gestört; es antwortet „{model.name}“."))
        elif model != asked:
            self._tell(ascii_text(f"Wegen der Angaben in diesem Gespräch antwortet „{model.name}“."))

    async def _redact(self, passages: list[Passage], inspection: Inspection, decision: ReleaseDecision) -> Redaction:
        texts = [passage.text for passage in passages]
        actions, memory = decision.actions, self._memory
        key = tuple(sorted(actions.items()))
        if known := inspection.plans.get(key):
            return self._carry_out(texts, known)
        kept = memory.notes(passages, key)
        notes = [known for _, known in kept]

        def work() -> Redaction:
            planned = inspection.plans[key] = plan(texts, inspection.findings, actions, notes)
            return self._carry_out(texts, planned)

        load = sum(len(text) if known.is_empty else len(text) // 4 for text, known in zip(texts, notes, strict=True))
        redaction = await asyncio.to_thread(work) if load > LARGE else work()
        memory.keep(kept)
        memory.put(self._digest, inspection)  # with its plan, which may be much larger than what was found
        return redaction

    def _carry_out(self, texts: list[str], planned: Plan) -> Redaction:
        if planned.residue:
            raise GatewayError("inhalt_gesperrt", "Ihre Anfrage wurde nicht gesendet, weil sich darin nicht alle "
                               "personenbezogenen Angaben sicher ersetzen ließen. Bitte nehmen Sie Namen und "
                               "Nummern heraus und sagen Sie der IT Bescheid.",
                               hint=f"residual check: {planned.residue} left")
        return apply(texts, planned, self._operate)

    def _operate(self, action: Action, entity: str, value: str) -> str:
        return self._rooms.operators.apply(action, entity, value)

    async def _seal(self, parsed: ParsedRequest, decision: ReleaseDecision, redaction: Redaction) -> SealedRequest:
        rooms, inbound, model = self._rooms, self._inbound, decision.model
        if model is None:
            raise GatewayError("intern", "Die Anfrage wurde nicht gesendet: Für sie steht kein Modell fest. Bitte "
                               "sagen Sie der IT Bescheid.", hint="release without a model")
        parsed.document.rewrite(redaction.texts)
        parsed.places = redaction.moves([slot.text for slot in parsed.document.slots], parsed.documents)
        if decision.stripped:
            self._strip(parsed)
        inbound.dialect.prepare(parsed, model)
        if redaction.values:
            inbound.dialect.instruct(parsed, instruction(redaction.values))
        content, media = parsed.document.sealed()
        body = RedactedBody(content, redaction.counts, media)
        rooms.metrics.redactions(redaction.counts)
        self._stage("redact")
        if (safe := rooms.contents.safe(self.log.department)) is not None:
            self._tell(await self.log.keep(safe, redaction.texts))
        receipt = await self.log.intent(redaction.counts, parsed.stream)
        self._stage("record")
        self._headers |= {
            "x-ki-pforte-decision": "allowed", "x-ki-pforte-model": model.id,
            "x-ki-pforte-redactions": ",".join(f"{entity}={number}" for entity, number in body.per_entity)}
        return SealedRequest(inbound.dialect.name, decision, body, parsed.stream, receipt, inbound.request_id)

    def _strip(self, parsed: ParsedRequest) -> None:
        """Take out the tools that run at the provider; the request goes on without them, and everybody is told."""
        count = take_out(parsed.document)
        self.log.stripped(count)
        self._rooms.metrics.stripped_tools(self._inbound.dialect.name, count)
        self._tell(STRIP_NOTICE)

    def _tell(self, notice: str) -> None:
        said = self._headers.get("x-ki-pforte-hinweis", "")
        if notice and notice not in said:
            self._headers["x-ki-pforte-hinweis"] = f"{said} | {notice}" if said else notice

    async def _send(self, sealed: SealedRequest, parsed: ParsedRequest, redaction: Redaction,
                    before: list[str]) -> Outbound:
        rooms, inbound, decision = self._rooms, self._inbound, sealed.release
        if sealed.model.id in rooms.stops():  # the last look: after this one the request has left
            raise GatewayError("modell_gestoppt", f"Ihre Anfrage wurde nicht gesendet. „{sealed.model.name}“ wurde "
                               "gerade angehalten. Bitte wählen Sie ein anderes Modell.")
        self._sending = True
        self.log.sent = perf_counter()
        response = await rooms.upstream.send(sealed)
        self._stage("upstream_first_byte")
        if response.status >= 400:
            try:
                raise await provider_error(response)
            finally:
                await response.close()
        check = AnswerCheck(decision.answers, redaction.values, before, redaction.texts, self._detector)
        answer = inbound.dialect.answer(AnswerContext(
            channel=check.channel if check.needed or self.log.keeps_content else None, wants_usage=parsed.wants_usage,
            alias=parsed.model, target=sealed.model.target, untrusted_tools=decision.untrusted_tools, echo=parsed.echo,
            thread=parsed.thread, places=parsed.places,
            tools=None if decision.trusts_undeclared else frozenset(parsed.document.tools)))
        if self._task is None:  # what a program asked for no person reads
            answer = labelled(inbound.dialect.name, answer, decision.label, parsed.document.root)
        keep = partial(self._sequel.keep, parsed.thread) if parsed.thread is not None else None
        relay = Relay(response, answer, self.log, rooms.metrics, inbound.request_id, check, self.turnstile, keep)
        self.relayed = True
        if sealed.stream:
            self._count("allowed")
            self._tell(AI_NOTICE)
            return Outbound(200, self._headers, stream=await relay.open_stream(),
                            content_type="text/event-stream; charset=utf-8")
        body = await relay.whole()
        self._stage("relay")
        self._count("allowed")
        self._tell(AI_NOTICE)
        return Outbound(200, self._headers, body, content_type=parsed.media)

    async def refused(self, error: GatewayError) -> Outbound:
        """Record a refusal or failure and return what the client reads."""
        rooms, inbound = self._rooms, self._inbound
        try:
            if self.log.is_open:
                self.log.report(error)
                await self.log.outcome("failed", code=error.code)
            elif self._principal or rooms.strangers.spend():
                self.log.report(error)
                await self.log.denied(error, unrecorded=rooms.strangers.take_count() if not self._principal else 0)
        except GatewayError as unrecorded:
            self.log.report(unrecorded)
            error = unrecorded
        rooms.metrics.refusal(error.code)
        self._count("denied" if error.status < 500 else "failed")
        self._headers["x-ki-pforte-decision"] = "denied" if error.status < 500 else "failed"
        if self._principal and self._parsed and self._principal.block_style == "message":
            text = (f"> **KI-Pforte**: {public_message(error, inbound.request_id)}" if self._task is None
                    else reply(self._task, ""))  # a program reads it, not a person
            said = self._said(text)
            if said is not None:
                return said
        return error_outbound(error, inbound.dialect.error(error, inbound.request_id), self._headers)

    def _count(self, decision: str) -> None:
        self._rooms.metrics.exchange(self._inbound.dialect.name, self.log.department, self.log.model, decision)


def _refuse(denial: Denial | None) -> None:
    if denial is not None:
        about_model = denial.code.startswith(("modell_", "avv_"))
        raise GatewayError(denial.code, denial.message, param="model" if about_model else None)
