"""``ki-pforte audit``: lists, exports and information for the people concerned, and what the log keeps of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit import Filters, Ledger
from gateway.cli import app
from gateway.cli.audit_read import following
from gateway.home import known_log_name, open_ledger, own_secret
from gateway.pipeline.reference import mark_of
from gateway.settings import load

REFERENCE = "Az. 50-2026/1138 Müller"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def house_ledger() -> Ledger:
    settings = load()
    return open_ledger(settings, known_log_name(settings.home) or "")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house in which one person asked twice, once in a citizen's matter."""
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert run("init").exit_code == 0
    assert run("person", "add", "a@b.example", "--name", "Ada Beispiel", "--department", "bauamt").exit_code == 0
    subject = json.loads(run("person", "list", "--json").stdout)["people"][0]["subject"]
    mark = mark_of(own_secret(load().home, "gespraeche.key"), REFERENCE)
    meta = {"vorgang": "K7QF", "department": "bauamt", "model": "demo", "provider": "Demo GmbH", "region": "DE",
            "decision": "allowed", "purpose": "allgemein", "rules": [], "found": {"PERSON": 2},
            "replaced": {"PERSON:placeholder": 2}}
    with house_ledger() as ledger:
        intent = ledger.append_wait(ledger.draft("intent", {**meta, "reference": mark}, subject=subject)).record_id
        ledger.append_wait(ledger.draft("outcome", {"vorgang": "K7QF", "status": "ok"}, subject=subject, ref=intent))
        ledger.append_wait(ledger.draft("denied", {"vorgang": "M2XA", "decision": "denied", "code": "zu_gross"},
                                        subject=subject))
    return tmp_path


def views(kind: str) -> list[dict[str, object]]:
    with house_ledger() as ledger:
        ledger.sequence()
        found = [ledger.reader.get(row.id) for row in ledger.reader.page(Filters(types=(kind,))).rows]
        return [view.meta for view in found if view is not None]


def test_somebody_reads_their_own_records_and_the_log_knows(house: Path) -> None:
    out = house / "auskunft.json"
    assert run("audit", "self", "a@b.example", "--format", "json", "-o", out).exit_code == 0
    rows = [r for r in json.loads(out.read_text("utf-8"))["records"] if r["vorgang"]]
    assert [r["happened"] for r in rows] == ["abgelehnt, nichts wurde gesendet (Anfrage zu groß)",
                                             "gesendet und beantwortet"]
    assert rows[1]["recipient"] == "Demo GmbH, DE"
    assert rows[1]["replaced"][0].startswith("2 × ")
    assert len(rows[1]["kept"]) == 2
    assert views("view")[0]["page"] == "auskunft/eigene"
    html = house / "auskunft.html"
    assert run("audit", "self", "a@b.example", "-o", html).exit_code == 0
    text = html.read_text("utf-8")
    assert "gesendet und beantwortet" in text
    assert "<script" not in text
    assert "http" not in text
    assert "Ada" not in text


def test_a_citizen_learns_everything_but_who_it_was(house: Path) -> None:
    for form in ("json", "html"):
        out = house / f"buerger.{form}"
        asked = run("audit", "citizen", "--reference", "az.50-2026/1138 MÜLLER", "--format", form, "-o", out)
        assert asked.exit_code == 0, asked.output
        text = out.read_text("utf-8")
        assert "Demo GmbH, DE" in text
        with house_ledger() as ledger:
            subject = json.loads(run("person", "list", "--json").stdout)["people"][0]["subject"]
            for secret in ("K7QF", "bauamt", "Ada", subject, *ledger.pseudonyms(subject)):
                assert secret not in text
    assert json.loads((house / "buerger.json").read_text("utf-8"))["count"] == 1
    assert set(json.loads((house / "buerger.json").read_text("utf-8"))["records"][0]) == {
        "day", "purpose", "recipient", "kinds", "happened", "kept_until"}
    said = views("view")
    assert len(said) == 2
    assert all("1138" not in json.dumps(meta) for meta in said)
    nobody = house / "niemand.json"
    run("audit", "citizen", "--reference", "anderes", "--format", "json", "-o", nobody)
    assert json.loads(nobody.read_text("utf-8"))["count"] == 0


def test_a_selection_needs_a_reason_and_lists_need_none(house: Path) -> None:
    out = house / "e.csv"
    assert run("audit", "export", out, "--format", "csv").exit_code == 2
    assert not out.exists()
    done = run("audit", "export", out, "--format", "csv", "--purpose", "vorfall-1", "--type", "denied")
    assert done.exit_code == 0, done.output
    assert views("export")[0]["rows"] == 1
    listed = json.loads(run("audit", "list", "--type", "denied", "--json").stdout)
    assert [row["vorgang"] for row in listed["records"]] == ["M2XA"]
    first = json.loads(run("audit", "list", "--limit", "1", "--json").stdout)
    second = json.loads(run("audit", "list", "--limit", "1", "--before", first["before"], "--json").stdout)
    assert first["records"][0]["idx"] > second["records"][0]["idx"]
    assert run("audit", "list", "--since", "gestern").exit_code == 2
    assert run("audit", "list", "--before", "x").exit_code == 2
    assert len(views("view")) == 0


def test_following_shows_every_new_record_once(house: Path) -> None:
    with house_ledger() as ledger:
        ledger.sequence()
        last = ledger.reader.tail(limit=1)[0].idx
        rounds = iter(range(3))

        def pause() -> None:
            if next(rounds, None) is None:
                raise KeyboardInterrupt
            ledger.append_wait(ledger.draft("heartbeat", {}))

        seen: list[int] = []
        with pytest.raises(KeyboardInterrupt):
            seen.extend(row.idx for row in following(ledger, last, pause))
        assert seen == list(range(last + 1, last + 1 + len(seen)))
        assert len(seen) >= 3


def test_the_status_says_how_large_it_gets(house: Path) -> None:
    said = json.loads(run("audit", "status", "--json").stdout)
    assert said["bytes"] > 0
    assert said["bytes_after_days"]["184"] >= said["bytes_after_days"]["90"] >= said["bytes"]


def test_a_sample_that_cannot_be_drawn_yet_says_so(house: Path) -> None:
    found = run("audit", "sample", "--month", "2026-01")
    assert found.exit_code == 3
    assert "noch nichts ziehen" in found.stderr
    assert run("audit", "sample", "--month", "Oktober").exit_code == 2
    shown = json.loads(run("audit", "sample", "--month", "2026-01", "--json").stdout)
    assert (shown["month"], shown["drawn"]) == ("2026-01", [])
