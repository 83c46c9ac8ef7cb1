"""What probes of an integration's role have seen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds a column."""
    op.add_column("integrations", sa.Column("trust", sa.Text(), nullable=True))
