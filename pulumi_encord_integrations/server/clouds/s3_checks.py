"""Whether buckets that speak S3's protocol can be read, by the API and by browsers, and not written.

The probe of writing sends a digest that is not of its body, which storage refuses after it has allowed the
write, and before it stores anything. From storage that knows no digests the probe is deleted again.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.access_checks import (
    OVER_THE_NETWORK,
    AccessCheckRequest,
    CheckName,
    CheckOutcome,
)
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.findings import Finding, Question, answered, tally
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants, code_of, explained, is_denied, of_kms

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_TARGETS = 200
"""Buckets and prefixes that one check asks for; the first prefix of each bucket comes first."""
_LISTED = 100
_SIGNED = 3
"""Objects of a prefix whose URLs are tried: the oddest names among those listed."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_PROBE = b"a write that is never stored"
_OTHER_DIGEST = b64encode(hashlib.md5(b"", usedforsecurity=False).digest()).decode()
_OF_PREFIXES: frozenset[CheckName] = frozenset({"list", "read", "sign", "write"})
_EMPTY = {"InvalidRange", "416"}
"""What storage says of the first byte of an empty object, which it would have given."""
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
_DIGEST_REFUSED = {"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"}

GOOD: dict[CheckName, str] = {
    "list": "every bucket and prefix can be listed",
    "read": "objects can be read",
    "sign": "signed URLs give their objects",
    "write": "writing is refused",
    "preflight": "browsers of the app may read",
    "preflight_elsewhere": "pages of other origins may not read",
}
GOOD_TO_WRITE: dict[CheckName, str] = {**GOOD, "write": "objects can be written"}


@dataclass(frozen=True)
class Target:
    """A bucket, or a prefix in it."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class Storage:
    """Buckets as the API reaches them."""

    client: Callable[[str], "S3Client"]
    """Bucket -> a client that sends only to addresses that may be asked."""
    sign: Callable[[Sequence[StoredObject]], Sequence[str]]
    grants: Grants
    browser: Browser
    probe: str
    """Name of an object that is not there, and never comes to be."""


def probe_of(integration: StoredIntegration) -> str:
    """The same in every check of an integration, and of no other."""
    return f"encord-access-check-{hashlib.sha256(integration.external_id.encode()).hexdigest()[:16]}"


def checks(
    storage: Storage,
    integration: StoredIntegration,
    buckets: Mapping[str, Sequence[str]],
    request: AccessCheckRequest,
) -> list[CheckOutcome]:
    """The checks of buckets and prefixes that the integration's scenario gets."""
    vpn = [name for name in integration.checks if integration.over_vpn and name in OVER_THE_NETWORK]
    names = [name for name in integration.checks if name in GOOD and name not in vpn]
    found = [*answered(_questions(storage, names, buckets, request.writable)), *over_vpn(vpn)]
    good = {**(GOOD_TO_WRITE if request.writable else GOOD), **_left_out(buckets)}
    return tally(integration.checks, found, good)


def _questions(
    storage: Storage, names: Sequence[CheckName], buckets: Mapping[str, Sequence[str]], writable: bool
) -> Iterator[Question]:
    """Of each bucket its first prefix and its CORS rules, then of the other prefixes."""
    of_prefixes = [name for name in names if name in _OF_PREFIXES]
    of_buckets = [name for name in names if name in OVER_THE_NETWORK]
    first, rest = _targets(buckets)
    for target in first:
        yield Question(str(target), of_prefixes, partial(_of_target, storage, names, target, writable))
    for name in buckets if of_buckets else ():
        yield Question(f"s3://{name}/", of_buckets, partial(_of_bucket, storage, names, Target(name)))
    for target in rest:
        yield Question(str(target), of_prefixes, partial(_of_target, storage, names, target, writable))


def _targets(buckets: Mapping[str, Sequence[str]]) -> tuple[list[Target], list[Target]]:
    first = [Target(name, prefixes[0] if prefixes else "") for name, prefixes in buckets.items()]
    rest = [Target(name, prefix) for name, prefixes in buckets.items() for prefix in prefixes[1:]]
    return first, rest[: max(0, MAX_TARGETS - len(first))]


def _left_out(buckets: Mapping[str, Sequence[str]]) -> dict[CheckName, str]:
    """What is said of a success if there are more prefixes than are asked for."""
    every = sum(len(prefixes) or 1 for prefixes in buckets.values())
    asked = sum(map(len, _targets(buckets)))
    if asked == every:
        return {}
    return {"list": f"{asked:,} of {every:,} prefixes were asked for, and all of those can be listed"}


def _of_target(
    storage: Storage, names: Sequence[CheckName], target: Target, writable: bool
) -> Iterator[Finding]:
    if "list" not in names:
        yield from _signing(storage, target, [f"{target.prefix}{storage.probe}"])
        return
    listed = _listing(storage, target)
    if isinstance(listed, Finding):
        yield listed
    else:
        yield Finding("list", True)
        yield from _reading(storage, target, listed)
    yield _writing(storage, target, writable=writable)


def _of_bucket(storage: Storage, names: Sequence[CheckName], target: Target) -> Iterator[Finding]:
    try:
        (url,) = storage.sign([StoredObject(target.bucket, storage.probe)])
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        yield explained("preflight", target, error, storage.grants)
        return
    # CORS rules are the bucket's, whoever signs. A GET of what is not there, unsigned, reads nothing.
    get = "list" in names
    yield from storage.browser.preflights(names, url.partition("?")[0], str(target), get=get)


def _listing(storage: Storage, target: Target) -> "list[str] | Finding":
    try:
        page = storage.client(target.bucket).list_objects_v2(
            Bucket=target.bucket, Prefix=target.prefix, MaxKeys=_LISTED
        )
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return explained("list", target, error, storage.grants)
    return [found["Key"] for found in page.get("Contents", []) if _readable(found)]


def _readable(listed: Any) -> bool:
    """Not a folder of the console's, nor an object that has to be restored from an archive first."""
    return not listed["Key"].endswith("/") and listed.get("StorageClass") not in _ARCHIVED


def _reading(storage: Storage, target: Target, keys: Sequence[str]) -> Iterator[Finding]:
    if not keys:
        nothing = f"{target} holds no object that could be read"
        yield Finding("read", None, nothing, required=False)
        yield Finding("sign", None, nothing, required=False)
        return
    yield _read(storage, target, keys[0])
    oddest = sorted(keys, key=lambda key: len(set(key) - _PLAIN), reverse=True)[:_SIGNED]
    yield from _signing(storage, target, list(dict.fromkeys([keys[0], *oddest])), fetch=True)


def _read(storage: Storage, target: Target, key: str) -> Finding:
    try:
        storage.client(target.bucket).get_object(Bucket=target.bucket, Key=key, Range="bytes=0-0")
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        if code_of(error) not in _EMPTY:
            return explained("read", target, error, storage.grants)
    return Finding("read", True)


def _signing(
    storage: Storage, target: Target, keys: Sequence[str], *, fetch: bool = False
) -> Iterator[Finding]:
    try:
        urls = storage.sign([StoredObject(target.bucket, key) for key in keys])
    except Exception as error:  # noqa: BLE001  whatever stops a library, nothing was signed
        yield explained("sign", target, error, storage.grants)
        return
    if not fetch:
        yield Finding("sign", True)
    remedy = storage.grants.remedy("s3:GetObject", target)
    for key, url in zip(keys, urls, strict=True) if fetch else ():
        yield storage.browser.fetch("sign", url, _shown(target, key), remedy)


def _shown(target: Target, key: str) -> str:
    """An object in one line that steers no terminal: whoever writes in the bucket has chosen its name."""
    shown = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in key)
    return f"s3://{target.bucket}/{''.join(shown)}"


def _writing(storage: Storage, target: Target, *, writable: bool) -> Finding:
    key, left = f"{target.prefix}{storage.probe}", ""
    try:
        client = storage.client(target.bucket)
        client.put_object(Bucket=target.bucket, Key=key, Body=_PROBE, ContentMD5=_OTHER_DIGEST)
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        # Encryption is asked for once the write itself is allowed.
        allowed = code_of(error) in _DIGEST_REFUSED or (not writable and of_kms(error))
        if not allowed and (writable or not is_denied(error)):
            return explained("write", target, error, storage.grants)
    else:
        # Storage that knows no digests has taken the probe.
        allowed, left = True, _not_taken_back(client, target.bucket, key)
    if allowed == writable:
        return Finding("write", None, left, "Delete it", required=False) if left else Finding("write", True)
    message = f"{target} can be written, and only reading was granted"
    return Finding("write", False, f"{message}; {left}" if left else message, storage.grants.to_take_back)


def _not_taken_back(client: "S3Client", bucket: str, key: str) -> str:
    """What to say of a probe that was stored and cannot be deleted again."""
    try:
        client.delete_object(Bucket=bucket, Key=key)
    except Exception:  # noqa: BLE001  whatever stops a library, it is still there
        return f"the probe s3://{bucket}/{key} was stored, and cannot be deleted"
    return ""
