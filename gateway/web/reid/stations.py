"""The way from the reason to the informed person, as a page shows it: what is done, by whom, and what is next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gateway.model.reid import ANSWER, ENVELOPE, ORDER, WAYS, Case
from gateway.web import words
from gateway.web.i18n import _

DPO = "dpo"
COUNCIL = "personalrat"
_AFTER_OUTER = (ENVELOPE, ANSWER)


@dataclass(frozen=True, slots=True)
class Station:
    """One step: ``mark`` is ``ok`` (done), ``open`` (now), ``no`` (refused) or nothing (later)."""

    title: str
    who: str
    mark: str
    word: str
    at: datetime | None = None
    way: str = ""


def stations(case: Case) -> tuple[Station, ...]:
    """Return all steps, in order. The first that is not done is the present one, unless it is all over."""
    told = {(step.type, step.role): step for step in case.steps}
    over = case.state in ("denied", "expired")
    opened = case.state in ("resolved", "informed")
    plan = (
        (_("Grund und Fallnummer nennen"), _("wer den Antrag stellt"), True, ("reid.request", "")),
        (_("Zustimmen"), _("Datenschutz"), DPO in case.approved, ("reid.approve", DPO)),
        (_("Zustimmen"), _("Personalrat"), COUNCIL in case.approved, ("reid.approve", COUNCIL)),
        (_("Äußere Hülle öffnen"), _("Datenschutz, im eigenen Browser"), opened or case.kind in _AFTER_OUTER, None),
        (_("Innere Hülle öffnen"), _("Personalrat, im eigenen Browser"), opened, ("reid.resolve", "")),
        (_("Person informieren"), _("wer den Antrag gestellt hat"), case.state == "informed", ("reid.inform", "")),
    )
    found, next_one = [], not over
    for title, who, done, key in plan:
        step = told.get(key) if key and done else None
        mark, word = ("ok", _("erledigt")) if done else ("open", _("als Nächstes")) if next_one else ("", _("danach"))
        if over and not done:
            mark, word = "", _("entfällt")
        next_one = next_one and done
        found.append(Station(title, who, mark, word, step.at if step else None, _(WAYS.get(step.via,
            "")) if step else ""))
    refused = next((step for step in case.steps if step.type in ("reid.deny", "reid.expire")), None)
    if refused is not None:
        denied = refused.type == "reid.deny"
        who = {DPO: _("Datenschutz"), COUNCIL: _("Personalrat")}.get(refused.role, "")
        found.append(Station(_("Abgelehnt") if denied else _("Abgelaufen nach sieben Tagen"), who, "no", _("beendet"),
                             refused.at, _(WAYS.get(refused.via, "")) if denied else ""))
    return tuple(found)


def task(case: Case, roles: Collection[str], now: datetime) -> str:
    """Return what somebody with these roles does next; empty: it is not their turn."""
    state = case.state
    if state == "open":
        return next((f"agree-{role}" for role in (DPO, COUNCIL) if role in roles and role not in case.approved
                     and not (case.mine and role == COUNCIL)), "")
    if state == "approved" or (state == "handed_out" and not case.kind):
        return "hand_out" if case.mine and DPO in roles else ""
    if state == "handed_out":
        if case.kind == ORDER:
            return "outer" if case.mine and DPO in roles else ""
        return "inner" if COUNCIL in roles and not case.mine else ""
    if state == "resolved" and case.mine:
        return "look" if case.kind == ANSWER and case.shown_until is not None and now < case.shown_until else "inform"
    return ""


def waits_for(case: Case) -> str:
    """Return in words for whom a request waits, for those whose turn it is not."""
    if case.state == "open":
        missing = [word for role, word in ((DPO, _("Datenschutz")), (COUNCIL,
            _("Personalrat"))) if role not in case.approved]
        return _("Es fehlt noch die Zustimmung von: {who}.").format(who=words.listed(missing))
    if case.state == "approved" or (case.state == "handed_out" and case.kind != ENVELOPE):
        return _("Als Nächstes öffnet die Person, die den Antrag gestellt hat, die äußere Hülle mit ihrem Schlüssel.")
    if case.state == "handed_out":
        return _("Als Nächstes öffnet der Personalrat die innere Hülle mit seinem Schlüssel.")
    if case.state == "resolved":
        return _("Die Person ist festgestellt. Wer den Antrag gestellt hat, informiert sie jetzt.")
    return {"denied": _("Dieser Antrag wurde abgelehnt. Niemand wurde festgestellt."),
            "expired": _("Dieser Antrag ist nach sieben Tagen abgelaufen. Niemand wurde festgestellt."),
            "informed": _("Dieser Antrag ist erledigt. Die Person wurde informiert.")}[case.state]
