"""From a file to resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pulumi

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import expanded
from pulumi_encord_integrations.client.settings import project_folder
from pulumi_encord_integrations.organization.diagnostics import BadDeclaration
from pulumi_encord_integrations.organization.integrations import IntegrationEntry
from pulumi_encord_integrations.organization.loader import Declaration, load
from pulumi_encord_integrations.organization.people import GroupEntry
from pulumi_encord_integrations.resources import integration_types
from pulumi_encord_integrations.resources.access_checks import AccessCheck
from pulumi_encord_integrations.resources.groups import UserGroup, UserGroupMembers
from pulumi_encord_integrations.resources.integrations import Integration
from pulumi_encord_integrations.resources.members import IntegrationMembers
from pulumi_encord_integrations.resources.organization_users import OrganizationUser
from pulumi_encord_integrations.resources.service_accounts import ServiceAccount

Secrets = Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True)
class Organization:
    """The resources that a file declares."""

    integrations: Mapping[str, Integration]
    """By their keys in the file, in its order."""
    users: Mapping[str, OrganizationUser]
    """By their e-mails, in lower case."""
    groups: Mapping[str, UserGroup]
    """By their keys."""
    members: Mapping[str, IntegrationMembers]
    """By the keys of their integrations, as far as the file lists members."""
    access_checks: Mapping[str, AccessCheck]
    """By the keys of their integrations, as far as the file wants their access checked."""
    service_accounts: Mapping[str, ServiceAccount]
    """By their names."""


def declare_organization(path: str | Path = "encord.yaml") -> Organization:
    """Declares everything that a file says; each entry's key is its resource's name.

    A relative path starts at the folder of Pulumi.yaml. Nothing is declared if anything is wrong with the
    file: raises `pulumi.RunError`, which names every problem with its line.
    """
    try:
        declared = load(project_folder() / expanded(str(path), "the path of the file"), str(path))
        secrets = _secrets(declared, str(path))
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    except BadDeclaration as error:
        count = len(error.diagnostics)
        problems = f"{count} problem{'s' if count > 1 else ''} in {path}; nothing is declared"
        raise pulumi.RunError(f"{problems}\n\n{error.message}\n") from None
    return _declare(declared, secrets)


def _declare(declared: Declaration, secrets: Mapping[str, Secrets]) -> Organization:
    # Users first: whoever is named by e-mail is waited for only if declared before.
    users = {
        user.email: OrganizationUser(user.email, email=user.email, **user.values) for user in declared.users
    }
    accounts = {
        one.name: ServiceAccount(one.name, name=one.name, **one.values) for one in declared.service_accounts
    }
    groups = {group.key: _group(group) for group in declared.groups}
    integrations = {entry.key: _integration(entry, secrets[entry.key]) for entry in declared.integrations}
    # Before the members, which wait for the checks that are declared by then.
    checks = {
        entry.key: _access_check(entry.key, entry.access_check, integrations[entry.key])
        for entry in declared.integrations
        if entry.access_check is not None
    }
    members = {
        entry.key: _members(entry.key, entry.members, integrations[entry.key], groups)
        for entry in declared.integrations
        if entry.members is not None
    }
    return Organization(
        MappingProxyType(integrations),
        MappingProxyType(users),
        MappingProxyType(groups),
        MappingProxyType(members),
        MappingProxyType(checks),
        MappingProxyType(accounts),
    )


def _options(entry: GroupEntry | IntegrationEntry) -> pulumi.ResourceOptions:
    aliases = [pulumi.Alias(name=name) for name in entry.previously]
    return pulumi.ResourceOptions(aliases=aliases, protect=entry.protect or None)


def _group(declared: GroupEntry) -> UserGroup:
    group = UserGroup(declared.key, **declared.values, opts=_options(declared))
    if declared.users is not None:
        # A child whose name begins with its parent's moves along when that is renamed.
        opts = pulumi.ResourceOptions(parent=group)
        UserGroupMembers(f"{declared.key}-users", group=group, **declared.users, opts=opts)
    return group


def _access_check(key: str, declared: Mapping[str, Any], integration: Integration) -> AccessCheck:
    opts = pulumi.ResourceOptions(parent=integration)
    return AccessCheck(f"{key}-access-check", integration=integration, **declared, opts=opts)


def _members(
    key: str, declared: Mapping[str, Any], integration: Integration, groups: Mapping[str, UserGroup]
) -> IntegrationMembers:
    listed = [
        {**row, "group": groups.get(row["group"], row["group"])} if "group" in row else row
        for row in declared["members"]
    ]
    opts = pulumi.ResourceOptions(parent=integration)
    return IntegrationMembers(
        f"{key}-members", integration=integration, **{**declared, "members": listed}, opts=opts
    )


def _secrets(declared: Declaration, shown: str) -> Mapping[str, Secrets]:
    """The secrets of each entry; raises `BadDeclaration` with all that the configuration has not."""
    found = {
        entry.key: {name: (ref, _configured(ref.config)) for name, ref in entry.secrets.items()}
        for entry in declared.integrations
    }
    missing = [ref.missing for one in found.values() for ref, value in one.values() if value is None]
    if missing:
        raise BadDeclaration(shown, missing)
    return {
        key: {name: value for name, (_, value) in one.items() if value is not None}
        for key, one in found.items()
    }


def _configured(name: str) -> pulumi.Output[str] | None:
    namespace, _, key = name.rpartition(":")
    return pulumi.Config(namespace or None).get_secret(key)


def _integration(entry: IntegrationEntry, secrets: Secrets) -> Integration:
    make: Callable[..., Integration] = getattr(integration_types, entry.kind.resource)
    return make(entry.key, **entry.values, **secrets, opts=_options(entry))
