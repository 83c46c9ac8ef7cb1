"""Whether buckets that speak S3's protocol can be read, by the API and by browsers, and not written.

Nothing is ever written: the probe of writing sends a digest that is not of its body, which storage refuses
after it has allowed the write, and before it stores anything.
"""

import hashlib
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.access_checks import (
    OVER_THE_NETWORK,
    AccessCheckRequest,
    CheckName,
    CheckOutcome,
)
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.findings import Finding, tally
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants, explained, is_denied

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_TARGETS = 200
"""Buckets and prefixes that one check asks for; the first prefix of each bucket comes first."""
DEADLINE_SECONDS = 40
"""A check answers before its client gives up."""
_AT_ONCE = 8
_LISTED = 100
_SIGNED = 3
"""Objects of a prefix whose URLs are tried: the oddest names among those listed."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_PROBE = b"a write that is never stored"
_OTHER_DIGEST = b64encode(hashlib.md5(b"", usedforsecurity=False).digest()).decode()
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


_Question = tuple[Callable[[Storage, Sequence[CheckName], Target, bool], Iterator[Finding]], Target]


def checks(
    storage: Storage,
    integration: StoredIntegration,
    buckets: Mapping[str, Sequence[str]],
    request: AccessCheckRequest,
) -> list[CheckOutcome]:
    """The checks of buckets and prefixes that the integration's scenario gets."""
    vpn = [name for name in integration.checks if integration.over_vpn and name in OVER_THE_NETWORK]
    names = [name for name in integration.checks if name in GOOD and name not in vpn]
    found = [*_findings(storage, names, buckets, writable=request.writable), *over_vpn(vpn)]
    return tally(integration.checks, found, GOOD_TO_WRITE if request.writable else GOOD)


def _findings(
    storage: Storage, names: Sequence[CheckName], buckets: Mapping[str, Sequence[str]], *, writable: bool
) -> list[Finding]:
    """All answers; what time did not suffice for is told as such."""
    targets = _targets(buckets)
    ends = time.monotonic() + DEADLINE_SECONDS
    asked: list[_Question] = [(_of_target, one) for one in targets]
    if "preflight" in names:
        asked += [(_of_bucket, Target(name)) for name in buckets]

    def answers(question: _Question) -> list[Finding]:
        ask, target = question
        if time.monotonic() > ends:
            return [Finding("list", None, f"{target} was not asked: the others took too long", "Ask again")]
        return list(ask(storage, names, target, writable))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [one for found in pool.map(answers, asked) for one in found]


def _targets(buckets: Mapping[str, Sequence[str]]) -> list[Target]:
    first = [Target(name, prefixes[0] if prefixes else "") for name, prefixes in buckets.items()]
    rest = [Target(name, prefix) for name, prefixes in buckets.items() for prefix in prefixes[1:]]
    return [*first, *rest][:MAX_TARGETS]


def _of_target(
    storage: Storage, names: Sequence[CheckName], target: Target, writable: bool
) -> Iterator[Finding]:
    if "list" not in names:
        yield from _signing(storage, [StoredObject(target.bucket, f"{target.prefix}encord-access-check")])
        return
    listed = _listing(storage, target)
    if isinstance(listed, Finding):
        yield listed
    else:
        yield Finding("list", True)
        yield from _reading(storage, target, listed)
    yield _writing(storage, target, writable=writable)


def _of_bucket(
    storage: Storage, names: Sequence[CheckName], target: Target, _writable: bool
) -> Iterator[Finding]:
    try:
        (url,) = storage.sign([StoredObject(target.bucket, "encord-access-check")])
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        yield explained("preflight", target, error, storage.grants)
        return
    yield from storage.browser.preflights(names, url, str(target))


def _listing(storage: Storage, target: Target) -> "list[str] | Finding":
    try:
        page = storage.client(target.bucket).list_objects_v2(
            Bucket=target.bucket, Prefix=target.prefix, MaxKeys=_LISTED
        )
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return explained("list", target, error, storage.grants)
    # What ends with a slash is a folder of the console's.
    return [found["Key"] for found in page.get("Contents", []) if not found["Key"].endswith("/")]


def _reading(storage: Storage, target: Target, keys: Sequence[str]) -> Iterator[Finding]:
    if not keys:
        nothing = f"{target} holds no object that could be read"
        yield Finding("read", None, nothing, required=False)
        yield Finding("sign", None, nothing, required=False)
        return
    yield _read(storage, target, keys[0])
    oddest = sorted(keys, key=lambda key: len(set(key) - _PLAIN), reverse=True)[:_SIGNED]
    chosen = dict.fromkeys([keys[0], *oddest])
    yield from _signing(storage, [StoredObject(target.bucket, key) for key in chosen], fetch=True)


def _read(storage: Storage, target: Target, key: str) -> Finding:
    try:
        storage.client(target.bucket).get_object(Bucket=target.bucket, Key=key, Range="bytes=0-0")
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return explained("read", target, error, storage.grants)
    return Finding("read", True)


def _signing(storage: Storage, objects: Sequence[StoredObject], *, fetch: bool = False) -> Iterator[Finding]:
    try:
        urls = storage.sign(objects)
    except Exception as error:  # noqa: BLE001  whatever stops a library, nothing was signed
        yield explained("sign", Target(objects[0].bucket), error, storage.grants)
        return
    if not fetch:
        yield Finding("sign", True)
    for one, url in zip(objects, urls, strict=True) if fetch else ():
        subject = f"s3://{one.bucket}/{one.key}"
        remedy = storage.grants.remedy("s3:GetObject", Target(one.bucket, one.key))
        yield storage.browser.fetch("sign", url, subject, remedy)


def _writing(storage: Storage, target: Target, *, writable: bool) -> Finding:
    key = f"{target.prefix}encord-access-check-{secrets.token_hex(8)}"
    try:
        client = storage.client(target.bucket)
        client.put_object(Bucket=target.bucket, Key=key, Body=_PROBE, ContentMD5=_OTHER_DIGEST)
        client.delete_object(Bucket=target.bucket, Key=key)
        allowed = True
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code not in _DIGEST_REFUSED and not is_denied(error):
            return explained("write", target, error, storage.grants)
        allowed = code in _DIGEST_REFUSED
    if allowed == writable:
        return Finding("write", True)
    if allowed:
        return Finding("write", False, f"{target} can be written, and only reading was granted",
                       storage.grants.to_take_back)  # fmt: skip
    return Finding(
        "write", False, f"{target} cannot be written", storage.grants.remedy("s3:PutObject", target)
    )
