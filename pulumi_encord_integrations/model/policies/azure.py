"""Azure Blob Storage: roles of the application, account SAS tokens that renew themselves, and CORS."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.durations import Timespan
from pulumi_encord_integrations.model.integration_types.azure import AzureSpec
from pulumi_encord_integrations.model.policies.control import ChallengeObject
from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.policies.grants import Document, checked
from pulumi_encord_integrations.model.text import uuid_in

READER, WRITER, DELEGATOR = (
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Storage Blob Delegator",
)
ROLES = {
    READER: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    WRITER: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    DELEGATOR: "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
}
"""Azure's built-in roles; their ids are the same in every tenant."""
DEFAULT_WINDOW, DEFAULT_RENEW_BEFORE = "90d", "14d"
OBJECT_ID = "az ad sp show --id APPLICATION_ID --query id"
"""The line that tells the object id of an application's service principal."""

_ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday: windows of whole weeks end on one."""
_RESOURCE_GROUP = re.compile(r"[-\w.()]{0,89}[-\w()]")


@dataclass(frozen=True)
class AzureRoleAssignment:
    """A role that the application's service principal gets at one scope."""

    name: str
    """A uuid, the same for the same role, scope and principal: Azure takes only one assignment of them."""
    role: str
    """The role in words."""
    role_definition_id: str
    scope: str


@dataclass(frozen=True)
class SasWindow:
    """How long the SAS tokens last that renew themselves, and when the next one is made."""

    length: timedelta
    """From the end of one token to the end of the next."""
    renew_before: timedelta
    """How long before a token's end the next one is made."""

    def __post_init__(self) -> None:
        if self.length % timedelta(seconds=1) or not timedelta(0) < self.renew_before:
            raise ValueError("window: must be whole seconds, and renew_before must be longer than nothing")
        if self.renew_before >= self.length:
            raise ValueError(
                "renew_before: must be shorter than the window, such as 14 days of 90; "
                "no token would last until the next one is made"
            )


def _uuid(value: str) -> str:
    found = uuid_in(value)
    if found is None:
        raise ValueError("must be a UUID, such as 8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a")
    return found


def _principal(value: str) -> str:
    found = uuid_in(value)
    if found is None:
        raise ValueError(
            "must be the object id of the application's service principal in your tenant, "
            f"which this tells: {OBJECT_ID}"
        )
    return found


def _resource_group(value: str) -> str:
    if not _RESOURCE_GROUP.fullmatch(value):
        raise ValueError(
            "must be the name of a resource group: 1 to 90 letters, digits and any of -_.(), no period last"
        )
    return value


class _Assigned(Sent):
    subscription_id: Annotated[str, AfterValidator(_uuid)]
    resource_group_name: Annotated[str, AfterValidator(_resource_group)]
    principal_id: Annotated[str, AfterValidator(_principal)]


class _Spans(Sent):
    window: Timespan
    renew_before: Timespan


def azure_role_assignments(
    *,
    subscription_id: str,
    resource_group_name: str,
    storage_account: str,
    container: str,
    principal_id: str,
    writable: bool = False,
) -> list[AzureRoleAssignment]:
    """The roles by which the application reads one container and signs URLs for it.

    Reading is allowed in the container alone. The key that signs URLs is asked of the whole account, so that
    the role for it is given there; by itself it opens nothing.

    Args:
        subscription_id: the subscription of the storage account.
        resource_group_name: its resource group.
        storage_account: its name.
        container: the container in it.
        principal_id: object id of the application's service principal in the tenant.
        writable: let it write and delete blobs there as well. Default False.

    Raises:
        ValueError: one of them is none.

    """
    require_container(storage_account, container)
    given: _Assigned = checked(
        _Assigned,
        subscription_id=subscription_id,
        resource_group_name=resource_group_name,
        principal_id=principal_id,
    )
    subscription = f"/subscriptions/{given.subscription_id}"
    account = (
        f"{subscription}/resourceGroups/{given.resource_group_name}"
        f"/providers/Microsoft.Storage/storageAccounts/{storage_account}"
    )
    scopes = {
        WRITER if writable else READER: f"{account}/blobServices/default/containers/{container}",
        DELEGATOR: account,
    }
    return [_assignment(subscription, role, scope, given.principal_id) for role, scope in scopes.items()]


def require_container(storage_account: Any, container: Any) -> None:
    """Raises ValueError if they are none by the rules of an integration."""
    names = {"title": "any", "storage_account": storage_account, "container": container}
    _, problems = AzureSpec.examine(names, frozenset({"sas_token", "tenant_id"}))
    if problems:
        raise ValueError("; ".join(map(str, problems)))


def azure_cors(origins: Sequence[str]) -> list[Document]:
    """The rule that lets browsers of the app read blobs, as Azure's Resource Manager takes it.

    Args:
        origins: browser origins of the app: the output `origins` of an integration.

    Raises:
        ValueError: there is no origin, or one is no origin; `*` is refused.

    """
    return [
        {
            "allowedOrigins": rule["AllowedOrigins"],
            "allowedMethods": rule["AllowedMethods"],
            "allowedHeaders": rule["AllowedHeaders"],
            "exposedHeaders": rule["ExposeHeaders"],
            "maxAgeInSeconds": rule["MaxAgeSeconds"],
        }
        for rule in cors_rules(origins)
    ]


def azure_challenge_line(storage_account: str, container: str, object: ChallengeObject) -> str:
    """The line of a shell that writes a challenge object."""
    where = ["--account-name", storage_account, "--container-name", container, "--name", object.key]
    upload = ["az", "storage", "blob", "upload", *where, "--data", object.value, "--overwrite"]
    return shlex.join([*upload, "--auth-mode", "login"])


def sas_window(
    window: str | int = DEFAULT_WINDOW, renew_before: str | int = DEFAULT_RENEW_BEFORE
) -> SasWindow:
    """The window that durations such as "90d" and "14d" name.

    Raises:
        ValueError: one is no duration, or `renew_before` is not shorter than the window.

    """
    given: _Spans = checked(_Spans, window=window, renew_before=renew_before)
    return SasWindow(timedelta(seconds=given.window), timedelta(seconds=given.renew_before))


def sas_end(now: datetime, window: SasWindow) -> datetime:
    """When a SAS token that is made now ends: at the end of a fixed window of the calendar.

    It is the same for every `now` until `renew_before` is reached, so that a program which runs again makes
    the same token. It is later than `now + renew_before`, by at most the length of the window.

    Raises:
        ValueError: `now` has no time zone.

    """
    if now.tzinfo is None:
        raise ValueError("now: must have a time zone")
    least = now.astimezone(UTC) + window.renew_before
    return _ANCHOR + ((least - _ANCHOR) // window.length + 1) * window.length


def sas_permissions(writable: bool) -> str:
    """What an account SAS allows, a letter for each: read and list; or write and create as well."""
    return "rwlc" if writable else "rl"


def sas_parameters(ends_at: datetime, *, writable: bool = False) -> dict[str, str]:
    """What an account SAS for blobs opens: containers and objects, to list and read, by HTTPS, until then.

    It names no start: where clocks differ it would begin late.
    """
    return {
        "services": "b",
        "resource_types": "co",
        "permissions": sas_permissions(writable),
        "protocols": "https",
        "expiry": f"{ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _assignment(subscription: str, role: str, scope: str, principal_id: str) -> AzureRoleAssignment:
    role_id = ROLES[role]
    # Azure compares ids of resources without regard to case.
    name = uuid5(NAMESPACE_URL, "|".join([scope.lower(), role_id, principal_id]))
    definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_id}"
    return AzureRoleAssignment(str(name), role, definition, scope)
