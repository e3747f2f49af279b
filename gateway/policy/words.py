"""The sentences for what policy refuses: what happened, why, what to do now.

Like those of the KI-Pass they aim at about 270 characters: lists of models or purposes are cut after a few. Nothing
that the client sent is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.model.decision import Denial, Reason
from gateway.model.entities import ENTITIES
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy.policyset import DepartmentRules, ModelRules, OfficeHours, PassDemand, PolicySet, ends_on
from gateway.policy.problems import listed

NOT_SENT: Final = "Ihre Anfrage wurde nicht gesendet."
LIMIT: Final = 300
"""Characters of a refusal that a chat client shows whole."""
_PASS_CODES: Final = {"fehlt": "ki_pass_fehlt", "abgelaufen": "ki_pass_abgelaufen", "dv_neu": "ki_pass_dv_neu",
                      "gesperrt": "ki_pass_gesperrt"}
NAMED: Final = 3
"""How many models a refusal names."""
_OPAQUE: Final = {"image": "ein Bild", "audio": "eine Tonaufnahme", "video": "einen Film", "file": "eine Datei"}
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
                                 "„": "'", "“": "'", "–": "-", "…": "..."})
_AT_PROVIDER: Final = {
    "provider_tool": "Sie verlangt ein Werkzeug, das beim Anbieter läuft (zum Beispiel eine Internetsuche); was es "
                     "erfährt, lässt sich nicht prüfen. Bitte schalten Sie es in Ihrem Programm aus.",
    "provider_state": "Sie verweist auf Daten, die beim Anbieter liegen, zum Beispiel auf eine dort abgelegte Datei; "
                      "das lässt sich nicht prüfen. Bitte fügen Sie Dateien der Anfrage selbst bei, und lassen Sie Ihr "
                      "Programm den ganzen Verlauf schicken.",
}


def no_department(policies: PolicySet) -> Denial:
    """Nobody wrote rules for the department of this person."""
    return Denial("modell_nicht_erlaubt",
                  f"{NOT_SENT} Für Ihre Abteilung ist noch nicht festgelegt, was sie nutzen darf. Bitte wenden Sie "
                  f"sich an die IT ({_short(policies.organisation.contact.it)}) und nennen Sie Ihre Abteilung.",
                  "departments")


def pass_refused(policies: PolicySet, principal: Principal, scope: str, *more: str) -> Denial:
    """A KI-Pass that is needed does not hold: what its own rules say, and of `more` the first that still fits."""
    status = principal.pass_for(scope)
    said = status.message or _no_pass(policies, scope)
    added = next((f" {one}" for one in more if len(said) + len(one) < LIMIT), "")
    return Denial(_PASS_CODES[status.state], said + added, f"ki-pass:{scope}")


def pass_for_model(policies: PolicySet, principal: Principal, demand: PassDemand,
                   usable: Sequence[RegisteredModel]) -> Denial:
    """A model takes a KI-Pass that does not hold."""
    ways = (f"{demand.text} {_choose(usable)}",) if usable else ()
    return pass_refused(policies, principal, demand.scope, *ways, demand.text)


def pass_for_finding(policies: PolicySet, principal: Principal, demand: PassDemand, found: Sequence[str]) -> Denial:
    """What was found may go to the model from holders of a KI-Pass only."""
    names = listed([ENTITIES[kind].name for kind in found if kind in demand.kinds], most=2)
    return pass_refused(policies, principal, demand.scope, f"Er wird verlangt, weil die Anfrage enthält: {names}.",
                        f"Gefunden: {names}.")


def _no_pass(policies: PolicySet, scope: str) -> str:
    """The registry said no more than "not valid": name the pass and the page."""
    known = policies.kipass.scopes.get(scope)
    name = f" „{known.name}“" if known else ""
    return f"{NOT_SENT} Sie brauchen dafür den KI-Pass{name}. Was zu tun ist, steht hier: {policies.kipass.link}"


def unknown_model(usable: Sequence[RegisteredModel]) -> Denial:
    """Switched off, or never heard of."""
    return Denial("modell_unbekannt", f"{NOT_SENT} Das gewünschte Modell gibt es hier nicht. {_choose(usable)}",
                  "models")


def closed_model(denial: Denial, usable: Sequence[RegisteredModel]) -> Denial:
    """In service, but not for this department."""
    return Denial(denial.code, f"{NOT_SENT} {denial.message} {_choose(usable)}", denial.rule)


def closed(hours: OfficeHours) -> Denial:
    """Outside the hours in which models may be used."""
    every_day = len(set(hours.hours.days)) == 7
    days = "täglich" if every_day else ", ".join(f"{day.capitalize()}." for day in hours.hours.days)
    return Denial("zeit_nicht_erlaubt", f"{NOT_SENT} KI-Modelle sind für Sie nur zu bestimmten Zeiten freigegeben: "
                  f"{days} von {_clock(hours.hours.begin)} bis {_clock(hours.hours.end)} Uhr. Bitte stellen Sie Ihre "
                  "Frage in dieser Zeit.", hours.rule)


def stopped(model: RegisteredModel, usable: Sequence[RegisteredModel]) -> Denial:
    """Somebody switched the model off a moment ago."""
    return Denial("modell_gestoppt", f"{NOT_SENT} „{model.name}“ wurde angehalten. {_choose(usable)}",
                  f"models:{model.id}.stopped")


def wrong_dialect(model: RegisteredModel) -> Denial:
    """The model does not speak what the client speaks, nor anything that could be translated."""
    return Denial("anfrage_ungueltig", f"{NOT_SENT} „{model.name}“ ist über diese Schnittstelle nicht erreichbar. "
                  "Bitte wählen Sie ein anderes Modell.", f"models:{model.id}.dialects")


def moved(away_from: ModelRules, to: RegisteredModel) -> Reason:
    """Because of what was found, another model answers."""
    return Reason("organisation:routing.in_house", "note",
                  f"Wegen der gefundenen Angaben antwortet „{to.name}“ statt „{away_from.model.name}“.")


def passed_over(model: RegisteredModel, rule: str) -> Reason:
    """Of several models that a name stands for, this one may not, and the next is asked."""
    return Reason(rule, "note", f"„{model.name}“ kommt dafür nicht in Frage.")


def left_readable(kind: str, count: int, purpose: str) -> Reason:
    """Somebody asked for it, and may."""
    return Reason(f"organisation:purposes.allow.{purpose}.clear_text", "note",
                  f"{count} × {ENTITIES[kind].name}: bleibt auf Wunsch lesbar")


def replaced_all_the_same(model: RegisteredModel, purpose: str) -> Reason:
    """Somebody asked for it and may, but the model is not cleared for such data."""
    return Reason(f"organisation:purposes.allow.{purpose}.clear_text", "note", f"Trotz „X-KI-Klartext“ werden Angaben "
                  f"ersetzt: „{model.name}“ ist für personenbezogene Daten nicht freigegeben.")


def no_clear_text(title: str, rule: str) -> Denial:
    """Somebody wants findings to stay readable who may not have that, or for a purpose that does not provide for it."""
    return Denial("zweck_nicht_erlaubt", f"{NOT_SENT} Für den Zweck „{_short(title, 80)}“ dürfen Sie die Ersetzung "
                  "personenbezogener Angaben nicht ausschalten. Bitte senden Sie die Anfrage ohne „X-KI-Klartext“.",
                  rule)


def no_such_reason(possible: Sequence[str], rule: str) -> Denial:
    """The reason given is none of those that the policy knows."""
    return Denial("zweck_nicht_erlaubt", f"{NOT_SENT} Der Grund, aus dem Angaben lesbar bleiben sollen, ist nicht "
                  f"vorgesehen. Möglich sind in „X-KI-Klartext“: {listed(possible, most=5)}.", rule)


def agreement(policies: PolicySet, model: RegisteredModel, usable: Sequence[RegisteredModel]) -> Denial:
    """The processing agreement does not cover today."""
    day = ends_on(model)
    why = f"gilt nur bis {day}" if day else "gilt heute nicht"
    return Denial("avv_abgelaufen",
                  f"{NOT_SENT} Der Vertrag zum Datenschutz für „{model.name}“ {why}. {_choose(usable)} "
                  f"Auskunft: {_short(policies.organisation.contact.it)}.", f"models:{model.id}.avv")


def attest(rules: ModelRules, usable: Sequence[RegisteredModel]) -> Denial:
    """The C5 report that is demanded here has run out."""
    model = rules.model
    return Denial("modell_nicht_erlaubt", f"{NOT_SENT} „{model.name}“ ist zurzeit nicht nutzbar: Das verlangte "
                  f"C5-Testat des BSI galt bis {rules.attested_until:%d.%m.%Y}. {_choose(usable)}",
                  f"models:{model.id}.c5")


def forbidden(policies: PolicySet, title: str, purpose: str) -> Denial:
    """A purpose for which AI is not used at all."""
    return Denial("zweck_nicht_erlaubt",
                  f"{NOT_SENT} Dieser Zweck ist verboten: {_short(title, 110)}. Haben Sie etwas anderes vor, nennen "
                  f"Sie diesen Zweck. Fragen beantwortet: {_short(policies.organisation.contact.datenschutz)}.",
                  f"organisation:purposes.forbid.{purpose}")


def purpose(department: DepartmentRules, wanted: str) -> Denial:
    """A purpose that nobody provided for, or not for this department."""
    possible = listed(list(department.purposes), most=5)
    what = f"Möglich sind: {possible}. Stellen Sie einen davon als „X-KI-Zweck“ ein." if possible else (
        "Für Ihre Abteilung ist kein Zweck freigegeben; bitte sprechen Sie Ihre Leitung an.")
    return Denial("zweck_nicht_erlaubt", f"{NOT_SENT} Der genannte Zweck ist im Bereich „{department.name}“ nicht "
                  f"vorgesehen. {what}", department.closed_purposes.get(wanted, "organisation:purposes.allow"))


def content(rules: ModelRules, kinds: Sequence[str], other: RegisteredModel | None) -> Denial:
    """Something was found that this model may not be given."""
    names = listed([ENTITIES[k].name for k in kinds], most=3)
    way = f"Wählen Sie „{other.id}“ oder entfernen Sie die Angaben." if other else (
        "Entfernen Sie die Angaben und senden Sie die Anfrage erneut.")
    return Denial("inhalt_gesperrt", f"{NOT_SENT} Sie enthält: {names}. „{rules.model.name}“ darf das nicht erhalten. "
                  f"{way}", rules.findings[kinds[0]].rule)


def opaque(rules: ModelRules, kinds: Sequence[str]) -> Denial:
    """Something that nobody can look into."""
    rule = opaque_rule(rules, kinds[0])
    elsewhere = next((_AT_PROVIDER[k] for k in kinds if k in _AT_PROVIDER), None)
    if elsewhere is not None:
        return Denial("nicht_pruefbar", f"{NOT_SENT} {elsewhere}", rule)
    what = listed([_OPAQUE.get(k, "einen Inhalt, der kein Text ist") for k in kinds])
    only = " Tonaufnahmen gehen nur an Modelle im Haus, soweit die Richtlinie es erlaubt." if "audio" in kinds else ""
    return Denial("nicht_pruefbar", f"{NOT_SENT} Sie enthält {what}; das kann nicht auf personenbezogene Angaben "
                  f"geprüft werden.{only} Fügen Sie den Inhalt bitte als Text ein.", rule)


def not_text(rules: ModelRules, kind: str) -> Reason:
    """Content that is no text and stops nothing: it goes out as it is, or is taken out."""
    what = {"image": "Bilder", "audio": "Tonaufnahmen", "file": "Dateien",
            "provider_tool": "Werkzeuge, die beim Anbieter laufen"}.get(kind, "Inhalte, die kein Text sind")
    return Reason(opaque_rule(rules, kind), "note", f"{what}: gehen ungeprüft mit" if kind in rules.passed_opaque else
                  f"{what}: werden aus der Anfrage herausgenommen; was sie erfahren, lässt sich nicht prüfen")


def opaque_rule(rules: ModelRules, kind: str) -> str:
    """Return the rule for a kind of content that is no text; kinds that no policy can speak of have one of their own.
    """
    return rules.opaque[kind].rule if kind in rules.opaque else "default:opaque"


def ascii_text(text: str) -> str:
    """Return German text for a header, which knows no umlauts."""
    plain = text.translate(_UMLAUTS).encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in plain)


def _clock(minutes: int) -> str:
    return f"{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def _choose(usable: Sequence[RegisteredModel]) -> str:
    if not usable:
        return "Zurzeit ist für Sie kein Modell freigegeben; bitte sprechen Sie Ihre Leitung an."
    ids = ", ".join(f"„{m.id}“" for m in usable[:NAMED])
    some = "zum Beispiel " if len(usable) > NAMED else ""
    return f"Wählen Sie {ids}." if len(usable) == 1 else f"Wählen Sie {some}eines von diesen: {ids}."


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[:most - 1].rstrip() + "…"
