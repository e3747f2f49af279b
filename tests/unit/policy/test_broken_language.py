"""Mistakes that people make in departments, groups, profiles and the register: what they read, and that nothing breaks.

One file is written beside the shipped ones; the message must come as a whole, with file and line (`…` stands for text
that the case does not care about). Every case also goes through ``policy check``, which must never show a traceback.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.policy import PolicyErrors, load_policies

SHIPPED = Path(__file__).parents[3] / "policies"
D, G, P, M = "departments/testamt.yaml", "groups/test.yaml", "profiles/test.yaml", "models.yaml"
HEAD = {D: "version: 1\nname: Testamt\nlegal_basis: x\n", G: "version: 1\nname: Test\n",
        P: "version: 1\nname: Test\ndescription: x\n"}
TIME = "Hier steht keine Uhrzeit; schreiben Sie Stunde und Minute mit je zwei Ziffern, zum Beispiel 06:00 oder 24:00"
WHOLE = "Hier steht keine ganze Zahl; schreiben Sie nur Ziffern, ohne Punkt, Komma und Null davor, zum Beispiel 1000"
EURO = "Hier steht kein Betrag in Euro; schreiben Sie Ziffern und vor den Cent einen Punkt, zum Beispiel 12.50 …"
HIDDEN = "Die Datei enthält Zeichen, die man nicht sieht und die hier nicht erlaubt sind; entfernen Sie …"
SIGN = ("Ein Text beginnt mit einem Zeichen, das in YAML eine Bedeutung hat (@, % oder `); setzen Sie den Text in "
        "Anführungszeichen")
EMPTY = "Die Datei ist leer oder keine Liste von Angaben; beginnen Sie mit der Zeile „version: 1“"
NO_AI = "soll die Abteilung keine KI nutzen, schreiben Sie „models: {allow: []}“"


def hours(written: str) -> str:
    return f"hours: {{{written}}}"


def most(written: str) -> str:
    return f"limits: {{person: {{{written}}}}}"


ADDED = [
    # what, file, line added at its end, key and message
    ("one digit for the hour", D, hours("begin: 6:00, end: 20:00"), f"hours.begin: {TIME}"),
    ("a bare hour", D, hours("begin: 06:00, end: 20"), f"hours.end: {TIME}"),
    ("Uhr", D, hours("begin: 06:00 Uhr, end: 20:00"), f"hours.begin: {TIME}"),
    ("later than midnight", G, hours("begin: 06:00, end: 24:30"), f"hours.end: {TIME}"),
    ("over midnight", D, hours("begin: 22:00, end: 06:00"),
     "hours: Die Zeit endet, bevor sie beginnt; …; über Mitternacht hinaus geht nicht"),
    ("a pass that does not exist", D, "ki_pass: {models: {demo: [personenbezug]}}",
     "ki_pass.models.demo[1]: Den KI-Pass „personenbezug“ gibt es nicht; meinten Sie „personenbezogen“?"),
    ("a pass for a model that does not exist", G, "ki_pass: {models: {claud: [bild]}}",
     "ki_pass.models.claud: Das Modell „claud“ gibt es nicht; meinten Sie „claude“?"),
    ("a pass for a group of models that does not exist", P, "ki_pass: {models: {'@ausland': [bild]}}",
     "ki_pass.models.@ausland: Das Modell „@ausland“ gibt es nicht; …"),
    ("no pass at all", D, "ki_pass: {models: {demo: []}}",
     "ki_pass.models.demo: Die Liste ist leer; nennen Sie mindestens einen Eintrag"),
    ("a pass for a kind that does not exist", D, "content: {outside: {pass_scopes: {PERSONEN: [bild]}}}",
     "content.outside.pass_scopes.PERSONEN: Die Art von Angabe „PERSONEN“ gibt es nicht; meinten Sie „PERSON“?"),
    ("a pass for data that nobody can recognise", D, "content: {outside: {pass_scopes: {social: [bild]}}}",
     "content.outside.pass_scopes.social: „social“ lässt sich in einem Text nicht erkennen; verlangen Sie den KI-Pass "
     "in der Datei der Abteilung, …"),
    ("a pass for what looks like a placeholder", D, "content: {in_house: {pass_scopes: {LITERAL: [bild]}}}",
     "content.in_house.pass_scopes.LITERAL: Die Art von Angabe „LITERAL“ gibt es nicht; …"),
    ("a misspelt pass for a kind", P, "content: {in_house: {pass_scopes: {HEALTH: [bilder]}}}",
     "content.in_house.pass_scopes.HEALTH[1]: Den KI-Pass „bilder“ gibt es nicht; meinten Sie „bild“?"),
    ("a whole name of a day", P, hours("days: [Montag], begin: 06:00, end: 20:00"),
     "hours.days[1]: „Montag“ gibt es hier nicht; möglich sind: di, do, fr, mi, mo, sa, so"),
    ("a day in capitals", D, hours("days: [Mo], begin: 06:00, end: 20:00"),
     "hours.days[1]: „Mo“ gibt es hier nicht; meinten Sie „mo“?"),
    ("from day to day", D, hours("days: mo-fr, begin: 06:00, end: 20:00"),
     "hours.days: Hier steht keine Liste; schreiben Sie eine Liste: [eins, zwei] oder Zeilen mit „- “"),
    ("no days", D, hours("days: [], begin: 06:00, end: 20:00"),
     "hours.days: Die Liste ist leer; nennen Sie mindestens einen Eintrag"),
    ("no end", D, hours("begin: 06:00"), "hours.end: Die Angabe fehlt; ergänzen Sie eine Zeile „end: …“"),
    ("euro with a comma", G, "limits: {person: {euro_per_day: '12,50'}}", f"limits.person.euro_per_day: {EURO}"),
    ("euro with a comma in braces", D, most("euro_per_day: 12,50"),
     "limits.person.50: In geschweiften Klammern trennt ein Komma die Angaben; schreiben Sie Zahlen mit Punkt, …"),
    ("euro with its sign", D, most("euro_per_day: 12 €"), f"limits.person.euro_per_day: {EURO}"),
    ("a thousand euro with a point", D, most("euro_per_day: 1.000"),
     "limits.person.euro_per_day: Der Betrag hat mehr als zwei Stellen nach dem Punkt; …; Tausender ohne Punkt: 1000"),
    ("no number of euro", D, most("euro_per_day: nan"), f"limits.person.euro_per_day: {EURO}"),
    ("euro in powers", D, most("euro_per_day: 1e3"), f"limits.person.euro_per_day: {EURO}"),
    ("no euro", D, most("euro_per_day: 0"),
     "limits.person.euro_per_day: „0“ liegt außerhalb des Erlaubten; erlaubt ist größer als 0"),
    ("a fortune", D, most("euro_per_day: 99999999999"),
     "limits.person.euro_per_day: Die Zahl hat zu viele Stellen; schreiben Sie eine kleinere oder kürzere"),
    ("a small fortune", D, most("euro_per_day: 99999999"),
     "limits.person.euro_per_day: „99999999“ liegt außerhalb des Erlaubten; erlaubt ist höchstens 10000000"),
    ("a limit of nothing", D, most("requests_per_day: 0"),
     "limits.person.requests_per_day: „0“ liegt außerhalb des Erlaubten; erlaubt ist mindestens 1"),
    ("a limit below nothing", P, most("requests_per_day: -5"),
     "limits.person.requests_per_day: „-5“ liegt außerhalb des Erlaubten; erlaubt ist mindestens 1"),
    ("a limit without end", D, most(f"requests_per_day: {'9' * 5000}"), f"limits.person.requests_per_day: {WHOLE}"),
    ("a thousand with an underscore", D, most("requests_per_day: 1_000"), f"limits.person.requests_per_day: {WHOLE}"),
    ("a thousand with a point", D, most("requests_per_day: 1.000"), f"limits.person.requests_per_day: {WHOLE}"),
    ("zeros before a number", D, most("requests_per_day: 0100"), f"limits.person.requests_per_day: {WHOLE}"),
    ("a word for no limit", D, most("requests_per_day: unbegrenzt"), f"limits.person.requests_per_day: {WHOLE}"),
    ("an unknown limit", D, most("requests_per_hour: 5"), "limits.person.requests_per_hour: Die Angabe "
     "„requests_per_hour“ ist hier unbekannt; meinten Sie „requests_per_day“?"),
    ("a limit that is not the department's", D, "limits: {model: {requests_per_day: 5}}",
     "limits.model: Die Angabe „model“ ist hier unbekannt; möglich sind: department, person"),
    ("clear text allowed", D, "clear_text: yes", "clear_text: „yes“ gibt es hier nicht; möglich ist nur: refuse"),
    ("a profile that does not exist", D, "profiles: [nur-oeffentlch]",
     "profiles[1]: Das Profil „nur-oeffentlch“ gibt es nicht; meinten Sie „nur-oeffentlich“?"),
    ("a profile within a profile", P, "profiles: [test]", "profiles: Profile und Gruppen bauen nicht auf Profilen auf; "
     "nennen Sie Profile in organisation.yaml oder in der Datei der Abteilung"),
    ("a profile within a group", G, "profiles: [test]",
     "profiles: Profile und Gruppen bauen nicht auf Profilen auf; …"),
    ("inheritance in a circle", D, "inherits: testamt", "inherits: Keine Datei nennt, woraus sie erbt: Alles erbt von "
     "organisation.yaml; streichen Sie die Zeile; für gemeinsame Regeln gibt es „profiles“"),
    ("an unknown zone", D, "models: {zones: [USA]}",
     "models.zones[1]: „USA“ gibt es hier nicht; möglich sind: DE, EU, drittland, haus"),
    ("an unknown demand", D, "models: {require: [C5]}",
     "models.require[1]: „C5“ gibt es hier nicht; meinten Sie „c5“?"),
    ("an unknown group of models", D, "models: {allow: ['@nah']}",
     "models.allow[1]: Das Modell „@nah“ gibt es nicht; möglich sind: …"),
    ("a group of models without quotes", D, "models: {allow: [@nah]}", SIGN),
    ("a percent sign", D, "notice: %Rabatt", SIGN),
    ("an empty block", D, "models:", "models: Hier stehen keine eingerückten Angaben; …"),
    ("an empty item", D, "handles: [~]", "handles[1]: Eine leere Angabe gibt es hier nicht; möglich sind: …"),
    ("an empty name of a model", D, "models: {deny: ['']}", "models.deny[1]: Das Modell „“ gibt es nicht; …"),
    ("no as an action", D, "content: {outside: {findings: {PERSON: no}}}",
     "content.outside.findings.PERSON: „no“ gibt es hier nicht; möglich sind: generalise, hash, …"),
    ("kinds as a list", D, "content: {outside: {findings: [PERSON]}}",
     "content.outside.findings: Hier stehen keine eingerückten Angaben; …"),
    ("a kind in small letters", G, "content: {outside: {findings: {person: mask}}}",
     "content.outside.findings.person: Die Art von Angabe „person“ gibt es nicht; meinten Sie „PERSON“?"),
    ("an unknown side", D, "content: {aussen: {}}",
     "content.aussen: Die Angabe „aussen“ ist hier unbekannt; möglich sind: in_house, outside"),
    ("too long a memory", D, "conversations: {keep_hours: 9999}",
     "conversations.keep_hours: „9999“ liegt außerhalb des Erlaubten; erlaubt ist höchstens 168"),
    ("half a rule for background calls", D, "background: {answer: model}",
     "background: „model“ gehört zu „answer: model“ und nur dazu; …"),
    ("an unknown model for background calls", D, "background: {answer: model, model: gpt-9}",
     "background.model: Das Modell „gpt-9“ gibt es nicht; möglich sind: …"),
    ("a key twice, once in quotes", D, '"name": Zwei', "name: Die Angabe steht zweimal da, zuerst in Zeile 2; …"),
    ("a merge", D, "<<: {name: Zwei}", "<<: Das Einfügen mit „<<“ gibt es hier nicht; schreiben Sie die Angaben aus"),
    ("a key that is a block", D, "? {a: b}\n: x", "Hier steht eine Liste, wo ein Schlüssel stehen muss; …"),
    ("no key", D, "~: x", "Hier fehlt vor dem Doppelpunkt, was angegeben wird; schreiben Sie „schlüssel: wert“"),
    ("a tabulator between", D, "handles:\t[social]", "Hier steht ein Tabulator; …"),
    ("a control character", D, "notice: a\x07b", HIDDEN),
    ("a line that ends for YAML alone", D, "# harmlos\x85handles: [social]", HIDDEN),
    ("text that is read backwards", D, "notice: a\u202eb", HIDDEN),
    ("a key of three thousand letters", D, "x" * 3000 + ": 1",
     "Hier passt ein Doppelpunkt oder die Einrückung nicht; …"),
    ("no model left", D, "models: {zones: [DE], deny: [eu-cloud]}", "models: Zusammen mit der Organisation und den "
     f"Profilen bleibt der Abteilung kein Modell; lassen Sie eines zu; {NO_AI}"),
    ("no purpose left", D, "purposes: {allow: []}", "purposes: Zusammen mit der Organisation und den Profilen bleibt "
     f"der Abteilung kein Zweck; lassen Sie einen zu; {NO_AI}"),
    ("a name for models that leads away", M, "aliases: {beste: {name: B, models: [vllm-haus, eu-cloud]}}",
     "aliases.beste.models: „eu-cloud“ läuft weiter entfernt als „vllm-haus“ davor; nennen Sie die entfernteren "
     "Modelle zuerst: …"),
    ("the name of a model for others", M, "aliases: {claude: {name: B, models: [vllm-haus]}}",
     "aliases.claude: „claude“ heißt schon ein Modell; wählen Sie einen anderen Namen"),
    ("a name for a name", M, "aliases: {a: {name: A, models: [demo]}, b: {name: B, models: [a]}}",
     "aliases.b.models[1]: Das Modell „a“ gibt es nicht; möglich sind: …"),
    ("a name for nothing", M, "aliases: {beste: {name: B, models: []}}",
     "aliases.beste.models: Die Liste ist leer; nennen Sie mindestens einen Eintrag"),
    ("a group within a group", M, "groups: {nah: [demo], fern: ['@nah']}",
     "groups.fern[1]: „@nah“ ist hier nicht zulässig; …"),
]
WHOLE_FILES = [
    # what, bytes, line, message
    ("UTF-16", HEAD[D].encode("utf-16"), 1, "Die Datei ist nicht in UTF-8 gespeichert; speichern Sie sie im Editor …"),
    ("latin-1", (HEAD[D] + "notice: Grüße").encode("latin-1"), 4, "Die Datei ist nicht in UTF-8 gespeichert; …"),
    ("only a comment", b"# spaeter\n", 1, EMPTY), ("one word", b"Testamt\n", 1, EMPTY),
    ("a list", b"- version: 1\n- name: x\n", 1, EMPTY),
    ("a wide list", b"a: [" + b"x," * 100_000 + b"]\n", 1, "Die Datei enthält mehr als 20000 Angaben; …"),
    ("braces without end", b"{a: " * 3000, 1, "Die Angaben sind tiefer als 12 Ebenen verschachtelt; …"),
    ("a version in words", HEAD[D].replace("1", "eins").encode(), 1,
     "version: Hier steht keine ganze Zahl; diese Fassung der KI-Pforte versteht „version: 1“"),
    ("a version with a point", HEAD[D].replace("1", "1.0").encode(), 1,
     "version: Hier steht keine ganze Zahl; diese Fassung der KI-Pforte versteht „version: 1“"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def expect(folder: Path, line: str) -> None:
    """Look for the line among what the loader says and what ``policy check`` prints."""
    with pytest.raises(PolicyErrors) as caught:
        load_policies(folder)
    found = [str(p) for p in caught.value.problems]
    pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
    assert any(pattern.fullmatch(said) for said in found), found
    ran = CliRunner().invoke(app, ["policy", "check", str(folder)])
    assert ran.exit_code == 1
    assert "Traceback" not in ran.output
    assert isinstance(ran.exception, SystemExit)


@pytest.mark.parametrize(("file", "added", "message"), [c[1:] for c in ADDED], ids=[c[0] for c in ADDED])
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(folder: Path, file: str, added: str,
                                                                  message: str) -> None:
    path = folder / file
    before = HEAD[file] if file in HEAD else path.read_text(encoding="utf-8").rstrip() + "\n"
    path.write_text(before + added + "\n", encoding="utf-8")
    expect(folder, f"policies/{file}:{before.count(chr(10)) + 1}: {message}")


@pytest.mark.parametrize(("raw", "line", "message"), [c[1:] for c in WHOLE_FILES], ids=[c[0] for c in WHOLE_FILES])
def test_a_file_that_cannot_be_meant_is_named(folder: Path, raw: bytes, line: int, message: str) -> None:
    (folder / D).write_bytes(raw)
    expect(folder, f"policies/{D}:{line}: {message}")


def test_a_mark_at_the_beginning_that_editors_leave_is_no_mistake(folder: Path) -> None:
    (folder / D).write_bytes(b"\xef\xbb\xbf" + HEAD[D].encode())
    assert "testamt" in load_policies(folder).departments


def test_a_wrong_item_is_the_only_thing_that_is_said_about_its_list(folder: Path) -> None:
    (folder / D).write_text(HEAD[D] + "models: {zones: [USA]}\n", encoding="utf-8")
    with pytest.raises(PolicyErrors) as caught:
        load_policies(folder)
    assert len(caught.value.problems) == 1


def test_hours_that_never_meet_those_of_the_organisation_are_named(folder: Path) -> None:
    text = (folder / "organisation.yaml").read_text(encoding="utf-8")
    assert "\nhours:" not in text, "the shipped file has changed: adapt this case"
    (folder / "organisation.yaml").write_text(text + "\nhours: {days: [mo, di], begin: 08:00, end: 16:00}\n", "utf-8")
    for own in ("days: [sa, so], begin: 08:00, end: 16:00", "begin: 16:00, end: 20:00"):
        (folder / D).write_text(HEAD[D] + hours(own) + "\n", encoding="utf-8")
        expect(folder, f"policies/{D}:4: hours: Die Zeiten überschneiden sich nie (departments/testamt, …")


def test_a_department_that_is_to_use_no_ai_can_say_so(folder: Path) -> None:
    (folder / D).write_text(HEAD[D] + "models: {allow: []}\n", encoding="utf-8")
    assert load_policies(folder).departments["testamt"].models == {}


def test_a_folder_in_the_place_of_a_file_is_named(folder: Path) -> None:
    (folder / D).mkdir()
    expect(folder, f"policies/{D}:1: Hier liegt ein Ordner, keine Datei; benennen Sie ihn um oder löschen Sie ihn")


def test_a_link_to_somewhere_else_is_not_followed(folder: Path) -> None:
    outside = folder.parent / "elsewhere.yaml"
    outside.write_text(HEAD[D], encoding="utf-8")
    (folder / D).symlink_to(outside)
    expect(folder, f"policies/{D}:1: Hier liegt ein Verweis auf eine Stelle außerhalb dieses Ordners; legen Sie die "
                   "Datei selbst in den Ordner")


def test_a_link_within_the_folder_is_what_containers_make_and_loads(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..data/testamt.yaml").write_text(HEAD[D], encoding="utf-8")
    (folder / D).symlink_to("../..data/testamt.yaml")
    assert "testamt" in load_policies(folder).departments


def test_a_file_that_may_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / D).write_text(HEAD[D], encoding="utf-8")
    read = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == "testamt.yaml":
            raise PermissionError(13, "denied", str(path))
        return read(path)
    monkeypatch.setattr(Path, "read_bytes", refused)
    expect(folder, f"policies/{D}:1: Die Datei fehlt oder ist nicht lesbar; …")
