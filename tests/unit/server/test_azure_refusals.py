"""What Azure's answers mean, in the words that whoever runs `verify` reads."""

from typing import Any

import pytest
from azure.core import exceptions as azure

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.azure_refusals import Way, explained
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.errors import Conflict, NotConfigured

SECRET = "never to be quoted"
PLACE = Target("scans", "", "https://acme.blob.core.windows.net/")
TOKEN = Way("acme")
APPLICATION = Way("acme", "11111111-aaaa-4bbb-8ccc-222222222222", "8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a")


def answer(code: str, status: int = 403) -> azure.HttpResponseError:
    error = azure.HttpResponseError(SECRET)
    error.status_code, error.error_code = status, code  # type: ignore[attr-defined]
    return error


def entra(code: str) -> azure.ClientAuthenticationError:
    return azure.ClientAuthenticationError(f"{code}: {SECRET}")


Case = tuple[Way, CheckName, Exception, bool | None, str, str]
TABLE: list[Case] = [
    (TOKEN, "list", answer("AuthorizationPermissionMismatch"), False, "token does not allow it", "sp=l"),
    (TOKEN, "read", answer("AuthorizationPermissionMismatch"), False, "token does not allow it", "sp=r"),
    (TOKEN, "write", answer("AuthorizationPermissionMismatch"), False, "be written", "sp=wc"),
    (TOKEN, "list", answer("AuthorizationResourceTypeMismatch"), False, "does not allow it", "srt=co"),
    (TOKEN, "credential", answer("AuthenticationFailed"), False, "does not take the SAS", "another account"),
    (TOKEN, "list", answer("AuthorizationFailure"), False, "let the API's address in", "network rules"),
    (TOKEN, "list", answer("KeyBasedAuthenticationNotPermitted"), False, "allows no SAS", "tenant_id"),
    (TOKEN, "list", answer("ContainerNotFound", 404), False, "does not exist", "the container"),
    (TOKEN, "list", answer("SomethingElse", 400), False, "Azure answered SomethingElse", ""),
    (TOKEN, "list", answer("ServerBusy", 503), None, "answered ServerBusy", "Ask again later"),
    (TOKEN, "list", answer("", 429), None, "answered 429", "Ask again later"),
    (APPLICATION, "list", answer("AuthorizationPermissionMismatch"), False, "no such role", "Data Reader"),
    (APPLICATION, "write", answer("AuthorizationPermissionMismatch"), False, "no such role", "Contributor"),
    (APPLICATION, "sign", answer("AuthorizationPermissionMismatch"), False, "no such role", "Delegator"),
    (APPLICATION, "credential", answer("AuthorizationPermissionMismatch"), False, "role", "Delegator"),
    (APPLICATION, "control", answer("ContainerNotFound", 404), False, "does not exist", "the container"),
    (
        APPLICATION,
        "credential",
        entra("AADSTS700016"),
        False,
        "is not in tenant 8c8b",
        "az ad sp create --id 1",
    ),
    (APPLICATION, "credential", entra("AADSTS7000112"), False, "is disabled in tenant 8c8b", "Enable its"),
    (
        APPLICATION,
        "credential",
        entra("Unable to get authority configuration for x"),
        False,
        "no tenant",
        "id",
    ),
    (
        APPLICATION,
        "control",
        entra("The credential is not configured to acquire tokens for tenant x"),
        False,
        "the storage account acme is not in tenant 8c8b",
        "Check tenant_id and storage_account",
    ),
    (TOKEN, "list", answer("AuthorizationProtocolMismatch"), False, "token does not allow it", "ss=b"),
    (TOKEN, "list", answer("AuthorizationServiceMismatch"), False, "token does not allow it", "ss=b"),
    (TOKEN, "read", answer("BlobArchived", 409), False, "archive tier", "hot tier"),
    (APPLICATION, "credential", entra("AADSTS90002"), False, "there is no tenant 8c8b", "Check tenant_id"),
    (APPLICATION, "credential", entra("AADSTS7000215"), None, "(AADSTS7000215)", "APPLICATION_SECRET"),
    (APPLICATION, "control", entra("nothing"), None, "gave the API no token", "APPLICATION_SECRET"),
    (
        TOKEN,
        "list",
        azure.ServiceRequestError(SECRET),
        None,
        "cannot reach Azure",
        "connection to Azure",
    ),
    (
        TOKEN,
        "list",
        azure.ServiceResponseError(SECRET),
        None,
        "cannot reach Azure",
        "connection to Azure",
    ),
    (
        TOKEN,
        "list",
        ValueError(SECRET),
        None,
        "the library failed with ValueError",
        "connection to Azure",
    ),
    (APPLICATION, "list", NotConfigured("c", "no secret", "Set it"), None, "no secret", "Set it"),
    (TOKEN, "sign", Conflict("c", "ended", "Renew it"), False, "ended", "Renew it"),
]


@pytest.mark.parametrize(("way", "name", "error", "success", "message", "remedy"), TABLE)
def test_each_answer_has_its_meaning(
    way: Way, name: CheckName, error: Any, success: bool | None, message: str, remedy: str
) -> None:
    found = explained(name, PLACE, error, way)
    assert (found.name, found.success) == (name, success)
    assert message in found.message
    assert remedy in found.remedy
    assert SECRET not in f"{found.message}{found.remedy}"


def test_a_missing_library_is_no_finding() -> None:
    with pytest.raises(ImportError):
        explained("list", PLACE, ImportError("azure"), TOKEN)
