"""The time as databases keep it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC, without a zone as databases keep it."""
    return datetime.now(UTC).replace(tzinfo=None)
