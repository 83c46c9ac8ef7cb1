"""A member of an integration, as it is listed."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Member:
    """A user, or a group with the number of its people."""

    name: str
    role: str
    group: str | None = None
    people: int | None = None
    suspended: bool = False

    def wire_form(self) -> dict[str, Any]:
        """As the API names it."""
        if self.group is None:
            return {"user": self.name, "role": self.role, "suspended": self.suspended}
        return {"group": self.group, "name": self.name, "users": self.people, "role": self.role}
