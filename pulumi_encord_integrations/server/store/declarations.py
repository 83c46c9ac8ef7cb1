"""What ties an object to a declaration: the same columns in each table of such objects."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

NONCE_DAYS = 30
"""How long a create is known again after its object is gone."""

Objects = Literal["integrations", "groups"]
_TABLES: dict[Objects, Table] = {"integrations": t.integrations, "groups": t.groups}
_FREE = dict.fromkeys(("ownership_key", "stack_id", "path", "project", "stack"))


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
    values: dict[str, Any] = {
        "ownership_key": key,
        "stack_id": str(declared.stack_id),
        "path": declared.path,
        "project": declared.project,
        "stack": declared.stack,
    }
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
    made = t.creates.c
    return connection.scalar(
        select(made.object).where(made.organization == organization, made.nonce == nonce)
    )


def remember_create(connection: Connection, organization: str, nonce: str, uuid: str) -> None:
    """Keeps the nonce of a create, and forgets those past their time."""
    made = t.creates.c
    connection.execute(delete(t.creates).where(made.created_at < now() - timedelta(days=NONCE_DAYS)))
    connection.execute(
        insert(t.creates), {"organization": organization, "nonce": nonce, "object": uuid, "created_at": now()}
    )
