"""What bounds a deployment: suspended users, and tables that do not grow for ever."""

import zlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SOME = 8
"""Answers that are copied at once: each may name 100,000 members."""


def upgrade() -> None:
    """Adds columns, indexes and a table; numbers creates and answers, whose age no clock need tell."""
    op.add_column("organization_users", sa.Column("suspended_at", sa.DateTime(), nullable=True))
    suspended = sa.text("suspended_at IS NOT NULL")
    op.create_index(
        "suspended_users",
        "organization_users",
        ["organization", "email"],
        sqlite_where=suspended,
        postgresql_where=suspended,
    )
    op.add_column("audit", sa.Column("long_detail", sa.LargeBinary(), nullable=True))
    op.create_index("audit_by_object", "audit", ["organization", "object", "number"])
    op.create_table(
        "health",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _count()
    _number_creates()
    _number_answers()


def _count() -> None:
    for table, column in (("organizations", "users"), ("integrations", "registered")):
        op.add_column(table, sa.Column(column, sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE organizations SET users ="
        " (SELECT count(*) FROM organization_users WHERE organization = organizations.uuid)"
    )
    op.execute(
        "UPDATE integrations SET registered ="
        " (SELECT count(*) FROM registrations WHERE integration = integrations.uuid)"
    )


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, autoincrement=True, nullable=False)


def _put_aside(table: str) -> None:
    op.rename_table(table, f"{table}_0005")
    if op.get_context().dialect.name == "postgresql":
        # Its key holds the name that the new table's gets.
        op.execute(f"ALTER TABLE {table}_0005 RENAME CONSTRAINT {table}_pkey TO {table}_0005_pkey")


def _number_creates() -> None:
    op.drop_index("ix_creates_created_at", "creates")
    _put_aside("creates")
    op.create_table(
        "creates",
        _number(),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("nonce", sa.String(length=128), nullable=False),
        sa.Column("object", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.uuid"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    columns = "organization, nonce, object, created_at"
    op.execute(
        f"INSERT INTO creates ({columns}) SELECT {columns} FROM creates_0005 ORDER BY created_at"  # noqa: S608
    )
    op.drop_table("creates_0005")
    op.create_index("creates_by_nonce", "creates", ["organization", "nonce"], unique=True)


def _number_answers() -> None:
    op.drop_index("ix_answers_created_at", "answers")
    _put_aside("answers")
    op.create_table(
        "answers",
        _number(),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    _copy_answers()
    op.drop_table("answers_0005")
    op.create_index("answers_by_request", "answers", ["request"], unique=True)


def _answers(name: str, body: sa.types.TypeEngine[Any]) -> sa.TableClause:
    return sa.table(
        name,
        sa.column("request", sa.String()),
        sa.column("body", body),
        sa.column("created_at", sa.DateTime()),
    )


def _copy_answers() -> None:
    old, new = _answers("answers_0005", sa.Text()), _answers("answers", sa.LargeBinary())
    connection = op.get_bind()
    order = old.c.created_at, old.c.request
    requests: Sequence[str] = connection.scalars(sa.select(old.c.request).order_by(*order)).all()
    for start in range(0, len(requests), _SOME):
        some = requests[start : start + _SOME]
        rows = connection.execute(sa.select(old).where(old.c.request.in_(some)).order_by(*order))
        packed = [{**row._mapping, "body": zlib.compress(row.body.encode())} for row in rows]
        connection.execute(sa.insert(new), packed)
