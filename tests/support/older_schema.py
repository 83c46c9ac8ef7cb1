"""A database as an earlier version left it: what the newest migrations added is taken out again."""

from collections.abc import Callable

_NUMBERED = (
    "DROP TABLE creates",
    """CREATE TABLE creates (organization VARCHAR(36) NOT NULL REFERENCES organizations (uuid),
    nonce VARCHAR(128) NOT NULL, object VARCHAR(36) NOT NULL, created_at TIMESTAMP NOT NULL,
    CONSTRAINT creates_pkey PRIMARY KEY (organization, nonce))""",
    "CREATE INDEX ix_creates_created_at ON creates (created_at)",
    "DROP TABLE answers",
    """CREATE TABLE answers (request VARCHAR(64) NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL, CONSTRAINT answers_pkey PRIMARY KEY (request))""",
    "CREATE INDEX ix_answers_created_at ON answers (created_at)",
)
_BEFORE_0007 = (
    "DROP TABLE last_writes",
    "DROP TABLE audit_checkpoints",
    "DROP TABLE federations",
    "DROP TABLE invitations",
    "DROP INDEX audit_in_order",
    *(f"ALTER TABLE audit DROP COLUMN {name}" for name in ("sequence", "mac", "key", "stack", "outcome")),
    "DROP INDEX user_keys_by_uuid",
    "DROP INDEX user_keys_by_user",
    *(
        f"ALTER TABLE user_keys DROP COLUMN {name}"
        for name in ("uuid", "name", "scope", "added_by", "expires_at", "last_used_at")
    ),
    *(f"ALTER TABLE organization_users DROP COLUMN {name}" for name in ("kind", "auditor", "description")),
)
_BEFORE_0006 = (
    "DROP INDEX suspended_users",
    "ALTER TABLE organization_users DROP COLUMN suspended_at",
    "ALTER TABLE audit DROP COLUMN long_detail",
    "DROP INDEX audit_by_object",
    "DROP TABLE health",
    "ALTER TABLE organizations DROP COLUMN users",
    "ALTER TABLE integrations DROP COLUMN registered",
    *_NUMBERED,
)
_BEFORE_0005 = ("ALTER TABLE user_keys DROP COLUMN ended_at",)


def back_to_0006(execute: Callable[[str], object]) -> None:
    """Before the audit trail was a chain."""
    # PostgreSQL drops its constraint with the column, SQLite no trigger.
    unnumbered = ("DROP TRIGGER audit_numbered",) if _is_sqlite(execute) else ()
    for statement in (*unnumbered, *_BEFORE_0007, "UPDATE alembic_version SET version_num = '0006'"):
        execute(statement)


def back_to_0004(execute: Callable[[str], object]) -> None:
    """Before keys could end; answers and nonces of creates are gone."""
    back_to_0006(execute)
    for statement in (
        *_BEFORE_0006,
        *_BEFORE_0005,
        "UPDATE alembic_version SET version_num = '0004'",
    ):
        execute(statement)


def _is_sqlite(execute: Callable[[str], object]) -> bool:
    context = getattr(execute("SELECT 1"), "context", None)
    return context is None or context.dialect.name == "sqlite"
