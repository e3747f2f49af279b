"""Two people in two browsers find out who a pseudonym is; what is secret stays where it belongs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import Page, expect

from audit import pieces, trustee
from audit.errors import FormatError
from audit.sealing import DPO, PERSONALRAT
from tests.support.playing import MISSING, Played, Traffic, playing
from tests.support.stage import violations
from tests.support.two_people import CANARY, COUNCIL, OFFICER, VORGANG, TwoPeople, two_people
from tests.support.web_house import open_house

pytestmark = [pytest.mark.browser, pytest.mark.last, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
PASSWORD = "ein langes Kennwort für die Probe"
expect.set_options(timeout=60_000)  # a busy machine is no mistake


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with open_house(tmp_path, None) as house, playing(house) as found:
        yield found


def key_file(folder: Path, role: str, private: X25519PrivateKey) -> Path:
    """A key file as the command makes it, only with a cheap password."""
    file = folder / f"{role}.key"
    file.write_text(trustee.lock(role, private, PASSWORD, cost=16), "ascii")
    return file


def told(traffic: Traffic) -> bytes:
    return b"\n".join(traffic.sent)


def nothing_secret(traffic: Traffic, private: X25519PrivateKey, file: Path | None = None) -> None:
    """No request of this browser held the key, its password, or the file that both are in."""
    raw, sent = private.private_bytes_raw(), told(traffic)
    secrets = [raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), PASSWORD.encode(), b"SCHLUESSEL",
               b"ein+langes", b"ein%20langes"]
    secrets += [line.encode() for line in file.read_text("ascii").splitlines()[1:-1]] if file else []
    assert [one for one in secrets if one in sent] == []


def open_layer(page: Page, file: Path, button: str) -> None:
    page.get_by_label("Ihre Schlüsseldatei").set_input_files(file)
    page.get_by_label("Kennwort der Schlüsseldatei").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def ask(page: Page) -> str:
    page.goto(f"/review/person/neu?vorgang={VORGANG}")
    page.get_by_label("begründeter Verdacht auf Missbrauch").check()
    page.get_by_label("2. Zu welchem Fall?").fill("V-2026-3")
    page.get_by_role("button", name="Antrag stellen").click()
    expect(page.get_by_text("Es fehlt noch die Zustimmung von: Personalrat.")).to_be_visible()
    return page.url


def to_the_outer_layer(officer: Page, council: Page) -> str:
    address = ask(officer)
    council.goto(address)
    council.get_by_role("button", name="Zustimmen").click()
    officer.reload()
    officer.get_by_role("button", name="Siegel holen").click()
    expect(officer.get_by_label("Ihre Schlüsseldatei")).to_be_visible()
    return address


def test_two_people_find_out_who_it_is_and_no_key_leaves_a_browser(played: Played, tmp_path: Path) -> None:
    there = two_people(played.house)
    officer, officers = played.come_in(there.officer)
    council, councils = played.come_in(there.council)
    files = key_file(tmp_path, DPO, OFFICER), key_file(tmp_path, PERSONALRAT, COUNCIL)
    address = to_the_outer_layer(officer, council)
    assert violations(officer) == []
    open_layer(officer, files[1], "Äußere Hülle öffnen und weitergeben")
    expect(officer.get_by_text("Er gehört zu einer anderen Rolle.")).to_be_visible()
    open_layer(officer, files[0], "Äußere Hülle öffnen und weitergeben")
    expect(officer.get_by_text("Als Nächstes öffnet der Personalrat die innere Hülle")).to_be_visible()
    council.reload()
    envelope = council.locator("[data-stueck]").input_value()
    open_layer(council, files[1], "Innere Hülle öffnen und abgeben")
    expect(council.get_by_text("Die Person ist festgestellt.")).to_be_visible()
    officer.goto(f"{address}/ergebnis")
    expect(officer.get_by_text(CANARY)).to_be_visible()
    assert violations(officer) == []
    assert CANARY not in council.content()
    council.goto(f"{address}/ergebnis")
    assert CANARY not in council.content()
    nothing_secret(officers, OFFICER, files[0])
    nothing_secret(councils, COUNCIL, files[1])
    neither_alone(there, envelope, told(councils))
    assert {a.split("/")[2] for a in officers.addresses + councils.addresses} == {played.base.split("/")[2]}


def neither_alone(there: TwoPeople, envelope: str, sent: bytes) -> None:
    """What lies between the two holds no id in clear, and the one key does not open what is for the other."""
    subject, value = there.clerk.person.id.encode(), pieces.unarmor(envelope)[1]
    assert subject not in sent
    assert subject not in envelope.encode()
    for role in (DPO, PERSONALRAT):
        with pytest.raises(FormatError):
            pieces.open_inner(OFFICER, role, value)
    with pytest.raises(FormatError):
        pieces.open_outer(COUNCIL, value)


def test_a_key_is_made_in_the_browser_and_only_its_public_part_is_sent(played: Played, tmp_path: Path) -> None:
    there = two_people(played.house, keys=False)
    officer, traffic = played.come_in(there.officer)
    officer.goto("/review/person/schluessel")
    officer.get_by_label("Kennwort für die Datei").fill("zu kurz")
    officer.get_by_role("button", name="Schlüssel erzeugen und Datei speichern").click()
    expect(officer.locator("[data-problem]")).to_contain_text("mindestens 12 Zeichen")
    expect(officer.get_by_label("Öffentlicher Schlüssel")).to_be_hidden()
    officer.get_by_label("Kennwort für die Datei").fill(PASSWORD)
    officer.get_by_label("Noch einmal").fill(PASSWORD)
    with officer.expect_download() as download:
        officer.get_by_role("button", name="Schlüssel erzeugen und Datei speichern").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    role, private = trustee.unlock(file.read_text("ascii"), PASSWORD)
    assert (role, file.name) == (DPO, "datenschutz.key")
    officer.get_by_role("button", name="Öffentlichen Schlüssel eintragen").click()
    expect(officer.get_by_text("wartet auf die Zustimmung des Personalrats")).to_be_visible()
    [waiting] = played.house.ledger.keyring.waiting()
    assert waiting.public == private.public_key().public_bytes_raw()
    expect(officer.get_by_text(waiting.fingerprint)).to_be_visible()
    nothing_secret(traffic, private, file)


def test_a_key_that_is_kept_works_again_and_nobody_reads_it_out(played: Played, tmp_path: Path) -> None:
    there = two_people(played.house)
    officer, _ = played.come_in(there.officer)
    council, _ = played.come_in(there.council)
    to_the_outer_layer(officer, council)
    officer.get_by_label("Schlüssel auf diesem Gerät merken.").check()
    open_layer(officer, key_file(tmp_path, DPO, OFFICER), "Äußere Hülle öffnen und weitergeben")
    expect(officer.get_by_text("Als Nächstes öffnet der Personalrat die innere Hülle")).to_be_visible()
    assert officer.evaluate("""async () => {
        const told = request => new Promise(done => { request.onsuccess = () => done(request.result); });
        const base = await told(indexedDB.open('ki-pforte'));
        const key = await told(base.transaction('schluessel').objectStore('schluessel').get('dpo'));
        base.close();
        return [key.secret.extractable, await crypto.subtle.exportKey('pkcs8', key.secret).catch(error => error.name)];
    }""") == [False, "InvalidAccessError"]
    officer.get_by_text("Antrag beenden, ohne die Person festzustellen").click()
    officer.get_by_role("button", name="Antrag beenden").click()
    ask(officer)
    council.goto(officer.url)
    council.get_by_role("button", name="Zustimmen").click()
    officer.reload()
    officer.get_by_role("button", name="Siegel holen").click()
    expect(officer.get_by_text("Auf diesem Gerät ist Ihr Schlüssel gemerkt.")).to_be_visible()
    officer.get_by_role("button", name="Äußere Hülle öffnen und weitergeben").click()
    expect(officer.get_by_text("Als Nächstes öffnet der Personalrat die innere Hülle")).to_be_visible()


def test_both_do_it_with_the_keyboard_alone(played: Played, tmp_path: Path) -> None:
    there = two_people(played.house)
    officer, _ = played.come_in(there.officer)
    council, _ = played.come_in(there.council)
    officer.goto(f"/review/person/neu?vorgang={VORGANG}")
    tab_to(officer, "grund-1")
    press(officer, "ArrowDown", "ArrowDown", "Tab")
    officer.keyboard.type("V-2026-3")
    officer.keyboard.press("Enter")
    expect(officer.get_by_text("Es fehlt noch die Zustimmung von: Personalrat.")).to_be_visible()
    council.goto(officer.url)
    push(council, "Zustimmen")
    expect(council.get_by_text("Als Nächstes öffnet die Person")).to_be_visible()
    officer.reload()
    push(officer, "Siegel holen")
    for page, private, role, word in ((officer, OFFICER, DPO, "Als Nächstes öffnet der Personalrat"),
                                      (council, COUNCIL, PERSONALRAT, "Die Person ist festgestellt.")):
        if page is council:
            page.reload()
        expect(page.get_by_label("Ihre Schlüsseldatei")).to_be_visible()
        tab_to(page, "schluesseldatei")
        press(page, "Tab", "Enter", "Tab")  # the text of the file: the system's dialogue is no page
        page.keyboard.insert_text(key_file(tmp_path, role, private).read_text("ascii"))
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text(word)).to_be_visible()
    officer.reload()
    push(officer, "Ergebnis ansehen")
    expect(officer.get_by_text(CANARY)).to_be_visible()


def test_without_a_script_the_pieces_are_opened_at_the_terminal_and_the_page_carries_them(played: Played) -> None:
    there = two_people(played.house)
    officer, _ = played.come_in(there.officer, scripts=False)
    council, _ = played.come_in(there.council, scripts=False)
    address = ask(officer)
    council.goto(address)
    council.get_by_role("button", name="Zustimmen").click()
    officer.goto(address)
    officer.get_by_role("button", name="Siegel holen").click()
    expect(officer.get_by_text("python -m audit trustee open")).to_be_visible()
    expect(officer.get_by_label("Ihre Schlüsseldatei")).to_be_hidden()
    given = officer.get_by_label("Das Stück für Sie").input_value()
    officer.get_by_label("Das geöffnete Stück").fill(pieces.open_outer(OFFICER, pieces.unarmor(given)[1]))
    officer.get_by_role("button", name="Geöffnetes Stück abgeben").click()
    council.goto(address)
    given = council.get_by_label("Das Stück für Sie").input_value()
    council.get_by_label("Das geöffnete Stück").fill(pieces.open_inner(COUNCIL, PERSONALRAT, pieces.unarmor(given)[1]))
    council.get_by_role("button", name="Geöffnetes Stück abgeben").click()
    officer.goto(f"{address}/ergebnis")
    expect(officer.get_by_text(CANARY)).to_be_visible()


def tab_to(page: Page, element_id: str) -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if page.evaluate("() => document.activeElement.id") == element_id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {element_id}")


def push(page: Page, word: str) -> None:
    """Go to a button or link with Tab, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.innerText") == word:
            return page.keyboard.press("Enter")
    raise AssertionError(f"the keyboard does not reach „{word}“")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
