"""What ``ki-pforte doctor`` looks at beyond this machine's files: providers, the port, the way in through a web server.

Everything is asked at once and every wait has an end. Nothing of what is asked holds content: a list of models, and
``/healthz`` of this house. ``--offline`` leaves all of this out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

import aiohttp

from gateway.cli.doctor_finding import FAULT, GOOD, NOTICE, Finding
from gateway.home import provider_environment
from gateway.model.register import RegisteredModel
from gateway.policy import PolicySet
from gateway.settings import Settings
from gateway.upstream.probe import Look, ask, look
from gateway.upstream.secrets import Secrets

SECONDS: Final = 10.0
CLOCK_SECONDS: Final = 30.0
"""By how much our clock may be off that of others: what they say has full seconds, and is under way for a while."""
SPREAD: Final = 0.5
"""Seconds between the first and the last piece of the trial stream; it is sent over some two seconds."""
CERTIFICATE: Final = timedelta(days=21)
_BUFFERED: Final = ("Der Webserver hält Antworten zurück, bis sie vollständig sind; Beschäftigte sehen lange nichts. "
                    "Schalten Sie dort Puffern und Packen von text/event-stream aus (nginx: proxy_buffering, gzip; "
                    "Vorlagen unter deploy/).")


def outside(settings: Settings, policies: PolicySet) -> Iterator[Finding]:
    """Look at everything outside."""
    models = [model for model in policies.models.values() if model.enabled and model.adapter != "demo"]
    secrets = Secrets(settings.home / "secrets", provider_environment(settings))
    looks, port, front, streams = asyncio.run(_all(models, secrets, settings))
    yield from providers(models, looks)
    yield from port_findings(settings, port)
    if settings.public_url:
        yield from way_in(settings.public_url, front, streams)
    yield from clock([one.clock_off for one in (*looks, front)])


async def _all(models: Sequence[RegisteredModel], secrets: Secrets, settings: Settings
               ) -> tuple[list[Look], str, Look, bool | None]:
    async def seen() -> list[Look]:
        return await asyncio.gather(*(look(model, secrets) for model in models))

    async def front() -> tuple[Look, bool | None]:
        if not settings.public_url:
            return Look(asked=False), None
        there = await ask(f"{settings.public_url}/healthz", {})
        return there, None if there.problem else await arrives_in_pieces(f"{settings.public_url}/healthz/stream")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    looks, port, (there, streams) = await asyncio.gather(
        seen(), who_listens(f"http://{host}:{settings.port}"), front())
    return looks, port, there, streams


def providers(models: Sequence[RegisteredModel], looks: Sequence[Look], now: datetime | None = None
              ) -> Iterator[Finding]:
    """Say how each provider answered."""
    for model, seen in zip(models, looks, strict=True):
        if not seen.asked:
            yield Finding("Anbieter", GOOD, f"{model.name}: wird nicht geprüft (keine Adresse bekannt).")
        elif seen.problem:
            yield Finding("Anbieter", FAULT, f"{model.name}: {seen.problem}")
        elif seen.listed is False:
            yield Finding("Anbieter", NOTICE, f"{model.name}: Der Anbieter antwortet, nennt aber kein Modell "
                          f"„{model.target}“. Bitte prüfen Sie „target“ in models.yaml.")
        else:
            yield Finding("Anbieter", GOOD, f"{model.name}: Der Anbieter antwortet.")
        yield from _ending(f"Das Zertifikat des Anbieters von „{model.name}“", seen.ends, "Anbieter", now)


def _ending(what: str, ends: datetime | None, area: str, now: datetime | None = None) -> Iterator[Finding]:
    left = ends - (now or datetime.now(UTC)) if ends else CERTIFICATE
    if ends and left < CERTIFICATE:
        yield Finding(area, NOTICE, f"{what} gilt nur noch bis {ends:%d.%m.%Y} ({left.days} Tage). Bitte sorgen Sie "
                                    "dafür, dass es erneuert wird.")


async def who_listens(address: str) -> str:
    """Return who answers at our own address: ``we``, ``free`` or ``other``."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False) as session, \
                session.get(f"{address}/healthz", allow_redirects=False) as answer:
            said = (await answer.content.read(100)).replace(b" ", b"")
            return "we" if "x-request-id" in answer.headers and said == b'{"status":"ok"}' else "other"
    except aiohttp.ClientConnectorError:
        return "free"
    except (aiohttp.ClientError, OSError, ValueError):
        return "other"


def port_findings(settings: Settings, who: str) -> Iterator[Finding]:
    """Say who listens where we should."""
    where = f"{settings.host}:{settings.port}"
    if who == "we":
        yield Finding("Port", GOOD, f"Auf {where} antwortet die KI-Pforte.")
    elif who == "free":
        yield Finding("Port", NOTICE, f"Auf {where} antwortet niemand: Die KI-Pforte läuft nicht, oder sie hört "
                                      "woanders (KI_PFORTE_HOST, KI_PFORTE_PORT).")
    else:
        yield Finding("Port", FAULT, f"Auf {where} antwortet ein anderes Programm. Beenden Sie es, oder wählen Sie mit "
                                     "KI_PFORTE_PORT einen anderen Port.")


async def arrives_in_pieces(url: str, arrived: Callable[[], None] = lambda: None, least: float = SPREAD) -> bool | None:
    """Return whether a stream comes piece by piece; None: it did not come at all. `arrived` is told of every piece."""
    seen: list[float] = []
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False) as session, \
                session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                return None
            async for _ in answer.content.iter_any():
                seen.append(monotonic())
                arrived()
    except (aiohttp.ClientError, OSError, ValueError):
        return None
    return len(seen) > 1 and seen[-1] - seen[0] >= least if seen else None


def way_in(url: str, there: Look, streams: bool | None, now: datetime | None = None) -> Iterator[Finding]:
    """Say how the house is reached at the address that staff know."""
    if there.problem:
        yield Finding("Webserver", FAULT, f"Unter {url} antwortet die KI-Pforte nicht. "
                      + there.problem.replace("„base_url“", "KI_PFORTE_PUBLIC_URL"))
        return
    if streams is None:
        yield Finding("Webserver", NOTICE, f"Unter {url} kam die Probe nicht an, ob Antworten Stück für Stück "
                                           "ankommen. Lassen Sie dort /healthz/stream durch.")
    elif streams:
        yield Finding("Webserver", GOOD, f"Unter {url} kommen Antworten Stück für Stück an.")
    else:
        yield Finding("Webserver", FAULT, _BUFFERED)
    yield from _ending(f"Das Zertifikat von {url}", there.ends, "Webserver", now)


def clock(offsets: Iterable[float | None]) -> Iterator[Finding]:
    """Say whether our clock agrees with those of the others; of several the nearest counts, for theirs may be wrong."""
    known = [one for one in offsets if one is not None]
    if not known:
        return
    off = min(known, key=abs)
    if abs(off) > CLOCK_SECONDS:
        way = "vor" if off > 0 else "nach"
        yield Finding("Uhr", FAULT, f"Die Uhr dieses Rechners geht {abs(off):.0f} Sekunden {way}. Schalten Sie "
                                    "die Zeitsynchronisierung ein (NTP); Protokoll und Anmeldung brauchen die richtige "
                                    "Zeit.")
    else:
        yield Finding("Uhr", GOOD, "Die Uhr dieses Rechners stimmt mit anderen überein.")
