"""User groups and their users."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import pulumi

from pulumi_encord_integrations.model.groups import as_emails
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources._claims import Claim
from pulumi_encord_integrations.resources._references import group_of
from pulumi_encord_integrations.resources._resource import EncordResource
from pulumi_encord_integrations.resources.integrations import Adopt, OptionalFlag, OptionalText
from pulumi_encord_integrations.resources.organization_users import OnDelete, OrganizationUser, declared_users
from pulumi_encord_integrations.resources.service_accounts import ServiceAccount

if TYPE_CHECKING:
    Names = Mapping[str, str]
else:
    # In a preview it is the list that the program wrote, as long as anything in it is not known.
    Names = Any


class UserGroup(EncordResource, module="encord", name="UserGroup"):
    """A group of users of the organization, which integrations can be shared with.

    Destroying it revokes all access that it granted. Changes in place: name, description.
    """

    _provider_class = providers.UserGroupProvider
    _stands_for = "group"
    _plain_name: str | None = None
    """The name, if the program says it."""

    name: pulumi.Output[str]
    """The name; need not be unique."""
    description: pulumi.Output[str]
    """What the group is for."""
    created_at: pulumi.Output[str]
    """When it was created: ISO 8601, UTC."""
    adopts: pulumi.Output[str | None]
    """The uuid of the group that is adopted; known in the preview already. None if none is."""
    adopted: pulumi.Output[bool]
    """True if it existed before: destroying this resource leaves it alive."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        description: OptionalText = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a group; needs an admin of the organization.

        Args:
            resource_name: its name in this program.
            name: the name shown in the app, at most 255 characters.
            description: at most 4,096 characters. Default: none.
            adopt: take over an existing group instead of creating one: True for the only one of that name,
                or its uuid. A description that is left out stays as it is, and destroying the resource
                leaves the group alive. Default False.
            adopt_from: the stack that declares the adopted group so far, as "project/stack" or by the uuid
                of its identity; needed if that is another stack.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        self._plain_name = name if isinstance(name, str) else None
        self._refuse_to_be_deleted_first(opts)
        inputs = {"name": name, "description": description, "adopt": adopt, "adopt_from": adopt_from}
        self._declare(resource_name, inputs, opts)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing group by its uuid, without managing it; fails if there is none."""
        return cls._look_up(resource_name, id, opts)


class UserGroupMembers(EncordResource, module="encord", name="UserGroupMembers"):
    """Users of a group, any number in one resource: beside others, or all that there are.

    Changes in place: users, exclusive. Replaces: group.
    """

    _provider_class = providers.UserGroupMembersProvider

    group: pulumi.Output[str]
    """uuid of the group."""
    users: pulumi.Output[Names]
    """E-mail of each user -> `member`."""
    exclusive: pulumi.Output[bool]
    """Whether nobody else may be in the group."""

    def __init__(
        self,
        resource_name: str,
        *,
        group: pulumi.Input[str] | UserGroup,
        users: pulumi.Input[Sequence[pulumi.Input[str] | OrganizationUser | ServiceAccount]],
        exclusive: bool = False,
        on_delete: OnDelete = "remove",
        allow_large_removal: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares users of a group; needs an admin of the organization.

        Args:
            resource_name: its name in this program.
            group: the group, or its uuid.
            users: e-mails of users of the organization, in any order; or the users and service accounts
                themselves.
            exclusive: whether whoever else is in the group is removed. Default False.
            on_delete: remove (default), or keep: destroying the resource leaves them in the group.
            allow_large_removal: allow that one step removes more than 30 % and more than 10. Default False.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        claim = Claim(f'UserGroupMembers "{resource_name}"', exclusive=exclusive)
        inputs = {
            "group": claim.on(group, group_of),
            "users": claim.users(users),
            "exclusive": exclusive,
            "on_delete": on_delete,
            "allow_large_removal": allow_large_removal,
        }
        self._grant(resource_name, inputs, opts, after=declared_users(as_emails(users)))

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads all users of a group by the group's uuid, without managing them."""
        return cls._look_up(resource_name, id, opts)
