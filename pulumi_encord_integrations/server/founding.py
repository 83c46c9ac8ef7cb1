"""The first start of a served database: its encryption key, organization, admin and public key."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from pulumi_encord_integrations.server import bootstrap
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase


class AlreadyFounded(DatabaseUnusable):
    """The database holds an organization already."""


@dataclass(frozen=True)
class Founder:
    """The organization to make, and its admin with the public key in hexadecimal."""

    organization: str
    admin: str
    public_key: str


def public_key_in(text: bytes) -> str:
    """The raw public key in hexadecimal of an OpenSSH `.pub` file; raises ValueError."""
    try:
        key = load_ssh_public_key(text.strip())
    except UnsupportedAlgorithm:
        raise ValueError("a key of an unknown kind") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key.public_bytes_raw().hex()


def refuse_founded(database: Database) -> None:
    """Changes nothing; raises `AlreadyFounded`, or `DatabaseUnusable` if it is no such database."""
    if isinstance(database, SqliteDatabase) and not (
        database.path.exists() and _holds_something(database.path)
    ):
        return
    try:
        database.prepare()
    except DatabaseUnusable as error:
        if error.missing:
            return
        raise
    with database.read() as connection:
        found = organizations.first(connection)
    if found is not None:
        raise AlreadyFounded(
            f'{database.name} holds the organization "{found.name}" already', "Nothing was changed"
        )


def _holds_something(path: Path) -> bool:
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


def found(database: Database, founder: Founder) -> Path:
    """Fills a database that `create` was said of, once; answers where its encryption key lies.

    Raises `AlreadyFounded`, `DatabaseUnusable`, OSError.
    """
    if isinstance(database, SqliteDatabase):
        bootstrap.make_folder(database.path.parent)
        database.path.touch(mode=0o600)
    vault = bootstrap.open_served(database, create=True)
    made = bootstrap.make_organization(
        database, vault, founder.organization, founder.admin, founder.public_key
    )
    if not made:
        raise AlreadyFounded(f"{database.name} was given an organization by someone else just now")
    return database.key_file
