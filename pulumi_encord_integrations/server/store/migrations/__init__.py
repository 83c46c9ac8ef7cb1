"""Migrations of the schema; run with Alembic on an open connection, inside its transaction."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def known() -> frozenset[str]:
    """All revisions that this version of the package knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade(connection: Connection, revision: str = "head", audit_key: Callable[[], bytes] = bytes) -> None:
    """Brings the schema to a revision, by default the newest; the caller commits.

    The key is asked for where there are entries of the audit trail to chain.
    """
    config = _config()
    config.attributes["audit_key"] = audit_key
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
