"""The HTML file says the same as the Python verifier, in a real browser, about every shared vector."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit import Ledger, LedgerConfig, Trust
from audit.bundle import verify_bundle
from audit.proof import write_proof
from audit.record import new_id
from tests.support.audit_example import LOG, line, note, signer
from tests.support.audit_intruder import Intruder
from tests.support.audit_vectors import HOME
from tests.support.webdriver import MISSING, Chromium, chromium

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
PAGE = Path(__file__).parents[2] / "audit" / "pruefer.html"
VECTORS: dict[str, Any] = json.loads((HOME / "vectors.json").read_text("utf-8"))
_LOGIC = """const {basics} = arguments[0], raw = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const reads = (read, bytes) => { try { read(bytes); return true; }
  catch (error) { if (error instanceof FormatError) return false; throw error; } };
const tree = new CompactRange(), roots = [hex(tree.root())], message = utf8(parseNote(basics.note).text);
for (const one of basics.envelopes.slice(0, 3)) { tree.append(unhex(one.leaf)); roots.push(hex(tree.root())); }
const key = parseVkey(basics.vkey), none = new Uint8Array(64);
const signature = parseNote(basics.note).signatures[0].signature;
return Promise.all([ed25519(key.public, signature, message), slowVerify(key.public, signature, message),
  slowVerify(key.public, none, message)]).then(signed => ({signed, roots, native,
  canonical: basics.canonical.map(one => reads(canonical, raw(one.bytes))),
  envelopes: basics.envelopes.map(one => [reads(parseEnvelope, raw(one.bytes)), hex(leafHash(raw(one.bytes)))]),
  commitments: basics.commitments.map(one => commitment(one.name, unhex(one.salt), raw(one.body)))}));"""


@pytest.fixture(scope="module")
def window() -> Iterator[Chromium]:
    with chromium() as found:
        yield found


def judge(window: Chromium, case: dict[str, Any], path: Path | None = None) -> dict[str, Any]:
    """Fill in the page as a person would, and return what it says for programs."""
    window.open(PAGE.as_uri())
    window.type("#buendel", str(path or HOME / f"{case['name']}.zip"))
    window.script(
        "for (const [id, text] of Object.entries(arguments[0])) document.getElementById(id).value = text;"
        "document.getElementById('pflicht').checked = arguments[1];",
        {"schluessel": "\n".join(case["vkeys"])},
        case["require_pin"],
    )
    window.script(
        "const files = new DataTransfer(); arguments[0].forEach((text, n) => files.items.add(new File([text], "
        "`pin${n}.txt`))); document.getElementById('notizdateien').files = files.files;",
        case["pins"],
    )
    window.click("#pruefen")
    for _ in range(3000):
        if window.script("return !document.querySelector('#urteil').hidden"):
            return dict(json.loads(window.script("return document.querySelector('#json').textContent")))
        assert window.script("return document.querySelector('#fehler').textContent") == ""
        time.sleep(0.02)
    raise AssertionError(case["name"])


@pytest.mark.parametrize("case", VECTORS["bundles"], ids=[case["name"] for case in VECTORS["bundles"]])
def test_both_verifiers_agree_field_by_field(window: Chromium, case: dict[str, Any]) -> None:
    assert judge(window, case) == case["expect"]
    assert window.complaints() == []


@pytest.mark.parametrize("case", VECTORS["proofs"], ids=[case["name"] for case in VECTORS["proofs"]])
def test_both_verifiers_agree_about_the_proof_of_one_record(window: Chromium, case: dict[str, Any],
                                                            tmp_path: Path) -> None:
    path = tmp_path / "fall.tlog-proof"
    path.write_text(case["proof"], encoding="utf-8", newline="")
    window.open(PAGE.as_uri())
    window.type("#buendel", str(path))
    window.click("#pruefen")
    assert "gehört der Prüfschlüssel" in window.text("#fehler")
    assert judge(window, {**case, "require_pin": False, "pins": []}, path) == case["expect"]
    assert f"Nachweis {case['expect']['verdict']}" in window.text("#wort")
    assert window.complaints() == []


@pytest.mark.parametrize("own_bundle", [False, True], ids=["of the house", "of the intruder"])
def test_a_key_slipped_into_a_real_ledger_is_believed_by_neither_verifier(window: Chromium, tmp_path: Path,
                                                                        own_bundle: bool) -> None:
    """Whoever may write to the database announces a key of his own; the house sequences and signs it, and goes on."""
    with Ledger(LedgerConfig(f"sqlite:///{tmp_path}/audit.sqlite", LOG, tmp_path / "keys")) as ledger:
        ledger.append_wait(ledger.draft("note", {"what": "1"}))
        ledger.rotate_key()
        first, second = ledger.vkeys()
        intruder = Intruder(ledger)
        facts = {"before": str(second), "size": 1, "vkey": str(intruder.signer.vkey)}
        intruder.slip_in("key.rotate", intruder.signer.announce("key.rotate", new_id(), facts))
        intruder.slip_in("prune", {"to": 1, "peaks": [], "writers": {}, "open": []})
        ledger.checkpoint()
        size = ledger.status().checkpoint_size
        ledger.append_wait(ledger.draft("note", {"what": "2"}))
        ledger.checkpoint()
        bundle = tmp_path / "bundle.zip"
        if own_bundle:
            intruder.rewrite(ledger, bundle, size)
        else:
            ledger.export_bundle(bundle)
    here = verify_bundle(bundle, Trust((), (first,))).as_json()
    case = {"name": "", "vkeys": [str(first)], "pins": [], "require_pin": False}
    assert judge(window, case, bundle) == here
    assert [one["vkey"] for one in here["learnt_keys"]] == [str(second)]
    assert (here["exit_code"], here["changed_count"]) == (1, 2)
    assert ("nicht von uns unterschrieben" in str(here["findings"])) == own_bundle
    assert window.complaints() == []


def test_what_a_record_says_cannot_turn_the_page_around(window: Chromium, tmp_path: Path) -> None:
    """Characters that nobody sees, or that turn the direction of writing, are shown as what they are."""
    said = {"wort": "a\u202eb\u009bc\u200bd🏛"}
    record = line(0, "note", said)
    path = tmp_path / "fall.tlog-proof"
    path.write_text(write_proof(record, [], note(signer(1), [record])), encoding="utf-8", newline="")
    case = {"name": "", "vkeys": [str(signer(1).vkey)], "pins": [], "require_pin": False}
    assert judge(window, case, path)["parts"] == {"meta": said}
    shown = window.text("#zahlen") + window.text("#json")
    assert "a\\u202eb\\u009bc\\u200bd🏛" in shown
    assert not set(shown) & set("\u202e\u009b\u200b")


def test_both_verifiers_agree_on_single_values(window: Chromium) -> None:
    """Also by the way of checking signatures that only browsers without Ed25519 go."""
    logic = re.search(r'id="logik">(.*?)</script>', PAGE.read_text("utf-8"), re.DOTALL)
    assert logic
    window.open(PAGE.as_uri())
    said, basics = window.script(logic[1] + _LOGIC, VECTORS), VECTORS["basics"]
    assert said["signed"] == [True, True, False]
    assert said["roots"] == basics["roots"][:4]
    assert said["canonical"] == [one["good"] for one in basics["canonical"]]
    assert said["envelopes"] == [[one["good"], one["leaf"]] for one in basics["envelopes"]]
    assert said["commitments"] == [one["hex"] for one in basics["commitments"]]


def test_what_is_missing_or_wrong_is_said_in_words(window: Chromium) -> None:
    window.open(PAGE.as_uri())
    window.click("#pruefen")
    assert window.text("#fehler") == "Bitte wählen Sie zuerst ein Bündel oder einen Nachweis."
    assert window.script("return document.activeElement.id") == "fehler"
    window.type("#buendel", str(HOME / "unchanged.zip"))
    window.type("#schluessel", "unsinn")
    window.click("#pruefen")
    assert "nicht vollständig" in window.text("#fehler")


def test_the_file_allows_itself_its_own_script_and_nothing_from_outside() -> None:
    text = PAGE.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    for pattern in (r"<style>(.*?)</style>", r"<script>(.*?)</script>"):
        [inner] = re.findall(pattern, text, re.DOTALL)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert not re.search(r"https?:|src=|fetch\(|XMLHttp|import\(|unsafe-", text)
