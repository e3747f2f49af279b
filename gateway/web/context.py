"""What the pages ask of the house. `gateway.desks` fills a `WebContext`; tests fill it with small things of their own.

The ledger is asked through the public names of ``audit``; its calls block, so pages make them in a thread (`ask`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from audit import Filters, Page, RecordRow, RecordView, Status, Verdict
from gateway.kipass.issuer import Issuer
from gateway.model.certificates import Attestation, Certificate
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.limits import Used
from gateway.model.people import Person
from gateway.model.principal import PassStatus, Principal
from gateway.model.sessions import SignIn
from gateway.model.signin import Arrival, Begun
from gateway.policy import DepartmentRules, PolicySet
from gateway.ports import Authenticator, Clock, Detector, Operators, Recorder
from gateway.web.access import Accounts, Guesses, Keys
from gateway.web.casework.ports import Cases
from gateway.web.council.ports import Council
from gateway.web.it.ports import Engineering
from gateway.web.learning import Learning
from gateway.web.office_ports import Office
from gateway.web.reid.ports import Reid
from gateway.web.reports.ports import Reports
from gateway.web.review.ports import ReviewHouse
from gateway.web.staff.ports import OwnRecords

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Member:
    """Who is signed in, as of this moment: the person with a name, and the principal with the KI-Pass."""

    person: Person
    principal: Principal
    sign_in: SignIn
    evidence: Sequence[Evidence] = ()
    events: Sequence[PassEvent] = ()

    def pass_for(self, scope: str) -> PassStatus:
        """Return the KI-Pass of this person for a scope."""
        return self.principal.pass_for(scope)

    def rules(self, policies: PolicySet) -> DepartmentRules | None:
        """Return what policy says for this person: for the department, and the groups."""
        return policies.department(self.principal.department, self.principal.groups)


class Members(Protocol):
    """Who is signed in. Asked on every request, so that a change counts at once.

    Every method raises ``pruefung_nicht_verfuegbar`` when the directory cannot be asked.
    """

    async def find(self, session_id: str) -> Member | None:
        """Return who is signed in with this session; None when it ended, or the person may no longer sign in."""
        ...

    async def begin(self, session_id: str, sign_in: SignIn) -> None:
        """Let a session begin."""
        ...

    async def end(self, session_id: str) -> None:
        """Let nobody use this session any more, in any process."""
        ...


class SingleSignOn(Protocol):
    """The OpenID provider of the house, as far as pages need it (`gateway.identity.signin.SignIns`).

    Every method raises ``pruefung_nicht_verfuegbar`` when the provider or the directory cannot be asked.
    """

    async def begin(self, target: str, *, strong: bool = False) -> Begun:
        """Return where to send the browser, and what it keeps meanwhile."""
        ...

    async def finish(self, parameters: Mapping[str, str], cookie: str) -> Arrival:
        """Return who came back. Raises ``schluessel_ungueltig`` for everybody else."""
        ...

    async def farewell(self) -> str:
        """Return where the browser signs out at the provider too; empty: nowhere."""
        ...

    async def departed(self, token: str) -> None:
        """End what a notice of the provider ends. Raises ``schluessel_ungueltig`` for what is none."""
        ...


class Reader(Protocol):
    """The reading side of the ledger (`audit.LedgerReader`)."""

    def page(self, filters: Filters | None = None, before: str | None = None, limit: int = 50) -> Page:
        """Return one page, newest first."""
        ...

    def tail(self, after: int | None = None, limit: int = 50) -> list[RecordRow]:
        """Return the records after an index, in order."""
        ...

    def vorgang(self, vorgang: str) -> list[RecordView]:
        """Return all records of one Vorgang, in order."""
        ...

    def get(self, record_id: str) -> RecordView | None:
        """Return one record in full."""
        ...


class Ledger(Protocol):
    """The ledger as far as pages look at it (`audit.Ledger`)."""

    @property
    def reader(self) -> Reader:
        """The reading side."""
        ...

    def status(self) -> Status:
        """Return the state of affairs."""
        ...

    def verify(self) -> Verdict:
        """Check the whole ledger in place."""
        ...


class Certificates(Protocol):
    """Certificates of the KI-Pass (`gateway.registry.certificates`). All methods block."""

    def of_person(self, person_id: str) -> tuple[Certificate | None, Attestation | None]:
        """Return the number of a person and what its certificate shows now; nothing: the pass is not valid."""
        ...

    def issue(self, person_id: str) -> Certificate | None:
        """Give a person a number, or the one they have; None: the pass is not valid."""
        ...

    def withdraw(self, person_id: str) -> bool:
        """Let the number of a person count no more."""
        ...

    def renew(self, person_id: str) -> Certificate | None:
        """Give a person a new number in place of the old one."""
        ...

    def look_up(self, number: str) -> tuple[Certificate, Attestation | None] | None:
        """Return what stands under a number; no attestation: it is no longer valid."""
        ...

    def signed(self, shows: Attestation) -> str:
        """Return the certificate as a file that others check without us."""
        ...

    def open_badge(self, shows: Attestation) -> str:
        """Return the certificate as an Open Badge."""
        ...

    def issuer(self) -> Issuer:
        """Return who signs here."""
        ...


class Reminders(Protocol):
    """Reminders by e-mail (`gateway.registry.reminding`). All methods block."""

    def ready(self) -> bool:
        """Whether there is a mail server."""
        ...

    def trial(self) -> tuple[int, dict[str, int]]:
        """Return how many people would be reminded, and for which reason how many."""
        ...

    def send_some(self, person_id: str) -> tuple[int, int]:
        """Send a portion for this person of the pass office; return how many went and how many did not."""
        ...


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything the pages need from the rest of the house."""

    authenticator: Authenticator
    members: Members
    policies: Callable[[], PolicySet]
    ledger: Ledger
    recorder: Recorder
    clock: Clock
    department_size: Callable[[str], int]
    """How many people work in a department: groups under five are not shown on their own."""
    usage: Callable[[Principal], Awaitable[list[Used] | None]]
    """What the person who asks has used of their own limits; None: nobody can tell now."""
    secret: bytes = field(repr=False)
    """Signs sessions and forms: at least 32 random bytes, the same in every worker."""
    version: str
    learning: Learning
    """What people do for their KI-Pass by themselves."""
    certificates: Certificates
    office: Office
    reminders: Reminders
    detector: Detector
    operators: Operators
    """Both for previews: the ones that requests go through."""
    stopped: Callable[[], frozenset[str]] = frozenset
    """The models that somebody switched off, as far as known; never fails."""
    problems: Callable[[], list[str]] = list
    """What is wrong with the policies in force, in sentences for people; never fails."""
    own: OwnRecords = field(kw_only=True)
    """A person's own records in the ledger."""
    engineering: Engineering = field(kw_only=True)
    """What IT sees and switches."""
    keys: Keys = field(kw_only=True)
    """Keys of people and of services."""
    accounts: Accounts = field(kw_only=True)
    """Local accounts, and where people are signed in."""
    reid: Reid = field(kw_only=True)
    """Finding out, by two people, who a pseudonym is."""
    council: Council = field(kw_only=True)
    """What needs the agreement of the Personalrat."""
    guesses: Guesses = field(kw_only=True)
    """Counts vain attempts to sign in."""
    review: ReviewHouse = field(kw_only=True)
    """What the officer's workplace needs beside the ledger."""
    cases: Cases = field(kw_only=True)
    """Findings, incidents, requests of people, complaints."""
    reports: Reports = field(kw_only=True)
    """What the house says about itself."""
    local_sign_in: bool = True
    """Whether one signs in with an address and a password."""

    development: bool = False
    """Whether somebody builds pages here: the page of components is there."""

    sso: SingleSignOn | None = None
    """The OpenID provider of the house; None: there is none, or not for pages."""
    guarded: frozenset[str] = frozenset()
    """Roles that count only in a session with a second factor."""
    key_sign_in: bool = True
    """Whether one signs in with a personal key, too."""

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("the session secret has at least 32 bytes")

    def now(self) -> datetime:
        """Return the current moment."""
        return self.clock.now()
