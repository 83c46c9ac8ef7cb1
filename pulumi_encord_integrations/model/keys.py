"""Public keys that identities sign with, and invitations to register a first one."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import Field

from pulumi_encord_integrations.model.base import Received, Sent, rule
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.public_keys import Moment, PublicKey
from pulumi_encord_integrations.model.service_accounts import KeyName
from pulumi_encord_integrations.model.users import Scope

MAX_INVITATION_HOURS = 30 * 24
INVITATION_HOURS = 48
"""How long an invitation lasts that says nothing else."""
INVITATION_PREFIX = "encinv_"
"""What the token of an invitation begins with, so that scanners for secrets find it."""

_TOKEN = re.compile(rf"{INVITATION_PREFIX}[A-Za-z0-9_-]{{43}}")


def is_invitation(token: str) -> bool:
    """Whether a text has the form of an invitation's token."""
    return _TOKEN.fullmatch(token) is not None


class KeySpec(Sent):
    """A public key to register."""

    name: KeyName
    public_key: PublicKey
    scope: Scope = "write"
    expires_at: Moment | None = None
    """When it stops; None: never."""


class KeyView(Received):
    """A registered key."""

    uuid: str
    user: str
    """E-mail of whose it is."""
    name: str
    """Empty for keys of earlier versions."""
    public_key: str
    """As `.pub` files hold it."""
    fingerprint: str
    scope: Scope
    created_at: datetime
    added_by: str | None = None
    """E-mail of who registered or invited it, `operator`, or None where that is not known."""
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    """To ten minutes or so; None where it was never used, or the API does not keep it."""
    ended_at: datetime | None = None
    """When it was revoked, or its membership ended."""
    state: Literal["active", "expired", "revoked"]
    current: bool = False
    """Whether this very call was made with it."""


class InvitationSpec(Sent):
    """An invitation to register one key."""

    scope: Scope = "write"
    hours: int | None = Field(None, ge=1, le=MAX_INVITATION_HOURS, strict=True)
    expires_at: Moment | None = None
    """When it stops, at most 30 days from now; None: in `hours`, else in 48 hours."""
    key_expires_at: Moment | None = None
    """When the key stops that is registered by it; None: never."""

    @rule("hours", "expires_at")
    def says_its_end_once(self) -> Iterator[Problem]:
        """One end."""
        if self.hours is not None and self.expires_at is not None:
            yield Problem(("hours",), "is given beside expires_at", "give one of them")


class InvitationView(Received):
    """An invitation that nobody has accepted."""

    uuid: str
    user: str
    """E-mail of who is invited."""
    scope: Scope
    created_at: datetime
    created_by: str
    expires_at: datetime
    key_expires_at: datetime | None = None


class IssuedInvitation(InvitationView):
    """An invitation as its maker sees it, once."""

    token: str = Field(repr=False)


class InvitationAcceptance(Sent):
    """What an invited person sends, signed with the key to register."""

    token: str = Field(max_length=200, repr=False)
    name: KeyName
