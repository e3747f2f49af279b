"""Three replicas behind nginx with one PostgreSQL and one Redis: they decide as one, and what breaks stays small."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.echo_provider import PATIENCE, EchoProvider
from tests.support.gateway_process import GatewayProcess, Person, example_policies
from tests.support.http import ask, chat
from tests.support.nginx import NAME, Https
from tests.support.replicas import LONG, NEEDS, REPLICAS, TEXT, Town, running_town

pytestmark = NEEDS
A_DAY = 40
LIMITED = "vllm-haus"
"""The quick start's model has no limits."""
IT = "dmitri.schaefer@musterstadt.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[EchoProvider]:
    """One of its own: it is made to wait, and nobody else is to wait with it."""
    with EchoProvider() as running:
        yield running


@pytest.fixture(scope="module")
def town(provider: EchoProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    policies = example_policies(folder / "policies", provider.url)
    path = policies / "organisation.yaml"
    written = YAML(typ="safe", pure=True).load(path)
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(
            {**written, "conversations": {"keep_hours": 2}, "limits": {"person": {"requests_per_day": A_DAY}}}, file)
    models = policies / "models.yaml"  # the provider may take its time on a busy machine
    models.write_text(models.read_text(encoding="utf-8").replace("timeout_seconds: 1\n", "timeout_seconds: 60\n"),
                      encoding="utf-8")
    with running_town(folder, policies, provider.url) as running:
        yield running


def holders(town: Town) -> list[Person]:
    return [person for person in town.gateways[0].people if person.state == "gueltig"]


@contextmanager
def stream(town: Town, key: str) -> Iterator[http.client.HTTPResponse]:
    connection = Https(town.front)
    connection.request("POST", "/v1/chat/completions", json.dumps(chat(TEXT, stream=True)).encode(),
                       {"Host": NAME, "Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def test_a_stream_comes_through_nginx_while_the_provider_still_thinks(town: Town, provider: EchoProvider) -> None:
    with provider.doing(cut=4, wait_after=9), stream(town, holders(town)[0].key) as answer:
        assert answer.status == 200
        assert provider.paused.wait(PATIENCE)
        shown = b""
        while b"Frau" not in shown:
            shown += answer.read1(65_536)
        assert b"[DONE]" not in shown
        provider.go_on()
        assert answer.read().endswith(b"data: [DONE]\n\n")


def test_all_work_with_the_same_policies_and_replace_the_same_by_the_same(town: Town, provider: EchoProvider) -> None:
    running = [town.readiness(gateway)["details"]["policy"]["digest"] for gateway in town.gateways]
    assert len(set(running)) == 1
    before = len(provider.received)
    for gateway in town.gateways:
        assert ask("POST", gateway.url + "/v1/chat/completions", holders(town)[0].key, chat(TEXT)).status == 200
    sent = {got.text for got in provider.received[before:]}
    assert len(sent) == 1
    assert "Krüger" not in sent.pop()


def test_a_conversation_begun_with_one_goes_on_with_another(town: Town, provider: EchoProvider) -> None:
    one, other, _ = town.gateways
    key = holders(town)[0].key
    begun = ask("POST", one.url + "/v1/responses", key, {"model": "schnellstart", "input": TEXT})
    assert begun.status == 200, begun.body
    further = ask("POST", other.url + "/v1/responses", key, {
        "model": "schnellstart", "input": "Wo wohnt sie?", "previous_response_id": begun.json["id"]})
    assert further.status == 200, further.body
    assert len(provider.last.json["messages"]) >= 3, "the other one knew what had been said"
    assert "Krüger" not in json.dumps(provider.last.json, ensure_ascii=False)


def test_a_limit_is_the_limit_of_all_of_them_together(town: Town) -> None:
    key = holders(town)[1].key
    said: list[int] = []

    def client(gateway: GatewayProcess) -> None:
        for _ in range(A_DAY // 2):
            said.append(ask("POST", gateway.url + "/v1/chat/completions", key, chat("Guten Tag", LIMITED)).status)
    threads = [threading.Thread(target=client, args=(gateway,)) for gateway in town.gateways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(said) == {200: A_DAY, 429: REPLICAS * (A_DAY // 2) - A_DAY}


def test_a_stopped_model_and_a_revoked_pass_stop_everywhere(town: Town, provider: EchoProvider) -> None:
    person = holders(town)[2]

    def codes() -> set[str]:
        replies = [ask("POST", gateway.url + "/v1/chat/completions", person.key, chat("Guten Tag"))
                   for gateway in town.gateways]
        return {reply.error["code"] if reply.status != 200 else "" for reply in replies}
    assert codes() == {""}
    town.gateways[0].cli("model", "stop", "schnellstart", "--reason", "Vorfall 3", "--as", IT)
    town.until(lambda: codes() == {"modell_gestoppt"}, "a stopped model")
    sent = len(provider.received)
    assert codes() == {"modell_gestoppt"}
    assert len(provider.received) == sent
    town.gateways[1].cli("model", "start", "schnellstart", "--as", IT)
    town.until(lambda: codes() == {""}, "a model that goes on")
    town.gateways[2].cli("pass", "revoke", person.email)
    town.until(lambda: codes() == {"ki_pass_gesperrt"}, "a pass that is blocked")


def test_who_kills_a_replica_breaks_its_streams_only_and_loses_no_record(town: Town, provider: EchoProvider) -> None:
    key = holders(town)[3].key
    victim = town.gateways[1]
    ends: dict[str, bool] = {}
    with provider.doing(cut=4, wait_after=9):
        begun = [stream(town, key) for _ in range(2 * REPLICAS)]
        answers = [each.__enter__() for each in begun]
        town.until(lambda: sum(town.metric(g, "ki_pforte_streams") for g in town.gateways) == len(answers), "streams")
        its_own = town.metric(victim, "ki_pforte_streams")
        assert its_own > 0
        victim.kill()
        provider.go_on()
        for answer in answers:
            try:
                whole = answer.read().endswith(b"data: [DONE]\n\n")
            except (http.client.IncompleteRead, ConnectionError):
                whole = False
            ends[answer.getheader("x-request-id") or ""] = whole
        for each in begun:
            each.__exit__(None, None, None)
    assert list(ends.values()).count(False) == its_own, "the others' streams came to their end"
    replies = [town.ask("/v1/chat/completions", chat("Guten Tag"), key) for _ in range(2 * REPLICAS)]
    assert {reply.status for reply in replies} == {200}, "nginx asks the others"
    victim.start(LONG)
    town.until(lambda: all(town.ends()[vorgang] for vorgang in ends), "every exchange has its end")
    kinds = town.ends()
    for vorgang, whole in ends.items():
        assert kinds[vorgang] == (["outcome"] if whole else ["outcome.unknown"])
    for reply in replies:
        assert kinds[reply.headers["x-request-id"]] == ["outcome"]


def test_a_database_that_restarts_costs_readable_refusals_and_no_record(town: Town) -> None:
    key = holders(town)[4].key
    replies: list[Any] = []
    done = threading.Event()

    def client() -> None:
        while not done.is_set():
            replies.append(town.ask("/v1/chat/completions", chat("Guten Tag"), key))
            done.wait(0.3)
    thread = threading.Thread(target=client)
    thread.start()
    try:
        town.until(lambda: any(reply.status == 200 for reply in replies), "load")
        town.postgres.control("restart", "-m", "fast")
        seen = len(replies)
        town.until(lambda: [r.status for r in replies[seen:]][-REPLICAS:] == [200] * REPLICAS, "answers again")
    finally:
        done.set()
        thread.join(PATIENCE)
    for reply in replies:
        assert reply.status == 200 or (reply.status >= 500 and reply.error["message"]), reply.body
    answered = [reply.headers["x-request-id"] for reply in replies if reply.status == 200]
    town.until(lambda: all(town.ends().get(vorgang) == ["outcome"] for vorgang in answered), "records")


def test_without_redis_the_rule_holds_that_was_set_and_everybody_can_see_it(town: Town) -> None:
    key = holders(town)[5].key
    town.redis.stop()
    replies = [ask("POST", g.url + "/v1/chat/completions", key, chat("Guten Tag", LIMITED)) for g in town.gateways]
    assert {reply.status for reply in replies} == {200}, "limits protect money, not people's data"
    for gateway in town.gateways:
        town.until(lambda one=gateway: "KI_PFORTE_LIMITS_WITHOUT_REDIS" in str(town.readiness(one)["warnings"]), "said")
        assert "the counters of limits are away" in gateway.logged()
        assert town.metric(gateway, "ki_pforte_limits_problem") == 1
    town.redis.start()
    for gateway in town.gateways:
        town.until(lambda one=gateway: town.metric(one, "ki_pforte_limits_problem") == 0, "counted together again")
