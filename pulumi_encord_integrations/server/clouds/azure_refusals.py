"""Why Azure did not do something, and what to do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.errors import Conflict, ServiceError

_LATER = {"ServerBusy", "InternalError", "OperationTimedOut"}
_DONE = {"list": "be listed", "sign": "be signed for", "write": "be written", "credential": "be reached"}
TAKEN = {"ContainerNotFound", "AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch"}
"""Answers to a SAS token that is one of the account's; other checks say what else is wrong."""
_ADDRESS = {"AuthorizationFailure", "AuthorizationSourceIPMismatch"}
_SAS_NEEDS: Mapping[str, str] = {
    "list": "list (sp=l) of blobs (ss=b), for containers and objects (srt=co)",
    "read": "read (sp=r) of blobs (ss=b), for containers and objects (srt=co)",
    "write": "write and create (sp=wc) of blobs (ss=b), for containers and objects (srt=co)",
}
_DELEGATOR = "Storage Blob Delegator on the storage account"
_ROLES: Mapping[str, str] = {
    "credential": _DELEGATOR,
    "sign": _DELEGATOR,
    "write": "Storage Blob Data Contributor on the container",
}
_READER = "Storage Blob Data Reader on the container"
_ENTRA: Mapping[str, tuple[str, str]] = {
    "AADSTS700016": ("the application {application} is not in tenant {tenant}",
                     "Run in that tenant: az ad sp create --id {application}"),
    "AADSTS7000112": ("the application {application} is disabled in tenant {tenant}",
                      "Enable its enterprise application in that tenant"),
    "AADSTS90002": ("there is no tenant {tenant}", "Check tenant_id"),
}  # fmt: skip
"""Entra's code -> what is wrong on the customer's side; all others are the deployment's."""
_NO_TENANT, _NO_AUTHORITY = "AADSTS90002", "Unable to get authority configuration"
"""The library has words of its own for a tenant that Entra does not know."""
_OTHER_TENANT = "not configured to acquire tokens for tenant"
"""What the library says where the account's own tenant is another one."""
_CONNECTION = "Check the storage account's name, and the API host's network connection to Azure"
_CODE = re.compile(r"AADSTS\d+")


@dataclass(frozen=True)
class Way:
    """How a container is reached."""

    account: str
    application: str | None = None
    """The application, where it is one."""
    tenant: str | None = None

    def to_allow(self, name: str) -> str:
        """How to allow what a check tried."""
        if self.tenant is None:
            return f"Declare a SAS token that allows {_SAS_NEEDS.get(name, _SAS_NEEDS['read'])}"
        role = _ROLES.get(name, _READER)
        return (
            f"Assign the application's service principal the role {role}; "
            "`encord-integrations cloud-policy` prints the command. A new assignment takes up to 10 minutes"
        )

    @property
    def to_take_back(self) -> str:
        """How to end write access, or to say that it is meant."""
        what = (
            "Declare a SAS token that allows reading and listing alone"
            if self.tenant is None
            else "Assign Storage Blob Data Reader in place of a role that writes"
        )
        return f"{what}, or declare writable=True if it is meant"


def explained(name: CheckName, target: Target, error: Exception, way: Way) -> Finding:
    """The finding that an error amounts to; never the error's own text, which may hold what was sent."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    if isinstance(error, ServiceError):
        return Finding(name, False if isinstance(error, Conflict) else None, error.message, error.hint)
    if isinstance(error, ImportError):
        raise error
    code, status = code_of(error), int(getattr(error, "status_code", None) or 0)
    if isinstance(error, ClientAuthenticationError) and not code:
        return _of_entra(name, error, way)
    if not isinstance(error, HttpResponseError):
        return Finding(name, None, f"{target}: {_failure(error)}", _CONNECTION)
    if status >= 500 or status == 429 or code in _LATER or not code:
        return Finding(name, None, f"{target}: Azure answered {code or status}", "Ask again later")
    message, remedy = _refusal(name, code, way)
    return Finding(name, False, f"{target} {message}", remedy)


def code_of(error: Exception) -> str:
    """Azure's code of a refusal; empty if it did not answer."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def entra_code(error: Exception) -> str:
    """Entra's code in an error of the identity library; empty if there is none."""
    found = _CODE.search(str(error))
    return found[0] if found else ""


def _of_entra(name: CheckName, error: Exception, way: Way) -> Finding:
    """The application gets no token: for want of consent in the tenant, or through the deployment's fault."""
    if _OTHER_TENANT in str(error):
        message = f"the storage account {way.account} is not in tenant {way.tenant}"
        return Finding(name, False, message, "Check tenant_id and storage_account")
    code = _NO_TENANT if _NO_AUTHORITY in str(error) else entra_code(error)
    if code in _ENTRA:
        message, remedy = (
            text.format(application=way.application, tenant=way.tenant) for text in _ENTRA[code]
        )
        return Finding(name, False, message, remedy)
    return Finding(
        name,
        None,
        f"Entra gave the API no token{f' ({code})' if code else ''}",
        "Check ENCORD_AZURE_APPLICATION_ID and ENCORD_AZURE_APPLICATION_SECRET where the API runs",
    )


def _refusal(name: CheckName, code: str, way: Way) -> tuple[str, str]:
    cannot = f"cannot {_DONE.get(name, 'be read')}"
    by_token = way.tenant is None
    if code == "ContainerNotFound":
        return "does not exist", "Check the names of the storage account and the container"
    if code == "AuthenticationFailed" and by_token:
        remedy = (
            f"Make a new one on the storage account {way.account}: this one is of another account, is signed "
            "with a key that was renewed since, or is not in its time"
        )
        return f"{cannot}: Azure does not take the SAS token", remedy
    if code == "KeyBasedAuthenticationNotPermitted":
        return (
            f"{cannot}: the storage account allows no SAS tokens",
            "Declare tenant_id in place of sas_token, or allow access by account key",
        )
    if code in _ADDRESS:
        return (
            f"{cannot}: the storage account does not let the API's address in",
            "Check the account's network rules, and the IP range (sip) and end of a SAS token",
        )
    if code == "BlobArchived":
        return f"{cannot}: the blob is in the archive tier", "Move it to the hot tier"
    if code.startswith("Authorization") and by_token:
        return f"{cannot}: the SAS token does not allow it", way.to_allow(name)
    if code.startswith("Authorization") or code in {"AuthenticationFailed", "InsufficientAccountPermissions"}:
        return f"{cannot}: the application has no such role", way.to_allow(name)
    return f"{cannot}: Azure answered {code}", ""


def _failure(error: Exception) -> str:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return "the API cannot reach Azure"
    return f"the library failed with {type(error).__name__}"
