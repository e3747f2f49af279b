"""A database of the first version keeps its people and keys when it is brought up to date."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from gateway.store import keys, migrate, open_engine, passes, people, reading, writing
from gateway.store.migrate import revisions

FIRST = (
    "INSERT INTO department (id, name) VALUES ('bauamt', 'Bauamt')",
    "INSERT INTO person (id, email, name, department_id, created_at) "
    "VALUES ('p1', 'a@x.example', 'A', 'bauamt', '2026-01-01 00:00:00')",
    "INSERT INTO person_role (person_id, role) VALUES ('p1', 'staff')",
    "INSERT INTO api_key (id, person_id, name, sha256, block_style, created_at) "
    "VALUES ('k1', 'p1', 'n', :sha256, 'error', '2026-01-01 00:00:00')",
)


def test_people_and_keys_of_the_first_version_stay(database_url: str) -> None:
    engine = open_engine(database_url)
    with writing(engine, bump=False) as connection:
        config = Config()
        config.set_main_option("script_location", "gateway.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST:
            connection.execute(text(statement), {"sha256": b"1" * 32} if ":sha256" in statement else {})
    assert migrate(engine) is True
    with reading(engine) as connection:
        person = people.by_email(connection, "a@x.example")
        found = keys.by_id(connection, "k1")
    assert person is not None
    assert (person.id, person.roles, person.external_id, person.further) == ("p1", {"staff"}, None, frozenset())
    assert found is not None
    assert (found[0].person_id, found[0].service, found[1]) == ("p1", None, b"1" * 32)
    engine.dispose()


def test_every_step_keeps_what_is_there_and_lets_the_version_before_go_on_writing(database_url: str) -> None:
    """One walk through all revisions. At each one the oldest program writes a person, a role, a key and evidence, as it
    does while a newer version already serves beside it; at the end the newest program reads them all.
    """
    engine = open_engine(database_url)
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    for number, revision in enumerate(revisions()):
        with writing(engine, bump=False) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            for statement in FIRST[number > 0:]:
                values = {"sha256": bytes([number]) * 32} if ":sha256" in statement else {}
                own = statement.replace("'p1'", f"'p{number}'").replace("'k1'", f"'k{number}'")
                connection.execute(text(own.replace("a@x", f"a{number}@x")), values)
            connection.execute(text(
                "INSERT INTO evidence (person_id, module, completed_at, source, recorded_by, recorded_at) VALUES "
                f"('p{number}', 'grundlagen', '2026-01-01 00:00:00', 'verwaltung', 'x', "
                "'2026-01-01 00:00:00')"))
    assert migrate(engine) is False
    with reading(engine) as connection:
        found = {p.email: p.roles for p in people.every(connection).values()}
        proofs = passes.of_many(connection, [f"p{n}" for n in range(len(revisions()))])
        known = [keys.by_id(connection, f"k{n}") for n in range(len(revisions()))]
    assert found == {f"a{n}@x.example": {"staff"} for n in range(len(revisions()))}
    assert all(len(shown.evidence) == 1 for shown in proofs.values())
    assert all(key is not None and key[1] == bytes([n]) * 32 for n, key in enumerate(known))
    engine.dispose()
