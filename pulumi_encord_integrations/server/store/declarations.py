"""What ties an object to a declaration: the same columns in each table of such objects."""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Row, Table, bindparam, delete, func, insert, select, update

from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

NONCE_DAYS = 30
"""How long a create is known again after its object is gone."""
NONCES_SPARED = 100_000
"""How many of the newest creates are known, however old they are."""
_FORGET_SECONDS = 3600
_forgot: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()
"""When this process last forgot creates, by a clock that nobody sets."""

Objects = Literal["integrations", "groups"]
_TABLES: dict[Objects, Table] = {"integrations": t.integrations, "groups": t.groups}
_FREE = dict.fromkeys(("ownership_key", "stack_id", "path", "project", "stack"))
UNTIED: Mapping[str, str] = MappingProxyType({})
"""The columns of a new object that no stack declares."""
_MADE = select(t.creates.c.object).where(
    t.creates.c.organization == bindparam("organization"), t.creates.c.nonce == bindparam("nonce")
)
_REMEMBER = insert(t.creates)


def tied_to(declared: DeclaredAs, key: str) -> dict[str, str]:
    """The columns of an object that is tied to a declaration."""
    return {
        "ownership_key": key,
        "stack_id": str(declared.stack_id),
        "path": declared.path,
        "project": declared.project,
        "stack": declared.stack,
    }


def declare(
    connection: Connection,
    objects: Objects,
    uuid: str,
    declared: DeclaredAs,
    key: str,
    *,
    adopted: bool | None = None,
) -> None:
    """Ties an object to a declaration; `adopted` None leaves that as it is."""
    values: dict[str, Any] = {**tied_to(declared, key)}
    if adopted is not None:
        values["adopted"] = adopted
    table = _TABLES[objects]
    connection.execute(update(table).where(table.c.uuid == uuid), values)


def release(connection: Connection, objects: Objects, uuid: str) -> None:
    """Frees an object from its declaration; all else stays as it is."""
    table = _TABLES[objects]
    connection.execute(update(table).where(table.c.uuid == uuid), {**_FREE, "adopted": False})


def is_readopted(row: Row[Any], declared_by: UUID | None) -> bool | None:
    """True if a stack takes over again what nobody declares: it may never have made it. None: as it was."""
    return True if declared_by is not None and row.stack_id is None else None


def let_go(row: Row[Any], declared_by: UUID | None) -> Literal["deleted", "released", "kept"]:
    """What a delete on behalf of a stack means: it ends only what that stack still declares.

    None is nobody's behalf and deletes.
    """
    if declared_by is None:
        return "deleted"
    if row.stack_id != str(declared_by):
        return "kept"
    return "released" if row.adopted else "deleted"


def declared_as(row: Row[Any]) -> DeclaredAs | None:
    """The declaration that the row is tied to."""
    if row.stack_id is None:
        return None
    return DeclaredAs(stack_id=UUID(row.stack_id), path=row.path, project=row.project, stack=row.stack)


def created_before(connection: Connection, organization: str, nonce: str) -> str | None:
    """The uuid that a create with this nonce made, alive or not."""
    return connection.scalar(_MADE, {"organization": organization, "nonce": nonce})


def remember_create(connection: Connection, organization: str, nonce: str, uuid: str) -> None:
    """Keeps the nonce of a create; now and then forgets some past their time."""
    _forget_creates(connection)
    connection.execute(
        _REMEMBER, {"organization": organization, "nonce": nonce, "object": uuid, "created_at": now()}
    )


def _forget_creates(connection: Connection) -> None:
    """A clock that is wrong for a while must not make late repeats act, so the newest are spared."""
    if monotonic() < _forgot.get(connection.engine, float("-inf")) + _FORGET_SECONDS:
        return
    made = t.creates.c
    newest = connection.scalar(select(func.max(made.number))) or 0
    late = made.created_at < now() - timedelta(days=NONCE_DAYS)
    connection.execute(delete(t.creates).where(made.number <= newest - NONCES_SPARED, late))
    _forgot[connection.engine] = monotonic()
