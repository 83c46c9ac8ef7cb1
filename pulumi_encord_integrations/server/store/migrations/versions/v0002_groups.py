"""User groups, their users, and their roles on integrations; what kind of member a user is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds three tables and two columns."""
    op.add_column(
        "organization_users",
        sa.Column("member_type", sa.String(length=16), nullable=False, server_default="internal"),
    )
    op.add_column("organization_users", sa.Column("last_edited_at", sa.DateTime(), nullable=True))
    op.create_table(
        "groups",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("ownership_key", sa.String(length=64), nullable=True),
        sa.Column("stack_id", sa.String(length=36), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("stack", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["organization"], ["organizations.uuid"]),
        sa.PrimaryKeyConstraint("uuid"),
    )
    op.create_index("groups_by_ownership_key", "groups", ["organization", "ownership_key"], unique=True)
    op.create_index("groups_by_name", "groups", ["organization", "name"], unique=False)
    op.create_table(
        "group_users",
        sa.Column("group", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization", "email"],
            ["organization_users.organization", "organization_users.email"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group", "email"),
    )
    op.create_index("group_users_by_user", "group_users", ["organization", "email"], unique=False)
    op.create_table(
        "group_members",
        sa.Column("integration", sa.String(length=36), nullable=False),
        sa.Column("group", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["integration"], ["integrations.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["group"], ["groups.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration", "group"),
    )
    op.create_index("group_members_by_group", "group_members", ["group"], unique=False)
