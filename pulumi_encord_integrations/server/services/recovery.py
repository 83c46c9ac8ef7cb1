"""An organization whose admins have lost their keys: the operator registers one more."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.model.public_keys import fingerprint
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.store import audit, organization_users, organizations, user_keys
from pulumi_encord_integrations.server.store.database import Connection, Database, Record


@dataclass(frozen=True)
class Recovery:
    """What an operator is about to do."""

    organization: str
    """Its uuid."""
    organization_name: str
    email: str
    promote: bool
    """Whether the user becomes an admin."""
    restore: bool
    """Whether a suspension is lifted."""


def planned(
    database: Database, email: str, *, organization: str | None, promote: bool, restore: bool
) -> Recovery:
    """What a recovery would do; raises `ServiceError` if it would be refused."""
    with database.read() as connection:
        return _planned(connection, email, organization, promote=promote, restore=restore)


def recover(database: Database, seen: Recovery, public_key: str, name: str) -> None:
    """Registers the key, audited, in one transaction; raises `ServiceError` if anything changed since."""
    with database.write() as connection:
        now_ = _planned(connection, seen.email, seen.organization, promote=True, restore=True)
        if now_ != seen:
            raise Conflict("changed", f"{seen.email} has changed meanwhile", "Run it again")
        if user_keys.is_registered(connection, public_key):
            raise Conflict(
                "key_exists",
                f"the key {fingerprint(public_key)} is registered already, or was revoked",
                "Make another one: ssh-keygen -t ed25519, or --new-key",
            )
        changed: dict[str, str | datetime | None] = {"role": "ADMIN"} if seen.promote else {}
        changed |= {"suspended_at": None} if seen.restore else {}
        if changed:
            organization_users.change(connection, seen.organization, seen.email, changed)
        key = user_keys.NewKey(str(uuid4()), public_key, name, "write", OPERATOR)
        user_keys.add(connection, seen.organization, seen.email, key)
        audit.record(
            connection,
            database.vault,
            organization=seen.organization,
            actor=OPERATOR,
            action="key.recover",
            object_=key.uuid,
            detail={
                "email": seen.email,
                "fingerprint": fingerprint(public_key),
                "promoted": seen.promote,
                "restored": seen.restore,
            },
        )


def _planned(
    connection: Connection, email: str, organization: str | None, *, promote: bool, restore: bool
) -> Recovery:
    row, name = _the_one(connection, email, organization)
    if row.kind != "person":
        raise Conflict("not_a_person", f"{email} is a service account", "Name a person")
    suspended = row.suspended_at is not None
    if suspended and not restore:
        since = row.suspended_at.replace(tzinfo=UTC)
        said = f"{email} is suspended since {since:%Y-%m-%d %H:%M} UTC"
        raise Conflict("user_suspended", said, "--restore lifts that")
    if row.role != "ADMIN" and not promote:
        admins = ", ".join(organizations.admins(connection, row.organization)) or "none"
        said = f'{email} is no admin of "{name}"'
        raise Conflict("not_an_admin", said, f"Its admins: {admins}; --promote makes {email} one")
    if row.role != "ADMIN" and row.member_type != "internal":
        said = f"{email} is an external member, and only internal ones can be admins"
        raise Conflict("not_internal", said, "Name another person")
    return Recovery(row.organization, name, email, row.role != "ADMIN", suspended)


def _the_one(connection: Connection, email: str, organization: str | None) -> tuple[Record, str]:
    """The user of that e-mail, in the organization of that uuid or name, and its name."""
    names = {uuid: organizations.name_of(connection, uuid) for uuid in organizations.uuids(connection)}
    if organization is not None:
        names = {uuid: name for uuid, name in names.items() if organization in {uuid, name}}
    rows = [organization_users.find(connection, uuid, email) for uuid in names]
    found = [row for row in rows if row is not None]
    if not found:
        where = f' in "{organization}"' if organization else ""
        raise ObjectNotFound("user_not_found", f"there is no user {email}{where}")
    if len(found) > 1:
        known = ", ".join(f'"{names[row.organization]}" ({row.organization})' for row in found)
        said = f"{len(found)} organizations have a user {email}: {known}"
        raise Conflict("several_organizations", said, "Name one with --organization")
    return found[0], names[found[0].organization]
