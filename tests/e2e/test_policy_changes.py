"""Policies change under two servers on one HOME: no request fails, both decide the same, the loud cases are loud.

What a change does stands in tests/unit/generation; here are real processes, real requests, and the commands.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess, Person
from tests.support.http import Reply, ask, chat

Twins = tuple[GatewayProcess, GatewayProcess]


@pytest.fixture(scope="module")
def twins(provider: EchoProvider, policies: Path, settled: GatewayProcess,
          tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Two servers that share HOME, database, ledger and policies."""
    folder = tmp_path_factory.mktemp("twins")
    for name in ("policies", "probe"):
        shutil.copytree(policies, folder / name)
        shutil.rmtree(folder / name / "tests", ignore_errors=True)
    shadow = {"KI_PFORTE_SHADOW_POLICIES": str(folder / "probe")}
    with (GatewayProcess(folder / "home", folder / "policies", provider.url, **shadow) as one,
          GatewayProcess(folder / "home", folder / "policies", provider.url, **shadow) as other):
        other.log = folder / "other.log"
        one.settle_like(settled).start()
        other.people = one.people
        yield one, other.start()


def folder_of(gateway: GatewayProcess, setting: str = "KI_PFORTE_POLICIES") -> Path:
    return Path(gateway.environment[setting])


def append(folder: Path, file: str, text: str) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{text}\n", encoding="utf-8")


def asked(gateway: GatewayProcess, person: Person, **more: Any) -> Reply:
    return ask("POST", gateway.url + "/v1/chat/completions", person.key, {**chat("Guten Tag"), **more})


def ready(gateway: GatewayProcess) -> dict[str, Any]:
    return json.loads(ask("GET", gateway.url + "/readyz", "").body)  # type: ignore[no-any-return]


def until(condition: Callable[[], bool], twins: Twins) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, twins[0].logged()[-3000:] + twins[1].logged()[-3000:]
        time.sleep(0.1)


def digests(twins: Twins) -> set[str]:
    return {ready(g)["details"]["policy"]["digest"] for g in twins}


def until_both_run(digest: str, twins: Twins) -> None:
    until(lambda: digests(twins) == {digest}, twins)


class Load:
    """Requests to both servers, one after the other in two threads, until the end of the block."""

    def __init__(self, twins: Twins, person: Person) -> None:
        self._stop = threading.Event()
        self.replies: list[Reply] = []
        self._threads = [threading.Thread(target=self._ask, args=(g, person)) for g in twins]

    def _ask(self, gateway: GatewayProcess, person: Person) -> None:
        while not self._stop.is_set():
            self.replies.append(asked(gateway, person))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def in_folder(gateway: GatewayProcess) -> str:
    return str(json.loads(gateway.cli("policy", "check", "--json").stdout)["digest"])


def policy_problems(gateway: GatewayProcess) -> list[str]:
    """What „policy status“ complains about: it says so with exit code 1 until each process has written its digest."""
    done = gateway.run("policy", "status", "--json")
    problems: list[str] = json.loads(done.stdout)["problems"]
    assert done.returncode == (1 if problems else 0), done.stderr
    return problems


def test_a_reload_under_load_fails_no_request_and_both_servers_decide_the_same(twins: Twins) -> None:
    one, _ = twins
    person = one.holder("gueltig", "bauamt")
    before = in_folder(one)
    until_both_run(before, twins)
    assert {asked(g, person, erfunden=1).status for g in twins} == {200}
    with Load(twins, person) as load:
        append(folder_of(one), "departments/bauamt.yaml", "unknown_fields: refuse")
        after = in_folder(one)
        until_both_run(after, twins)
        seen = len(load.replies)
        until(lambda: len(load.replies) > seen + 10, twins)
    assert {reply.status for reply in load.replies} == {200}
    assert {reply.headers["x-ki-pforte-policy"] for reply in load.replies} == {before, after}
    assert {asked(g, person, erfunden=1).status for g in twins} == {400}
    until(lambda: not policy_problems(one), twins)
    shown = json.loads(one.cli("policy", "status", "--json").stdout)
    assert {p["digest"] for p in shown["processes"]} == {after}
    assert len(shown["processes"]) == 2


def test_a_broken_set_leaves_the_last_good_one_in_force_and_everybody_can_see_it(twins: Twins) -> None:
    one, _ = twins
    before = in_folder(one)
    until_both_run(before, twins)
    file = folder_of(one) / "departments" / "bauamt.yaml"
    good = file.read_text(encoding="utf-8")
    append(folder_of(one), "departments/bauamt.yaml", "unsinn: 1")
    until(lambda: all(any("nicht verwendbar" in w for w in ready(g)["warnings"]) for g in twins), twins)
    assert digests(twins) == {before}
    assert asked(one, one.holder("gueltig", "bauamt")).status == 200
    assert one.cli("policy", "status", code=3).stdout.count(before[:12]) == 2, "what is in force is said all the same"
    metrics = ask("GET", one.url + "/metrics", "").body.decode()
    assert 'ki_pforte_policy_reloads_total{result="files"} 1.0' in metrics
    assert "ki_pforte_policy_problem 1.0" in metrics
    assert f'ki_pforte_policy_info{{digest="{before}"}}' in metrics
    file.write_text(good, encoding="utf-8")
    until(lambda: not any("nicht verwendbar" in w for g in twins for w in ready(g)["warnings"]), twins)


def test_more_monitoring_waits_for_the_personalrat_and_then_comes_into_force(twins: Twins) -> None:
    one, _ = twins
    before = in_folder(one)
    until_both_run(before, twins)
    append(folder_of(one), "organisation.yaml", "limits: {person: {requests_per_day: 5000}}")
    after = in_folder(one)
    until(lambda: all(any("Personalrats" in w for w in ready(g)["warnings"]) for g in twins), twins)
    assert digests(twins) == {before}
    assert "5.000 Anfragen je Tag" in one.cli("policy", "status", code=1).stdout
    refused = GatewayProcess(one.home, folder_of(one), "http://127.0.0.1:1/v1")
    assert "Personalrat" in refused.cli("serve", code=3).stderr, "a new server does not start with it"
    one.cli("policy", "approve", "--as", one.holder("gueltig", "kaemmerei").email, code=2)
    shown = one.cli("policy", "approve").stdout
    assert "5.000 Anfragen je Tag" in shown
    until_both_run(after, twins)
    kinds = [e.type for e in one.records() if e.type.startswith("policy.")]
    assert kinds.count("policy.approved") == 1
    assert [e.meta["kind"] for e in one.records() if e.type == "policy.monitoring"] == ["ersteinrichtung", "zustimmung"]


def test_a_shadow_set_is_compared_reported_and_promoted(twins: Twins) -> None:
    one, _ = twins
    live, probe = folder_of(one), folder_of(one, "KI_PFORTE_SHADOW_POLICIES")
    shutil.rmtree(probe)
    shutil.copytree(live, probe)
    append(probe, "departments/bauamt.yaml", "models: {deny: [demo]}")
    person = one.holder("gueltig", "bauamt")
    model = asked(one, person).headers["x-ki-pforte-model"]
    until(lambda: asked(one, person, model="demo").status == 200
          and any(e.meta.get("shadow", {}).get("said") == "denied" for e in one.records()), twins)
    report = json.loads(one.cli("policy", "shadow", "--json", code=1).stdout)
    assert report["different"] >= 1
    assert {g["department"] for g in report["groups"]} == {"andere"}, "the example departments are small"
    assert {g["rule"] for g in report["groups"]} == {"departments/bauamt:models.deny"}
    simulated = json.loads(one.cli("policy", "simulate", str(probe), "--json", code=1).stdout)
    assert simulated["different"] >= 1
    one.cli("policy", "promote", "--dry-run")
    assert asked(one, person, model="demo").status == 200
    done = json.loads(one.cli("policy", "promote", "--json").stdout)
    assert done["promoted"]
    assert Path(done["backup"]).is_dir()
    until_both_run(done["new"], twins)
    assert {asked(g, person, model="demo").status for g in twins} == {403}
    assert asked(one, person, model=model).status == 200
    assert json.loads(one.cli("policy", "diff", done["backup"], str(live), "--json", code=1).stdout)["changes"]
    assert [e.type for e in one.records()].count("policy.promoted") == 1
