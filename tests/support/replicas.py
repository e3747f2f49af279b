"""A town: three serving processes, PostgreSQL and Redis of their own, nginx with TLS in front. As with Docker or
Kubernetes, only that everything is a plain process on this machine."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.support.gateway_process import ENDS, PATIENCE, Entry, GatewayProcess
from tests.support.http import ask
from tests.support.nginx import Https, Nginx
from tests.support.postgres import Server, running_server
from tests.support.redis_server import RedisServer, running_redis

REPLICAS = 3
LONG = 4 * PATIENCE
"""Several starts at once on a busy machine; nothing is measured with it."""


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
def running_town(folder: Path, policies: Path, provider: str) -> Iterator[Town]:
    """Start it; stop everything afterwards, the last started first."""
    with contextlib.ExitStack() as stack:
        postgres, redis = stack.enter_context(running_server()), stack.enter_context(running_redis())
        ledger = postgres.database()
        settings = {"KI_PFORTE_DATABASE_URL": postgres.database(), "KI_PFORTE_AUDIT_DATABASE_URL": ledger,
                    "KI_PFORTE_REDIS_URL": redis.url, "KI_PFORTE_TRUSTED_PROXIES": "127.0.0.1"}
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
