"""Three replicas under load: what is killed takes only its own with it, what is said to one holds for all.

As in `test_three_replicas`, with the other rule for the time without Redis and a short grace for those that stop.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import Person, example_policies
from tests.support.http import Reply, ask, chat
from tests.support.replicas import LONG, NEEDS, REPLICAS, SLOW, TEXT, Load, Streams, Town, running_town

pytestmark = NEEDS
LIMITED, OUTSIDE = "vllm-haus", "eu-cloud"
"""The quick start's model has no limits; nobody listens where the one outside should be."""
IT = "dmitri.schaefer@musterstadt.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[EchoProvider]:
    with EchoProvider() as running:
        yield running


@pytest.fixture(scope="module")
def town(provider: EchoProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("load")
    policies = example_policies(folder / "policies", provider.url)
    shutil.rmtree(policies / "tests")  # they expect names to be replaced, not to stay in the house
    path = policies / "organisation.yaml"
    written = YAML(typ="safe", pure=True).load(path)
    written["limits"] = {"person": {"requests_per_day": 100_000}}
    written["content"]["outside"]["findings"]["PERSON"] = "in_house"
    del written["routing"]["fallback"]  # what goes outside is to be seen: nobody answers there
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(written, file)
    models = policies / "models.yaml"  # the provider may take its time on a busy machine
    models.write_text(models.read_text(encoding="utf-8").replace("timeout_seconds: 1\n", "timeout_seconds: 60\n"),
                      encoding="utf-8")
    with running_town(folder, policies, provider.url, KI_PFORTE_GRACE_SECONDS="1",
                      KI_PFORTE_LIMITS_WITHOUT_REDIS="refuse") as running:
        yield running


def holders(town: Town) -> list[Person]:
    return [person for person in town.gateways[0].people if person.state == "gueltig"]


def streams_of(town: Town, count: int) -> Streams:
    """Begin so many more streams, of different people; return when the replicas have them all."""
    before = sum(town.metric(one, "ki_pforte_streams") for one in town.gateways if one.process)
    keys = [person.key for person in holders(town)]
    begun = Streams(town, (keys * count)[:count])
    town.until(lambda: sum(town.metric(one, "ki_pforte_streams") for one in town.gateways if one.process)
               == before + count, "streams")
    return begun


@dataclass
class Killed:
    """Two replicas were killed, one after the other, with streams under way."""

    streams: list[tuple[Reply, bool]]
    theirs: float
    """How many streams the two had when they were killed."""


@pytest.fixture(scope="module")
def killed(town: Town, provider: EchoProvider) -> Killed:
    """Thirty streams, one dies; ten more come to those that are left, another dies; what is left goes on."""
    one, other, _ = town.gateways
    with provider.doing(cut=4, wait_after=9, only=SLOW):
        first = streams_of(town, 30)
        theirs = town.metric(one, "ki_pforte_streams")
        one.kill()
        second = streams_of(town, 10)
        theirs += town.metric(other, "ki_pforte_streams")
        other.kill()
        provider.go_on()
        read = [*first.read(), *second.read()]
    for dead in (one, other):
        dead.start(LONG)
    return Killed(read, theirs)


def test_who_is_killed_takes_only_its_own_streams_with_it_and_those_break_unmistakably(killed: Killed) -> None:
    assert killed.theirs >= 2
    assert [whole for _, whole in killed.streams].count(False) == killed.theirs
    for reply, whole in killed.streams:
        assert reply.status == 200
        assert reply.body.endswith(b"data: [DONE]\n\n") == whole
        assert (b'"error"' in reply.body) is False


def test_who_is_stopped_ends_its_streams_with_a_sentence_and_the_others_go_on(
        town: Town, provider: EchoProvider) -> None:
    one, *others = town.gateways
    with provider.doing(cut=4, wait_after=9, only=SLOW):
        begun = streams_of(town, 2 * REPLICAS)
        ended = town.metric(one, "ki_pforte_streams")
        assert ended > 0
        one.stop()
        assert sum(town.metric(other, "ki_pforte_streams") for other in others) == 2 * REPLICAS - ended
        provider.go_on()
        read = begun.read()
    one.start(LONG)
    assert all(whole for _, whole in read)
    said = [reply for reply, _ in read if b'"error"' in reply.body]
    assert len(said) == ended
    for reply in said:
        *_, last, done, _ = reply.body.decode().split("\n\n")
        error = json.loads(last.removeprefix("data: "))["error"]
        assert reply.headers["x-request-id"] in error["message"]
        assert "noch einmal" in error["message"]
        assert done == "data: [DONE]"
    asked = {reply.headers["x-request-id"] for reply, _ in read}
    ends = town.until_ended(asked)
    assert [ends[vorgang] for vorgang in asked] == [["outcome"]] * len(asked)


def test_what_is_changed_at_one_reaches_all_while_load_goes_on(town: Town) -> None:
    *able, gone = holders(town)

    def codes(key: str, model: str) -> set[str]:
        replies = [ask("POST", one.url + "/v1/chat/completions", key, chat("Guten Tag", model))
                   for one in town.gateways]
        return {reply.error["code"] if reply.status != 200 else "" for reply in replies}

    def digests() -> set[str]:
        return {town.readiness(one)["details"]["policy"]["digest"] for one in town.gateways}
    with Load(town, [person.key for person in able[:3]]) as load:
        load.goes_on()
        before = digests()
        path = town.gateways[0].environment["KI_PFORTE_POLICIES"] + "/departments/bauamt.yaml"
        with open(path, "a", encoding="utf-8") as file:
            file.write("\nunknown_fields: refuse\n")
        town.until(lambda: len(digests()) == 1 and digests() != before, "the same new policies")
        town.gateways[0].cli("model", "stop", LIMITED, "--reason", "Vorfall 3", "--as", IT)
        town.until(lambda: codes(able[0].key, LIMITED) == {"modell_gestoppt"}, "a stopped model")
        town.gateways[1].cli("model", "start", LIMITED, "--as", IT)
        town.until(lambda: codes(able[0].key, LIMITED) == {""}, "a model that goes on")
        town.gateways[2].cli("pass", "revoke", gone.email)
        town.until(lambda: codes(gone.key, "schnellstart") == {"ki_pass_gesperrt"}, "a pass that is blocked")
        load.goes_on()
    assert load.broken == []
    assert {reply.status for reply in load.replies} == {200}
    seen = {reply.headers["x-ki-pforte-policy"] for reply in load.replies}
    assert seen == before | digests(), "the old policies, then the new ones, and no third"


def test_a_conversation_keeps_its_placeholders_and_stays_in_the_house_whoever_answers(
        town: Town, provider: EchoProvider) -> None:
    key = next(person.key for person in holders(town) if person.department == "bauamt")
    said: list[dict[str, str]] = []
    seen: list[list[str]] = []

    def turn(number: int, text: str) -> Any:
        said.append({"role": "user", "content": text})
        reply = ask("POST", town.gateways[number % REPLICAS].url + "/v1/chat/completions", key,
                    {"model": OUTSIDE, "messages": said})
        assert reply.status == 200, reply.body
        assert reply.headers["x-ki-pforte-model"] == LIMITED
        said.append(reply.json["choices"][0]["message"])
        seen.append([message["content"] for message in provider.last.json["messages"]])
        return reply
    turn(0, TEXT)
    turn(1, "Und wie schreibe ich Frau Krüger an?")
    turn(2, "Herr Jonas Weber aus demselben Haus fragt auch.")
    turn(0, "Danke.")
    for shorter, longer in pairwise(seen):
        assert longer[:len(shorter)] == shorter, "what was sent once is sent again, letter by letter"
    assert "Krüger" not in str(seen)
    assert "Weber" not in str(seen)
    turn(1, "Bitte kürzer.")
    del said[:6]  # the client cuts the beginning off: nobody is named any more
    turn(2, "Und höflicher.")
    strange = ask("POST", town.gateways[2].url + "/v1/chat/completions", key, chat("Wie wird das Wetter?", OUTSIDE))
    assert (strange.status, strange.error["code"]) == (502, "anbieter_fehler"), "another conversation does go outside"


def test_a_limit_that_nobody_can_count_refuses_in_german_and_comes_back_by_itself(town: Town) -> None:
    key = holders(town)[0].key

    def asked(model: str) -> list[Reply]:
        return [ask("POST", one.url + "/v1/chat/completions", key, chat("Guten Tag", model)) for one in town.gateways]
    town.redis.stop()
    for reply in asked(LIMITED):
        assert (reply.status, reply.error["code"]) == (429, "limit_erreicht")
        assert "nicht zählen" in reply.error["message"]
        assert reply.headers["x-request-id"] in reply.error["message"]
        assert int(reply.headers["retry-after"]) > 0
    assert {reply.status for reply in asked("schnellstart")} == {200}, "what has no limit goes on"
    rule = "wird abgelehnt, was begrenzt ist"
    for gateway in town.gateways:
        town.until(lambda one=gateway: rule in str(town.readiness(one)["warnings"]), "said")
        assert "limited requests are refused until they are back" in gateway.logged()
        assert town.metric(gateway, "ki_pforte_limits_problem") == 1
    town.redis.start()
    town.until(lambda: {reply.status for reply in asked(LIMITED)} == {200}, "counted again")
    for gateway in town.gateways:
        assert "the counters of limits are back" in gateway.logged()


def test_after_all_that_every_exchange_has_exactly_one_end_and_the_log_verifies(town: Town, killed: Killed) -> None:
    ends = town.until_ended(set(town.ends()))
    assert {len(kinds) for kinds in ends.values()} == {1}
    for reply, whole in killed.streams:
        assert ends[reply.headers["x-request-id"]] == (["outcome"] if whole else ["outcome.unknown"])
    town.gateways[0].cli("audit", "verify", timeout=LONG)
