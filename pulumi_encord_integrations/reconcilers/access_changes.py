"""Who gains or loses what by a write of members, beyond what the difference of inputs shows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pulumi_encord_integrations.model.members import (
    Roles,
    is_individual,
    kept_for_good,
    large_removal,
    refusal_to_lower,
)

Namer = Callable[[str], str]
"""From the key of a principal to what people call it."""
_ROLES = {"admin": "Admin", "user": "user"}


@dataclass(frozen=True)
class AccessChange:
    """One write to the members of one integration, or to the users of one group."""

    before: Roles
    """As the state has them."""
    wanted: Roles
    live: Roles | None
    """As they were when the run began; None if that is not known."""
    exclusive: bool = False
    may_leave: Callable[[str], bool] = field(default=lambda _: False)
    """Whether an individual Admin may be dropped, since they stay one."""
    creator: str | None = None
    """Who is an Admin of a new integration anyway."""

    @property
    def sent(self) -> Roles:
        """What the write sets."""
        if self.exclusive:
            return self.wanted
        return {key: role for key, role in self.wanted.items() if self.before.get(key) != role}

    @property
    def dropped(self) -> list[str]:
        """Those of the state that are not wanted any more."""
        return [key for key in self.before if key not in self.wanted]

    def new(self) -> set[str]:
        """Those of whom the API asks whether the organization has them."""
        there = self.before if self.live is None else self.live
        return {key for key in self.sent if key not in there}

    def is_admin(self, key: str) -> bool:
        """Whether somebody is an individual Admin whom nobody can lower: support may have removed them."""
        roles = self.before if self.live is None else self.live
        return kept_for_good(key, roles.get(key), None)

    def refusals(self) -> list[str]:
        """What the API would refuse, or take a second yes for; the flag for that is the caller's to know."""
        dropped = [key for key in self.dropped if self.is_admin(key) and not self.may_leave(key)]
        sent = self.sent
        lowered = [key for key in sent if self.is_admin(key) and sent[key] != "admin"]
        return [refusal_to_lower(key) for key in sorted({*dropped, *lowered})]

    def too_many(self) -> str | None:
        """What to say of a removal that needs a second yes; None if it needs none."""
        if not self.exclusive or self.live is None:
            return large_removal(len(self.before), len(self.dropped))
        return large_removal(len(self.live), len(self._removed(self.live)))

    def notes(self, name: Namer) -> Iterator[str]:
        """Promotions, and what becomes of whom the state does not know as they are."""
        live, sent = self.live or {}, self.sent
        unseen = {key for key in live if self.before.get(key) != live[key]}
        there = self.before if self.live is None else live
        admins = {self.creator, *(key for key in there if there[key] == "admin")}
        promoted = [key for key in sent if is_individual(key) and sent[key] == "admin" and key not in admins]
        if promoted:
            become = "becomes an Admin" if len(promoted) == 1 else "become Admins"
            yield f"{all_of(promoted, name)} {become}, which cannot be undone"
        for key in sorted(unseen & sent.keys()):
            if sent[key] != live[key]:
                yield f"{name(key)} was {live[key]}, becomes {sent[key]}"

    def regained(self) -> list[str]:
        """Whom an exclusive list lets in again: they lost access, and the state does not know it."""
        if not self.exclusive or self.live is None:
            return []
        same = (key for key, role in self.wanted.items() if self.before.get(key) == role)
        return [key for key in same if key not in self.live]

    def others_removed(self) -> list[str]:
        """Whom an exclusive list takes out though the state does not know them."""
        if not self.exclusive or self.live is None:
            return []
        return [key for key in self._removed(self.live) if key not in self.before]

    def after(self) -> Roles:
        """All members after the write, as far as they are known."""
        live = {} if self.exclusive or self.live is None else self.live
        kept = {key: role for key, role in live.items() if key not in self.dropped}
        return {**kept, **self.wanted}

    def unmanaged_admins(self) -> list[str]:
        """Individual Admins whom an exclusive list does not name, and did not before."""
        if not self.exclusive or self.live is None:
            return []
        unnamed = [key for key in self.live if key not in self.wanted and key not in self.before]
        return [key for key in unnamed if kept_for_good(key, self.live[key], None)]

    def _removed(self, live: Roles) -> list[str]:
        return [key for key in live if key not in self.wanted and not kept_for_good(key, live[key], None)]


def all_of(keys: Iterable[str], name: Namer) -> str:
    """All of them by name: whoever approves must see everybody."""
    return ", ".join(sorted(map(name, keys)))


def keep_roles(roles: Roles, where: str, name: Namer) -> Iterator[str]:
    """Whose role on an integration outlives what declared it."""
    for role, word in _ROLES.items():
        keys = [key for key in roles if roles[key] == role]
        if keys:
            yield f"{all_of(keys, name)} {'keeps' if len(keys) == 1 else 'keep'} the {word} role on {where}"
