"""Azure Blob Storage: one container, read with an account SAS token or by an application in your tenant."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, SecretStr, ValidationInfo, field_validator

from pulumi_encord_integrations.model.base import IMMUTABLE, SecretText, rule
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.objects import ObjectUrls
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import uuid_in

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"\$(?:root|web)|(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*")
_MAX_TOKEN = 4096
_OPENED = {"ss": "b", "srt": "co", "sp": "rl"}
"""What the parts of a SAS token must hold, where it has them."""
_ALLOW = "allow the Blob service, containers and objects, read and list"


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
    text = value.get_secret_value().removeprefix("?")
    if len(text) > _MAX_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(
            "must be a SAS token: a query string such as sv=...&ss=b&srt=co&sp=rl&se=...&sig=..."
        )
    missing = [name for name in ("sv", "se", "sig") if not _parts(text).get(name)]
    if missing:
        raise ValueError(
            f"is no SAS token: {', '.join(missing)} missing; give all that follows the ? of a URL"
        )
    if _ends_at(text) is None:
        raise ValueError("is no SAS token: se is no time such as 2027-12-31T23:59:59Z")
    for name, letters in _OPENED.items():
        if not set(letters) <= set(_parts(text).get(name, letters)):
            raise ValueError(f"opens too little: {name} must hold {' and '.join(letters)}; {_ALLOW}")
    return SecretStr(text)


def _parts(token: str) -> Mapping[str, str]:
    return dict(parse_qsl(token))


def _ends_at(token: str) -> datetime | None:
    try:
        end = datetime.fromisoformat(_parts(token)["se"])
        return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class _Settings(BaseModel):
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

    def told(self) -> dict[str, Any]:
        """When the SAS token ends."""
        end = _ends_at(self.sas_token.get_secret_value()) if self.sas_token else None
        return {"sas_ends_at": end and end.isoformat()}


class AzureView(_Settings, IntegrationView):
    """An Azure integration as answered."""

    sas_ends_at: datetime | None
    """When the SAS token ends; None without one."""
    application_id: str | None
    """The application to grant access to, with tenant_id; None if the deployment has not configured it."""
    credential_fingerprint: str | None
    """Changes with the SAS token, and says nothing about it."""

    @field_validator("application_id")
    @classmethod
    def _only_in_a_tenant(cls, value: str | None, known: ValidationInfo) -> str | None:
        return value if known.data.get("tenant_id") else None


_HOST = re.compile(r"([a-z0-9]{3,24})\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)")
_ROOT = "$root"


def _urls(settings: Mapping[str, Any]) -> ObjectUrls:
    account, container = settings["storage_account"], settings["container"]

    def hosted(host: str, path: str) -> tuple[str, str] | None:
        found = _HOST.fullmatch(host)
        if found is None or found[1] != account:
            return None
        name, slash, key = path.removeprefix("/").partition("/")
        # What lies in the root container is named without it.
        return (name, key) if slash or container != _ROOT else (_ROOT, name)

    example = f"https://{account}.blob.core.windows.net/{container}/BLOB"
    return ObjectUrls({container: ()}, hosted, example, noun="container")


AZURE = IntegrationType("AZURE", "AzureIntegration", AzureSpec, AzureView, _urls)
