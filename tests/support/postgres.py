"""A PostgreSQL server for tests, started from installed binaries on a Unix socket in a temporary folder.

Fixtures: ``postgres_server`` (one for all tests, started when first wanted), ``postgres_url`` (a fresh, empty
database). They skip, and say why, where no server is installed. When the tests run as root the server runs as an
unprivileged user, because it refuses root.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_USERS = ("postgres", "nobody")
FAST = "-c shared_buffers=16MB -c fsync=off"


def find_server() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`, the newest version first."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    if found:
        return found[0].parent
    on_path = shutil.which("pg_ctl")
    return Path(on_path).resolve().parent if on_path else None


def _user() -> pwd.struct_passwd | None:
    if os.name != "posix" or os.geteuid() != 0:
        return None
    for name in _USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no unprivileged user to run PostgreSQL")


def _run(arguments: list[str], folder: Path, user: pwd.struct_passwd | None) -> None:
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(folder)}
    extra = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False, text=True, **extra)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{Path(arguments[0]).name} failed: {done.stderr[-500:]}")


class Server:
    """A running server."""

    def __init__(self, binaries: Path, folder: Path, user: pwd.struct_passwd | None, settings: str = FAST) -> None:
        self._binaries, self.folder, self._user, self._settings = binaries, folder, user, settings
        """Where it lives; what is made here it can reach."""
        self._count = 0

    def database(self) -> str:
        """Make an empty database and return its address."""
        self._count += 1
        name = f"test{self._count}"
        _run([str(self._binaries / "createdb"), "-h", str(self.folder), "-U", "test", name], self.folder, self._user)
        return f"postgresql+psycopg://test@/{name}?host={self.folder}"

    def give(self, path: Path) -> None:
        """Let a folder belong to the server."""
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def control(self, *arguments: str) -> None:
        """Run `pg_ctl`, for example ``restart -m immediate``."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' {self._settings}"
        log = str(self.folder / "log")
        command = [str(self._binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options]
        _run([*command, *arguments], self.folder, self._user)


@contextlib.contextmanager
def running_server(settings: str = FAST) -> Iterator[Server]:
    """Start a server; stop it and remove its files afterwards."""
    binaries = find_server()
    if binaries is None:
        raise RuntimeError("no PostgreSQL server is installed")
    user = _user()
    # A short path: the name of a Unix socket is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        initdb = [
            str(binaries / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "test",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        _run(initdb, folder, user)
        server = Server(binaries, folder, user, settings)
        server.control("start")
        try:
            yield server
        finally:
            server.control("stop", "-m", "immediate")


@functools.cache
def _shared_server() -> Server:
    stack = contextlib.ExitStack()
    server = stack.enter_context(running_server())
    atexit.register(stack.close)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Server:
    """A running server."""
    if find_server() is None:
        pytest.skip("PostgreSQL: no server binaries (initdb, pg_ctl) are installed")
    return _shared_server()


@pytest.fixture
def postgres_url(postgres_server: Server) -> str:
    """The address of an empty database."""
    return postgres_server.database()
