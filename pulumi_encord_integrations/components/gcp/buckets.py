"""Buckets that a service account reads, and those of them that are made."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import (
    Origins,
    allowed_origins,
    require_buckets,
    valid,
)
from pulumi_encord_integrations.components.gcp.sdk import Bucket, BucketCorArgs, BucketEncryptionArgs
from pulumi_encord_integrations.model.policies.cors import EXPOSED_HEADERS, MAX_AGE_SECONDS, METHODS
from pulumi_encord_integrations.model.policies.gcp import gcp_buckets, gcp_kms_key
from pulumi_encord_integrations.resources import _run

_OF_A_NEW_BUCKET = ("location", "kms_key_name")


class GcpBucketArgs(TypedDict):
    """A bucket that is read, whole or only what lies under some prefixes."""

    name: str
    """The bucket's name, in plain text: its resources are named after it."""
    prefixes: NotRequired[Sequence[str]]
    """Object prefixes such as `videos/2026/`, in plain text. Default: the whole bucket."""
    create: NotRequired[bool]
    """Make it: private, with CORS rules for the app. Default: it exists, and nothing of it is changed."""
    location: NotRequired[pulumi.Input[str]]
    """Where a bucket that is made lies, such as `EU` or `europe-west1`; required with `create`."""
    kms_key_name: NotRequired[pulumi.Input[str]]
    """The key of Cloud KMS that encrypts what is put into a bucket that is made. Default: Google's own."""


def require_gcp_buckets(label: str, kind: Any, args: Any) -> None:
    """Raises `RunError` for what the arguments of a component, and its buckets, may not hold."""
    require_buckets(label, kind, GcpBucketArgs, args)
    for index, bucket in enumerate(args["buckets"]):
        _require_bucket(f"{label}: buckets[{index}]", bucket)
    valid(label, lambda: gcp_buckets([opened(bucket) for bucket in args["buckets"]]))


def opened(bucket: GcpBucketArgs) -> Any:
    """What of a bucket is opened, as policies take it."""
    return {"name": bucket["name"], "prefixes": list(bucket.get("prefixes") or [])}


def _require_bucket(where: str, bucket: GcpBucketArgs) -> None:
    _require_names(where, bucket)
    location = bucket.get("location")
    if bucket.get("create") and (not isinstance(location, (str, pulumi.Output)) or location == ""):
        raise pulumi.RunError(f"{where}.location is required, a text: where the bucket is made, such as EU")
    for key in _OF_A_NEW_BUCKET:
        if bucket.get(key) is not None and not bucket.get("create"):
            raise pulumi.RunError(f"{where}.{key} is of a bucket that is made: leave it out, or give create")


def _require_names(where: str, bucket: Mapping[str, Any]) -> None:
    """What is made follows from the names and prefixes of buckets.

    A resource with another name would be made anew, and the old one, which is the same to the cloud, deleted
    after that.
    """
    prefixes = bucket.get("prefixes")
    if not isinstance(bucket["name"], str):
        raise pulumi.RunError(f"{where}.name must be plain text: its resources are named after it")
    if prefixes is not None and not (
        isinstance(prefixes, (list, tuple)) and all(isinstance(one, str) for one in prefixes)
    ):
        raise pulumi.RunError(
            f"{where}.prefixes must be a list of plain texts: what is made follows from them"
        )


@dataclass(frozen=True)
class GcpBucketMaker:
    """Makes the buckets of a component that are to be made."""

    label: str
    """What an error is about."""
    opts: pulumi.ResourceOptions
    origins: Origins
    project: pulumi.Input[str] | None
    labels: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None

    def make(self, name: str, args: GcpBucketArgs) -> pulumi.Input[str]:
        """Makes a bucket if it is to be made; its name, for what is put on or into it."""
        bucket = args["name"]
        if not args.get("create"):
            return bucket
        _run.current().claim(self.label, f"makes the bucket {bucket}")
        made = Bucket(
            f"{name}-bucket",
            name=bucket,
            location=args.get("location"),
            project=self.project,
            labels=self.labels,
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            cors=[self._cors()],
            encryption=self._encryption(args.get("kms_key_name")),
            opts=self.opts,
        )
        return made.name

    def _encryption(self, key: pulumi.Input[str] | None) -> BucketEncryptionArgs | None:
        if key is None:
            return None
        named = pulumi.Output.from_input(key).apply(
            lambda known: valid(self.label, lambda: gcp_kms_key(known))
        )
        return BucketEncryptionArgs(default_kms_key_name=named)

    def _cors(self) -> BucketCorArgs:
        # All but the origins is known in every preview.
        return BucketCorArgs(
            origins=allowed_origins(self.label, self.origins, "create"),
            methods=METHODS,
            response_headers=EXPOSED_HEADERS,
            max_age_seconds=MAX_AGE_SECONDS,
        )
