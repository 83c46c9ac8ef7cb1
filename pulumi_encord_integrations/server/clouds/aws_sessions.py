"""Amazon S3 through the customer's role: sessions of it, and where its buckets are."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.policies.aws import SESSION_SLACK
from pulumi_encord_integrations.server.clouds import s3
from pulumi_encord_integrations.server.clouds.adapter import SignedObjects, cloud_failed
from pulumi_encord_integrations.server.clouds.outbound import Outbound
from pulumi_encord_integrations.server.clouds.s3 import BucketEndpoint, Keys, s3_client
from pulumi_encord_integrations.server.clouds.s3_refusals import code_of
from pulumi_encord_integrations.server.errors import Conflict

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient

SESSION_NAME = "encord-integrations"
_SHORTEST = 900
"""Seconds that any session lasts at least."""


@dataclass(frozen=True)
class Role:
    """What is assumed, and with which proof that it was meant."""

    arn: str
    external_id: str


@dataclass(frozen=True)
class RoleSession:
    """Temporary credentials of a role, and their end."""

    keys: Keys
    ends_at: datetime

    def lasts(self) -> int:
        """Seconds until the end."""
        return int((self.ends_at - datetime.now(UTC)).total_seconds())


def sts_client() -> "STSClient":
    """STS by the standard chain of credentials, regions and endpoints."""
    import boto3
    from botocore.config import Config

    session = boto3.session.Session()
    # A check of access answers before its client gives up.
    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    return session.client("sts", region_name=session.region_name or "us-east-1", config=config)


def assume(client: "STSClient", role: Role, seconds: int) -> RoleSession:
    """A session of 900 seconds or more; raises botocore's errors."""
    answer = client.assume_role(
        RoleArn=role.arn,
        RoleSessionName=SESSION_NAME,
        ExternalId=role.external_id,
        DurationSeconds=seconds,
    )["Credentials"]
    keys = Keys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
    return RoleSession(keys, answer["Expiration"].astimezone(UTC))


@dataclass
class RoleSessions:
    """Sessions and bucket endpoints of one deployment, kept in memory while they serve."""

    _sessions: dict[tuple[Role, int], RoleSession] = field(default_factory=dict)
    _endpoints: dict[tuple[str, str | None], BucketEndpoint] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sign(
        self,
        role: Role,
        region: str | None,
        objects: Sequence[StoredObject],
        seconds: int,
        longest: int,
    ) -> SignedObjects:
        """URLs that live as long as asked, or as long as the session that signs them: `longest` seconds."""
        session = self._session(role, seconds, longest)
        endpoints = {
            bucket: self._endpoint(session, bucket, region) for bucket in {one.bucket for one in objects}
        }
        lives = max(1, min(seconds, session.lasts()))
        now = datetime.now(UTC).replace(microsecond=0)
        urls = s3.sign(session.keys, endpoints, objects, lives)
        return SignedObjects(urls, min(session.ends_at, datetime.fromtimestamp(now.timestamp() + lives, UTC)))

    def forget(self, role: Role) -> None:
        """Drops the sessions of a role."""
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if key[0] != role}

    def client(self, role: Role, region: str | None, bucket: str, outbound: Outbound) -> "S3Client":
        """S3 for a bucket, with a short session of the role."""
        session = self._session(role, _SHORTEST, _SHORTEST)
        return s3_client(session.keys, self._endpoint(session, bucket, region), outbound=outbound)

    def _session(self, role: Role, seconds: int, longest: int) -> RoleSession:
        length = min(longest, max(_SHORTEST, seconds + SESSION_SLACK))
        with self._lock:
            known = self._sessions.get((role, length))
        if known is not None and known.lasts() >= min(seconds, length - SESSION_SLACK):
            return known
        try:
            made = assume(sts_client(), role, length)
        except Exception as error:  # noqa: BLE001  whatever stops the library, there is no session
            raise cloud_failed(f"AWS gave no session of {role.arn}: {reason(error)}") from None
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if one.lasts() > 0}
            self._sessions[role, length] = made
        return made

    def _endpoint(self, session: RoleSession, bucket: str, region: str | None) -> BucketEndpoint:
        with self._lock:
            known = self._endpoints.get((bucket, region))
        if known is None:
            found = region or _region_of(session, bucket)
            client = s3_client(session.keys, region=found)
            known = BucketEndpoint(client.meta.endpoint_url, found)
            with self._lock:
                self._endpoints[bucket, region] = known
        return known


def _region_of(session: RoleSession, bucket: str) -> str:
    """S3 tells a bucket's region to whoever asks for the bucket, allowed or not."""
    from botocore.exceptions import ClientError

    answer: Any
    try:
        answer = s3_client(session.keys).head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
        if answer["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            raise Conflict(
                "bucket_not_found", f"s3://{bucket}/ does not exist", "Check the bucket's name"
            ) from None
    except Exception as error:  # noqa: BLE001  whatever stops the library, it did not tell
        raise cloud_failed(f"S3 does not tell the region of {bucket}: {reason(error)}") from None
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region")
    if not region:
        raise cloud_failed(f"S3 does not tell the region of {bucket}; declare region on the integration")
    return str(region)


def lacks_credentials(error: Exception) -> bool:
    """Whether AWS was not asked, because the API has nothing usable to sign the request with."""
    from botocore import exceptions as known

    return isinstance(
        error,
        known.NoCredentialsError
        | known.PartialCredentialsError
        | known.CredentialRetrievalError
        | known.ProfileNotFound
        | known.SSOError
        | known.TokenRetrievalError,
    )


def reason(error: Exception) -> str:
    """Why AWS did not do it; never the error's own text, which may hold what was sent."""
    from botocore.exceptions import ConnectionError as Unconnected
    from botocore.exceptions import HTTPClientError

    if code := code_of(error):
        return f"AWS answered {code}"
    if lacks_credentials(error):
        return "the API has no usable AWS credentials"
    if isinstance(error, HTTPClientError | Unconnected):
        return "the API cannot reach AWS"
    return f"the AWS library failed with {type(error).__name__}"
