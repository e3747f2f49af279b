"""The ledger: an audit log that proves itself to somebody who does not trust us. Knows nothing of a gateway.

Map of the house (imports only point down)::

    cli, __main__            `python -m audit verify BUNDLE --pin NOTE --vkey KEY`
    ledger                   the whole thing as one object: `Ledger(LedgerConfig(...))`
    keeper                   background: sequence, sign, reap        reader, inplace    reading, checking in place
    reading                  reading content that was kept of exchanges
    identity keyring         who a pseudonym is, sealed to two trustees       reid, reid_state    resolving one
    letting_go (deletion holds pruning)   what goes, what stays     moving  to another database
    taking  exports/  sheet   taking records along      statistics forecast   numbers, never of single persons
    anchors/  witness        notes kept outside; countersigning for a neighbour     tiles proving  proofs
    reaper  checkpointer     every intent one end; signed heads      presence           which writers are alive
    successor                a new log after a rollback
    writer  waiters  batch  spool   durable appends                  sequencer  facets  order, tree, search columns
    store/                   SQL: tables, connections, migrations (SQLite, PostgreSQL)
    ----------------------   from here down: standard library and `cryptography` only
    verify  verdict  bundle  proof     the verifier (and pruefer.html, the same in JavaScript; zipapp packs it)
    checkpoint  signing  vouching  pseudonym     signed notes, keys
    sealing  pieces  trustee  content     the two trustees: what they seal, send and open on their own machines
    record  canonical  merkle  retention  errors  clock

A record becomes durable (writer), gets its place (sequencer), comes under a signed checkpoint (checkpointer), and can
be checked by anybody (verify). What is hashed is the bytes of the envelope, stored as they are; bodies are bound by
salted commitments and can be deleted. Detects change, deletion, insertion and reordering of records that a checkpoint
kept outside covers; does not detect a program that lies when it writes, and prevents nothing.

Names are loaded when first used, so that the verifier runs without SQLAlchemy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from audit.anchors.anchorer import AnchorState as AnchorState
    from audit.anchors.anchorer import anchor_warnings as anchor_warnings
    from audit.anchors.sinks import MailServer as MailServer
    from audit.anchors.sinks import Sink as Sink
    from audit.anchors.sinks import sink_of as sink_of
    from audit.bundle import Bundle as Bundle
    from audit.bundle import newest_note as newest_note
    from audit.checkpoint import Checkpoint as Checkpoint
    from audit.checkpoint import Note as Note
    from audit.checkpoint import Vkey as Vkey
    from audit.cli import read_trust as read_trust
    from audit.content import ContentKey as ContentKey
    from audit.errors import FormatError as FormatError
    from audit.errors import LedgerConfigError as LedgerConfigError
    from audit.errors import LedgerError as LedgerError
    from audit.errors import LedgerRollback as LedgerRollback
    from audit.errors import LedgerUnavailable as LedgerUnavailable
    from audit.errors import NotAllowed as NotAllowed
    from audit.ledger import Ledger as Ledger
    from audit.ledger import LedgerConfig as LedgerConfig
    from audit.reader import Filters as Filters
    from audit.reader import LedgerReader as LedgerReader
    from audit.reader import Page as Page
    from audit.reader import PartView as PartView
    from audit.reader import RecordRow as RecordRow
    from audit.reader import RecordView as RecordView
    from audit.reader import Status as Status
    from audit.reading import ContentReading as ContentReading
    from audit.record import Draft as Draft
    from audit.record import Part as Part
    from audit.record import Receipt as Receipt
    from audit.record import time_text as time_text
    from audit.record import time_us as time_us
    from audit.reid import Reidentification as Reidentification
    from audit.restored import Memory as Memory
    from audit.restored import carry as carry
    from audit.restored import log_name as log_name
    from audit.restored import recall as recall
    from audit.restored import settle_restored as settle_restored
    from audit.retention import Retention as Retention
    from audit.successor import nobody_writes as nobody_writes
    from audit.verdict import Verdict as Verdict
    from audit.verify import Trust as Trust
    from audit.vouching import signers as signers
    from audit.vouching import vouch as vouch
    from audit.vouching import vouched as vouched
    from audit.witness import Witness as Witness

_HOME: Final = {
    "anchors.anchorer": ("AnchorState", "anchor_warnings"),
    "anchors.sinks": ("MailServer", "Sink", "sink_of"),
    "bundle": ("Bundle", "newest_note"),
    "checkpoint": ("Checkpoint", "Note", "Vkey"),
    "cli": ("read_trust",),
    "content": ("ContentKey",),
    "errors": ("FormatError", "LedgerConfigError", "LedgerError", "LedgerRollback", "LedgerUnavailable",
               "NotAllowed"),
    "ledger": ("Ledger", "LedgerConfig"),
    "reader": ("Filters", "LedgerReader", "Page", "PartView", "RecordRow", "RecordView", "Status"),
    "reading": ("ContentReading",),
    "record": ("Draft", "Part", "Receipt", "time_text", "time_us"),
    "reid": ("Reidentification",),
    "restored": ("Memory", "carry", "log_name", "recall", "settle_restored"),
    "retention": ("Retention",),
    "successor": ("nobody_writes",),
    "verdict": ("Verdict",),
    "verify": ("Trust",),  # the function is `audit.verify.verify`: beside the module it cannot have that name here
    "vouching": ("signers", "vouch", "vouched"),
    "witness": ("Witness",),
}
_WHERE: Final = {name: room for room, names in _HOME.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    room = _WHERE.get(name)
    if room is None:
        raise AttributeError(f"module 'audit' has no attribute {name!r}")
    return getattr(importlib.import_module(f"audit.{room}"), name)
