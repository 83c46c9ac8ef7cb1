"""Organizations, their users and keys, integrations, answers and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates all tables."""
    op.create_table(
        "answers",
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request"),
    )
    op.create_index(op.f("ix_answers_created_at"), "answers", ["created_at"], unique=False)
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=36), nullable=False),
        sa.Column("trace", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "organizations",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("encryption_key_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
    )
    op.create_table(
        "creates",
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("nonce", sa.String(length=128), nullable=False),
        sa.Column("object", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.uuid"],
        ),
        sa.PrimaryKeyConstraint("organization", "nonce"),
    )
    op.create_index(op.f("ix_creates_created_at"), "creates", ["created_at"], unique=False)
    op.create_table(
        "integrations",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("credential_fingerprint", sa.String(length=32), nullable=True),
        sa.Column("external_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("settings_revision", sa.Integer(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("ownership_key", sa.String(length=64), nullable=True),
        sa.Column("stack_id", sa.String(length=36), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("stack", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.uuid"],
        ),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("external_id"),
    )
    op.create_index(
        "integrations_by_ownership_key", "integrations", ["organization", "ownership_key"], unique=True
    )
    op.create_index("integrations_by_title", "integrations", ["organization", "title"], unique=False)
    op.create_index(
        "integrations_in_order", "integrations", ["organization", "created_at", "uuid"], unique=False
    )
    op.create_table(
        "organization_users",
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.uuid"],
        ),
        sa.PrimaryKeyConstraint("organization", "email"),
    )
    op.create_table(
        "user_keys",
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.uuid"],
        ),
        sa.PrimaryKeyConstraint("public_key"),
    )
    op.create_table(
        "integration_secrets",
        sa.Column("integration", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["integration"], ["integrations.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration", "field"),
    )
    op.create_table(
        "members",
        sa.Column("integration", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["integration"], ["integrations.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization", "email"],
            ["organization_users.organization", "organization_users.email"],
        ),
        sa.PrimaryKeyConstraint("integration", "email"),
    )
    op.create_index("members_by_user", "members", ["organization", "email"], unique=False)
