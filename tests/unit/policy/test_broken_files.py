"""Every kind of broken policy file: the message names file and line, says what is wrong and what would be right.

Each case takes the shipped policies, breaks them in one place, and states the whole message that must come (`…` stands
for text that the case does not care about). The line is found by its content, so that the shipped files may grow.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gateway.policy import PolicyErrors, load_policies

SHIPPED = Path(__file__).parents[3] / "policies"
ORG, SOZ, MOD, PASS = "organisation.yaml", "departments/sozialamt.yaml", "models.yaml", "ki-pass.yaml"

LINES = [
    # what, file, text to replace, replacement, the line on which the problem stands, message
    ("a misspelt key", ORG, "legal_basis: >-", "legal_bases: >-", "legal_bases: >-",
     "legal_bases: Die Angabe „legal_bases“ ist hier unbekannt; meinten Sie „legal_basis“?"),
    ("a key from nowhere", SOZ, "handles: [social]", "handles: [social]\nuhrzeiten: x", "uhrzeiten: x",
     "uhrzeiten: Die Angabe „uhrzeiten“ ist hier unbekannt; möglich sind: background, …"),
    ("a missing key", MOD, "    region: USA\n", "", "  claude:",
     "models.claude.region: Die Angabe fehlt; ergänzen Sie eine Zeile „region: …“"),
    ("a key twice", ORG, "name: Stadt Musterstadt", "name: Stadt Musterstadt\nname: Stadt Andersdorf",
     "name: Stadt Andersdorf", "name: Die Angabe steht zweimal da, zuerst in Zeile …; behalten Sie eine von beiden"),
    ("a nested key twice", SOZ, "      HEALTH: refuse", "      HEALTH: refuse\n      HEALTH: note",
     "      HEALTH: note", "content.outside.findings.HEALTH: Die Angabe steht zweimal da, …"),
    ("a tabulator", SOZ, "  deny: [gpt-azure-eu, claude]", "\tdeny: [claude]", "\tdeny: [claude]",
     "Hier steht ein Tabulator; rücken Sie mit Leerzeichen ein"),
    ("an open bracket", SOZ, "handles: [social]", "handles: [social", "handles: [social",
     "Eine Klammer wird nicht geschlossen; ergänzen Sie die schließende Klammer oder das Komma"),
    ("an open quote", SOZ, "name: Sozialamt", "name: 'Sozialamt", "name: 'Sozialamt",
     "Ein Anführungszeichen wird nicht geschlossen …; ergänzen Sie das zweite Anführungszeichen"),
    ("a colon too many", SOZ, "name: Sozialamt", "name: Sozialamt: Haupthaus", "name: Sozialamt: Haupthaus",
     "Hier passt ein Doppelpunkt oder die Einrückung nicht; schreiben Sie „schlüssel: wert“ …"),
    ("an anchor", SOZ, "handles: [social]", "handles: &a [social]", "handles: &a [social]",
     "Anker (&) und Verweise (*) sind hier nicht erlaubt; schreiben Sie die Angaben aus; …"),
    ("an alias bomb", SOZ, "handles: [social]", "a: &a [x, x]\nb: &b [*a, *a]\nhandles: [*b, *b]", "a: &a [x, x]",
     "Anker (&) und Verweise (*) sind hier nicht erlaubt; …"),
    ("a merge key", SOZ, "handles: [social]", "<<: *all", "<<: *all", "Anker (&) und Verweise (*) sind …"),
    ("a tag", SOZ, "handles: [social]", "handles: !!python/name:os.system x", "handles: !!python/name:os.system x",
     "Typangaben mit „!“ sind hier nicht erlaubt; streichen Sie die Typangabe; …"),
    ("two documents", SOZ, "handles: [social]", "---\nhandles: [social]", "---",
     "Die Datei enthält mehrere Dokumente (eine Zeile „---“); …"),
    ("a nesting bomb", SOZ, "handles: [social]", "handles: " + "[" * 5000, "handles: " + "[" * 5000,
     "Die Angaben sind tiefer als 12 Ebenen verschachtelt; prüfen Sie Einrückung und Klammern"),
    ("a list as key", SOZ, "handles: [social]", "? [handles]\n: x", "? [handles]",
     "Hier steht eine Liste, wo ein Schlüssel stehen muss; schreiben Sie „schlüssel: …“"),
    ("half a character", SOZ, "name: Sozialamt", 'name: "Sozial\\uD800amt"', 'name: "Sozial\\uD800amt"',
     "Der Text enthält ein halbes Zeichen (\\uD800 bis \\uDFFF); schreiben Sie das Zeichen aus"),
    ("an unknown version", SOZ, "version: 1", "version: 2", "version: 2",
     "version: „2“ liegt außerhalb des Erlaubten; diese Fassung der KI-Pforte versteht „version: 1“"),
    ("a word for a number", MOD, "    context_length: 200000", "    context_length: viel", "    context_length: viel",
     "models.claude.context_length: Hier steht keine ganze Zahl; schreiben Sie nur Ziffern, …"),
    ("a word for yes", MOD, "    enabled: true", "    enabled: ja", "    enabled: ja",
     "models.demo.enabled: Hier steht weder true noch false; schreiben Sie true (ja) oder false (nein)"),
    ("a German date", PASS, "valid_from: 2026-06-01", "valid_from: 01.06.2026", "valid_from: 01.06.2026",
     "documents.dienstvereinbarung[3].valid_from: Hier steht kein Datum; schreiben Sie Jahr-Monat-Tag, …"),
    ("a number for a date", PASS, "valid_from: 2026-06-01", "valid_from: 20260601", "valid_from: 20260601",
     "documents.dienstvereinbarung[3].valid_from: Hier steht kein Datum; …"),
    ("a date that is none", PASS, "valid_from: 2026-06-01", "valid_from: 2026-06-31", "valid_from: 2026-06-31",
     "documents.dienstvereinbarung[3].valid_from: Hier steht kein Datum; …"),
    ("a text for a list", SOZ, "handles: [social]", "handles: social", "handles: social",
     "handles: Hier steht keine Liste; schreiben Sie eine Liste: [eins, zwei] oder Zeilen mit „- “"),
    ("a text for a block", SOZ, "  deny: [gpt-azure-eu, claude]", "  nichts", "models:",
     "models: Hier stehen keine eingerückten Angaben; …"),
    ("an unknown action", ORG, "      CLASSIFIED: refuse", "      CLASSIFIED: refuze", "      CLASSIFIED: refuze",
     "content.outside.findings.CLASSIFIED: „refuze“ gibt es hier nicht; meinten Sie „refuse“?"),
    ("an unknown kind of finding", SOZ, "      HEALTH: refuse", "      HEALHT: refuse", "      HEALHT: refuse",
     "content.outside.findings.HEALHT: Die Art von Angabe „HEALHT“ gibt es nicht; meinten Sie „HEALTH“?"),
    ("a kind that is not for policies", SOZ, "      HEALTH: refuse", "      LITERAL: mask", "      LITERAL: mask",
     "content.outside.findings.LITERAL: Über „LITERAL“ entscheidet die KI-Pforte selbst; streichen Sie die Zeile"),
    ("an unknown data class", SOZ, "handles: [social]", "handles: [sozial]", "handles: [sozial]",
     "handles[1]: „sozial“ gibt es hier nicht; meinten Sie „social“?"),
    ("a wire API that litellm does not serve", MOD,
     "    base_url: http://127.0.0.1:11434\n    dialects: [chat]",
     "    base_url: http://127.0.0.1:11434\n    dialects: [chat, responses]", "    dialects: [chat, responses]",
     "models.ollama-lokal.dialects[2]: „adapter: litellm“ spricht „responses“ nicht; schreiben Sie „dialects: [chat]“, "
     "dann übersetzt die KI-Pforte Responses und Messages selbst; oder „adapter: openai“ mit „base_url“, wenn …"),
    ("an unknown adapter", MOD, "    adapter: demo", "    adapter: dmeo", "    adapter: dmeo",
     "models.demo.adapter: „dmeo“ gibt es hier nicht; meinten Sie „demo“?"),
    ("an unknown model in the organisation", ORG, "    - mistral-large", "    - mistral-lrge", "    - mistral-lrge",
     "models.allow[5]: Das Modell „mistral-lrge“ gibt es nicht; meinten Sie „mistral-large“?"),
    ("an unknown model in a department", SOZ, "deny: [gpt-azure-eu, claude]", "deny: [gpt-4]", "  deny: [gpt-4]",
     "models.deny[1]: Das Modell „gpt-4“ gibt es nicht; möglich sind: claude, demo, …"),
    ("an unknown purpose", SOZ, "handles: [social]", "purposes: {deny: [algemein]}", "purposes: {deny: [algemein]}",
     "purposes.deny[1]: Den Zweck „algemein“ gibt es nicht; meinten Sie „allgemein“?"),
    ("an unknown pass", SOZ, "handles: [social]", "ki_pass: {required: [bilder]}", "ki_pass: {required: [bilder]}",
     "ki_pass.required[1]: Den KI-Pass „bilder“ gibt es nicht; meinten Sie „bild“?"),
    ("an unknown module", PASS, "modules: [schulung-bild, kenntnisnahme_dv]", "modules: [schulung-bid]",
     "    modules: [schulung-bid]",
     "scopes.bild.modules[1]: Das Modul „schulung-bid“ gibt es nicht; meinten Sie „schulung-bild“?"),
    ("no acknowledgement in the basis", PASS, "checkliste, kenntnisnahme_dv]", "checkliste]",
     "    modules: [information, schulung, leitlinien, checkliste]",
     "scopes.basis.modules: Die Kenntnisnahme der Dienstvereinbarung fehlt; nehmen Sie ein Modul mit …"),
    ("an allowed purpose that Art. 5 forbids", ORG, "    uebersetzung: {", "    social_scoring: {",
     "    social_scoring: {title: Texte übersetzen}",
     "purposes.allow.social_scoring: Der Zweck „social_scoring“ ist nach Art. 5 der KI-Verordnung verboten; …"),
    ("no default purpose", ORG, "    allgemein: {", "    buero: {", "  allow:\n    buero",
     "purposes.allow: Der Zweck „allgemein“ fehlt; …; ergänzen Sie „allgemein: {title: Allgemeine Büroarbeit}“"),
    ("no basis", ORG, "  required: [basis]", "  required: []", "  required: []",
     "ki_pass.required: Der KI-Pass „basis“ fehlt, den alle brauchen; schreiben Sie „required: [basis]“"),
    ("a document that was changed", PASS, "valid_from: 2026-03-01", "valid_from: 2026-03-01", None,
     "documents.leitlinien[2].sha256: Die Prüfsumme passt nicht zu „documents/leitlinien-1.1.md“: Der Text wurde "
     "geändert; stellen Sie ihn wieder her oder legen Sie eine neue Fassung mit neuer Nummer an …"),
    ("a document that is missing", PASS, "file: documents/checkliste-1.0.md", "file: documents/checkliste-9.md",
     "      file: documents/checkliste-9.md",
     "documents.checkliste[1].file: Die Datei „documents/checkliste-9.md“ fehlt oder ist nicht lesbar; legen Sie …"),
    ("a document elsewhere", PASS, "file: documents/checkliste-1.0.md", "file: documents/../../secret.md",
     "      file: documents/../../secret.md",
     "documents.checkliste[1].file: „documents/../../secret.md“ ist hier nicht zulässig; …"),
    ("a broken chain of versions", PASS, 'supersedes: "2.0"', 'supersedes: "1.0"', '      supersedes: "1.0"\n  leit',
     "documents.dienstvereinbarung[3].supersedes: Fassung „3.0“ muss Fassung „2.0“ ablösen, die davor steht; …"),
    ("a version that begins too early", PASS, "valid_from: 2026-06-01", "valid_from: 2025-12-24",
     "      valid_from: 2025-12-24",
     "documents.dienstvereinbarung[3].valid_from: Fassung „3.0“ beginnt nicht später als die davor; nennen Sie einen "
     "Tag nach dem 15.01.2026"),
    ("an address without encryption", MOD, "https://llm.eu-cloud", "http://llm.eu-cloud", "  eu-cloud:",
     "models.eu-cloud: Die Adresse eines Anbieters außer Haus ist unverschlüsselt; schreiben Sie https://"),
    ("an address that is none", MOD, "https://llm.eu-cloud", "llm.eu-cloud", "    base_url: llm.eu-cloud.example/v1",
     "models.eu-cloud.base_url: „llm.eu-cloud.example/v1“ ist hier nicht zulässig; schreiben Sie eine ganze …"),
    ("a provider without address", MOD, "    base_url: https://llm.eu-cloud.example/v1\n", "", "  eu-cloud:",
     "models.eu-cloud: Mit „adapter: openai“ fehlt die Adresse; ergänzen Sie „base_url: https://…/v1“"),
    ("the reserved name", MOD, "  claude:", "  schnellstart:", "  schnellstart:",
     "models.schnellstart: Der Name „schnellstart“ ist für den Schnellstart vorgesehen; geben Sie dem Modell …"),
    ("a loosened action", SOZ, "      HEALTH: refuse", "      IBAN: keep", "      IBAN: keep",
     "content.outside.findings.IBAN: „keep“ ist weniger streng als „placeholder“, das die Organisation vorgibt; "
     "möglich sind: placeholder, mask, in_house, refuse"),
    ("loosened opaque content", SOZ, "    findings:\n", "    opaque: {image: pass}\n    findings:\n",
     "    opaque: {image: pass}",
     "content.outside.opaque.image: „pass“ ist weniger streng als „inspect“, das die Organisation vorgibt; "
     "schreiben …"),
    ("a tool at the provider let through outside", ORG, "file: inspect, provider_tool: refuse}\n    answers: flag",
     "file: inspect, provider_tool: pass}\n    answers: flag", "provider_tool: pass}",
     "content.outside.opaque.provider_tool: „pass“ gibt es für „provider_tool“ hier nicht; möglich sind: strip, …"),
    ("a loosened answer", SOZ, "    findings:\n", "    answers: show\n    findings:\n", "    answers: show",
     "content.outside.answers.default: „show“ ist weniger streng als „flag“, das die Organisation vorgibt; möglich "
     "sind: flag, mask"),
    ("an answer loosened for one kind", SOZ, "    findings:\n", "    answers: {default: mask, PERSON: show}\n    "
     "findings:\n", "    answers: {default: mask", "content.outside.answers.PERSON: „show“ ist weniger streng als …"),
    ("an unknown kind in answers", ORG, "    answers: flag", "    answers: {default: flag, HEALHT: mask}",
     "    answers: {default", "content.outside.answers.HEALHT: Die Art von Angabe „HEALHT“ gibt es nicht; meinten …"),
    ("an unknown word for answers", ORG, "    answers: flag", "    answers: hide", "    answers: hide",
     "content.outside.answers.default: „hide“ gibt es hier nicht; …"),
    ("an unknown word for one kind", ORG, "    answers: flag", "    answers: {HEALTH: masc}", "    answers: {HEALTH",
     "content.outside.answers.HEALTH: „masc“ gibt es hier nicht; meinten Sie „mask“?"),
    ("a list of answers", ORG, "    answers: flag", "    answers: [flag]", "    answers: [flag]",
     "content.outside.answers: Hier stehen keine eingerückten Angaben; schreiben Sie show, flag oder mask, oder je …"),
    ("a label with stars", SOZ, "handles: [social]", "handles: [social]\nlabel: Ein *Entwurf*",
     "label: Ein *Entwurf*", "label: „Ein *Entwurf*“ ist hier nicht zulässig; schreiben Sie einen Satz ohne „*“ …"),
    ("a picture taken out", ORG, "opaque: {image: inspect, audio: refuse, file: inspect, provider_tool: refuse}\n    "
     "answers: flag", "opaque: {image: strip}\n    answers: flag", "opaque: {image: strip}",
     "content.outside.opaque.image: „strip“ gibt es für „image“ hier nicht; möglich sind: pass, inspect, refuse"),
    ("unknown fields looser than above", SOZ, "handles: [social]", "handles: [social]\nunknown_fields: vielleicht",
     "unknown_fields: vielleicht", "unknown_fields: „vielleicht“ gibt es hier nicht; …"),
    ("a model not cleared for the department's data", SOZ, "  deny: [gpt-azure-eu, claude]", "  allow: [eu-cloud]",
     "  allow: [eu-cloud]",
     "models.allow[1]: Das Modell „eu-cloud“ ist nicht freigegeben für: Sozialdaten (§ 67 SGB X); …"),
    ("allowed and denied", SOZ, "  deny: [gpt", "  allow: [vllm-haus, demo]\n  deny: [demo, gpt",
     "  allow: [vllm-haus, demo]",
     "models.allow[2]: Das Modell „demo“ steht unter „allow“ und unter „deny“; behalten Sie eines von beiden; …"),
    ("a purpose that the organisation forbids", SOZ, "handles: [social]",
     "purposes:\n  allow: [allgemein, bewerberauswahl]", "  allow: [allgemein, bewerberauswahl]",
     "purposes.allow[2]: Der Zweck „bewerberauswahl“ ist verboten, und eine Abteilung kann ihn nicht erlauben; …"),
    ("a purpose that the organisation does not know", SOZ, "handles: [social]", "purposes: {allow: [dichtung]}",
     "purposes: {allow: [dichtung]}",
     "purposes.allow[1]: Den Zweck „dichtung“ kennt die Organisation nicht, und eine Abteilung darf nur strenger "
     "sein; …"),
    ("too long a name", SOZ, "name: Sozialamt", "name: " + "S" * 61, "name: " + "S" * 61,
     "name: Der Text ist länger als 60 Zeichen; kürzen Sie ihn"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def messages(folder: Path) -> list[str]:
    with pytest.raises(PolicyErrors) as caught:
        load_policies(folder)
    assert str(caught.value).splitlines() == [str(p) for p in caught.value.problems]
    return [str(p) for p in caught.value.problems]


def matches(pattern: str, message: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), message) is not None


@pytest.mark.parametrize(("file", "old", "new", "at", "message"), [c[1:] for c in LINES], ids=[c[0] for c in LINES])
def test_a_broken_file_is_named_with_line_and_remedy(folder: Path, file: str, old: str, new: str, at: str | None,
                                                     message: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, "the shipped file has changed: adapt this case"
    text = text.replace(old, new, 1)
    (folder / file).write_text(text, encoding="utf-8")
    if at is None:
        (folder / "documents/leitlinien-1.1.md").write_text("anders", encoding="utf-8")
        at = re.search(r"sha256: .*\n +valid_from: 2026-03-01", text)[0]  # type: ignore[index]
    line = text[:text.index(at)].count("\n") + 1
    found = messages(folder)
    assert any(matches(f"policies/{file}:{line}: {message}", m) for m in found), found


def test_all_files_are_read_before_anything_is_reported(folder: Path) -> None:
    (folder / ORG).write_text("version: 1\nnme: x\n", encoding="utf-8")
    (folder / SOZ).write_text("version: 1\nname: [\n", encoding="utf-8")
    (folder / MOD).unlink()
    found = messages(folder)
    assert {m.split(":")[0] for m in found} == {f"policies/{f}" for f in (ORG, SOZ, MOD)}
    assert "policies/models.yaml:1: Die Datei fehlt oder ist nicht lesbar; legen Sie sie an …"[:60] in "\n".join(found)
    assert found == sorted(found, key=lambda m: (m.split(":")[0], int(m.split(":")[1])))


@pytest.mark.parametrize(("raw", "message"), [
    (b"", "Die Datei ist leer oder keine Liste von Angaben; beginnen Sie mit der Zeile „version: 1“"),
    (b"- eins\n- zwei\n", "Die Datei ist leer oder keine Liste von Angaben; beginnen Sie mit …"),
    (b"version: 1\nname: Bauamt \xe4\n", "Die Datei ist nicht in UTF-8 gespeichert; speichern Sie sie im Editor …"),
    (b"#" * 1_000_001, "Die Datei ist größer als 1 MB; teilen Sie sie auf"),
    (b"version: 1\x00\n", "Die Datei enthält Zeichen, die man nicht sieht und die hier nicht erlaubt sind; …"),
])
def test_a_file_that_is_no_policy_at_all_is_named(folder: Path, raw: bytes, message: str) -> None:
    (folder / SOZ).write_bytes(raw)
    line = 2 if b"\xe4" in raw else 1
    assert [m for m in messages(folder) if matches(f"policies/{SOZ}:{line}: {message}", m)]


def test_a_department_file_with_an_impossible_name_is_not_passed_over(folder: Path) -> None:
    for name in ("Ordnungsamt.yaml", "presse.yml"):
        shutil.copy(folder / "departments/bauamt.yaml", folder / "departments" / name)
    assert [m.split(";")[0] for m in messages(folder)] == [
        f"policies/departments/{name}:1: Der Dateiname ist kein Kürzel für eine Abteilung"
        for name in ("Ordnungsamt.yaml", "presse.yml")]


def test_without_departments_nothing_loads(folder: Path) -> None:
    shutil.rmtree(folder / "departments")
    assert ("policies/departments:1: Es gibt keine Abteilung; legen Sie eine Datei wie sozialamt.yaml an"
            in messages(folder))


def test_a_secret_written_by_mistake_is_never_repeated(folder: Path) -> None:
    text = (folder / MOD).read_text(encoding="utf-8").replace("MISTRAL_API_KEY", "sk-geheim-0123456789")
    (folder / MOD).write_text(text, encoding="utf-8")
    (found,) = messages(folder)
    assert "geheim" not in found
    assert "der Schlüssel selbst gehört nie in diese Datei" in found


@pytest.mark.parametrize(("change", "message"), [
    ({"enabled: false": "enabled: true"}, "es gibt keine Vereinbarung zur Auftragsverarbeitung; ergänzen Sie „avv:“"),
    ({"enabled: false": f"enabled: true\n    avv: {{concluded: 2026-01-01, sha256: {'a' * 64}}}",
      "training_excluded: true": "training_excluded: false"}, "darf mit den Eingaben trainieren; vereinbaren Sie"),
    ({"enabled: false": f"enabled: true\n    avv: {{concluded: 2026-01-02, until: 2026-01-01, sha256: {'a' * 64}}}"},
     "Die Vereinbarung endet, bevor sie geschlossen wurde; prüfen Sie „concluded“ und „until“"),
])
def test_a_model_outside_the_house_needs_its_agreement_to_be_switched_on(folder: Path, change: dict[str, str],
                                                                        message: str) -> None:
    head, name, tail = (folder / MOD).read_text(encoding="utf-8").partition("  claude:\n")
    for old, new in change.items():
        tail = tail.replace(old, new, 1)
    (folder / MOD).write_text(head + name + tail, encoding="utf-8")
    (found,) = messages(folder)
    assert message in found


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    outside = folder.parent / "elsewhere.md"
    shutil.copy(folder / "documents/checkliste-1.0.md", outside)
    (folder / "documents/checkliste-1.0.md").unlink()
    (folder / "documents/checkliste-1.0.md").symlink_to(outside)
    (found,) = messages(folder)
    assert "fehlt oder ist nicht lesbar" in found


def test_a_ready_profile_may_be_looser_than_an_organisation_whose_rules_then_hold(folder: Path) -> None:
    path = folder / ORG
    path.write_text(path.read_text(encoding="utf-8") + "\nlimits:\n  person: {concurrent: 2}\n", encoding="utf-8")
    limits = load_policies(folder).departments["bauamt"].models["demo"].limits
    assert limits["person"].concurrent == 2
