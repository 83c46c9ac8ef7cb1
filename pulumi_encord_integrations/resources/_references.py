"""What a program may pass where an id or e-mail is meant: the resource itself."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import pulumi

from pulumi_encord_integrations.resources._resource import EncordResource


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether the parts of an input can be looked at; a text is no list."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def integration_of(value: Any) -> Any:
    """The uuid of an integration."""
    from pulumi_encord_integrations.resources.integrations import Integration

    return _id_of(value, Integration, "integration", "an integration or its uuid")


def group_of(value: Any) -> Any:
    """The uuid of a group."""
    from pulumi_encord_integrations.resources.groups import UserGroup

    return _id_of(value, UserGroup, "group", "a UserGroup or its uuid")


def email_of(value: Any) -> Any:
    """The e-mail of a user."""
    from pulumi_encord_integrations.resources.organization_users import OrganizationUser

    return _id_of(value, OrganizationUser, "user", "an e-mail or an OrganizationUser")


def _id_of(value: Any, kind: type[EncordResource], name: str, expected: str) -> Any:
    if isinstance(value, pulumi.Resource) and not isinstance(value, kind):
        raise pulumi.RunError(f"{name}: takes {expected}, not {type(value).__name__}")
    return value.id if isinstance(value, EncordResource) else value
