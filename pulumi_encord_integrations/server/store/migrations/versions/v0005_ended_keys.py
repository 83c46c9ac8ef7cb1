"""When a key ended: with the membership in the organization that it was made under."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds a column, and ends the keys of people who were removed, also if they were added again."""
    op.add_column("user_keys", sa.Column("ended_at", sa.DateTime(), nullable=True))
    ended = sa.text(
        """
        UPDATE user_keys SET ended_at = :now WHERE NOT EXISTS (
            SELECT 1 FROM organization_users AS users
            WHERE users.organization = user_keys.organization AND users.email = user_keys.email
            AND users.created_at <= user_keys.created_at
        )
        """
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    op.execute(ended.bindparams(sa.bindparam("now", now, sa.DateTime())))
