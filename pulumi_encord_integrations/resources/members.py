"""Who may use an integration: one member, many members, and joining."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NotRequired, Self, TypedDict

import pulumi

from pulumi_encord_integrations.lifecycle.warnings import some
from pulumi_encord_integrations.model.members import MemberRole
from pulumi_encord_integrations.model.memberships import as_rows
from pulumi_encord_integrations.reconcilers.collection_previews import MOVED
from pulumi_encord_integrations.reconcilers.member_previews import GROUP_NAME
from pulumi_encord_integrations.resources import _gates, providers
from pulumi_encord_integrations.resources._claims import Claim
from pulumi_encord_integrations.resources._identity import deployer
from pulumi_encord_integrations.resources._member_labels import by_kind, name_of
from pulumi_encord_integrations.resources._references import integration_of, is_list
from pulumi_encord_integrations.resources._resource import EncordResource
from pulumi_encord_integrations.resources.groups import UserGroup
from pulumi_encord_integrations.resources.integrations import Integration, OptionalFlag
from pulumi_encord_integrations.resources.organization_users import OnDelete, OrganizationUser, declared_users
from pulumi_encord_integrations.resources.service_accounts import ServiceAccount

IntegrationReference = pulumi.Input[str] | Integration
UserReference = pulumi.Input[str] | OrganizationUser | ServiceAccount
GroupReference = pulumi.Input[str] | UserGroup


class MemberArgs(TypedDict):
    """A member in a list: a user or a group, with a role."""

    user: NotRequired[UserReference]
    """E-mail of a user of the organization, or the user or service account."""
    group: NotRequired[GroupReference]
    """uuid of a user group, or the group."""
    role: pulumi.Input[MemberRole]
    """admin or user."""


class ListedGroup(TypedDict):
    """A group in a list that was deployed."""

    id: str
    """uuid of the group."""
    role: MemberRole
    """admin or user."""


class ListedMembers(TypedDict):
    """A list of members that was deployed."""

    users: Mapping[str, MemberRole]
    """E-mail of each user, in lower case -> role."""
    groups: Mapping[str, ListedGroup]
    """Name of each group -> its uuid and role; those of one name have more beside it."""


Members = pulumi.Input[
    Sequence[pulumi.Input[MemberArgs]] | Mapping[str, pulumi.Input[MemberRole]] | ListedMembers
]
if TYPE_CHECKING:
    Listed = ListedMembers
else:
    # In a preview it is the list that the program wrote, as long as an e-mail or role in it is not known.
    Listed = Any


class IntegrationMember(EncordResource, module="encord", name="IntegrationMember"):
    """A user's or a group's role on an integration; who has one already is taken over.

    Individuals with the role admin can be neither removed nor demoted, as in Encord's app: such a change is
    refused. A role above the declared one, of somebody who joined in the app, is no drift: see `live_role`.

    Changes in place: role. Replaces: integration, user, group.
    """

    _provider_class = providers.IntegrationMemberProvider

    integration: pulumi.Output[str]
    """uuid of the integration."""
    user: pulumi.Output[str | None]
    """E-mail of the user, in lower case, if it is one."""
    group: pulumi.Output[str | None]
    """uuid of the group, if it is one."""
    role: pulumi.Output[MemberRole]
    """The declared role, or for a group the one that a refresh found."""
    live_role: pulumi.Output[MemberRole]
    """The role that the API knows."""
    adopted: pulumi.Output[bool]
    """True if it was a member before."""

    def __init__(
        self,
        resource_name: str,
        *,
        integration: IntegrationReference,
        user: UserReference | None = None,
        group: GroupReference | None = None,
        role: pulumi.Input[MemberRole],
        on_delete: OnDelete = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares one member; needs an Admin of the integration.

        Args:
            resource_name: its name in this program.
            integration: the integration, or its uuid.
            user: e-mail of a user of the organization, or the user or service account; either this or
                `group`.
            group: uuid of a user group, or the group.
            role: admin or user.
            on_delete: remove (default), or keep: destroying the resource leaves the access.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        claim = Claim(f'IntegrationMember "{resource_name}"')
        inputs = {
            "integration": _gates.waited(integration, claim.on(integration, integration_of)),
            **claim.holder(user, role),
            "group": claim.group(group),
            "on_delete": on_delete,
        }
        with_ = _deleted_with(integration) if user is not None else None
        after = [*declared_users([user]), *_gates.before(integration)]
        told = {GROUP_NAME: name_of(group)} if isinstance(group, UserGroup) else {}
        self._grant(resource_name, inputs, opts, with_, after, told)
        if user is not None:
            _hint(self, integration, may_be_admin=role != "user")
            pulumi.Output.all(user=self.user, role=self.role, live=self.live_role).apply(self._warn)

    def _warn(self, known: Mapping[str, Any]) -> None:
        if known["live"] == "admin" and known["role"] == "user":
            _warn_above(self, [str(known["user"])])

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing member, without managing it, by `INTEGRATION-UUID/ada@example.com`.

        Of a group: `INTEGRATION-UUID/group:GROUP-UUID`. Fails if there is none.
        """
        return cls._look_up(resource_name, id, opts)


class IntegrationMembers(EncordResource, module="encord", name="IntegrationMembers"):
    """Members of an integration, thousands in one resource and one request: beside others, or all there are.

    An exclusive list removes users and groups that it does not name; individual Admins stay, see
    `unmanaged_admins`. Changes in place: members, exclusive. Replaces: integration.
    """

    _provider_class = providers.IntegrationMembersProvider

    integration: pulumi.Output[str]
    """uuid of the integration."""
    members: pulumi.Output[Listed]
    """`{"users": {EMAIL: ROLE}, "groups": {NAME: {"id": UUID, "role": ROLE}}}`."""
    exclusive: pulumi.Output[bool]
    """Whether nobody else may be a member."""
    unmanaged_admins: pulumi.Output[Sequence[str]]
    """Individual Admins that an exclusive list does not name, and who stay."""
    live_roles: pulumi.Output[Mapping[str, MemberRole]]
    """Those whose role is above the declared one."""

    def __init__(
        self,
        resource_name: str,
        *,
        integration: IntegrationReference,
        members: Members,
        exclusive: bool = False,
        on_delete: OnDelete = "remove",
        allow_large_removal: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares many members; needs an Admin of the integration.

        Args:
            resource_name: its name in this program.
            integration: the integration, or its uuid.
            members: `{"user": ..., "role": ...}` or `{"group": ..., "role": ...}`, in any order; or a mapping
                from e-mail, or `group:` and uuid, to role; or `members` of another list. At most 100,000.
            exclusive: whether whoever else is a member is removed. Default False.
            on_delete: remove (default), or keep: destroying the resource leaves the access.
            allow_large_removal: allow that one step removes more than 30 % and more than 10. Default False.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        listed = as_rows(members)
        rows = [row for row in listed if isinstance(row, Mapping)] if is_list(listed) else []
        claim = Claim(f'IntegrationMembers "{resource_name}"', exclusive=exclusive)
        inputs = {
            "integration": _gates.waited(integration, claim.on(integration, integration_of)),
            "members": by_kind(members, claim.members(members)),
            "exclusive": exclusive,
            "on_delete": on_delete,
            "allow_large_removal": allow_large_removal,
        }
        all_known = is_list(listed) and len(rows) == len(listed)
        only_groups = all_known and not any("user" in row for row in rows)
        with_ = None if only_groups else _deleted_with(integration)
        after = [*declared_users([row.get("user") for row in rows]), *_gates.before(integration)]
        self._grant(resource_name, inputs, opts, with_, after, {MOVED: claim.elsewhere()})
        pulumi.Output.all(stay=self.unmanaged_admins, live=self.live_roles).apply(self._warn)

    def _warn(self, known: Mapping[str, Any]) -> None:
        if known["stay"]:
            pulumi.log.warn(
                f"not listed, but individual Admins cannot be removed: {some(sorted(known['stay']))}. "
                "List them, or contact support",
                resource=self,
            )
        if known["live"]:
            _warn_above(self, list(known["live"]))

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads all members of an integration by its uuid, without managing them."""
        return cls._look_up(resource_name, id, opts)


class IntegrationJoin(EncordResource, module="encord", name="IntegrationJoin"):
    """The one who deploys, an admin of the organization, joins an integration and becomes its Admin.

    Replaces: integration.
    """

    _provider_class = providers.IntegrationJoinProvider

    integration: pulumi.Output[str]
    """uuid of the integration."""
    user: pulumi.Output[str]
    """E-mail of who joined."""
    role: pulumi.Output[MemberRole]
    """admin."""

    def __init__(
        self,
        resource_name: str,
        *,
        integration: IntegrationReference,
        on_delete: OnDelete = "keep",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares joining; needs an admin of the organization.

        Args:
            resource_name: its name in this program.
            integration: the integration, or its uuid.
            on_delete: keep (default): destroying the resource leaves the Admin there; remove is refused then,
                since individual Admins cannot be removed.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        claim = Claim(f'IntegrationJoin "{resource_name}"', joins=True)
        inputs = {"integration": claim.on(integration, integration_of), "on_delete": on_delete}
        claim.deployer(deployer())
        self._grant(resource_name, inputs, opts, _deleted_with(integration))
        claim.deployer(self.user)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads it by `INTEGRATION-UUID/ada@example.com`, without managing it; fails if that is no Admin."""
        return cls._look_up(resource_name, id, opts)


def _deleted_with(integration: Any) -> pulumi.Resource | None:
    """The integration, if destroying it is known to end the access.

    Individual Admins cannot be removed, and whoever is declared as a user may have joined in the app.
    """
    known = isinstance(integration, Integration) and integration._deletable
    return integration if known else None


def _hint(resource: pulumi.Resource, integration: Any, *, may_be_admin: bool) -> None:
    # A plain uuid is hardly of an integration that the same program declares.
    if may_be_admin and isinstance(integration, pulumi.Output):
        pulumi.log.info(
            "give the integration itself, not its id, where this program declares it: "
            "then destroying both need not remove an individual Admin, which is refused",
            resource=resource,
        )


def _warn_above(resource: pulumi.Resource, users: list[str]) -> None:
    pulumi.log.warn(
        f"declared as user, but Admin by now: {some(sorted(users))}. Individual Admins cannot be demoted: "
        "declare admin, or contact support",
        resource=resource,
    )
