"""What the policies of several clouds share: which buckets they open, statements, and their size."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.buckets import BucketSpec

GrantedBucket = str | Mapping[str, Any] | BucketSpec
"""A name, or `{"name": ..., "prefixes": [...]}`; without prefixes the whole bucket."""
Document = dict[str, Any]
"""A policy, to be rendered as JSON."""


def checked(model: type[Sent], **given: Any) -> Any:
    """The arguments of a policy by the rules of its cloud; raises ValueError with all that is wrong."""
    spec, problems = model.examine(given)
    if problems or spec is None:
        raise ValueError("; ".join(map(str, problems)))
    return spec


def plain(values: Sequence[Any]) -> Any:
    """A sequence as a model takes it; one value alone stays as it is, and is refused as no list."""
    if isinstance(values, str | Mapping | BucketSpec):
        return values
    return [_plain(one) for one in values]


def _plain(one: Any) -> Any:
    if isinstance(one, BucketSpec):
        return one.model_dump()
    return dict(one) if isinstance(one, Mapping) else one


def objects_of(bucket: BucketSpec) -> list[str]:
    """The objects of a bucket as policies name them: `BUCKET/*`, or `BUCKET/PREFIX*` for each prefix."""
    return [f"{bucket.name}/{prefix}*" for prefix in bucket.prefixes or [""]]


def allow(actions: Iterable[str], resources: Iterable[str], **more: Any) -> Document:
    """A statement that allows something."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **more}


def compact(document: Any) -> str:
    """JSON without blanks, as clouds count a policy's characters; IAM takes none beyond U+00FF unescaped."""
    return json.dumps(document, separators=(",", ":"))
