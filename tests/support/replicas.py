"""A town: three serving processes, PostgreSQL and Redis of their own, nginx with TLS in front. As with Docker or
Kubernetes, only that everything is a plain process on this machine."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.support import redis_server
from tests.support.gateway_process import ENDS, PATIENCE, Entry, GatewayProcess
from tests.support.http import Reply, ask, chat
from tests.support.nginx import MISSING, NAME, Https, Nginx
from tests.support.postgres import Server, find_server, running_server
from tests.support.redis_server import RedisServer, running_redis

NEEDS = [pytest.mark.postgres,
         pytest.mark.skipif(bool(MISSING), reason=MISSING),
         pytest.mark.skipif(find_server() is None, reason="PostgreSQL fehlt (Paket postgresql)"),
         pytest.mark.skipif(redis_server.find_server() is None, reason="Redis oder Valkey fehlt (Paket redis-server)")]
"""The marks of a test that starts a town."""
REPLICAS = 3
LONG = 4 * PATIENCE
"""Several starts at once on a busy machine; nothing is measured with it."""
TEXT = "Frau Sabine Krüger wohnt in der Lindenstraße 5, 12345 Musterstadt."
SLOW = "Gutachten"
"""For the provider of a test, which is told to take its time with requests that hold this word."""


@dataclass
class Town:
    """What runs."""

    gateways: list[GatewayProcess]
    front: Nginx
    postgres: Server
    redis: RedisServer
    ledger: str
    """The address of the ledger's database."""

    def ask(self, path: str, body: Any, key: str) -> Any:
        """Ask through nginx."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return Https(self.front).ask("POST", path, json.dumps(body).encode(), **headers)

    def records(self) -> list[Entry]:
        """All records of the ledger."""
        engine = create_engine(self.ledger)
        try:
            with engine.connect() as connection:
                rows = connection.execute(text(
                    "SELECT r.id, r.type, r.ref, p.body FROM audit_record r LEFT JOIN audit_part p "
                    "ON p.record_id = r.id AND p.name = 'meta' ORDER BY r.id")).all()
        finally:
            engine.dispose()
        return [Entry(row[0], row[1], row[2], json.loads(bytes(row[3] or b"{}"))) for row in rows]

    def ends(self) -> dict[str, list[str]]:
        """Kinds of the ends of every exchange by its Vorgangsnummer; none while it has no end."""
        records = self.records()
        intents = {entry.id: entry.meta["vorgang"] for entry in records if entry.type == "intent"}
        found: dict[str, list[str]] = {vorgang: [] for vorgang in intents.values()}
        for entry in records:
            if entry.type in ENDS and entry.ref in intents:
                found[intents[entry.ref]].append(entry.type)
        return found

    def until_ended(self, asked: Collection[str]) -> dict[str, list[str]]:
        """Wait until each of these exchanges has an end; return the ends of all there are."""
        found: dict[str, list[str]] = {}

        def all_ended() -> bool:
            found.update(self.ends())
            return all(found.get(vorgang) for vorgang in asked)
        self.until(all_ended, "every exchange has its end")
        return found

    def readiness(self, gateway: GatewayProcess) -> dict[str, Any]:
        """What one of them says of itself."""
        return dict(ask("GET", gateway.url + "/readyz").json)

    def metric(self, gateway: GatewayProcess, name: str) -> float:
        """The sum of a metric of one of them."""
        lines = ask("GET", gateway.url + "/metrics").body.decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; a database that is just restarting is asked again."""
        give_up = time.monotonic() + LONG
        while True:
            with contextlib.suppress(OperationalError, OSError):
                if holds():
                    return
            assert time.monotonic() < give_up, what + "".join(gateway.logged()[-1500:] for gateway in self.gateways)
            time.sleep(0.2)


@contextlib.contextmanager
def running_town(folder: Path, policies: Path, provider: str, **more: str) -> Iterator[Town]:
    """Start it, with these settings besides; stop everything afterwards, the last started first."""
    with contextlib.ExitStack() as stack:
        postgres, redis = stack.enter_context(running_server()), stack.enter_context(running_redis())
        ledger = postgres.database()
        settings = {"KI_PFORTE_DATABASE_URL": postgres.database(), "KI_PFORTE_AUDIT_DATABASE_URL": ledger,
                    "KI_PFORTE_REDIS_URL": redis.url, "KI_PFORTE_TRUSTED_PROXIES": "127.0.0.1", **more}
        gateways = []
        for number in range(REPLICAS):
            gateway = stack.enter_context(GatewayProcess(folder / "home", policies, provider, **settings))
            gateway.log = folder / f"{number}.log"
            gateways.append(gateway)
        people = gateways[0].init(LONG).people
        for gateway in gateways:
            gateway.people = people
            gateway.start(LONG)
        front = stack.enter_context(Nginx(folder / "nginx", *(gateway.port for gateway in gateways)))
        yield Town(gateways, front, postgres, redis, ledger)


class Load:
    """People who ask through nginx all the time, streamed and not."""

    def __init__(self, town: Town, keys: list[str]) -> None:
        self._town = town
        self._stop = threading.Event()
        self.replies: list[Reply] = []
        self.broken: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=(key, bool(number % 2)))
                         for number, key in enumerate(keys)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LONG)

    def _ask(self, key: str, streamed: bool) -> None:
        while not self._stop.is_set():
            try:
                self.replies.append(self._town.ask("/v1/chat/completions", chat(TEXT, stream=streamed), key))
            except (OSError, http.client.HTTPException) as broken:
                self.broken.append(type(broken).__name__)
            self._stop.wait(0.05)

    def goes_on(self) -> None:
        """Wait until each of them has been answered some times more."""
        seen = len(self.replies) + 4 * len(self._threads)
        self._town.until(lambda: len(self.replies) >= seen, "load")


class Streams:
    """Streams through nginx that have begun and end when the provider goes on."""

    def __init__(self, town: Town, keys: list[str]) -> None:
        self._connections = [Https(town.front) for _ in keys]
        for one, key in zip(self._connections, keys, strict=True):
            one.request("POST", "/v1/chat/completions", json.dumps(chat(f"{SLOW}: {TEXT}", stream=True)).encode(),
                        {"Host": NAME, "Authorization": f"Bearer {key}"})
        self._answers = [one.getresponse() for one in self._connections]

    def read(self) -> list[tuple[Reply, bool]]:
        """Read all to their ends; return what came, and whether the connection ended as HTTP wants it."""
        read = []
        for answer, connection in zip(self._answers, self._connections, strict=True):
            try:
                body, whole = answer.read(), True
            except http.client.IncompleteRead as broken:
                body, whole = broken.partial, False
            except ConnectionError:
                body, whole = b"", False
            read.append((Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body), whole))
            connection.close()
        return read
