"""``pass verify`` and ``pass issuer``, as somebody types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from gateway.cli import app
from gateway.home import pass_keys, rotate_pass_keys
from gateway.kipass import credential
from gateway.kipass.issuer import document, issuer_of
from gateway.kipass.number import number_of
from gateway.model.certificates import Attestation, HeldScope

KEY = ECKey.generate_key("P-256")
NOW = datetime.now(UTC).replace(microsecond=0)
SHOWS = Attestation(number_of(7), "https://ki.musterstadt.example", "Stadt Musterstadt", "Ada Lovelace", "Bauamt",
                    (HeldScope("basis", "Grundlagen", date(2099, 12, 31)),), "3.0", NOW + timedelta(days=365))

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(Path(__file__).parents[3] / "policies"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys.json").write_text(json.dumps(document(issuer_of([KEY], SHOWS.issuer, SHOWS.issuer_name))))

    def call(*words: str, token: str = "", text: bytes | None = None) -> tuple[int, str, str]:
        (tmp_path / "nachweis.jws").write_bytes(f"{token}\n".encode() if text is None else text)
        result = CliRunner().invoke(app, ["pass", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr
    return call


def test_a_valid_certificate_of_another_town_is_zero_and_says_whose_it_is(run: Run) -> None:
    code, said, beside = run("verify", "nachweis.jws", "--issuer-keys", "keys.json",
                             token=credential.issue(SHOWS, KEY, NOW))
    assert code == 0
    assert "Dieser Nachweis ist echt und gilt bis" in said
    assert "Ada Lovelace, Bauamt, Stadt Musterstadt" in said
    assert SHOWS.address in beside


def test_with_json_standard_output_holds_the_json_and_nothing_else(run: Run) -> None:
    code, said, _ = run("verify", "nachweis.jws", "--issuer-keys", "keys.json", "--json",
                        token=credential.issue(SHOWS, KEY, NOW))
    found = json.loads(said)
    assert code == 0
    assert found["valid"] is True
    assert (found["name"], found["agreement"], found["scopes"]) == (
        "Ada Lovelace", "3.0", [{"id": "basis", "name": "Grundlagen", "until": "2099-12-31"}])


def test_a_certificate_that_does_not_count_is_one_with_a_sentence(run: Run) -> None:
    good, other = credential.issue(SHOWS, KEY, NOW), credential.issue(SHOWS, ECKey.generate_key("P-256"), NOW)
    mixed = f"{good.rpartition('.')[0]}.{other.rpartition('.')[2]}"
    late = credential.issue(SHOWS, KEY, NOW + timedelta(hours=1))
    past = credential.issue(Attestation(SHOWS.number, SHOWS.issuer, SHOWS.issuer_name, SHOWS.name, SHOWS.department,
                                        SHOWS.scopes, "", NOW - timedelta(seconds=1)), KEY, NOW - timedelta(days=9))
    for token, problem in ((other, "schluessel_unbekannt"), (mixed, "unterschrift_falsch"),
                           (late, "noch_nicht_gueltig"), (past, "abgelaufen"), ('{"payload": "x"}', "kein_nachweis"),
                           ("", "kein_nachweis"), ("A" * 400_000, "zu_gross")):
        code, said, beside = run("verify", "nachweis.jws", "--issuer-keys", "keys.json", "--json", token=token)
        assert (code, json.loads(said)["valid"], json.loads(said)["problem"]) == (1, False, problem)
        assert beside.strip() == json.loads(said)["message"]


def test_a_file_of_any_bytes_is_no_certificate(run: Run) -> None:
    for text in (b"\xff\xfe\x00", b"\x00" * 1000, "é.ü.ß".encode("latin-1")):
        assert run("verify", "nachweis.jws", "--issuer-keys", "keys.json", text=text)[0] == 1


def test_what_cannot_be_checked_is_three(run: Run, tmp_path: Path) -> None:
    token = credential.issue(SHOWS, KEY, NOW)
    assert run("verify", "fehlt.jws", "--issuer-keys", "keys.json")[0] == 3
    assert run("verify", "nachweis.jws", "--issuer-keys", "fehlt.json", token=token)[0] == 3
    (tmp_path / "secret.json").write_text(json.dumps(KEY.as_dict(private=True)))
    code, _, beside = run("verify", "nachweis.jws", "--key", "secret.json", token=token)
    assert code == 3
    assert "geheimen Schlüssel" in beside


def test_two_sources_of_keys_or_none_is_misuse(run: Run, tmp_path: Path) -> None:
    token = credential.issue(SHOWS, KEY, NOW)
    assert run("verify", "nachweis.jws", "--key", "keys.json", "--issuer-keys", "keys.json", token=token)[0] == 2
    assert run("verify", "nachweis.jws", token=token)[0] == 2
    assert not (tmp_path / "home" / "keys").exists()


def test_a_key_that_does_not_say_whose_it_is_comes_with_a_warning(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(KEY.as_pem(private=False))
    code, _, beside = run("verify", "nachweis.jws", "--key", "key.pem", token=credential.issue(SHOWS, KEY, NOW))
    assert code == 0
    assert "der nicht sagt, wem er gehört" in beside


def test_the_keys_of_the_house_are_shown_as_they_are_published_and_check_after_a_rotation(run: Run,
                                                                                         tmp_path: Path) -> None:
    code, said, _ = run("issuer")
    first: Any = json.loads(said)
    assert code == 0
    assert first["name"] == "Stadt Musterstadt"
    token = credential.issue(SHOWS, pass_keys(tmp_path / "home").signing, NOW)
    second = json.loads(run("issuer", "--rotate")[1])
    assert [key["kid"] for key in second["keys"]][1:] == [key["kid"] for key in first["keys"]]
    assert run("verify", "nachweis.jws", token=token)[0] == 0


def test_of_a_key_that_no_longer_signs_only_the_public_part_stays(tmp_path: Path) -> None:
    before = pass_keys(tmp_path)
    assert pass_keys(tmp_path).signing.thumbprint() == before.signing.thumbprint()
    after = rotate_pass_keys(tmp_path)
    assert after.signing.thumbprint() != before.signing.thumbprint()
    assert [key.is_private for key in after.published] == [True, False]
    secret = before.signing.as_dict(private=True)["d"]
    files = list((tmp_path / "keys" / "ki-pass").iterdir())
    assert len(files) == 2
    assert not any(secret in path.read_text() for path in files)
    assert (tmp_path / "keys" / "ki-pass" / "aktuell.json").stat().st_mode & 0o077 == 0
