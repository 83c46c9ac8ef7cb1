"""The organization as a run finds it: what previews ask the API, each listing once, with GET alone."""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_encord_integrations.client import (
    groups,
    integrations,
    keys,
    members,
    organization_users,
    organizations,
    service_accounts,
)
from pulumi_encord_integrations.client.errors import (
    ConfigurationError,
    EncordError,
    NoCredentials,
    NotAllowed,
    NotFound,
    Unavailable,
)
from pulumi_encord_integrations.lifecycle.session import require_same
from pulumi_encord_integrations.model.audit import LastWrite
from pulumi_encord_integrations.model.groups import DeclaredGroup
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.members import Roles
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.model.service_accounts import ServiceAccountView
from pulumi_encord_integrations.model.users import CurrentOrganization, OrganizationUserView

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client

T = TypeVar("T")
_DO_WITHOUT = "set encord:offlinePreview to true to preview without the API"


class Snapshot:
    """What is known while nothing may be asked: every answer is None, which means "not known"."""

    def require(self, organization: str | None) -> None:
        """Refuses another organization than the one that a state belongs to."""

    def caller(self) -> CurrentOrganization | None:
        """Who calls, and for which organization."""
        return None

    def user(self) -> str | None:
        """The caller's e-mail."""
        found = self.caller()
        return found.user_email if found else None

    def only_reads(self) -> bool:
        """Whether the caller's credential may change nothing, so that somebody else applies this."""
        found = self.caller()
        return found is not None and found.scope == "read"

    def deployer(self) -> str | None:
        """The e-mail of whoever applies what is previewed, as far as that is known: the caller who may."""
        return None if self.only_reads() else self.user()

    def may_miss(self) -> bool:
        """Whether somebody else applies this, and may see integrations that the caller does not see."""
        found = self.caller()
        if found is None or found.scope != "read":
            return False
        return not (found.auditor or found.role == "ADMIN")

    def sees_all_members(self) -> bool:
        """Whether the caller is told the members of every integration, as auditors are."""
        found = self.caller()
        return found is None or found.auditor

    def once(self, what: str) -> bool:
        """Whether this is asked for the first time in the run."""
        first: list[str] = []
        self.memo(f"once: {what}", lambda: first.append(what))
        return bool(first)

    def integrations(self, stack: str | None = None) -> Mapping[str, IntegrationView] | None:
        """By uuid, all that the caller may view; each says whether the stack of that identity declares it."""
        return None

    def integration(self, uuid: str) -> IntegrationView | None:
        """One of them; None also if there is none."""
        return (self.integrations() or {}).get(uuid)

    def roles(self, integration: str) -> Roles | None:
        """Who is a member of an integration: `model.members.Principal.key` -> role.

        None if the caller neither administers nor audits it, or if it was made in this run.
        """
        return None

    def users(self) -> Mapping[str, str] | None:
        """The users of the organization: e-mail -> role."""
        return None

    def suspended(self) -> frozenset[str]:
        """E-mails of the users who are known to be suspended."""
        return frozenset()

    def auditors(self) -> frozenset[str]:
        """E-mails of the auditors who are known."""
        return frozenset()

    def service_accounts(self) -> Mapping[str, ServiceAccountView] | None:
        """By name; None if the caller neither administers nor audits the organization."""
        return None

    def revoked_keys(self, email: str) -> frozenset[str]:
        """Public keys of an identity that were revoked, as far as they are known."""
        return frozenset()

    def groups(self, stack: str | None = None) -> Mapping[str, DeclaredGroup] | None:
        """The groups by uuid; each says whether the stack of that identity declares it."""
        return None

    def group_users(self, group: str) -> frozenset[str] | None:
        """E-mails of a group's users."""
        return None

    def principals(self) -> Principals | None:
        """Who reads the buckets."""
        return None

    def last_write(self, noun: str, uuid: str) -> str:
        """Who wrote an integration or group last, and when, in words; empty if that is not known."""
        return ""

    def memo(self, what: str, make: Callable[[], T]) -> T:
        """What is derived from the answers, made once."""
        return make()


OFFLINE = Snapshot()


class FirstPreview(Snapshot):
    """An embedded organization that the first `up` is going to make: it holds only who deploys."""

    def __init__(self, user: str, principals: Principals, missing: ConfigurationError) -> None:
        self._user = user
        self._principals = principals
        self._missing = missing

    def require(self, organization: str | None) -> None:
        """A state that belongs to an organization has lost its database."""
        if organization:
            raise self._missing

    def user(self) -> str | None:
        """Who deploys, and becomes the first admin."""
        return self._user

    def integrations(self, stack: str | None = None) -> Mapping[str, IntegrationView] | None:
        """None yet."""
        return {}

    def users(self) -> Mapping[str, str] | None:
        """Who deploys, as an admin."""
        return {self._user: "ADMIN"}

    def service_accounts(self) -> Mapping[str, ServiceAccountView] | None:
        """None yet."""
        return {}

    def groups(self, stack: str | None = None) -> Mapping[str, DeclaredGroup] | None:
        """None yet."""
        return {}

    def principals(self) -> Principals | None:
        """As configured."""
        return self._principals


class LiveSnapshot(Snapshot):
    """Asks when first needed and keeps the answer, or the failure, for the whole run.

    What this run writes is not seen. Safe to share between threads.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._lock = threading.RLock()
        self._answers: dict[str, Any] = {}
        self._listings: dict[str, str] = {}

    def require(self, organization: str | None) -> None:
        """Asks who calls, so that an API that refuses the key is found out by whoever comes first."""
        require_same(organization, self.caller().uuid)

    def caller(self) -> CurrentOrganization:
        """Who calls, and for which organization."""
        return self.memo("caller", lambda: organizations.current(self._client))

    def integrations(self, stack: str | None = None) -> Mapping[str, IntegrationView]:
        """By uuid, all that the caller may view; each says whether the stack of that identity declares it."""

        def ask() -> dict[str, IntegrationView]:
            return {view.uuid: view for view in integrations.search(self._client, stack=stack)}

        return self._listed("integrations", stack, ask)

    def roles(self, integration: str) -> Roles | None:
        """Who is a member of an integration that the caller administers or audits."""
        view = self.integration(integration)
        if view is None or not (view.role == "admin" or self.caller().auditor):
            return None
        return self.memo("members", self._members).get(integration, {})

    def users(self) -> Mapping[str, str]:
        """The users of the organization: e-mail -> role."""
        return self.memo("users", lambda: {view.email: view.role for view in self._people()})

    def suspended(self) -> frozenset[str]:
        """E-mails of the users who may do nothing."""
        suspended = (view.email for view in self._people() if view.suspended)
        return self.memo("suspended", lambda: frozenset(suspended))

    def auditors(self) -> frozenset[str]:
        """E-mails of those who read the whole organization."""
        return self.memo("auditors", lambda: frozenset(one.email for one in self._people() if one.auditor))

    def service_accounts(self) -> Mapping[str, ServiceAccountView] | None:
        """By name; None if the caller neither administers nor audits the organization."""

        def ask() -> dict[str, ServiceAccountView] | None:
            try:
                return {view.name: view for view in service_accounts.listing(self._client)}
            except (NotAllowed, NotFound):
                return None

        return self.memo("service accounts", ask)

    def revoked_keys(self, email: str) -> frozenset[str]:
        """Public keys of an identity that were revoked; none if the caller may not know."""

        def ask() -> frozenset[str]:
            try:
                found = keys.listing(self._client, email)
            except (NotAllowed, NotFound):
                return frozenset()
            return frozenset(key.public_key for key in found if key.state == "revoked")

        return self.memo(f"revoked keys of {email}", ask)

    def groups(self, stack: str | None = None) -> Mapping[str, DeclaredGroup]:
        """The groups by uuid; each says whether the stack of that identity declares it."""

        def ask() -> dict[str, DeclaredGroup]:
            return {view.group_hash: view for view in groups.listing(self._client, stack)}

        return self._listed("groups", stack, ask)

    def group_users(self, group: str) -> frozenset[str] | None:
        """E-mails of a group's users; None if there is no such group, or the caller may not know."""

        def ask() -> frozenset[str] | None:
            try:
                return frozenset(groups.users(self._client, group))
            except (NotAllowed, NotFound):
                return None

        return self.memo(f"users of {group}", ask)

    def principals(self) -> Principals:
        """Who reads the buckets."""
        return self.memo("principals", lambda: self._client.get("integration-principals", Principals))

    def last_write(self, noun: str, uuid: str) -> str:
        """Who wrote an integration or group last, and when; empty for what the caller does not administer."""
        ask = integrations.last_writes if noun == "integrations" else groups.last_writes

        def all_() -> Mapping[str, LastWrite]:
            try:
                return ask(self._client)
            except (NotAllowed, NotFound):
                return {}

        return str(self.memo(f"last writes of {noun}", all_).get(uuid, ""))

    def _people(self) -> list[OrganizationUserView]:
        return self.memo("people", lambda: organization_users.listing(self._client))

    def _members(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for member in members.everywhere(self._client):
            found.setdefault(member.integration, {})[member.key] = member.role
        return found

    def _listed(self, noun: str, stack: str | None, ask: Callable[[], T]) -> T:
        """The listing for a stack; for none, the first that was read for any."""
        with self._lock:
            of_any = self._listings.setdefault(noun, f"{noun} for {stack}")
        return self.memo(of_any if stack is None else f"{noun} for {stack}", ask)

    def memo(self, what: str, make: Callable[[], T]) -> T:
        """The answer, or the failure, of the first who asked."""
        with self._lock:
            if what not in self._answers:
                try:
                    self._answers[what] = make()
                except EncordError as error:
                    self._answers[what] = or_do_without(error)
            answer: Any = self._answers[what]
        if isinstance(answer, EncordError):
            raise answer
        found: T = answer
        return found


def or_do_without(error: EncordError) -> EncordError:
    """The same error; one that is no fault of the program tells how to preview without the API."""
    if isinstance(error, Unavailable | NoCredentials) and _DO_WITHOUT[1:] not in error.hint:
        error.hint = f"{error.hint}, or {_DO_WITHOUT}" if error.hint else f"S{_DO_WITHOUT[1:]}"
    return error
