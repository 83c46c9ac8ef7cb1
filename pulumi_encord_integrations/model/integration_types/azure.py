"""Azure Blob Storage: one container, read with an account SAS token or by an application in your tenant."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, SecretStr, ValidationInfo, field_validator

from pulumi_encord_integrations.model.base import Deferred, SecretText, rule
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import IMMUTABLE, STABLE
from pulumi_encord_integrations.model.objects import ObjectUrls
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.sas import SasToken, canonical, day
from pulumi_encord_integrations.model.text import uuid_in

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_UNCHALLENGEABLE = {"$root", "$logs", "$blobchangefeed"}
"""Azure writes two of them itself, and the names of what is in the root container hold no slash."""
_CONTAINER = re.compile(r"\$(?:root|web|logs|blobchangefeed)|(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*")


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("must be a storage account name: 3 to 24 lower-case letters and digits")
    return value


def _container(value: str) -> str:
    if not _CONTAINER.fullmatch(value):
        raise ValueError(
            "must be a container name: 3 to 63 lower-case letters, digits and single hyphens, beginning and "
            "ending with a letter or digit"
        )
    return value


def _tenant(value: str) -> str:
    found = uuid_in(value)
    if found is None:
        raise ValueError("must be the tenant's id, such as 8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a")
    return found


def _token(value: SecretStr) -> SecretStr:
    text = canonical(value.get_secret_value())
    SasToken.parse(text)
    return SecretStr(text)


class _Settings(Deferred):
    storage_account: Annotated[str, AfterValidator(_account), IMMUTABLE]
    container: Annotated[str, AfterValidator(_container), IMMUTABLE]
    tenant_id: Annotated[Annotated[str, AfterValidator(_tenant)] | None, IMMUTABLE] = None


class AzureSpec(_Settings, IntegrationSpec):
    """An Azure integration as declared."""

    provider: Literal["AZURE"] = "AZURE"
    sas_token: Annotated[SecretText, AfterValidator(_token)] | None = None

    elsewhere: ClassVar[Mapping[str, str]] = {
        **IntegrationSpec.elsewhere,
        "signed_url_expiry": f"{IntegrationSpec.elsewhere['signed_url_expiry']}. For Azure integrations, "
        "expired SAS tokens must be updated regularly",
    }

    @rule("sas_token", "tenant_id")
    def one_way_in(self) -> Iterator[Problem]:
        """Either a SAS token or an application in the tenant."""
        if self.sas_token and self.tenant_id:
            yield Problem(("tenant_id",), "is given beside sas_token", "use one of them")
        elif not self.sas_token and not self.tenant_id:
            yield Problem(("sas_token",), "is required", "give it, or tenant_id")

    @rule("container", "tenant_id")
    def challenge_can_be_written(self) -> Iterator[Problem]:
        """In some containers no blob of a challenge object's name can be."""
        if self.tenant_id and self.container in _UNCHALLENGEABLE:
            yield Problem(
                ("container",),
                f"{self.container} takes no challenge object, by which tenant_id proves that you control it",
                "use sas_token",
            )

    @property
    def challenged(self) -> bool:
        """With an application, which is the same for all customers; a SAS token proves by itself."""
        return self.tenant_id is not None

    def told(self) -> dict[str, Any]:
        """When the SAS token ends."""
        token = self._parsed()
        return {"sas_ends_at": token and token.ends_at.isoformat()}

    def unfit(self, now: datetime) -> Iterator[Problem]:
        """A SAS token that is over, or that never opens what is needed."""
        token = self._parsed()
        for lack in token.lacks() if token else ():
            yield Problem(("sas_token",), lack)
        if token and token.ends_at <= now:
            yield Problem(("sas_token",), f"ended on {day(token.ends_at)}", "make a new one")

    def _parsed(self) -> SasToken | None:
        return SasToken.parse(self.sas_token.get_secret_value()) if self.sas_token else None


class AzureView(_Settings, IntegrationView):
    """An Azure integration as answered."""

    sas_ends_at: datetime | None
    """When the SAS token ends; None without one."""
    application_id: Annotated[str | None, STABLE]
    """The application to grant access to, with tenant_id; None if the deployment has not configured it."""
    challenge: Annotated[str | None, STABLE]
    """What the challenge object is made from, with tenant_id; chosen by the API, stable for life."""
    verified: bool | None = None
    """Whether the API has seen the challenge object in the container; None with a SAS token."""
    credential_fingerprint: str | None
    """Changes with the SAS token, and says nothing about it."""

    @property
    def credential(self) -> str:
        """One of the two ways in."""
        return "application" if self.tenant_id else "SAS token"

    @property
    def credential_ends_at(self) -> datetime | None:
        """The SAS token's end."""
        return self.sas_ends_at

    @field_validator("application_id", "challenge", "verified")
    @classmethod
    def _only_in_a_tenant(cls, value: Any, known: ValidationInfo) -> Any:
        return value if known.data.get("tenant_id") else None


_HOST = re.compile(r"([a-z0-9]{3,24})\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)")
_ROOT = "$root"


def _urls(settings: Mapping[str, Any]) -> ObjectUrls:
    account, container = settings["storage_account"], settings["container"]

    def hosted(host: str, path: str) -> tuple[str, str] | None:
        found = _HOST.fullmatch(host.lower())
        if found is None or found[1] != account:
            return None
        name, slash, key = path.removeprefix("/").partition("/")
        # What lies in the root container is named without it.
        return (name, key) if slash or container != _ROOT else (_ROOT, name)

    example = f"https://{account}.blob.core.windows.net/{container}/BLOB"
    return ObjectUrls({container: ()}, hosted, example, noun="container")


AZURE = IntegrationType("AZURE", "AzureIntegration", AzureSpec, AzureView, _urls)
