"""What the types of AWS have in common, and how they reach it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cached_property
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.cloud_plugins.kinds import Bag, Kind
from tests.support.cloud_plugins.values import UNKNOWN, has_unknown, same_documents

_GONE = {
    "NoSuchEntity",
    "NoSuchBucket",
    "NoSuchCORSConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "ServerSideEncryptionConfigurationNotFoundError",
}
_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)


class Cloud:
    """The clients of one configured provider; what it was not told boto3 finds in the environment."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._session = boto3.Session(
            aws_access_key_id=settings.get("accessKey"),
            aws_secret_access_key=settings.get("secretKey"),
            aws_session_token=settings.get("token"),
            # The one name of the variable that boto3 does not know.
            region_name=settings.get("region") or os.environ.get("AWS_REGION"),
        )

    @cached_property
    def iam(self) -> Any:
        """The client of IAM."""
        return self._session.client("iam", config=_CONFIG)

    @cached_property
    def s3(self) -> Any:
        """The client of S3."""
        return self._session.client("s3", config=_CONFIG)

    @cached_property
    def sts(self) -> Any:
        """The client of STS."""
        return self._session.client("sts", config=_CONFIG)


class AwsKind(Kind):
    """A type whose inputs may be policy documents, or tags."""

    documents: ClassVar[Set[str]] = frozenset()
    """Inputs that are policy documents."""

    def kept(self, declared: Bag) -> Bag:
        """Documents are kept as text."""
        return {key: _text(value) if key in self.documents else value for key, value in declared.items()}

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key in self.documents and value != UNKNOWN and not _is_document(value):
            yield "is no policy in JSON"

    def same(self, key: str, one: Any, other: Any) -> bool:
        return same_documents(one, other) if key in self.documents else super().same(key, one, other)

    def outputs(self, properties: Bag) -> Bag:
        return {"tagsAll": properties.get("tags") or {}} if "tags" in self.inputs else {}


def found(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer of a call; None if what it is about is not there."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_bag(answer: Any, key: str) -> dict[str, str] | None:
    """Tags as the engine takes them; None if there are none."""
    listed = (answer or {}).get(key) or []
    return {tag["Key"]: tag["Value"] for tag in listed} or None


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return UNKNOWN if has_unknown(value) else json.dumps(value)


def _is_document(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False
