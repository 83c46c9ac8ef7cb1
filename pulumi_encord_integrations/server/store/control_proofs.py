"""Which buckets an integration was seen to control, for as long as its prefixes there are the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, update

from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.access_proofs import FRESH_SECONDS, outdated
from pulumi_encord_integrations.server.store.database import Record

KEPT = timedelta(days=7)
"""How long a proof serves while the cloud cannot be asked."""
_BUCKETS = "buckets"


@dataclass(frozen=True)
class ControlProof:
    """What was last seen of one bucket."""

    of: str
    """The value that its challenge object must hold: of the integration, the bucket and the prefixes."""
    asked_at: str
    """When the question was asked; an answer to an earlier one does not count any more."""
    controlled: bool
    approved: bool = False
    """Whether an operator has said so, and not the cloud: it does not age."""

    @property
    def fresh(self) -> bool:
        """Whether it serves without being asked for; not once it is a day old, or from the future."""
        return self.controlled and (self.approved or self._younger(timedelta(seconds=FRESH_SECONDS)))

    @property
    def kept(self) -> bool:
        """Whether it serves while the cloud cannot be asked."""
        return self.controlled and (self.approved or self._younger(KEPT))

    def _younger(self, age: timedelta) -> bool:
        asked_at = datetime.fromisoformat(self.asked_at)
        return timedelta(0) <= datetime.now(UTC) - asked_at < age


def subject(row: Record, bucket: str, prefixes: Sequence[str]) -> str:
    """What a proof is of."""
    return challenge_object(row.uuid, row.external_id, bucket, prefixes).value


def proofs_of(row: Record, buckets: Mapping[str, Sequence[str]]) -> dict[str, ControlProof]:
    """Bucket -> what was last seen of it with these prefixes."""
    found = {bucket: ControlProof(**one) for bucket, one in _kept(row).items()}
    return {
        bucket: found[bucket]
        for bucket, prefixes in buckets.items()
        if bucket in found and found[bucket].of == subject(row, bucket, prefixes)
    }


def keep(
    connection: Connection,
    row: Record,
    buckets: Mapping[str, Sequence[str]],
    seen: Mapping[str, ControlProof],
    *,
    whatever_its_age: bool = False,
) -> None:
    """Keeps what was seen, in place of what was asked earlier; of what the row declares no more, nothing."""
    known = proofs_of(row, buckets)
    for bucket, one in seen.items():
        before = known.get(bucket)
        if whatever_its_age or before is None or not outdated(one.asked_at, before.asked_at):
            known[bucket] = one
    kept = {bucket: asdict(one) for bucket, one in known.items()}
    text = json.dumps({_BUCKETS: kept}, sort_keys=True) if kept else None
    connection.execute(update(t.integrations).where(t.integrations.c.uuid == row.uuid), {"trust": text})


def _kept(row: Record) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(row.trust or "{}").get(_BUCKETS, {})
    return found
