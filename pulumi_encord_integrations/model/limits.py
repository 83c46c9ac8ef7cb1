"""How much one organization may hold, and how long a deployment keeps what it no longer needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """The most that one organization may have of each."""

    integrations: int = 10_000
    users: int = 100_000
    groups: int = 10_000
    members: int = 100_000
    """Of one integration, groups counted as one."""
    registrations: int = 10_000_000


REQUESTS_PER_MINUTE = 12_000
"""The most that one identity may send to one server."""
RATE_LIMITED = "rate_limited"
"""The code of what is refused beyond."""


@dataclass(frozen=True)
class Retention:
    """What `maintain` deletes, in days; None keeps it for ever."""

    audit_days: int | None = None
    batch_days: int | None = 90
    """A batch that is forgotten is only compared again when it is sent again."""


QUOTA_VARIABLES = {
    "integrations": "ENCORD_MAX_INTEGRATIONS",
    "users": "ENCORD_MAX_USERS",
    "groups": "ENCORD_MAX_GROUPS",
    "members": "ENCORD_MAX_MEMBERS",
    "registrations": "ENCORD_MAX_REGISTRATIONS",
}
"""Field of `Quotas` -> the environment variable that sets it."""
