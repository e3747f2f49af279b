"""The pages of one's own KI-Pass: what a person sees and sends on the way, and what happens when the rules move."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model.kipass import PassEvent
from gateway.policy import load_policies
from tests.support.office import pdf
from tests.support.pass_policies import COURSE, learning_policies, publish, read_rules, write_rules
from tests.support.web_client import Answer, Browser
from tests.support.web_house import NOW, Entry, House

SECTIONS = ("was", "nie", "lesen", "verantwortung")
RIGHT = {"was": {"frage-1": "2"}, "nie": {"frage-1-1": "1", "frage-1-2": "2", "frage-2": "2"}, "lesen": {},
         "verantwortung": {"frage-1": "2"}}
WRONG = {"was": {"frage-1": "1"}, "nie": {"frage-1-3": "3", "frage-2": "1"}, "lesen": {},
         "verantwortung": {"frage-1": "1"}}


class Way:
    """Somebody at the first of five steps, in a house whose policies a test may change."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.reload()
        self.entry = house.hire("Ada Nowak", steps=0)
        self.browser = house.browser(self.entry)

    def reload(self) -> None:
        self.house.policies = load_policies(self.folder)

    def publish(self, kind: str, version: str, text: str | bytes, **more: object) -> str:
        found = publish(self.folder, kind, version, text, **more)  # type: ignore[arg-type]
        self.reload()
        return found

    def get(self, path: str) -> Answer:
        return self.browser.get(path)

    def send(self, path: str, **form: str) -> Answer:
        """Send the form on a page with the version that this page shows."""
        page = self.get(path)
        return self.browser.post(path, {"formular": page.token, "fassung": shown(page), **form})

    def section(self, key: str, answers: dict[str, str] | None = None) -> Answer:
        return self.send(f"/pass/schritt/schulung/{key}", tun="weiter", **(RIGHT[key] if answers is None else answers))

    def tick(self) -> Answer:
        path = "/pass/schritt/checkliste"
        return self.send(path, **dict.fromkeys(re.findall(r'name="(punkt-\d+)"', self.get(path).text), "ja"))

    def walk(self) -> Answer:
        """Do all five steps; return the last answer."""
        self.send("/pass/schritt/information")
        for key in SECTIONS:
            self.section(key)
        self.send("/pass/schritt/leitlinien")
        self.tick()
        return self.send("/pass/schritt/kenntnisnahme_dv")


def shown(page: Answer) -> str:
    found = re.search(r'name="fassung" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learning_policies(tmp_path_factory.mktemp("learning") / "policies")


@pytest.fixture
def way(house: House, rules: Path, tmp_path: Path) -> Way:
    return Way(house, Path(shutil.copytree(rules, tmp_path / "policies")))


def test_each_step_leads_to_the_next_and_the_last_to_the_pass(way: Way) -> None:
    assert "Ihnen fehlen noch 5 Schritte" in way.get("/pass").text
    assert way.send("/pass/schritt/information").header("location") == "/pass/schritt/schulung?erledigt=information"
    assert "Erledigt: Information." in way.get("/pass/schritt/schulung?erledigt=information").text
    assert way.section("was").header("location") == "/pass/schritt/schulung/nie"
    assert "noch etwa 7 Minuten" in way.get("/pass").text
    assert "Weiter bei Abschnitt 2" in way.get("/pass/schritt/schulung").text
    for key in SECTIONS[1:3]:
        way.section(key)
    assert way.section("verantwortung").header("location") == "/pass/schritt/leitlinien?erledigt=schulung"
    assert way.send("/pass/schritt/leitlinien").header("location").startswith("/pass/schritt/checkliste")
    assert way.tick().header("location").startswith("/pass/schritt/kenntnisnahme_dv")
    last = way.send("/pass/schritt/kenntnisnahme_dv")
    assert (last.status, last.header("location")) == (303, "/pass/geschafft?erledigt=kenntnisnahme_dv")
    done = way.get(last.header("location")).text
    assert "Sie können sofort loslegen" in done
    assert 'href="/pass/nachweis"' in done
    assert way.get("/pass/nachweis").status == 200


def test_the_end_is_not_shown_before_it_is_reached_and_no_address_says_that_something_is_done(way: Way) -> None:
    assert way.get("/pass/geschafft").header("location") == "/pass"
    for forged in ("checkliste", "<script>", "gibt-es-nicht", ""):
        assert "Erledigt:" not in way.get(f"/pass?erledigt={forged}").text


@pytest.mark.parametrize("answers", [RIGHT, WRONG])
def test_every_answer_is_explained_after_answering_and_neither_score_nor_count_is_shown(
        way: Way, answers: dict[str, dict[str, str]]) -> None:
    path = "/pass/schritt/schulung/nie"
    before = way.get(path).text
    assert "Sie ist besonders geschützt" not in before
    assert "Deshalb" not in before
    page = way.send(path, tun="ansehen", **answers["nie"])
    assert page.status == 200
    for why in ("Sie ist besonders geschützt", "Auch nicht an ein Modell im Haus", "Gesetze sind öffentlich",
                "Es kennt unsere Regeln nicht", "Sie finden es auf der Startseite"):
        assert why in page.text
    assert page.text.count("Ja, das stimmt.") == (2 if answers is RIGHT else 0)
    assert page.text.count("Nicht ganz. So ist es:") == (0 if answers is RIGHT else 2)
    main = re.sub(r"<[^>]+>", " ", page.text[page.text.index("<main"):page.text.index("</main")])
    assert not re.search(r"\d+\s*(%|Prozent|Punkte|richtig|falsch)|\d+ von (?!4)|Versuch|bestanden|Note\b", main)
    assert way.get("/pass/schritt/schulung").text.count("gelesen</span>") == 0, "looking is not yet reading"
    assert way.section("nie", answers["nie"]).status == 303, "right or wrong, one goes on"


def test_a_missing_answer_is_named_with_a_link_and_what_was_chosen_stays(way: Way) -> None:
    page = way.send("/pass/schritt/schulung/nie", tun="weiter", **{"frage-1-1": "1"})
    assert page.status == 400
    assert "<title>Fehler: " in page.text
    assert re.search(r'role="alert"[^>]*tabindex="-1"[^>]*autofocus', page.text)
    assert '<a href="#frage-2-1">' in page.text
    assert 'id="frage-2-1"' in page.text
    assert re.search(r'id="frage-1-1"[^>]* checked', page.text)
    assert "besonders geschützt" not in page.text, "no explanation before the answer"


def test_an_answer_that_the_question_does_not_have_is_no_answer(way: Way) -> None:
    assert way.send("/pass/schritt/schulung/was", tun="weiter", **{"frage-1": "9"}).status == 400
    assert way.send("/pass/schritt/schulung/was", tun="weiter", **{"frage-1-2": "2"}).status == 400


def test_the_checklist_wants_every_point_and_keeps_what_was_ticked(way: Way) -> None:
    path = "/pass/schritt/checkliste"
    names = re.findall(r'name="(punkt-\d+)"', way.get(path).text)
    page = way.send(path, **dict.fromkeys(names[1:], "ja"))
    assert page.status == 400
    assert "Ein Punkt ist noch offen" in page.text
    assert '<a href="#punkt-1">' in page.text
    assert len(re.findall(r'name="punkt-\d+" value="ja" checked', page.text)) == len(names) - 1
    assert re.search(r'id="punkt-1"[^>]*aria-invalid="true"', page.text)
    assert "Ihnen fehlen noch 5 Schritte" in way.get("/pass").text
    assert way.send(path, **dict.fromkeys([*names, "punkt-99"], "ja")).status == 303


def test_a_checklist_that_changed_meanwhile_is_not_finished_with_the_old_points(way: Way) -> None:
    path = "/pass/schritt/checkliste"
    page = way.get(path)
    ticks = dict.fromkeys(re.findall(r'name="(punkt-\d+)"', page.text), "ja")
    way.publish("checkliste", "9.0", "# Liste\n\n- [ ] Ein ganz neuer Punkt.\n", valid_from="2026-11-01")
    answer = way.browser.post(path, {"formular": page.token, "fassung": shown(page), **ticks})
    assert answer.status == 409
    assert "Inzwischen gilt eine neue Fassung" in answer.text
    assert "Ein ganz neuer Punkt." in answer.text


@pytest.mark.parametrize("path", ["kenntnisnahme_dv", "leitlinien", "information"])
def test_what_was_not_shown_is_not_acknowledged_and_the_newer_version_comes_with_the_refusal(
        way: Way, path: str) -> None:
    page = way.get(f"/pass/schritt/{path}")
    kind = {"kenntnisnahme_dv": "dienstvereinbarung"}.get(path, path)
    way.publish(kind, "9.0", "# Neu gefasst\n\nEin Satz, den noch niemand kennt.\n", valid_from="2026-11-01")
    answer = way.browser.post(f"/pass/schritt/{path}", {"formular": page.token, "fassung": shown(page)})
    assert answer.status == 409
    assert "Inzwischen gilt eine neue Fassung" in answer.text
    assert "Ein Satz, den noch niemand kennt." in answer.text
    assert shown(answer) != shown(page)
    again = way.browser.post(f"/pass/schritt/{path}", {"formular": answer.token, "fassung": shown(answer)})
    assert again.status == 303


def test_a_course_that_changed_meanwhile_comes_again_from_its_first_page(way: Way) -> None:
    page = way.get("/pass/schritt/schulung/was")
    way.publish("kurs", "2.0", COURSE.replace("(4 Minuten)", "(5 Minuten)"), course="probe", valid_from="2026-11-01")
    answer = way.browser.post("/pass/schritt/schulung/was", {"formular": page.token, "fassung": shown(page),
                                                             "tun": "weiter", **RIGHT["was"]})
    assert answer.status == 409
    assert "Mit Abschnitt 1 beginnen" in answer.text


def test_an_announced_version_may_be_read_early_and_says_what_changes(way: Way) -> None:
    way.walk()
    old = (way.folder / "documents" / "dienstvereinbarung-3.0.md").read_text(encoding="utf-8")
    new = way.publish("dienstvereinbarung", "4.0", old + "\n## § 99 Neues\n\nEin ganz neuer Absatz.\n",
                      valid_from="2026-12-01", grace_days=14)
    page = way.get("/pass")
    assert "Ab 01.12.2026 gilt eine neue Dienstvereinbarung" in page.text.replace("1. Dezember 2026", "01.12.2026")
    path = f"/pass/schritt/kenntnisnahme_dv?fassung={new}"
    assert path in page.text
    page = way.get(path)
    assert "Was sich seit Fassung 3.0 geändert hat" in page.text
    changes = page.text[page.text.index('id="aenderungen"'):page.text.index('aria-label="Text"')]
    assert "Ein ganz neuer Absatz." in changes
    assert len(changes) < len(page.text) / 3, "only what changed, not all of it"
    assert way.send(path).status == 303
    assert "gilt eine neue Dienstvereinbarung" not in way.get("/pass").text
    way.house.clock.time = NOW + timedelta(days=60)
    way.browser = way.house.browser(way.entry)
    assert "Sie können loslegen" in way.get("/pass").text


def test_a_pdf_is_handed_out_as_a_file_that_nobody_can_mistake_for_a_page(way: Way) -> None:
    content = pdf("Dienstvereinbarung")
    sha = way.publish("dienstvereinbarung", "4.0", content, valid_from="2026-11-01", suffix="pdf")
    page = way.get("/pass/schritt/kenntnisnahme_dv")
    assert "PDF herunterladen" in page.text
    file = way.get(f"/pass/dokumente/{sha}")
    assert (file.status, file.body) == (200, content)
    assert file.header("content-type") == "application/pdf"
    assert file.header("content-disposition") == 'attachment; filename="dienstvereinbarung-4.0.pdf"'
    assert file.header("x-content-type-options") == "nosniff"
    assert "default-src 'none'" in file.header("content-security-policy")
    assert way.get(f"/pass/dokumente/{sha}/lesen").status == 200
    assert way.send("/pass/schritt/kenntnisnahme_dv").status == 303
    for wrong in ("0" * 64, "..%2f..%2fki-pass.yaml", sha[:-1]):
        assert way.get(f"/pass/dokumente/{wrong}").status == 404


def test_a_form_sent_twice_does_no_harm(way: Way) -> None:
    for path in ("/pass/schritt/information", "/pass/schritt/schulung/was"):
        page = way.get(path)
        form = {"formular": page.token, "fassung": shown(page), "tun": "weiter", **RIGHT["was"]}
        first, second = way.browser.post(path, form), way.browser.post(path, form)
        assert (first.status, second.status) == (303, 303)
    assert way.house.types().count("pass.nachweis") == 1


def test_two_tabs_may_finish_the_steps_in_any_order(way: Way) -> None:
    pages = {path: way.get(f"/pass/schritt/{path}") for path in ("information", "leitlinien", "kenntnisnahme_dv")}
    for path in reversed(pages):
        assert way.browser.post(f"/pass/schritt/{path}", {"formular": pages[path].token,
                                                          "fassung": shown(pages[path])}).status == 303
    assert "Ihnen fehlen noch 2 Schritte" in way.get("/pass").text


def test_what_is_done_elsewhere_or_is_another_kind_of_step_cannot_be_finished_here(way: Way) -> None:
    token = way.get("/pass/schritt/information").token
    sha = shown(way.get("/pass/schritt/information"))
    for path, status in (("schulung", 404), ("gibt-es-nicht", 404), ("schulung/gibt-es-nicht", 404),
                         ("information/was", 404), ("schulung-fachverfahren", 404), ("checkliste", 409)):
        answer = way.browser.post(f"/pass/schritt/{path}", {"formular": token, "fassung": sha, "tun": "weiter"})
        assert answer.status in (status, 400), path
    assert "pass.nachweis" not in way.house.types()


def test_who_was_switched_off_or_lost_the_key_on_the_way_is_asked_to_sign_in(way: Way) -> None:
    page = way.get("/pass/schritt/information")
    form = {"formular": page.token, "fassung": shown(page)}
    way.house.change(way.entry, revoked=True)
    answer = way.browser.post("/pass/schritt/information", form)
    assert answer.header("location") == "/anmelden?weiter=/pass/schritt/information"
    other = way.house.hire("Bob Kunze", steps=0)
    browser = way.house.browser(other)
    page = browser.get("/pass/schritt/information")
    way.house.change(other, person=replace(other.person, disabled_at=NOW))
    answer = browser.post("/pass/schritt/information", {"formular": page.token, "fassung": shown(page)})
    assert answer.header("location").startswith("/anmelden?weiter=")
    assert "pass.nachweis" not in way.house.types()


@pytest.mark.parametrize("taken", ["course", "module"])
def test_a_reload_that_takes_the_course_away_half_way_leaves_pages_that_say_so(way: Way, taken: str) -> None:
    way.section("was")
    page = way.get("/pass/schritt/schulung/nie")
    rules = read_rules(way.folder)
    del rules["courses"]["probe"]
    if taken == "course":
        del rules["modules"]["schulung"]["course"]
    else:
        del rules["modules"]["schulung"]
        rules["scopes"]["basis"]["modules"].remove("schulung")
    write_rules(way.folder, rules)
    way.reload()
    answer = way.browser.post("/pass/schritt/schulung/nie", {"formular": page.token, "fassung": shown(page),
                                                             "tun": "weiter", **RIGHT["nie"]})
    assert answer.status == 404
    assert "Ihre Schritte stehen auf der Seite „KI-Pass“" in answer.text
    assert way.get("/pass/schritt/schulung").status == (200 if taken == "course" else 404)
    assert way.get("/pass").status == 200


def test_who_is_blocked_sees_so_and_is_not_sent_to_learn(way: Way) -> None:
    blocked = way.house.hire("Cem Aydin", steps=2, events=(PassEvent("gesperrt", NOW, None),))
    browser = way.house.browser(blocked)
    page = browser.get("/pass").text
    assert "Ihr KI-Pass ist gesperrt" in page
    assert "Weiter mit:" not in page
    assert browser.get("/pass/geschafft").status == 303


def test_when_the_books_are_down_the_page_says_that_nothing_was_changed(way: Way) -> None:
    page = way.get("/pass/schritt/information")

    def down(*_: object) -> None:
        raise OSError("full")

    object.__setattr__(way.house.context.learning.books, "record", down)  # type: ignore[attr-defined]
    answer = way.browser.post("/pass/schritt/information", {"formular": page.token, "fassung": shown(page)})
    assert answer.status == 503
    assert "Es wurde nichts geändert" in answer.text
    assert "Ihnen fehlen noch 5 Schritte" in way.get("/pass").text


def test_a_step_of_somebody_else_is_not_to_be_finished(way: Way) -> None:
    """The form is bound to the session: another person's form is no form."""
    other: Entry = way.house.hire("Dora Klein", steps=0)
    browser: Browser = way.house.browser(other)
    page = way.get("/pass/schritt/information")
    answer = browser.post("/pass/schritt/information", {"formular": page.token, "fassung": shown(page)})
    assert answer.status == 403


def test_every_pass_that_a_model_or_a_kind_of_finding_takes_stands_on_the_page_with_what_it_is_for(way: Way) -> None:
    models, town = way.folder / "models.yaml", way.folder / "organisation.yaml"
    text = models.read_text(encoding="utf-8")
    models.write_text(text.replace("    adapter: demo\n", "    adapter: demo\n    pass_scopes: [bild]\n", 1), "utf-8")
    text = town.read_text(encoding="utf-8")
    town.write_text(text.replace("\n  in_house:\n", "\n  in_house:\n    pass_scopes: {HEALTH: [fachverfahren]}\n", 1),
                    "utf-8")
    way.reload()
    page = way.get("/pass").text
    for wanted in ("das Modell „Demo (kein Sprachmodell)“", "in Anfragen an Modelle im Haus",
                   "/pass/schritt/schulung-bild", "/pass/schritt/schulung-fachverfahren"):
        assert wanted in page, wanted


def test_a_link_to_any_step_leads_to_its_page_whoever_needs_it(way: Way) -> None:
    for module in way.house.policies.kipass.modules:
        assert way.get(f"/pass/schritt/{module}").status == 200, module
