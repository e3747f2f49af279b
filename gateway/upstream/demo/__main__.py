"""``python -m gateway.upstream.demo --port N``: the demo provider as a server of its own, until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from gateway.upstream.demo import DemoProvider


async def serve(port: int, pause: float) -> None:
    """Serve until cancelled."""
    provider = DemoProvider(port=port, pause=pause)
    print(f"Demo-Anbieter (kein Sprachmodell): {await provider.start()}", flush=True)  # noqa: T201 - a command
    try:
        await asyncio.Event().wait()
    finally:
        await provider.close()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m gateway.upstream.demo",
                                     description="Eingebauter Demo-Anbieter von KI-Pforte, nur auf 127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="Port; 0 wählt einen freien")
    parser.add_argument("--pause", type=float, default=0.01, help="Sekunden zwischen zwei Stücken einer Antwort")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.port, arguments.pause))


if __name__ == "__main__":
    main()
