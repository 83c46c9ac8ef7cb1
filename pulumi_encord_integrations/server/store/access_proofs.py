"""What probes of an integration's role have seen, for as long as the role and its buckets are the same."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, update

from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of

FRESH_SECONDS = 24 * 3_600
"""How long a proof serves before AWS is asked again."""


@dataclass(frozen=True)
class AccessProof:
    """A proof, and how long sessions of the role last."""

    of: str
    proven_at: str
    """When it was asked for."""
    session_seconds: int
    limited_by: LimitedBy

    @property
    def fresh(self) -> bool:
        """False once it is a day old, or from the future."""
        age = (datetime.now(UTC) - datetime.fromisoformat(self.proven_at)).total_seconds()
        return 0 <= age < FRESH_SECONDS


def proof_of(row: Record) -> AccessProof | None:
    """The proof of the role as it is now; None if there is none, or something has changed since."""
    kept = json.loads(row.trust or "{}")
    if kept.get("session_seconds") is None:
        return None
    proof = AccessProof(**kept)
    return proof if proof.of == subject(row) else None


def subject(row: Record) -> str:
    """What a proof is of: the role, its external id and the buckets."""
    settings = settings_of(row)
    parts = [settings.get("role_arn"), row.external_id, settings.get("buckets")]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def forget_others(connection: Connection, row: Record) -> None:
    """Forgets a proof of another role or other buckets, which must not serve when they come back."""
    if row.trust is not None and proof_of(row) is None:
        keep(connection, row, None, datetime.now(UTC))


def outdated(asked_at: str, before: str) -> bool:
    """Whether a question was asked before another one, unless a wrong clock says that of the other one."""
    return asked_at < before <= datetime.now(UTC).isoformat()


def keep(connection: Connection, row: Record, proof: AccessProof | None, asked_at: datetime) -> None:
    """Keeps a proof, or with None that there is none, in place of what was asked for earlier."""
    before = json.loads(row.trust or "{}").get("proven_at")
    if before is not None and outdated(asked_at.isoformat(), before):
        return
    kept = {"proven_at": asked_at.isoformat()} if proof is None else asdict(proof)
    text = json.dumps(kept, sort_keys=True)
    connection.execute(update(t.integrations).where(t.integrations.c.uuid == row.uuid), {"trust": text})
