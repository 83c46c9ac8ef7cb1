"""Buckets and the prefixes within them that an integration may read.

A bucket exists before it is declared. Its name is judged by what the cloud ever gave, which may be more than
what it lets a new bucket be called.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.bounds import Many
from pulumi_encord_integrations.model.text import invisible

MAX_BUCKETS = 100
MAX_PREFIXES = 1000
MAX_BYTES = 900_000
"""Bytes of all buckets and prefixes as JSON: a request may hold one MiB."""
MAX_KEY_BYTES = 1024
"""Length of an S3 or GCS object key in UTF-8 bytes."""


_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)


def fits_a_host(name: str) -> bool:
    """Whether a bucket's name can be a part of a host name, as in `https://BUCKET.s3.amazonaws.com`."""
    return bool(_NAME.fullmatch(name))


def dns_name(value: str) -> str:
    """S3's rules of today as most storage that speaks its protocol narrows them; raises ValueError."""
    if not fits_a_host(value):
        raise ValueError(
            "must be a bucket name: 3 to 63 lower-case letters, digits, hyphens and single dots, "
            "beginning and ending with a letter or digit"
        )
    not_an_ip_address(value)
    if ".-" in value or "-." in value:
        raise ValueError("must not hold a hyphen beside a dot")
    return value


def not_an_ip_address(value: str) -> None:
    """Raises ValueError where a name would be read as an address."""
    if _IP_ADDRESS.fullmatch(value):
        raise ValueError("must not look like an IP address")


def _prefix(value: str) -> str:
    if not value or value.startswith("/"):
        raise ValueError('must not be empty or begin with "/"; leave prefixes out for the whole bucket')
    if len(value.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        raise ValueError(f"is longer than {MAX_KEY_BYTES} bytes in UTF-8")
    # In a bucket policy these would be read as wildcards or policy variables and open more than is written.
    if any(mark in value for mark in ("*", "?", "${")):
        raise ValueError(
            'must not hold "*", "?" or "${"; a prefix already stands for all that begins with it'
        )
    if invisible(value):
        raise ValueError("must not hold control or invisible formatting characters")
    return value


def _few_prefixes(values: Any) -> Any:
    if isinstance(values, list) and len(values) > MAX_PREFIXES:
        raise ValueError(f"has {len(values)} prefixes; at most {MAX_PREFIXES} are allowed")
    return values


def _sorted_prefixes(values: list[str]) -> list[str]:
    return sorted(set(values))


Prefixes = Annotated[
    list[Annotated[str, AfterValidator(_prefix)]],
    Many(MAX_PREFIXES),
    # Counted first: a million wrong ones are one problem.
    BeforeValidator(_few_prefixes),
    AfterValidator(_sorted_prefixes),
]


class BucketSpec(Sent):
    """A bucket, whole or only what lies under some prefixes; each cloud narrows `name` to its own rules."""

    name: str
    prefixes: Prefixes = Field(default_factory=list)


def described(buckets: Sequence[Mapping[str, Any]]) -> str:
    """Buckets in words: `acme, scans (2026/, 2027/)`."""
    return ", ".join(
        f"{one['name']} ({', '.join(one['prefixes'])})" if one.get("prefixes") else str(one["name"])
        for one in buckets
    )


def wider(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `after` lets anything be read that `before` does not."""
    read = {one["name"]: one.get("prefixes") or [""] for one in before}
    return any(
        not prefix.startswith(tuple(read.get(one["name"], ())))
        for one in after
        for prefix in one.get("prefixes") or [""]
    )


def _named(value: Any) -> Any:
    if not isinstance(value, str | dict | BucketSpec):
        raise ValueError('must be a bucket name or a mapping such as {"name": ..., "prefixes": [...]}')
    return {"name": value} if isinstance(value, str) else value


def _few_buckets(values: Any) -> Any:
    if isinstance(values, list) and not 1 <= len(values) <= MAX_BUCKETS:
        raise ValueError(f"must name 1 to {MAX_BUCKETS} buckets, not {len(values)}")
    return values


def _sorted_buckets(values: list[Any]) -> list[Any]:
    names = [bucket.name for bucket in values]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} more than once; list all its prefixes in one entry")
    size = len(json.dumps([bucket.model_dump() for bucket in values]))
    if size > MAX_BYTES:
        raise ValueError(
            f"takes {size:,} bytes in a request, at most {MAX_BYTES:,} are allowed; use shorter prefixes"
        )
    return sorted(values, key=lambda bucket: bucket.name)


NAMED = BeforeValidator(_named)
"""A bucket may be written as its bare name."""
FEW = BeforeValidator(_few_buckets)
"""1 to 100 buckets, counted before any is looked at."""
DISTINCT = AfterValidator(_sorted_buckets)
"""No bucket twice, and all in the order of their names."""
