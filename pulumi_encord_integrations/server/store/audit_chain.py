"""The chain of an organization's audit trail: each entry is bound to the one before it.

The key lies outside the database: whoever can write only the database can neither change, remove, reorder nor
insert an entry unseen. That the newest entries were cut off shows only against a head that is kept elsewhere.
Where old entries were removed, a signed checkpoint says up to where, and what the last of them carried.
"""

import hmac
import json
from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True)
class Entry:
    """All that is bound of an entry."""

    organization: str
    sequence: int
    """Counts up from 1 in each organization, without gaps."""
    at: datetime
    """In UTC, without a zone."""
    actor: str
    action: str
    object: str
    trace: str
    key: str
    stack: str
    outcome: str
    detail: str
    """The whole of it, as JSON."""


def mac_of(key: bytes, previous: str, entry: Entry) -> str:
    """What an entry carries behind the entry of that mac; the first one has none before it."""
    said = json.dumps([previous, *astuple(entry)], default=datetime.isoformat)
    return hmac.new(key, said.encode(), sha256).hexdigest()


def checkpoint_signature(key: bytes, organization: str, sequence: int, mac: str, at: datetime) -> str:
    """What a checkpoint carries: that the entries up to this one were removed, of which it was the last."""
    said = json.dumps([organization, sequence, mac, at.isoformat()])
    purpose = hmac.new(key, b"audit checkpoints", sha256).digest()
    return hmac.new(purpose, said.encode(), sha256).hexdigest()
