"""A Redis or Valkey server for tests, started from an installed binary on a free port in a temporary folder.

The fixture ``redis_server`` gives one for all tests, empty each time; it skips, and says why, where none is installed.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def find_server() -> str | None:
    """Return the program that serves."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


class RedisServer:
    """A server that can be stopped, held and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = find_server()
        assert program is not None
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
             str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + 20
        while self.say("PING") != b"+PONG\r\n":
            assert self.process.poll() is None, "the server ended at once"
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.02)

    def say(self, *words: str) -> bytes:
        """Say one command and return the beginning of the answer as it comes; empty when nobody answers."""
        asked = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(asked)
                return connection.recv(1 << 20)
        except OSError:
            return b""

    def stop(self) -> None:
        """End it; what it counted is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None


@contextlib.contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Start a server of one's own; stop it afterwards."""
    if find_server() is None:
        pytest.skip("no Redis or Valkey server is installed (redis-server, valkey-server)")
    with tempfile.TemporaryDirectory(prefix="redis") as name:
        server = RedisServer(Path(name))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def _redis_for_all() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis_for_all: RedisServer) -> RedisServer:
    """A running server that has counted nothing."""
    assert _redis_for_all.say("FLUSHALL").startswith(b"+OK")
    return _redis_for_all
