"""One record and its exchange. That somebody looked is written first: if that cannot be written, nothing is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.model.review import PolicyText, RuleText
from gateway.policy.titles import in_words
from gateway.web import words
from gateway.web.asking import ask, do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.review import records
from gateway.web.review.protocol import names_of
from gateway.web.review.timeline import text_of

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MISSING: Final = N_("Diesen Eintrag gibt es nicht. Ganz neue Einträge erscheinen nach etwa einer Sekunde, gelöschte "
                    "gar nicht mehr.")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that took part, with the words and the text of then."""

    id: str
    against: bool
    text: RuleText
    then: bool
    """Whether this is what stood there then; otherwise the words of today."""


async def page(desk: Desk, visit: Visit) -> Response:
    """Show one record and its exchange."""
    context, record_id = desk.context, visit.request.path_params["id"]
    reader = context.ledger.reader
    view = await ask(reader.get, record_id) if ID.fullmatch(record_id) else None
    if view is None:
        return desk.error(visit, 404, text=MISSING)
    await context.recorder.record("view", {"page": "review/protokoll", "role": "dpo"},
                                  subject=visit.somebody.person.id, ref=view.id)
    vorgang = text_of(view.meta, "vorgang")
    exchange = await ask(reader.vorgang, vorgang) if vorgang else []
    status, policies = await ask(context.ledger.status), context.policies()
    names = names_of(policies)
    shown = records.detail(view, exchange, {
        "department": names["amt"], "model": names["modell"],
        "decision": {**words.DECISIONS, "local": _(words.HERE)}, "task": words.TASKS,
        "status": words.OUTCOMES, "code": words.CODES, "api": words.APIS, "pass": words.PASS_STATES,
        "purpose": names["zweck"]}, status.checkpoint_size, lambda rule: in_words(rule, policies))
    digest = text_of(shown.meta, "policy")
    then = await do(context.review.desk.rules, digest) if digest else None
    return desk.page(visit, "review/record.html", shown=shown, log=status.log, digest=digest, then=then,
                     rules=_rules(shown.rules, shown.against, then),
                     current_policy=digest == policies.digest)


def _rules(found: Sequence[tuple[str, str]], against: frozenset[str], then: PolicyText | None) -> list[Rule]:
    known: Mapping[str, RuleText] = then.rules if then is not None else {}
    return [Rule(id_, id_ in against, known.get(id_) or RuleText(today), id_ in known) for id_, today in found]


async def proof(desk: Desk, visit: Visit) -> Response:
    """Give the proof of one record as a file; that it was taken is written first."""
    context, record_id = desk.context, visit.request.path_params["id"]
    view = await ask(context.ledger.reader.get, record_id) if ID.fullmatch(record_id) else None
    if view is None:
        return desk.error(visit, 404, text=MISSING)
    await context.recorder.record("export", {"format": "tlog-proof", "rows": 1, "via": "web", "role": "dpo"},
                                  subject=visit.somebody.person.id, ref=view.id)
    text = await ask(context.review.ledger.proof, record_id)
    return Response(text, media_type="text/plain; charset=utf-8", headers={
        "content-disposition": f'attachment; filename="eintrag-{view.idx}.tlog-proof"'})
