"""A trusted front end: a chat application that many people share, and how it says who is asking.

Its key alone opens nothing. It must name a person of the house with every request, and it is believed only in the one
way that is written down here. No secret is in here: the key is kept as a hash, the secret of the signature is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from gateway.model.people import BlockStyle

Identity = Literal["openwebui-jwt", "headers"]
IDENTITIES: Final[tuple[Identity, ...]] = ("openwebui-jwt", "headers")
"""How a front end names the person: by a signed token, or by plain headers that only it can set."""

GroupsMode = Literal["directory", "choose", "lead"]
GROUPS_MODES: Final[tuple[GroupsMode, ...]] = ("directory", "choose", "lead")
"""What groups decide: nothing; which of the person's own departments; which of all departments."""


@dataclass(frozen=True, slots=True)
class TrustedClient:
    """One front end. ``id`` is the public part of its key. Header names are in lower case; empty: not used."""

    id: str
    name: str
    identity: Identity
    created_at: datetime
    token_header: str = ""
    """``openwebui-jwt``: the header with the signed token."""
    secret_name: str = ""
    """``openwebui-jwt``: the name under which the environment or ``HOME/secrets`` has the secret of the signature."""
    email_header: str = ""
    id_header: str = ""
    groups_header: str = ""
    groups: GroupsMode = "directory"
    block_style: BlockStyle = "message"
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None
    purpose: str = ""
    """What its requests are for where they do not say so themselves; a key of the policy, empty: nothing special."""
