"""People, keys and evidence, as the rest of the house sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey
from gateway.store import ConflictError, InvalidError, StoreError, keys, passes, people, reading, writing
from gateway.store.directory import SqlDirectory, current_generation
from tests.support.municipality import DV, NOW, database, settle


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database(database_url)
    yield engine
    engine.dispose()


def test_a_person_comes_back_as_written(engine: Engine) -> None:
    [person] = settle(engine, "Ayşe.Kaya@Musterstadt.example", roles=["dpo"])
    with reading(engine) as connection:
        assert people.by_email(connection, " AYŞE.kaya@musterstadt.EXAMPLE ") == person
        assert people.by_id(connection, person.id) == person
    assert person.roles == {"staff", "dpo"}
    assert person.active


def test_a_person_can_be_changed_and_switched_off(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    later = replace(person, name="Neu", department="sozialamt", roles=frozenset({"staff", "it"}), disabled_at=NOW)
    with writing(engine) as connection:
        people.change(connection, [later])
    with reading(engine) as connection:
        assert people.by_id(connection, person.id) == later
        assert people.search(connection, active=True) == []


def test_an_address_exists_once(engine: Engine) -> None:
    settle(engine, "a@x.example")
    with pytest.raises(ConflictError):
        settle(engine, "A@x.example")


def test_an_unknown_department_or_role_is_refused(engine: Engine) -> None:
    with pytest.raises(ConflictError), writing(engine) as connection:
        people.add(connection, [people.NewPerson("a@x.example", "A", "raumfahrtamt", frozenset())], NOW)
    with pytest.raises(InvalidError, match="Rolle"):
        settle(engine, "b@x.example", roles=["kaiser"])


@pytest.mark.parametrize("text", ["", "name", "a@", "@b", "a b@c", "a@b@c", "a@b\nc", '"a"@b', "a@b;c", "a" * 70 + "@b",
                                  "a@" + "b" * 200])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        people.normal_email(text)


def test_lists_are_read_page_by_page_and_filtered(engine: Engine) -> None:
    settle(engine, *(f"p{i}@x.example" for i in range(5)))
    with reading(engine) as connection:
        first = people.search(connection, limit=3)
        rest = people.search(connection, after=first[-1].email, limit=3)
        assert [p.email for p in first + rest] == [f"p{i}@x.example" for i in range(5)]
        assert [p.email for p in people.search(connection, text="P3@")] == ["p3@x.example"]
        assert people.search(connection, text="%") == []
        assert people.search(connection, role="dpo") == []
        assert people.search(connection, department="sozialamt") == []


def test_a_failed_transaction_changes_nothing_not_even_the_counter(engine: Engine) -> None:
    with reading(engine) as connection:
        before = current_generation(connection)

    def fail_half_way() -> None:
        with writing(engine) as connection:
            people.add(connection, [people.NewPerson("a@x.example", "A", "bauamt", frozenset())], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with reading(engine) as connection:
        assert people.every(connection) == {}
        assert current_generation(connection) == before


def test_every_writing_transaction_moves_the_counter_but_the_day_of_use(engine: Engine) -> None:
    directory = SqlDirectory(engine)
    before = directory.generation()
    [person] = settle(engine, "a@x.example")
    assert directory.generation() == before + 1
    with writing(engine) as connection:
        keys.add(connection, ApiKey("k1", person.id, "n", NOW), b"1" * 32)
    assert directory.generation() == before + 2
    directory.touch("k1", date(2026, 11, 23))
    assert directory.generation() == before + 2


def test_what_is_written_while_reading_is_rolled_back(engine: Engine) -> None:
    with reading(engine) as connection:
        connection.execute(text("UPDATE generation SET value = 99"))
    assert SqlDirectory(engine).generation() != 99


def test_the_day_of_use_never_goes_back(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    with writing(engine) as connection:
        keys.add(connection, ApiKey("k1", person.id, "n", NOW), b"1" * 32)
        keys.touch(connection, "k1", date(2026, 11, 23))
        keys.touch(connection, "k1", date(2026, 11, 22))
        found = keys.by_id(connection, "k1")
    assert found is not None
    assert found[0].last_used_on == date(2026, 11, 23)


def test_keys_are_found_revoked_and_gone_for_good(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    with writing(engine) as connection:
        for i, end in enumerate([None, NOW, NOW + timedelta(days=1)]):
            keys.add(connection, ApiKey(f"k{i}", person.id, "n", NOW, end), bytes([i]) * 32)
        assert [k.id for k in keys.search(connection, active=True, now=NOW)] == ["k0", "k2"]
        assert keys.revoke(connection, ["k0", "missing"], NOW) == 1
        assert keys.revoke(connection, ["k0"], NOW + timedelta(days=1)) == 0
        assert keys.revoke_all(connection, [person.id], NOW) == 2
        assert keys.search(connection, active=True, now=NOW) == []
        found = keys.by_id(connection, "k0")
    assert found is not None
    assert found[0].revoked_at == NOW


def test_a_hash_or_id_exists_once(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    with writing(engine) as connection:
        keys.add(connection, ApiKey("k1", person.id, "n", NOW), b"1" * 32)
    with pytest.raises(ConflictError), writing(engine) as connection:
        keys.add(connection, ApiKey("k2", person.id, "n", NOW), b"1" * 32)


def test_a_caller_carries_everything_the_pass_is_computed_from(engine: Engine) -> None:
    [person, other] = settle(engine, "a@x.example", "b@x.example")
    proof = Evidence("dv", NOW, DV, NOW + timedelta(days=9))
    event = PassEvent("gesperrt", NOW, "bild")
    with writing(engine) as connection:
        keys.add(connection, ApiKey("k1", person.id, "n", NOW, block_style="message"), b"1" * 32)
        for id_ in (person.id, other.id):
            passes.record(connection, [(id_, proof)], source="selbst", recorded_by="x", now=NOW)
        passes.act(connection, person.id, event, by_role="ki-pass-stelle", reason="r")
    directory = SqlDirectory(engine)
    caller = directory.caller("k1")
    assert caller is not None
    assert (caller.person, caller.sha256, caller.evidence, caller.events) == (person, b"1" * 32, (proof,), (event,))
    assert (caller.generation, caller.key.block_style) == (directory.generation(), "message")
    assert directory.caller("k2") is None
    assert directory.person(other.id) == other


def test_revoked_evidence_stays_with_its_moment(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    with writing(engine) as connection:
        passes.record(connection, [(person.id, Evidence("dv", NOW)), (person.id, Evidence("schulung", NOW))],
                      source="lms_csv", recorded_by="x", now=NOW)
        assert passes.revoke(connection, person.id, ["dv"], reason="r", now=NOW) == 1
        assert passes.revoke(connection, person.id, ["dv"], reason="r", now=NOW) == 0
        found = passes.of(connection, person.id).evidence
    assert {e.module: e.revoked_at for e in found} == {"dv": NOW, "schulung": None}


@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), hours=st.integers(-12, 14))
def test_moments_survive_in_utc_whatever_zone_they_came_in(moment: datetime, hours: int) -> None:
    from gateway.store.tables import UtcDateTime

    class Dialect:
        name = "sqlite"

    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    kind = UtcDateTime()
    back = kind.process_result_value(kind.process_bind_param(aware, Dialect()), Dialect())  # type: ignore[arg-type]
    assert back == aware
    assert back is not None
    assert back.tzinfo is UTC


def test_a_moment_without_a_zone_is_a_mistake(engine: Engine) -> None:
    with pytest.raises(Exception, match="time zone"), writing(engine) as connection:
        people.add(connection, [people.NewPerson("a@x.example", "A", "bauamt", frozenset())],
                   datetime(2026, 1, 1))


def test_an_error_of_the_database_carries_no_data(engine: Engine) -> None:
    with pytest.raises(StoreError) as caught:
        settle(engine, "canary-1@x.example", "canary-1@x.example")
    texts: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        texts.append(f"{error!r} {error}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "canary" not in " ".join(texts)


def _plan(connection: Connection, sql: str) -> str:
    return " ".join(str(row[-1]) for row in connection.execute(text("EXPLAIN QUERY PLAN " + sql)))


def test_no_question_of_the_hot_path_walks_a_whole_table(tmp_path: object) -> None:
    engine = database(f"sqlite:///{tmp_path}/plan.sqlite3")
    with reading(engine) as connection:
        for sql in ("SELECT * FROM api_key WHERE id = 'x'", "SELECT * FROM person WHERE id = 'x'",
                    "SELECT * FROM person WHERE email = 'x'", "SELECT * FROM person_role WHERE person_id = 'x'",
                    "SELECT * FROM evidence WHERE person_id IN ('x', 'y')",
                    "SELECT * FROM pass_event WHERE person_id IN ('x', 'y')",
                    "SELECT * FROM api_key WHERE person_id = 'x'",
                    "SELECT * FROM person WHERE email > 'x' ORDER BY email LIMIT 100"):
            plan = _plan(connection, sql)
            assert "SCAN" not in plan, f"{sql}: {plan}"
            assert "TEMP B-TREE" not in plan, f"{sql}: {plan}"
    engine.dispose()
