"""Cloud Storage buckets as the checks of access reach them: as the deployment's service account.

The probe of writing demands that an object which is not there have a certain generation. Cloud Storage asks
for the permission first, and stores nothing in either case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.policies.control import ChallengeObject
from pulumi_encord_integrations.model.policies.gcp import gcp_challenge_line
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import Target, Written
from pulumi_encord_integrations.server.clouds.control import READ_BYTES
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.google_refusals import (
    explained,
    is_denied,
    no_such_object,
    to_read,
)

if TYPE_CHECKING:
    from google.cloud.storage import Client

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
"""Writing as well: with a narrower scope the probe of writing would be refused whatever was granted."""
_SECONDS = (5.0, 10.0)
"""To connect, and to wait for an answer."""


@dataclass(frozen=True)
class GoogleStorage:
    """A `ChallengedStorage` that google-cloud-storage speaks to."""

    client: Callable[[], "Client"]
    sign: Callable[[Sequence[StoredObject]], Sequence[str]]
    account: str
    """The service account that buckets were told to trust."""
    browser: Browser
    probe: str
    scheme: str = "gs://"

    def keys(self, target: Target, limit: int) -> list[str]:
        """The first objects; those in an archive can be read at once.

        Names with an empty part between slashes are left out: no URL can be signed for them.
        """
        listed = self.client().list_blobs(
            target.bucket, prefix=target.prefix or None, max_results=limit, timeout=_SECONDS, retry=None
        )
        # One page: there may be empty ones without end.
        return [blob.name for blob in next(listed.pages, ()) if "" not in blob.name.split("/")]

    def read(self, target: Target, key: str) -> None:
        """Reads the first byte of an object, if it has one."""
        self._bytes(target.bucket, key, 1)

    def content(self, bucket: str, key: str) -> bytes | None:
        """The first bytes of an object; None if the bucket has no such object."""
        try:
            return self._bytes(bucket, key, READ_BYTES)
        except Exception as error:
            if no_such_object(error):
                return None
            raise

    def write(self, target: Target, key: str, *, wanted: bool) -> Written:
        """Whether writing is allowed."""
        from google.api_core.exceptions import Forbidden, PreconditionFailed

        try:
            self._blob(target.bucket, key).upload_from_string(
                b"", if_generation_match=1, timeout=_SECONDS, retry=None, checksum=None
            )
        except PreconditionFailed:
            return Written(True)
        except Forbidden:
            if wanted:
                raise
            return Written(False)
        return Written(True, f"the probe gs://{target.bucket}/{key} was stored")

    def is_denied(self, error: Exception) -> bool:
        """Whether Google refused for want of a permission."""
        return is_denied(error)

    def challenge_line(self, bucket: str, challenge: ChallengeObject) -> str:
        """The command that writes a challenge object."""
        return gcp_challenge_line(bucket, challenge)

    def explained(self, name: CheckName, target: Target, error: Exception) -> Finding:
        """The finding that an error amounts to."""
        return explained(name, target, error, self.account)

    def to_read(self, target: Target) -> str:
        """How to allow reading."""
        return to_read(target, self.account)

    def to_take_back(self, target: Target) -> str:
        """How to end write access, or to say that it is meant."""
        return (
            f"Take every role that creates objects in gs://{target.bucket}/ from {self.account}, "
            "or declare writable=True if it is meant"
        )

    def _bytes(self, bucket: str, key: str, count: int) -> bytes:
        from google.api_core.exceptions import RequestRangeNotSatisfiable

        try:
            content: bytes = self._blob(bucket, key).download_as_bytes(
                start=0, end=count - 1, raw_download=True, timeout=_SECONDS, retry=None, checksum=None
            )
        except RequestRangeNotSatisfiable:
            # An empty object has no first byte.
            return b""
        return content

    def _blob(self, bucket: str, key: str) -> Any:
        return self.client().bucket(bucket).blob(key)
