"""The tables, as the newest migration leaves them."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    text,
)

from pulumi_encord_integrations.server.store.compressed import Compressed

metadata = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Counts up, and never gives a number twice; SQLite takes no other type for that."""

organizations = Table(
    "organizations",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("encryption_key_id", String(16), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("users", Integer, nullable=False, server_default="0"),
)

organization_users = Table(
    "organization_users",
    metadata,
    Column("organization", ForeignKey("organizations.uuid"), primary_key=True),
    Column("email", String(320), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("member_type", String(16), nullable=False, server_default="internal"),
    Column("last_edited_at", DateTime),
    Column("suspended_at", DateTime),
    Column("kind", String(16), nullable=False, server_default="person"),
    Column("auditor", Boolean, nullable=False, server_default=text("false")),
    Column("description", Text, nullable=False, server_default=""),
    Index(
        "suspended_users",
        "organization",
        "email",
        sqlite_where=text("suspended_at IS NOT NULL"),
        postgresql_where=text("suspended_at IS NOT NULL"),
    ),
)

user_keys = Table(
    "user_keys",
    metadata,
    Column("public_key", String(64), primary_key=True),
    Column("organization", ForeignKey("organizations.uuid"), nullable=False),
    Column("email", String(320), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("uuid", String(36), nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column("scope", String(8), nullable=False, server_default="write"),
    Column("added_by", String(320), nullable=False, server_default=""),
    Column("expires_at", DateTime),
    Column("last_used_at", DateTime),
    Index("user_keys_by_uuid", "uuid", unique=True),
    Index("user_keys_by_user", "organization", "email"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("organization", String(36), nullable=False),
    Column("email", String(320), nullable=False),
    Column("token_digest", String(64), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("key_expires_at", DateTime),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", String(320), nullable=False),
    Column("created_with", String(36), nullable=False),
    Column("expires_at", DateTime, nullable=False),
    ForeignKeyConstraint(
        ["organization", "email"],
        ["organization_users.organization", "organization_users.email"],
        ondelete="CASCADE",
    ),
    Index("invitations_by_token", "token_digest", unique=True),
    Index("invitations_by_user", "organization", "email"),
)

federations = Table(
    "federations",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("organization", String(36), nullable=False),
    Column("email", String(320), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("scope", String(8), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("last_used_at", DateTime),
    ForeignKeyConstraint(
        ["organization", "email"],
        ["organization_users.organization", "organization_users.email"],
        ondelete="CASCADE",
    ),
    Index("federations_by_user", "organization", "email"),
    Index("federations_by_issuer", "issuer"),
)

integrations = Table(
    "integrations",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("organization", ForeignKey("organizations.uuid"), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("credential_fingerprint", String(32)),
    Column("external_id", String(36), nullable=False, unique=True),
    Column("owner", String(320), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("settings_revision", Integer, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("ownership_key", String(64)),
    Column("stack_id", String(36)),
    Column("path", Text),
    Column("project", Text),
    Column("stack", Text),
    Column("trust", Text),
    Column("registered", Integer, nullable=False, server_default="0"),
    Index("integrations_by_ownership_key", "organization", "ownership_key", unique=True),
    Index("integrations_by_title", "organization", "title"),
    Index("integrations_in_order", "organization", "created_at", "uuid"),
)

integration_secrets = Table(
    "integration_secrets",
    metadata,
    Column("integration", ForeignKey("integrations.uuid", ondelete="CASCADE"), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("integration", ForeignKey("integrations.uuid", ondelete="CASCADE"), primary_key=True),
    Column("organization", String(36), nullable=False),
    Column("email", String(320), primary_key=True),
    Column("role", String(16), nullable=False),
    ForeignKeyConstraint(
        ["organization", "email"], ["organization_users.organization", "organization_users.email"]
    ),
    Index("members_by_user", "organization", "email"),
)

groups = Table(
    "groups",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("organization", ForeignKey("organizations.uuid"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("ownership_key", String(64)),
    Column("stack_id", String(36)),
    Column("path", Text),
    Column("project", Text),
    Column("stack", Text),
    Index("groups_by_ownership_key", "organization", "ownership_key", unique=True),
    Index("groups_by_name", "organization", "name"),
)

group_users = Table(
    "group_users",
    metadata,
    Column("group", ForeignKey("groups.uuid", ondelete="CASCADE"), primary_key=True),
    Column("organization", String(36), nullable=False),
    Column("email", String(320), primary_key=True),
    ForeignKeyConstraint(
        ["organization", "email"],
        ["organization_users.organization", "organization_users.email"],
        ondelete="CASCADE",
    ),
    Index("group_users_by_user", "organization", "email"),
)

group_members = Table(
    "group_members",
    metadata,
    Column("integration", ForeignKey("integrations.uuid", ondelete="CASCADE"), primary_key=True),
    Column("group", ForeignKey("groups.uuid", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),
    Index("group_members_by_group", "group"),
)

registrations = Table(
    "registrations",
    metadata,
    Column("integration", ForeignKey("integrations.uuid", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("uuid", String(36), nullable=False),
    Column("data_type", String(32), nullable=False),
    Column("object_urls", Text, nullable=False),
    Column("title", Text),
    Column("video_metadata", Text, key="media_metadata"),
    Column("client_metadata", Text, nullable=False),
    Column("registered_by", String(320), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
)

registration_batches = Table(
    "registration_batches",
    metadata,
    Column("integration", ForeignKey("integrations.uuid", ondelete="CASCADE"), primary_key=True),
    Column("batch", String(64), primary_key=True),
    Column("created_at", DateTime, nullable=False),
)

creates = Table(
    "creates",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("organization", ForeignKey("organizations.uuid"), nullable=False),
    Column("nonce", String(128), nullable=False),
    Column("object", String(36), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Index("creates_by_nonce", "organization", "nonce", unique=True),
    sqlite_autoincrement=True,
)

answers = Table(
    "answers",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("request", String(64), nullable=False),
    Column("body", Compressed, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Index("answers_by_request", "request", unique=True),
    sqlite_autoincrement=True,
)

NUMBERED = {
    "sqlite": "CREATE TRIGGER audit_numbered BEFORE INSERT ON audit WHEN NEW.sequence < 1"
    " BEGIN SELECT RAISE(ABORT, 'an entry of the audit trail without a number'); END",
    "postgresql": "ALTER TABLE audit ADD CONSTRAINT audit_numbered CHECK (sequence > 0)",
}
"""What refuses an entry without a place in its trail; SQLite adds no constraint to a table that is there."""
audit = Table(
    "audit",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("organization", String(36), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(36), nullable=False),
    Column("trace", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("long_detail", Compressed),
    Column("sequence", _NUMBER, nullable=False, server_default=text("0")),
    Column("mac", String(64), nullable=False, server_default=""),
    Column("key", String(36), nullable=False, server_default=""),
    Column("stack", Text, nullable=False, server_default=""),
    Column("outcome", String(16), nullable=False, server_default="done"),
    Index("audit_by_object", "organization", "object", "number"),
    Index("audit_in_order", "organization", "sequence", unique=True),
)
# The default is that of entries by a process of an older version, which chains nothing.
for _dialect, _statement in NUMBERED.items():
    event.listen(audit, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("organization", String(36), primary_key=True),
    Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
    Column("mac", String(64), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("signature", String(64), nullable=False),
)

last_writes = Table(
    "last_writes",
    metadata,
    Column("organization", String(36), primary_key=True),
    Column("object", String(36), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("action", String(64), nullable=False),
)

health = Table(
    "health",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime, nullable=False),
)
