"""Who is declared where in a program, so that no two resources decide over one person's access.

Whatever is an Output is claimed when it becomes known. The input passes through the claim, so that a resource
that is refused is never registered.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import pulumi

from pulumi_encord_integrations.model.groups import as_emails
from pulumi_encord_integrations.model.memberships import as_rows
from pulumi_encord_integrations.model.text import same_email, uuid_in
from pulumi_encord_integrations.resources._references import email_of, group_of, is_list

_ATTRIBUTE = "_encord_claims"
_EXPIRY = "the expiry of its signed URLs"
_DEPLOYER = "whoever deploys"

_Key = Any
"""A resource of the program, or a text: an id, an e-mail, `group UUID`."""


@dataclass
class _Held:
    """One integration or group: which claim decides over whom, and over all."""

    principals: "dict[_Key, Claim]" = field(default_factory=dict)
    joined: "dict[_Key, Claim]" = field(default_factory=dict)
    exclusive: "Claim | None" = None
    claims: "dict[Claim, None]" = field(default_factory=dict)


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
        self, label: str, *, about: str = "members", exclusive: bool = False, joins: bool = False
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
        if isinstance(given, Mapping):
            return {key: row["role"] for key, row in zip(given, claimed, strict=True)}
        return claimed

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
        """A user, by their resource or e-mail."""
        value = email_of(given)
        if isinstance(given, pulumi.Resource):
            plain = getattr(given, "_plain_email", None)
            self._take(same_email(plain) if plain else given, role)
        return _passed(value, lambda email: self._take(same_email(email), role))

    def group(self, given: Any) -> Any:
        """A group, by its resource or uuid."""
        value = group_of(given)
        if isinstance(given, pulumi.Resource):
            self._take(given)
        return _passed(value, lambda id_: self._take(f"group {uuid_in(id_) or id_}"))

    def deployer(self, email: Any) -> None:
        """Whoever deploys; the e-mail may be known later, or never."""
        self._take(_DEPLOYER)
        _passed(email, lambda known: self._take(same_email(known)))

    def expiry(self, given: Any) -> Any:
        """The expiry of signed URLs, unless it is None."""
        return _passed(given, lambda _: self._take(_EXPIRY), (str, int, float))

    def elsewhere(self) -> Awaitable[list[str]]:
        """Users whom other resources of the program declare on the same integration, in any order.

        A program's constructors have all run before the first resource is registered, which awaits this.
        """
        return _Elsewhere(self)

    async def _elsewhere(self) -> list[str]:
        held = map(self._held, self._holders)
        others = {key for one in held for key, claim in one.principals.items() if claim is not self}
        return sorted(key for key in others if isinstance(key, str) and "@" in key)

    def _hold(self, holder: _Key) -> None:
        if holder in self._holders:
            return
        held = self._held(holder)
        if not self._joins:
            self._stand_beside(held)
        self._holders.append(holder)
        for principal in self._roles:
            self._decide(held, principal)

    def _know(self, later: _Later, role: str) -> None:
        later.role = role
        for principal in later.principals:
            self._take(principal)

    def _take(self, principal: _Key, role: Any = None) -> None:
        self._roles.setdefault(principal, role)
        if isinstance(role, _Later):
            role.principals.append(principal)
        for holder in self._holders:
            self._decide(self._held(holder), principal)

    def _held(self, holder: _Key) -> _Held:
        # On the root resource, since a second preview or update in one process has another root.
        root = pulumi.runtime.get_root_resource()
        everything: dict[_Key, _Held] = getattr(root, _ATTRIBUTE, None) or {}
        setattr(root, _ATTRIBUTE, everything)
        return everything.setdefault((self._about, holder), _Held())

    def _stand_beside(self, held: _Held) -> None:
        if held.exclusive is not None:
            raise pulumi.RunError(
                f"{self.label} stands beside {held.exclusive.label}, which is exclusive: put all into one"
            )
        other = next(iter(held.claims), None)
        if self._exclusive and other is not None:
            raise pulumi.RunError(
                f"{self.label}, which is exclusive, stands beside {other.label}: put all into one"
            )
        held.claims[self] = None
        held.exclusive = self if self._exclusive else None

    def _decide(self, held: _Held, principal: _Key) -> None:
        alike, across = (held.joined, held.principals) if self._joins else (held.principals, held.joined)
        name = principal._name if isinstance(principal, pulumi.Resource) else principal
        other = alike.setdefault(principal, self)
        if other is not self:
            raise pulumi.RunError(f"{name} is declared twice, by {other.label} and by {self.label}")
        beside = across.get(principal)
        if beside is None:
            return
        join, lists = (self, beside) if self._joins else (beside, self)
        role = lists._roles[principal]
        if isinstance(role, _Later):
            role = role.role or "admin"
        if role != "admin":
            raise pulumi.RunError(
                f"{name} becomes an Admin by {join.label}, and {lists.label} does not say so: "
                'give them the role "admin" there, or take one of the two out'
            )


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
