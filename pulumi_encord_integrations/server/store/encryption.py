"""Which key seals the secrets of an organization, and the secrets that are sealed with another one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.vault import EncryptionKey, SecretUnreadable, Vault

TABLE = "integration_secrets"
"""What each sealed secret is bound to, before its row and its field."""
_o, _s = t.organizations.c, t.integration_secrets.c
_KEY_ID = select(_o.encryption_key_id).where(_o.uuid == bindparam("uuid"))
_RESEALED = (
    update(t.integration_secrets)
    .where(_s.integration == bindparam("of"), _s.field == bindparam("named"))
    .values(key_id=bindparam("key"), sealed=bindparam("now"))
)
Place = tuple[str, str]
"""An integration and a field."""


def key_id(connection: Connection, organization: str) -> str:
    """The id of the key that seals now."""
    return str(connection.scalar(_KEY_ID, {"uuid": organization}))


def key_ids(connection: Connection) -> set[str]:
    """The same of all organizations."""
    return set(connection.scalars(select(_o.encryption_key_id)))


def require_held(connection: Connection, vault: Vault, sealed_with: str) -> None:
    """Raises `Overloaded` if the database's own key is not here: then a secret is not lost."""
    if not vault.holds(sealed_with) and sealed_with in key_ids(connection):
        vault.sealing(sealed_with)


def use(connection: Connection, key: str) -> None:
    """Lets the key of that id seal from now on."""
    connection.execute(update(t.organizations).values(encryption_key_id=key))


def sealed_otherwise(connection: Connection, key: str, after: Place | None, size: int) -> Sequence[Row[Any]]:
    """Secrets that the key of that id did not seal, in order."""
    query = select(*t.integration_secrets.c).where(_s.key_id != key)
    if after:
        beyond = and_(_s.integration == after[0], _s.field > after[1])
        query = query.where(or_(_s.integration > after[0], beyond))
    return connection.execute(query.order_by(_s.integration, _s.field).limit(size)).all()


def counts(connection: Connection) -> dict[str, int]:
    """How many secrets each key sealed, by its id."""
    found = connection.execute(select(_s.key_id, func.count()).group_by(_s.key_id))
    return {str(key): int(count) for key, count in found}


def reseal(connection: Connection, vault: Vault, key: EncryptionKey, rows: Sequence[Row[Any]]) -> int:
    """Seals them with the key; answers how many do not open, and stay as they are."""
    sealed, lost = [], 0
    for row in rows:
        place = TABLE, row.integration, row.field
        try:
            plain = vault.open(row.sealed, row.key_id, *place)
        except SecretUnreadable:
            lost += 1
            continue
        sealed.append(
            {"of": row.integration, "named": row.field, "key": key.id, "now": key.seal(plain, *place)}
        )
    if sealed:
        connection.execute(_RESEALED, sealed)
    return lost
