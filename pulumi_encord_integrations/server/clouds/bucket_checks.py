"""Whether buckets can be read, by the API and by browsers, and not written.

What is asked, and in which order, is the same for all clouds; `Storage` says how one of them is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Protocol

from pulumi_encord_integrations.model.access_checks import (
    OVER_THE_NETWORK,
    AccessCheckRequest,
    CheckName,
    CheckOutcome,
)
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.policies.control import FOLDER
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.findings import Finding, Question, answered, tally

MAX_TARGETS = 200
"""Buckets and prefixes that one check asks for; the first prefix of each bucket comes first."""
_LISTED = 100
_SIGNED = 3
"""Objects of a prefix whose URLs are tried: the oddest names among those listed."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_OF_PREFIXES: frozenset[CheckName] = frozenset({"list", "read", "sign", "write"})

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
    scheme: str = "s3://"
    """What stands before the bucket where a place is named."""

    def __str__(self) -> str:
        return f"{self.scheme}{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class Written:
    """What a probe of writing saw."""

    allowed: bool
    left: str = ""
    """What to say of a probe that was stored and cannot be deleted again."""


class Storage(Protocol):
    """Buckets as the API reaches them. What refuses or fails raises the library's own errors."""

    @property
    def scheme(self) -> str:
        """What stands before a bucket's name: `s3://`."""

    @property
    def browser(self) -> Browser:
        """Browsers of the app."""

    @property
    def probe(self) -> str:
        """Name of an object that is not there, and never comes to be."""

    def keys(self, target: Target, limit: int) -> list[str]:
        """The first objects that can be read at once: none in an archive, and no folders."""

    def read(self, target: Target, key: str) -> None:
        """Reads the first byte of an object, if it has one."""

    def write(self, target: Target, key: str, *, wanted: bool) -> Written:
        """Tries to write without storing anything; raises what is neither "allowed" nor, unless it is wanted,
        "refused".
        """

    def sign(self, objects: Sequence[StoredObject]) -> Sequence[str]:
        """A URL to read each object with."""

    def explained(self, name: CheckName, target: Target, error: Exception) -> Finding:
        """The finding that an error amounts to; never the error's own text, which may hold what was sent."""

    def to_read(self, target: Target) -> str:
        """How to allow reading."""

    def to_take_back(self, target: Target) -> str:
        """How to end write access, or to say that it is meant."""


def probe_of(integration: StoredIntegration) -> str:
    """The same in every check of an integration, and of no other."""
    return f"encord-access-check-{sha256(integration.external_id.encode()).hexdigest()[:16]}"


def checks(
    storage: Storage,
    integration: StoredIntegration,
    buckets: Mapping[str, Sequence[str]],
    request: AccessCheckRequest,
    ends: float | None = None,
) -> list[CheckOutcome]:
    """The checks that the integration's scenario gets, of these buckets and prefixes; none after `ends`."""
    mine = [name for name in integration.checks if name in GOOD]
    vpn = [name for name in mine if integration.over_vpn and name in OVER_THE_NETWORK]
    names = [name for name in mine if name not in vpn]
    questions = _questions(storage, names, buckets, request.writable)
    found = [*answered(questions, ends), *over_vpn(vpn)]
    good = {**(GOOD_TO_WRITE if request.writable else GOOD), **_left_out(buckets)}
    if "list" not in names:
        good["sign"] = "URLs can be signed; none is fetched"
    return tally(integration.checks, found, good)


def _questions(
    storage: Storage, names: Sequence[CheckName], buckets: Mapping[str, Sequence[str]], writable: bool
) -> Iterator[Question]:
    """Of each bucket its first prefix and its CORS rules, then of the other prefixes."""
    of_prefixes = [name for name in names if name in _OF_PREFIXES]
    of_buckets = [name for name in names if name in OVER_THE_NETWORK]
    first, rest = _targets(buckets, storage.scheme)
    for target in first:
        yield Question(str(target), of_prefixes, partial(_of_target, storage, names, target, writable))
    for name in buckets if of_buckets else ():
        whole = Target(name, scheme=storage.scheme)
        yield Question(str(whole), of_buckets, partial(_of_bucket, storage, names, whole))
    for target in rest:
        yield Question(str(target), of_prefixes, partial(_of_target, storage, names, target, writable))


def _targets(buckets: Mapping[str, Sequence[str]], scheme: str = "") -> tuple[list[Target], list[Target]]:
    first = [Target(name, prefixes[0] if prefixes else "", scheme) for name, prefixes in buckets.items()]
    rest = [Target(name, prefix, scheme) for name, prefixes in buckets.items() for prefix in prefixes[1:]]
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
        yield storage.explained("preflight", target, error)
        return
    # CORS rules are the bucket's, whoever signs. A GET of what is not there, unsigned, reads nothing.
    get = "list" in names
    yield from storage.browser.preflights(names, url.partition("?")[0], str(target), get=get)


def _listing(storage: Storage, target: Target) -> "list[str] | Finding":
    try:
        # The challenge object is ours: that it can be read says nothing about the customer's.
        return [key for key in storage.keys(target, _LISTED) if not key.startswith(f"{FOLDER}/")]
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return storage.explained("list", target, error)


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
        storage.read(target, key)
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return storage.explained("read", target, error)
    return Finding("read", True)


def _signing(
    storage: Storage, target: Target, keys: Sequence[str], *, fetch: bool = False
) -> Iterator[Finding]:
    try:
        urls = storage.sign([StoredObject(target.bucket, key) for key in keys])
    except Exception as error:  # noqa: BLE001  whatever stops a library, nothing was signed
        yield storage.explained("sign", target, error)
        return
    if not fetch:
        yield Finding("sign", True)
    remedy = storage.to_read(target)
    for key, url in zip(keys, urls, strict=True) if fetch else ():
        yield storage.browser.fetch("sign", url, _shown(target, key), remedy)


def _shown(target: Target, key: str) -> str:
    """An object in one line that steers no terminal: whoever writes in the bucket has chosen its name."""
    shown = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in key)
    return f"{target.scheme}{target.bucket}/{''.join(shown)}"


def _writing(storage: Storage, target: Target, *, writable: bool) -> Finding:
    key = f"{target.prefix}{storage.probe}"
    try:
        found = storage.write(target, key, wanted=writable)
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        return storage.explained("write", target, error)
    if found.allowed == writable:
        if found.left:
            return Finding("write", None, found.left, "Delete it", required=False)
        return Finding("write", True)
    message = f"{target} can be written, and only reading was granted"
    return Finding(
        "write",
        False,
        f"{message}; {found.left}" if found.left else message,
        storage.to_take_back(target),
    )
