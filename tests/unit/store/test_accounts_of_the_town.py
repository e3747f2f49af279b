"""The accounts that compose.stadt.yaml sets up in PostgreSQL: each reaches its own databases and rules over nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from gateway.store import migrate, open_engine
from tests.support.postgres import find_server, running_server

SCRIPT = Path(__file__).parents[3] / "deploy/stadt/datenbanken.sh"
HOSTILE = "a'b; DROP DATABASE pforte; --"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    if find_server() is None:
        pytest.skip("PostgreSQL: no server binaries (initdb, pg_ctl) are installed")
    with running_server() as server:
        folder = str(server.folder)
        subprocess.run(["sh", str(SCRIPT)], check=True, timeout=120, env={
            "PATH": f"{find_server()}:{os.environ['PATH']}", "PGHOST": folder, "POSTGRES_USER": "test",
            "PFORTE_DB_PASSWORD": HOSTILE, "KEYCLOAK_DB_PASSWORD": "k"})
        yield folder


def connect(host: str, user: str, database: str) -> psycopg.Connection:
    return psycopg.connect(host=host, user=user, dbname=database, autocommit=True)


def test_the_house_can_make_its_tables(host: str) -> None:
    engine = open_engine(f"postgresql+psycopg://pforte@/pforte?host={host}")
    assert migrate(engine)
    engine.dispose()


@pytest.mark.parametrize(("user", "database"), [
    ("keycloak", "pforte"), ("keycloak", "protokoll"), ("keycloak", "postgres"), ("keycloak", "template1"),
    ("pforte", "keycloak"), ("pforte", "postgres")])
def test_nobody_reaches_the_databases_of_another(host: str, user: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect(host, user, database)


@pytest.mark.parametrize("statement", ["COPY (SELECT 1) TO PROGRAM 'true'", "CREATE ROLE x SUPERUSER",
                                       "CREATE DATABASE x", "SELECT pg_read_file('PG_VERSION')", "SET ROLE test"])
def test_the_account_of_the_house_is_nothing_special_on_the_server(host: str, statement: str) -> None:
    with closing(connect(host, "pforte", "protokoll")) as connection, \
            pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
