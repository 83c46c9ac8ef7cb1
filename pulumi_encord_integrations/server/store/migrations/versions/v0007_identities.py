"""Keys with names, scopes and ends; service accounts and auditors; a chained audit trail."""

import zlib
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import sqlalchemy as sa
from alembic import op

from pulumi_encord_integrations.server.store.audit_chain import Entry, mac_of

revision = "0007"
down_revision = "0006"

_EMPTY = sa.text("''")
_SOME = 2_000
_LOOKS = ("urls.sign", "integration.access-check", "integration.control", "integration.kept", "group.kept")
_TRAIL = sa.table(
    "audit",
    sa.column("number", sa.BigInteger()),
    sa.column("organization", sa.String()),
    sa.column("sequence", sa.BigInteger()),
    sa.column("at", sa.DateTime()),
    sa.column("actor", sa.String()),
    sa.column("action", sa.String()),
    sa.column("object", sa.String()),
    sa.column("trace", sa.String()),
    sa.column("detail", sa.Text()),
    sa.column("long_detail", sa.LargeBinary()),
    sa.column("mac", sa.String()),
)
_NUMBERED = {
    "sqlite": "CREATE TRIGGER audit_numbered BEFORE INSERT ON audit WHEN NEW.sequence < 1"
    " BEGIN SELECT RAISE(ABORT, 'an entry of the audit trail without a number'); END",
    "postgresql": "ALTER TABLE audit ADD CONSTRAINT audit_numbered CHECK (sequence > 0)",
}
_UNREADABLE = '{"unreadable": true}'
_SET_MAC = sa.update(_TRAIL).where(_TRAIL.c.number == sa.bindparam("of")).values(mac=sa.bindparam("to"))


def upgrade() -> None:
    """Adds columns and tables; every key gets a uuid, and every entry of the audit trail its place."""
    _users()
    _keys()
    _invitations()
    _federations()
    _audit()


def _users() -> None:
    for column in (
        sa.Column("kind", sa.String(length=16), server_default="person", nullable=False),
        sa.Column("auditor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("description", sa.Text(), server_default=_EMPTY, nullable=False),
    ):
        op.add_column("organization_users", column)


def _keys() -> None:
    for column in (
        sa.Column("uuid", sa.String(length=36), server_default=_EMPTY, nullable=False),
        sa.Column("name", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("scope", sa.String(length=8), server_default="write", nullable=False),
        sa.Column("added_by", sa.String(length=320), server_default=_EMPTY, nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
    ):
        op.add_column("user_keys", column)
    keys = sa.table("user_keys", sa.column("public_key", sa.String()), sa.column("uuid", sa.String()))
    connection = op.get_bind()
    for public_key in connection.scalars(sa.select(keys.c.public_key)).all():
        connection.execute(
            sa.update(keys)
            .where(keys.c.public_key == public_key)
            .values(uuid=str(uuid5(NAMESPACE_OID, public_key)))
        )
    op.create_index("user_keys_by_uuid", "user_keys", ["uuid"], unique=True)
    op.create_index("user_keys_by_user", "user_keys", ["organization", "email"])


def _of_a_user() -> tuple[sa.Column[str], sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "email"],
            ["organization_users.organization", "organization_users.email"],
            ondelete="CASCADE",
        ),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        *_of_a_user(),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("key_expires_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=320), nullable=False),
        sa.Column("created_with", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
    )
    op.create_index("invitations_by_token", "invitations", ["token_digest"], unique=True)
    op.create_index("invitations_by_user", "invitations", ["organization", "email"])


def _federations() -> None:
    op.create_table(
        "federations",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        *_of_a_user(),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("uuid"),
    )
    op.create_index("federations_by_user", "federations", ["organization", "email"])
    op.create_index("federations_by_issuer", "federations", ["issuer"])


def _audit() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("audit", "number", type_=sa.BigInteger())
        op.execute("ALTER SEQUENCE audit_number_seq AS bigint")
    for column in (
        sa.Column("sequence", number, server_default=sa.text("0"), nullable=False),
        sa.Column("mac", sa.String(length=64), server_default=_EMPTY, nullable=False),
        sa.Column("key", sa.String(length=36), server_default=_EMPTY, nullable=False),
        sa.Column("stack", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("outcome", sa.String(length=16), server_default="done", nullable=False),
    ):
        op.add_column("audit", column)
    op.create_table(
        "audit_checkpoints",
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("sequence", number, autoincrement=False, nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("organization", "sequence"),
    )
    op.create_table(
        "last_writes",
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("object", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("organization", "object"),
    )
    _fill()
    _chain()
    op.create_index("audit_in_order", "audit", ["organization", "sequence"], unique=True)
    # A process of an older version, which is still running, chains nothing.
    op.execute(_NUMBERED[op.get_context().dialect.name])


def _fill() -> None:
    op.execute(
        "UPDATE audit SET sequence = numbered.place FROM (SELECT number AS found, row_number() OVER "
        "(PARTITION BY organization ORDER BY number) AS place FROM audit) AS numbered "
        "WHERE numbered.found = audit.number"
    )
    newest = (
        sa.select(sa.func.max(_TRAIL.c.number))
        .where(_TRAIL.c.action.not_in(_LOOKS))
        .group_by(_TRAIL.c.organization, _TRAIL.c.object)
    )
    names = ["organization", "object", "at", "actor", "action"]
    rows = sa.select(*(_TRAIL.c[name] for name in names)).where(_TRAIL.c.number.in_(newest))
    last = sa.table("last_writes", *(sa.column(name) for name in names))
    op.execute(sa.insert(last).from_select(names, rows))


def _chain() -> None:
    """Entries of before are bound to each other as they are found."""
    connection = op.get_bind()
    config = op.get_context().config
    assert config is not None  # noqa: S101  there is one wherever Alembic runs
    key = b""
    last: dict[str, str] = {}
    after = 0
    while rows := connection.execute(
        sa.select(_TRAIL).where(_TRAIL.c.number > after).order_by(_TRAIL.c.number).limit(_SOME)
    ).all():
        key = key or config.attributes["audit_key"]()
        chained = []
        for row in rows:
            detail = _detail(connection, row)
            entry = Entry(
                organization=row.organization,
                sequence=row.sequence,
                at=row.at,
                actor=row.actor,
                action=row.action,
                object=row.object,
                trace=row.trace,
                key="",
                stack="",
                outcome="done",
                detail=detail,
            )
            mac = mac_of(key, last.get(row.organization, ""), entry)
            last[row.organization] = mac
            chained.append({"of": row.number, "to": mac})
        connection.execute(_SET_MAC, chained)
        after = rows[-1].number


def _detail(connection: sa.Connection, row: sa.Row[Any]) -> str:
    """The whole detail; one that is damaged is said to be unreadable, since it could never be verified."""
    if row.long_detail is None:
        return str(row.detail)
    try:
        return zlib.decompress(row.long_detail).decode()
    except (zlib.error, ValueError):
        damaged = sa.update(_TRAIL).where(_TRAIL.c.number == row.number)
        connection.execute(damaged.values(detail=_UNREADABLE, long_detail=None))
        return _UNREADABLE
