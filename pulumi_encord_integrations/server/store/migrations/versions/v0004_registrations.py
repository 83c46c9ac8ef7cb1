"""Registered data, and the batches that were registered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds two tables."""
    op.create_table(
        "registrations",
        sa.Column("integration", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("data_type", sa.String(length=32), nullable=False),
        sa.Column("object_urls", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("video_metadata", sa.Text(), nullable=True),
        sa.Column("client_metadata", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["integration"], ["integrations.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration", "digest"),
    )
    op.create_table(
        "registration_batches",
        sa.Column("integration", sa.String(length=36), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["integration"], ["integrations.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration", "batch"),
    )
