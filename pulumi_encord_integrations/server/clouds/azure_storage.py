"""A container of Azure Blob Storage as the checks of access reach it: with a SAS token, or as an application.

The probe of writing demands that a blob which is not there have a certain ETag. Azure asks for the permission
first, and stores nothing in either case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.policies.azure import azure_challenge_line
from pulumi_encord_integrations.model.policies.control import ChallengeObject
from pulumi_encord_integrations.server.clouds.azure_refusals import TAKEN, Way, code_of, explained
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import Target, Written
from pulumi_encord_integrations.server.clouds.control import READ_BYTES
from pulumi_encord_integrations.server.clouds.findings import Finding

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

_PROBE = b"a write that is never stored"
_NO_ETAG = '"0x0"'
_PRECONDITION = {"ConditionNotMet", "TargetConditionNotMet"}
_DENIED = {"AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch", "AuthorizationFailure"}
_NO_BLOB = "BlobNotFound"


@dataclass(frozen=True)
class AzureStorage:
    """A `ChallengedStorage` that azure-storage-blob speaks to."""

    container: Callable[[], "ContainerClient"]
    sign: Callable[[Sequence[StoredObject]], Sequence[str]]
    way: Way
    browser: Browser
    probe: str
    scheme: str
    """The account's endpoint with a slash at its end."""

    def keys(self, target: Target, limit: int) -> list[str]:
        """The first blobs that can be read at once."""
        listed = self.container().list_blobs(name_starts_with=target.prefix or None, results_per_page=limit)
        # One page: there may be empty ones without end.
        return [
            str(blob.name)
            for blob in next(listed.by_page(), ())
            if not str(blob.name).endswith("/") and str(blob.blob_tier) != "Archive"
        ]

    def read(self, target: Target, key: str) -> None:
        """Reads the first byte of a blob, if it has one."""
        self._blob(key).download_blob(offset=0, length=1).readall()

    def content(self, bucket: str, key: str) -> bytes | None:
        """The first bytes of a blob; None if the container has no such blob."""
        try:
            return self._blob(key).download_blob(offset=0, length=READ_BYTES).readall()
        except Exception as error:
            if code_of(error) == _NO_BLOB:
                return None
            raise

    def write(self, target: Target, key: str, *, wanted: bool) -> Written:
        """Whether writing is allowed."""
        from azure.core import MatchConditions

        try:
            self._blob(key).upload_blob(
                _PROBE, overwrite=True, etag=_NO_ETAG, match_condition=MatchConditions.IfNotModified
            )
        except Exception as error:
            code = code_of(error)
            if code in _PRECONDITION:
                return Written(True)
            if code in _DENIED and not wanted:
                return Written(False)
            raise
        return Written(True, f"the probe {target.scheme}{target.bucket}/{key} was stored")

    def is_denied(self, error: Exception) -> bool:
        """Whether Azure refused for want of a permission."""
        return code_of(error) in _DENIED

    def challenge_line(self, bucket: str, challenge: ChallengeObject) -> str:
        """The command that writes a challenge object."""
        return azure_challenge_line(self.way.account, bucket, challenge)

    def explained(self, name: CheckName, target: Target, error: Exception) -> Finding:
        """The finding that an error amounts to."""
        return explained(name, target, error, self.way)

    def credential_refused(self, target: Target, error: Exception) -> Finding:
        """What an error says of the credential alone: of a SAS token that Azure takes, nothing."""
        if self.way.tenant is None and code_of(error) in TAKEN:
            return Finding("credential", True)
        return self.explained("credential", target, error)

    def to_read(self, target: Target) -> str:
        """How to allow reading."""
        return self.way.to_allow("read")

    def to_take_back(self, target: Target) -> str:
        """How to end write access, or to say that it is meant."""
        return self.way.to_take_back

    def _blob(self, key: str) -> "BlobClient":
        return self.container().get_blob_client(key)
