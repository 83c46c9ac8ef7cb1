"""What a type of resource is to the plugin, and how it reaches the cloud."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Set
from functools import cached_property
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

Bag = dict[str, Any]
"""Properties by the names that the engine calls them."""
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


class Kind(ABC):
    """One type: its properties, and the calls that make it so."""

    identity: ClassVar[tuple[str, ...]]
    """The properties that are, joined by colons, the id."""
    required: ClassVar[Set[str]] = frozenset()
    optional: ClassVar[Mapping[str, Any]] = {}
    """Inputs that may be left out, and what that means."""
    named: ClassVar[str] = ""
    """The input for which a name is made up."""
    replacing: ClassVar[Set[str]] = frozenset()
    """What, beside the identity, no call changes."""
    documents: ClassVar[Set[str]] = frozenset()
    """Inputs that are policy documents."""
    ours: ClassVar[Set[str]] = frozenset()
    """Inputs that the cloud never hears of."""
    fields: ClassVar[Mapping[str, str]] = {}
    """The names of all that lists of objects may hold, and what AWS calls them."""
    computed: ClassVar[Set[str]] = frozenset()
    """Outputs that are known once it is made."""

    @abstractmethod
    def create(self, cloud: Cloud, inputs: Bag) -> None:
        """Makes it."""

    @abstractmethod
    def read(self, cloud: Cloud, id_: str) -> Bag | None:
        """Every input but `ours`, and every computed output, as they are; None if it is not there."""

    @abstractmethod
    def update(self, cloud: Cloud, inputs: Bag, changed: Set[str]) -> None:
        """Makes it so again, where inputs have changed."""

    @abstractmethod
    def delete(self, cloud: Cloud, id_: str, state: Bag) -> None:
        """Ends it."""

    @property
    def inputs(self) -> Set[str]:
        """All properties that may be given."""
        return {*self.identity, *self.required, *self.optional}


def found(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer of a call; None if what it is about is not there."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise


def named(value: Any, names: Mapping[str, str]) -> Any:
    """A list of objects with other names; what has none is left out."""
    if isinstance(value, dict):
        return {names[key]: named(one, names) for key, one in value.items() if key in names}
    if isinstance(value, list):
        return [named(one, names) for one in value]
    return int(value) if isinstance(value, float) else value


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_bag(answer: Any, key: str) -> dict[str, str] | None:
    """Tags as the engine takes them; None if there are none."""
    listed = (answer or {}).get(key) or []
    return {tag["Key"]: tag["Value"] for tag in listed} or None
