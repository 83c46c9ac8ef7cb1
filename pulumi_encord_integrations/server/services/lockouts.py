"""The organization keeps an admin who can sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pulumi_encord_integrations.server.concurrency import INLINE
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import user_keys
from pulumi_encord_integrations.server.store.database import now

LASTING = timedelta(hours=24)
"""A key that ends within this time is no way in that stays."""


@contextmanager
def keeping_an_admin(tx: Transaction, role: str) -> Iterator[None]:
    """Raises `Conflict` if a change to an identity of this role takes the last way in of the admins.

    The change is judged, not the state: where no admin can sign in anyway, nothing is refused. Users of an
    embedded API make their keys themselves.
    """
    if role != "ADMIN" or INLINE.get():
        yield
        return
    before = _ways_in(tx)
    yield
    if _ways_in(tx) < before:
        raise Conflict(
            "last_admin_key",
            "no admin of the organization could sign in to change something any more, at the latest in "
            f"{LASTING // timedelta(hours=1)} hours",
            "Register another key of scope write of an admin first: encord-integrations keys add",
        )


def _ways_in(tx: Transaction) -> int:
    """How well admins can sign in: for longer than `LASTING`, for a while, or not at all."""
    here, federated = tx.caller.organization, not tx.deployment.accepted.strict
    end = user_keys.admins_sign_in_until(tx.connection, here, federated=federated)
    return sum(end > moment for moment in (now(), now() + LASTING)) if end else 0
