"""The Open Telekom Cloud: what the user whose key pair reads the buckets may do, in its IAM's own grammar."""

from collections.abc import Sequence
from typing import Annotated

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED
from pulumi_encord_integrations.model.integration_types.otc import OtcBucket
from pulumi_encord_integrations.model.policies.grants import (
    Document,
    GrantedBucket,
    allow,
    checked,
    objects_of,
    plain,
)

VERSION = "1.1"
_LIST = ("obs:bucket:ListBucket", "obs:bucket:HeadBucket")


class _Permissions(Sent):
    buckets: Annotated[list[Annotated[OtcBucket, NAMED]], FEW, DISTINCT]


def otc_read_policy(buckets: Sequence[GrantedBucket], *, writable: bool = False) -> Document:
    """A custom policy of the Open Telekom Cloud: list and read exactly the given buckets and prefixes.

    Args:
        buckets: names, or `{"name": ..., "prefixes": [...]}`.
        writable: let it write objects there as well. Default False.

    Raises:
        ValueError: a bucket or prefix is none.

    """
    given = checked(_Permissions, buckets=plain(buckets))
    actions = ["obs:object:GetObject", *(["obs:object:PutObject"] if writable else [])]
    objects = [f"OBS:*:*:object:{name}" for bucket in given.buckets for name in objects_of(bucket)]
    listing = [_listing(bucket) for bucket in given.buckets]
    return {"Version": VERSION, "Statement": [*listing, allow(actions, objects)]}


def _listing(bucket: OtcBucket) -> Document:
    resource = [f"OBS:*:*:bucket:{bucket.name}"]
    if not bucket.prefixes:
        return allow(_LIST, resource)
    under = {"StringStartWith": {"obs:prefix": list(bucket.prefixes)}}
    return allow(_LIST[:1], resource, Condition=under)
