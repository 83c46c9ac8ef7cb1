"""Service accounts of the organization."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, Self, TypedDict

import pulumi

from pulumi_encord_integrations.model.service_accounts import ServiceAccountRole, email_of_account
from pulumi_encord_integrations.model.users import Scope
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.organization_users import IdentityResource, OnDelete

OptionalDescription = pulumi.Input[str] | None


class ServiceAccountKeyArgs(TypedDict):
    """A public key that may sign as a service account."""

    name: pulumi.Input[str]
    """What it is for; the only one of that name of the account."""
    public_key: pulumi.Input[str]
    """An Ed25519 key: the line of a .pub file, or 64 hexadecimal digits."""
    scope: pulumi.Input[Scope]
    """read for previews, or write."""
    expires_at: NotRequired[pulumi.Input[str] | None]
    """When it ends: ISO 8601 with a time zone, or a date. Default: never."""


class FederationArgs(TypedDict):
    """Tokens of an OpenID Connect issuer, such as a CI system, that act as a service account."""

    issuer: pulumi.Input[str]
    """https URL of the issuer, exactly as its tokens name it."""
    audience: pulumi.Input[str]
    """The audience that the tokens are made for."""
    subject: pulumi.Input[str]
    """The subject of the tokens, with * for any characters where no stranger can match."""
    scope: pulumi.Input[Scope]
    """read for previews, or write."""


Keys = pulumi.Input[Sequence[pulumi.Input[ServiceAccountKeyArgs]]] | None
Federations = pulumi.Input[Sequence[pulumi.Input[FederationArgs]]] | None


class ServiceAccount(IdentityResource, module="encord", name="ServiceAccount"):
    """An identity that is no person, such as a pipeline; one that is there already is taken over.

    It may be given wherever a user is. Destroying it ends all its access, keys and federations; one that is
    the last Admin of an integration is not removed.

    Changes in place: role, auditor, suspended, description, keys, federations. Replaces: name.
    """

    _provider_class = providers.ServiceAccountProvider
    _named_by = "email"

    name: pulumi.Output[str]
    """The name."""
    email: pulumi.Output[str]
    """What stands for it where a user is named: NAME@service-accounts.internal."""
    role: pulumi.Output[ServiceAccountRole]
    """The role in the organization; not one on an integration."""
    auditor: pulumi.Output[bool]
    """Whether it reads the configuration of the whole organization."""
    suspended: pulumi.Output[bool]
    """True while every request of it is refused."""
    description: pulumi.Output[str]
    """What it is for."""
    keys: pulumi.Output[Sequence[Mapping[str, Any]] | None]
    """Its keys, if they are declared."""
    federations: pulumi.Output[Sequence[Mapping[str, Any]] | None]
    """Its federations, if they are declared."""
    created_at: pulumi.Output[str]
    """When it was made: ISO 8601, UTC."""
    adopted: pulumi.Output[bool]
    """True if it was there before."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        role: pulumi.Input[ServiceAccountRole] = "MEMBER",
        auditor: pulumi.Input[bool] = False,
        suspended: pulumi.Input[bool] = False,
        description: OptionalDescription = None,
        keys: Keys = None,
        federations: Federations = None,
        on_delete: OnDelete = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a service account; needs an admin of the organization.

        Args:
            resource_name: its name in this program.
            name: 3 to 40 lower-case letters, digits and hyphens.
            role: ADMIN or MEMBER. Default MEMBER.
            auditor: whether it reads every integration, member, expiry and count of registrations of the
                organization, as a preview needs; it changes and signs nothing by that. Default False.
            suspended: whether every request of it is refused, whatever keys and tokens it has. Default False.
            description: what it is for, at most 4,096 characters. Default: none.
            keys: all keys that may sign as it; a key that is not in the list any more ends at once, for good.
                Default: keys are not managed here.
            federations: all tokens that may act as it; see `docs/pipelines.md`. Default: not managed here.
            on_delete: remove (default), or keep: destroying the resource leaves the account there.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "name": name,
            "role": role,
            "auditor": auditor,
            "suspended": suspended,
            "description": description,
            "keys": keys,
            "federations": federations,
            "on_delete": on_delete,
        }
        email = email_of_account(name) if isinstance(name, str) else None
        self._identify(resource_name, email, inputs, opts)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing service account by its name, without managing it; fails if there is none."""
        return cls._look_up(resource_name, id, opts)
