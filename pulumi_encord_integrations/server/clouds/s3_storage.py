"""Buckets that speak S3's protocol, as the checks of access reach them.

The probe of writing sends a digest that is not of its body, which storage refuses after it has allowed the
write, and before it stores anything. From storage that knows no digests the probe is deleted again.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import Target, Written
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants, code_of, explained, is_denied, of_kms

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PROBE = b"a write that is never stored"
_OTHER_DIGEST = b64encode(hashlib.md5(b"", usedforsecurity=False).digest()).decode()
_EMPTY = {"InvalidRange", "416"}
"""What storage says of the first byte of an empty object, which it would have given."""
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
_DIGEST_REFUSED = {"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"}


@dataclass(frozen=True)
class S3Storage:
    """A `Storage` that boto3 speaks to."""

    client: Callable[[str], "S3Client"]
    """Bucket -> a client that sends only to addresses that may be asked."""
    sign: Callable[[Sequence[StoredObject]], Sequence[str]]
    grants: Grants
    browser: Browser
    probe: str
    scheme: str = "s3://"

    def keys(self, target: Target, limit: int) -> list[str]:
        """The first objects that can be read at once."""
        page = self.client(target.bucket).list_objects_v2(
            Bucket=target.bucket, Prefix=target.prefix, MaxKeys=limit
        )
        return [found["Key"] for found in page.get("Contents", []) if _readable(found)]

    def read(self, target: Target, key: str) -> None:
        """Reads the first byte of an object, if it has one."""
        from botocore.exceptions import ClientError

        try:
            self.client(target.bucket).get_object(Bucket=target.bucket, Key=key, Range="bytes=0-0")
        except ClientError as error:
            if code_of(error) not in _EMPTY:
                raise

    def write(self, target: Target, key: str, *, wanted: bool) -> Written:
        """Whether writing is allowed."""
        client = self.client(target.bucket)
        try:
            client.put_object(Bucket=target.bucket, Key=key, Body=_PROBE, ContentMD5=_OTHER_DIGEST)
        except Exception as error:
            # Encryption is asked for once the write itself is allowed.
            if code_of(error) in _DIGEST_REFUSED or (not wanted and of_kms(error)):
                return Written(True)
            if not wanted and is_denied(error):
                return Written(False)
            raise
        # Storage that knows no digests has taken the probe.
        return Written(True, _not_taken_back(client, target.bucket, key))

    def explained(self, name: CheckName, target: Target, error: Exception) -> Finding:
        """The finding that an error amounts to."""
        return explained(name, target, error, self.grants)

    def to_read(self, target: Target) -> str:
        """How to allow reading."""
        return self.grants.remedy("s3:GetObject", target)

    def to_take_back(self, target: Target) -> str:
        """How to end write access, or to say that it is meant."""
        return self.grants.to_take_back


def _readable(listed: Any) -> bool:
    """Not a folder of the console's, nor an object that has to be restored from an archive first."""
    return not listed["Key"].endswith("/") and listed.get("StorageClass") not in _ARCHIVED


def _not_taken_back(client: "S3Client", bucket: str, key: str) -> str:
    """What to say of a probe that was stored and cannot be deleted again."""
    try:
        client.delete_object(Bucket=bucket, Key=key)
    except Exception:  # noqa: BLE001  whatever stops a library, it is still there
        return f"the probe s3://{bucket}/{key} was stored, and cannot be deleted"
    return ""
