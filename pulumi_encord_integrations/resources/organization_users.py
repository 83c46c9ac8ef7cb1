"""Users of the organization."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import pulumi

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey
from pulumi_encord_integrations.model.text import canonical_email
from pulumi_encord_integrations.model.users import MemberType, OrganizationRole
from pulumi_encord_integrations.resources import _run, providers
from pulumi_encord_integrations.resources._references import is_list
from pulumi_encord_integrations.resources._resource import EncordResource

OnDelete = pulumi.Input[Literal["remove", "keep"]]


def declared_users(people: Any) -> list[pulumi.Resource]:
    """Those whom the program has declared so far: who names them, even by e-mail, must come after."""
    given = people if is_list(people) else ()
    ownership = _run.current().ownership
    found = (ownership.owners(user_key(email)) for email in given if isinstance(email, str))
    users = [one for one in given if isinstance(one, EncordResource) and one._stands_for == "user"]
    return [*users, *(owners[-1] for owners in found if owners)]


def user_key(email: str) -> ResourceKey:
    """The key of a user or service account in the organization."""
    return ResourceKey("organization_user", canonical_email(email))


class IdentityResource(EncordResource):
    """Who may act in the organization; lists name it by its e-mail, so that they come after it."""

    _stands_for = "user"
    _plain_email: str | None = None

    def _identify(
        self,
        resource_name: str,
        plain_email: str | None,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """Registers it, and its e-mail if the program knows it already."""
        self._refuse_to_be_deleted_first(opts)
        self._plain_email = plain_email
        self._grant(resource_name, inputs, opts)
        if plain_email is not None:
            _run.current().ownership.own([user_key(plain_email)], self)


class OrganizationUser(IdentityResource, module="encord", name="OrganizationUser"):
    """Somebody as a part of the organization, added at once; who is part of it already is taken over.

    Destroying it ends all of the person's access, also what others granted; nobody removes themselves, and
    whoever is the last Admin of an integration is not removed. Suspending ends all access at once and removes
    nothing.

    Changes in place: role, member_type, suspended, auditor. Replaces: email.
    """

    _provider_class = providers.OrganizationUserProvider

    email: pulumi.Output[str]
    """The e-mail, in lower case."""
    role: pulumi.Output[OrganizationRole]
    """The role in the organization; not one on an integration."""
    member_type: pulumi.Output[MemberType]
    """Whether it is somebody of one's own company."""
    suspended: pulumi.Output[bool]
    """True while every request of the person is refused."""
    auditor: pulumi.Output[bool]
    """Whether the person reads the configuration of the whole organization."""
    created_at: pulumi.Output[str]
    """When the person became part of the organization: ISO 8601, UTC."""
    adopted: pulumi.Output[bool]
    """True if the person was part of it before."""

    def __init__(
        self,
        resource_name: str,
        *,
        email: pulumi.Input[str],
        role: pulumi.Input[OrganizationRole] = "MEMBER",
        member_type: pulumi.Input[MemberType] = "internal",
        suspended: pulumi.Input[bool] = False,
        auditor: pulumi.Input[bool] = False,
        on_delete: OnDelete = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a user of the organization; needs an admin of it.

        Args:
            resource_name: its name in this program.
            email: the person's e-mail; upper and lower case are the same.
            role: ADMIN, MEMBER, TASKER or WORKFORCE_MANAGER. Default MEMBER.
            member_type: internal or external; only internal members can be ADMIN. Default internal.
            suspended: whether every request of theirs is refused, whatever keys and tokens they have; they
                stay a member of all that they are, and lifting it brings everything back. Default False.
            auditor: whether they read every integration, member, expiry and count of registrations of the
                organization; they change and sign nothing by that. Default False.
            on_delete: remove (default), or keep: destroying the resource leaves the person there.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "email": email,
            "role": role,
            "member_type": member_type,
            "suspended": suspended,
            "auditor": auditor,
            "on_delete": on_delete,
        }
        self._identify(resource_name, email if isinstance(email, str) else None, inputs, opts)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing user by e-mail, without managing it; fails if there is none."""
        return cls._look_up(resource_name, id, opts)
