"""Who is declared where in a program, so that no two resources decide over one person's access.

Whatever is an Output is claimed when it becomes known. The input passes through the claim, so that a resource
that is refused is never registered.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import pulumi

from pulumi_encord_integrations.lifecycle.ownership import Kind, ResourceKey
from pulumi_encord_integrations.model.groups import as_emails
from pulumi_encord_integrations.model.memberships import as_given, as_rows
from pulumi_encord_integrations.model.text import canonical_email, uuid_in
from pulumi_encord_integrations.resources import _run
from pulumi_encord_integrations.resources._references import email_of, group_of, is_list

_EXPIRY = "the expiry of its signed URLs"
_DEPLOYER = "whoever deploys"
_COLLECTION: Kind = "collection"
_GROUP = "group:"

_Key = Any
"""A resource of the program, or a text: the uuid of a holder, a principal as memberships name it, or one of
the two words above.
"""


@dataclass(eq=False)
class _Later:
    """A role that is an Output, and whose it is."""

    role: Any = None
    """None until it is known."""
    principals: list[_Key] = field(default_factory=list)


class Claim:
    """What one resource decides over, of an integration or group.

    Its methods take an input in any of its forms and answer it as it is to be registered. They raise
    `pulumi.RunError`, which names both resources, if another one decides over the same.
    """

    def __init__(
        self, label: str, *, about: Kind = "membership", exclusive: bool = False, joins: bool = False
    ) -> None:
        self.label = label
        self._about = about
        self._exclusive = exclusive
        self._joins = joins
        self._holders: list[_Key] = []
        self._roles: dict[_Key, Any] = {}

    def on(self, reference: Any, id_of: Callable[[Any], Any]) -> Any:
        """The integration or group, by its resource or id."""
        value = id_of(reference)
        if isinstance(reference, pulumi.Resource):
            self._hold(reference)
        return _passed(value, lambda id_: self._hold(uuid_in(id_) or id_))

    def members(self, given: Any) -> Any:
        """Members: a list of rows, or a mapping from principal to role."""
        if _is_later(given):
            return pulumi.Output.from_input(given).apply(self.members)
        rows = as_rows(given)
        if not is_list(rows):
            return given
        claimed = [self._member(row) for row in rows]
        return as_given(given, claimed) if isinstance(given, Mapping) else claimed

    def _member(self, row: Any) -> Any:
        if _is_later(row):
            return pulumi.Output.from_input(row).apply(self._member)
        if not isinstance(row, Mapping):
            return row
        claimed = dict(row)
        if "user" in row:
            held = self.holder(row["user"], row.get("role"))
            claimed |= {name: held[name] for name in held if name in row}
        if "group" in row:
            claimed["group"] = self.group(row["group"])
        return claimed

    def users(self, given: Any) -> Any:
        """Users: a list, or the mapping that it becomes in a state."""
        if _is_later(given):
            return pulumi.Output.from_input(given).apply(self.users)
        emails = as_emails(given)
        if not is_list(emails):
            return given
        claimed = [self.user(user) for user in emails]
        return given if isinstance(given, Mapping) else claimed

    def holder(self, user: Any, role: Any) -> dict[str, Any]:
        """A user with a role, which is compared as soon as it is known."""
        if not _is_later(role):
            return {"user": self.user(user, role), "role": role}
        later = _Later()
        return {"user": self.user(user, later), "role": _passed(role, lambda known: self._know(later, known))}

    def user(self, given: Any, role: Any = None) -> Any:
        """A user, by their resource or e-mail; by the e-mail where the program says it."""
        value = email_of(given)
        if isinstance(given, pulumi.Resource):
            plain = getattr(given, "_plain_email", None)
            if plain:
                value = plain
            else:
                self._take(given, role)
        return _passed(value, lambda email: self._take_user(canonical_email(email), role))

    def _take_user(self, email: str, role: Any) -> None:
        # What is no e-mail is refused by the provider, and must not pass for a group's key.
        if not email.startswith(_GROUP):
            self._take(email, role)

    def group(self, given: Any) -> Any:
        """A group, by its resource or uuid."""
        value = group_of(given)
        if isinstance(given, pulumi.Resource):
            self._take(given)
        return _passed(value, lambda id_: self._take(f"{_GROUP}{uuid_in(id_) or id_}"))

    def role_of(self, principal: _Key) -> str | None:
        """The role that it declares; None while it is not known."""
        role = self._roles.get(principal)
        role = role.role if isinstance(role, _Later) else role
        return role if isinstance(role, str) else None

    def deployer(self, email: Any) -> None:
        """Whoever deploys; the e-mail may be known later, or never."""
        self._take(_DEPLOYER)
        _passed(email, lambda known: self._take(canonical_email(known)))

    def expiry(self, given: Any) -> Any:
        """The expiry of signed URLs, unless it is None."""
        return _passed(given, lambda _: self._take(_EXPIRY), (str, int, float))

    def elsewhere(self) -> Awaitable[list[str]]:
        """Users whom other resources of the program declare on the same integration, in any order.

        A program's constructors have all run before the first resource is registered, which awaits this.
        """
        return _Elsewhere(self)

    async def _elsewhere(self) -> list[str]:
        ownership = _run.current().ownership
        found: set[str] = set()
        for holder in self._holders:
            for principal, claims in ownership.parts(self._about, holder).items():
                others = any(claim is not self and not claim._joins for claim in claims)
                if others and isinstance(principal, str) and "@" in principal:
                    found.add(principal)
        return sorted(found)

    def _hold(self, holder: _Key) -> None:
        if holder in self._holders:
            return
        if not self._joins:
            self._stand_beside(ResourceKey(_COLLECTION, holder, self._about))
        self._holders.append(holder)
        for principal in self._roles:
            self._decide(holder, principal)

    def _know(self, later: _Later, role: str) -> None:
        later.role = role
        for principal in later.principals:
            self._take(principal)

    def _take(self, principal: _Key, role: Any = None) -> None:
        self._roles.setdefault(principal, role)
        if isinstance(role, _Later):
            role.principals.append(principal)
        for holder in self._holders:
            self._decide(holder, principal)

    def _stand_beside(self, collection: ResourceKey) -> None:
        ownership = _run.current().ownership
        others: list[Claim] = ownership.owners(collection)
        exclusive = next((claim for claim in others if claim._exclusive), None)
        if exclusive is not None:
            raise pulumi.RunError(
                f"{self.label} stands beside {exclusive.label}, which is exclusive: put all into one"
            )
        if self._exclusive and others:
            raise pulumi.RunError(
                f"{self.label}, which is exclusive, stands beside {others[0].label}: put all into one"
            )
        ownership.own([collection], self)

    def _decide(self, holder: _Key, principal: _Key) -> None:
        ownership, key = _run.current().ownership, ResourceKey(self._about, holder, principal)
        others: list[Claim] = [claim for claim in ownership.owners(key) if claim is not self]
        for other in others:
            if other._joins == self._joins:
                raise pulumi.RunError(
                    f"{_shown(principal)} is declared twice, by {other.label} and by {self.label}"
                )
        ownership.own([key], self)
        for other in others:
            self._require_admin(principal, *((self, other) if self._joins else (other, self)))

    @staticmethod
    def _require_admin(principal: _Key, join: "Claim", declared: "Claim") -> None:
        role = declared._roles[principal]
        if isinstance(role, _Later):
            role = role.role or "admin"
        if role != "admin":
            raise pulumi.RunError(
                f"{_shown(principal)} becomes an Admin by {join.label}, and {declared.label} does not say "
                'so: give them the role "admin" there, or take one of the two out'
            )


def _shown(principal: _Key) -> str:
    if isinstance(principal, pulumi.Resource):
        return str(principal._name)
    return f"group {principal.removeprefix(_GROUP)}" if principal.startswith(_GROUP) else str(principal)


class _Elsewhere(Awaitable[list[str]]):
    """Awaitable, but no coroutine: that would warn "never awaited" if the program is refused first."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    def __await__(self) -> Generator[Any, None, list[str]]:
        return self._claim._elsewhere().__await__()


def _is_later(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or isawaitable(value)


def _passed(value: Any, check: Callable[[Any], None], kinds: Any = str) -> Any:
    """The input, checked as soon as it is known; what is of another kind is refused by the provider."""

    def passed(known: Any) -> Any:
        if isinstance(known, kinds):
            check(known)
        return known

    return pulumi.Output.from_input(value).apply(passed) if _is_later(value) else passed(value)
