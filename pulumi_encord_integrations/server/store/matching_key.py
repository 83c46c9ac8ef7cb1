"""Whether a key file is that of a database, before anything is sealed, chained or verified with it."""

from hmac import compare_digest
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import audit_queries
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit_chain import checkpoint_signature, mac_of
from pulumi_encord_integrations.server.store.audit_queries import Checkpoint, Link
from pulumi_encord_integrations.server.vault import Vault

_LOOKED_AT = 10
"""Entries at each end of a trail: one that was tampered with must not make the key look wrong."""


def require_matching_key(connection: Connection, vault: Vault, key_file: Path | str, database: str) -> None:
    """Raises `DatabaseUnusable` unless the keys are those that a database of any revision was written with.

    It must hold each key that the database says seals its secrets, and have chained the audit trails.
    """
    organizations = t.organizations.c
    sealing = connection.execute(select(organizations.uuid, organizations.encryption_key_id)).all()
    if not all(vault.holds(row.encryption_key_id) for row in sealing):
        raise DatabaseUnusable(f"{key_file} is not the key of {database}", "Restore it from a backup")
    if not any(column["name"] == "mac" for column in inspect(connection).get_columns("audit")):
        return
    for row in sealing:
        if not _chained(connection, vault.audit_key, row.uuid):
            raise DatabaseUnusable(
                f"{key_file} does not hold the audit key of {database}: no entry was chained with it",
                "Restore the whole key file from a backup, with all its lines. If it is whole, the trail "
                "was written anew: restore the database",
            )


def _chained(connection: Connection, key: bytes, organization: str) -> bool:
    """Whether any entry or the checkpoint was made with that key, or there is none of them."""
    kept = audit_queries.checkpoint(connection, organization)
    if kept is not None and signed(key, organization, kept):
        return True
    newest = audit_queries.last_links(connection, organization, _LOOKED_AT + 1)
    if any(follows(key, before.mac, link) for before, link in pairwise(newest)):
        return True
    before = Link(0, None, "" if kept is None else kept.mac, 0)
    oldest = [before, *audit_queries.links(connection, organization, -1, _LOOKED_AT)]
    return not newest or any(follows(key, before.mac, link) for before, link in pairwise(oldest))


def signed(key: bytes, organization: str, kept: Checkpoint) -> bool:
    """Whether a checkpoint was made with that key."""
    signature = checkpoint_signature(key, organization, kept.sequence, kept.mac, kept.at)
    return kept.intact and _equal(signature, kept.signature)


def follows(key: bytes, previous: str, link: Link) -> bool:
    """Whether an entry was chained with that key to the one of a mac."""
    return link.entry is not None and _equal(mac_of(key, previous, link.entry), link.mac)


def _equal(one: str, other: str) -> bool:
    # What somebody wrote there may hold anything.
    return compare_digest(one.encode(), other.encode(errors="surrogatepass"))
