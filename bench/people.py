"""Organizations with many users, made without asking the API for each."""

from collections.abc import Sequence
from pathlib import Path

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server import initialization
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase

ADMIN = "ada@example.com"
EMBEDDED = {"encord:endpoint": "embedded", "encord:user": ADMIN}


def people(count: int) -> Sequence[str]:
    """E-mails; the programs count on their form."""
    return [f"person-{n}@example.com" for n in range(count)]


def embedded_people(path: Path, count: int) -> None:
    """An embedded database, as the first `up` makes it, with users in it."""
    initialization.open_embedded(path, ADMIN, Principals(), create=True, read_only=False)
    database = SqliteDatabase(path)
    add_people(database, people(count))
    database.close()


def add_people(database: Database, emails: Sequence[str]) -> None:
    """Users of the database's one organization."""
    with database.write() as connection:
        found = organizations.first(connection)
        organization = found.uuid if found else ""
        for email in emails:
            organizations.add_user(connection, organization, email, "MEMBER")
