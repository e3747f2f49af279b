"""Letters to the data protection officer: once, without a word that somebody wrote, and never in vain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from gateway.casework import watching
from gateway.casework.telling import Telling
from gateway.registry.mail import Letter, Mailer, MailError
from tests.support.casework import Case


class Post(Mailer):
    """A mailer that keeps what it is given."""

    letters: list[Letter] = []  # noqa: RUF012 - emptied by the fixture
    broken = False

    def send(self, letters: Sequence[Letter]) -> list[bool]:
        if type(self).broken:
            raise MailError("Der Mailserver lässt sich nicht verwenden.")
        self.letters.extend(letters)
        return [True] * len(letters)


@pytest.fixture
def telling(case: Case) -> Telling:
    Post.letters, Post.broken = [], False
    return Telling(case.house.books, Post("mail.example"))


def gap(case: Case) -> None:
    case.house.write("gap.detected", {"writer": "w", "first": 1, "last": 2})
    case.house.settle()
    watching.step(case.house.books, case.house.ledger.reader)


def test_what_weighs_heavily_is_told_once_to_the_officer_and_to_nobody_else(case: Case, telling: Telling) -> None:
    gap(case)
    assert telling.urgent() == 1
    assert telling.urgent() == 0
    [letter] = Post.letters
    assert letter.to == case.officer.person.email
    assert "Lücke im Protokoll" in letter.text
    assert "/review/befunde" in letter.text
    assert case.house.types().count("case.mail") == 1


def test_what_weighs_little_waits_for_the_letter_of_the_month(case: Case, telling: Telling) -> None:
    case.desk.feedback({"art": "falsch", "stelle": "chat"})
    assert telling.urgent() == 0
    assert Post.letters == []


def test_a_letter_that_was_not_taken_is_sent_with_the_next_round(case: Case, telling: Telling) -> None:
    gap(case)
    Post.broken = True
    assert telling.urgent() == 0
    Post.broken = False
    assert telling.urgent() == 1


def test_once_a_month_the_officer_reads_what_is_open_and_nothing_that_somebody_wrote(case: Case,
                                                                                    telling: Telling) -> None:
    clock = case.house.clock
    clock.time = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert telling.monthly() is False, "the first month has nothing to look back to"
    case.desk.complain({"text": "Frau Geheimnis beschwert sich", "name": "Erika Geheimnis"})
    clock.time = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)  # half past seven in Berlin
    assert telling.monthly() is False
    clock.time += timedelta(hours=1)
    assert telling.monthly() is True
    assert telling.monthly() is False
    [letter] = Post.letters
    assert "1 KI-Rüge offen" in letter.text
    assert "Geheimnis" not in letter.text
    clock.time = datetime(2027, 1, 1, 9, tzinfo=UTC)
    assert telling.monthly() is True
    assert "über der Frist" in Post.letters[-1].text
