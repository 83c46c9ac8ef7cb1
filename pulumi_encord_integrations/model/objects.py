"""Which objects of an integration a URL names, and whether it may name them at all.

Each type's file says how its URLs are built; what is checked of them is the same for all.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from pulumi_encord_integrations.model.buckets import MAX_KEY_BYTES
from pulumi_encord_integrations.model.paths import Decode, plus_is_plus
from pulumi_encord_integrations.model.text import invisible

MAX_URL_BYTES = 16 * 1024
"""Of one URL (Encord's limit)."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_DOTS = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")
_SIGNED_BY = (
    {"x-amz-signature"},
    {"x-goog-signature"},
    {"x-obs-signature"},
    {"signature", "expires"},
    {"sig", "se"},
)
"""Sets of query parameters, each of which makes a signed URL: S3, Google, OBS, older S3 and Google, Azure."""


@dataclass(frozen=True)
class StoredObject:
    """An object: its bucket or container, and its key."""

    bucket: str
    key: str


class Urls(Protocol):
    """What URLs an integration takes."""

    def canonical(self, url: str) -> str:
        """The same for each way to write one object's URL; raises ValueError, which never quotes the URL."""


HostedForm = Callable[[str, str], tuple[str, str] | None]
"""Host and path of an https URL -> bucket and key, still percent-encoded; None if it is no such URL."""


@dataclass(frozen=True)
class ObjectUrls:
    """Objects that the API signs URLs for: only those in the integration's own buckets and prefixes."""

    buckets: Mapping[str, Sequence[str]]
    """Name -> prefixes; none for the whole bucket."""
    hosted: HostedForm
    example: str
    """How a URL looks: `s3://BUCKET/KEY`."""
    scheme: str = ""
    """Of URLs that hold the key as it is: `s3`."""
    noun: str = "bucket"
    decode: Decode = plus_is_plus
    """How the cloud reads the path of an https URL."""

    def find(self, url: str) -> StoredObject:
        """The object that a URL or, with a single bucket, a bare key names; raises ValueError."""
        _short_text(url)
        bucket, key = self._parts(url)
        if bucket not in self.buckets:
            raise ValueError(f"is in no {self.noun} of the integration; it has {_some(list(self.buckets))}")
        _require_plain(key)
        prefixes = self.buckets[bucket]
        if prefixes and not key.startswith(tuple(prefixes)):
            raise ValueError(f"is outside the integration's prefixes in {bucket}: {_some(prefixes)}")
        return StoredObject(bucket, key)

    def canonical(self, url: str) -> str:
        """Bucket and key."""
        found = self.find(url)
        return f"{found.bucket}/{found.key}"

    def _parts(self, url: str) -> tuple[str, str]:
        scheme = _scheme(url)
        if scheme is None:
            return self._only_bucket(), url
        if scheme == self.scheme:
            bucket, _, key = url.partition("://")[2].partition("/")
            return bucket, key
        parts = _split(url) if scheme == "https" or (scheme == "http" and _is_local(url)) else None
        found = self.hosted(parts.netloc, parts.path) if parts else None
        if parts is None or found is None:
            raise ValueError(f"is no URL of the integration's storage, such as {self.example}")
        if is_signed(url):
            raise ValueError("is a signed URL; give the object's own, for which URLs are signed when needed")
        if parts.query or parts.fragment:
            raise ValueError('holds a query or a fragment; write "?" and "#" of a key as %3F and %23')
        return self.decode(found[0]), self.decode(found[1])

    def _only_bucket(self) -> str:
        if len(self.buckets) != 1:
            raise ValueError(f"names no {self.noun}, and the integration has several; write {self.example}")
        return next(iter(self.buckets))


@dataclass(frozen=True)
class DirectUrls:
    """URLs that are used as they are: the whole URL, signed or not as the integration says."""

    signed: bool
    known_signatures: bool
    """Whether a signed URL of the source can be told from any other."""

    def canonical(self, url: str) -> str:
        """The URL itself."""
        _short_text(url)
        scheme = _scheme(url)
        if scheme is None:
            raise ValueError("is no URL; Direct Access takes the whole of it, beginning with https://")
        if not (scheme == "https" or (scheme == "http" and _is_local(url))) or not _split(url).hostname:
            raise ValueError("must begin with https:// and name a host; browsers refuse files over http")
        if "@" in _split(url).netloc:
            raise ValueError("must not hold a user or password")
        signed = is_signed(url)
        if signed and not self.signed:
            raise ValueError("is a signed URL, and the integration takes UNSIGNED ones")
        if not signed and self.signed and self.known_signatures:
            raise ValueError("is no signed URL, and the integration takes SIGNED ones")
        return url


def is_signed(url: str) -> bool:
    """Whether a URL carries a signature of S3's, Google's, OBS's or Azure's."""
    names = {name.lower() for name, _ in parse_qsl(_split(url).query, keep_blank_values=True)}
    return any(needed <= names for needed in _SIGNED_BY)


def bucket_prefixes(settings: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The buckets of stored settings with their prefixes."""
    return {bucket["name"]: bucket["prefixes"] for bucket in settings["buckets"]}


def bucket_urls(
    settings: Mapping[str, Any], hosts: re.Pattern[str], decode: Decode, scheme: str = "s3"
) -> ObjectUrls:
    """Objects of the settings' buckets, by https URLs at some hosts or by `s3://BUCKET/KEY`."""
    buckets = bucket_prefixes(settings)
    return ObjectUrls(
        buckets,
        in_host_or_path(hosts, buckets),
        f"{scheme}://BUCKET/KEY",
        scheme=scheme,
        decode=decode,
    )


def in_host_or_path(hosts: re.Pattern[str], buckets: Collection[str]) -> HostedForm:
    """URLs with the bucket as the host's first part, or as the path's; `hosts` matches what is left.

    A host has no upper case. A bucket that has some is found in one nevertheless, unless another is meant.
    """

    def hosted(netloc: str, path: str) -> tuple[str, str] | None:
        host = netloc.lower()
        if hosts.fullmatch(host):
            bucket, _, key = path.lstrip("/").partition("/")
            return bucket, key
        found = re.fullmatch(rf"(?P<bucket>[a-z0-9._-]+?)\.(?:{hosts.pattern})", host)
        if found is None:
            return None
        written = netloc[: found.end("bucket")]
        meant = written if written in buckets and found["bucket"] not in buckets else found["bucket"]
        return meant, path.removeprefix("/")

    return hosted


def _short_text(url: str) -> None:
    if not url:
        raise ValueError("must not be empty")
    # No text takes more than four bytes a character, and nearly all are far shorter.
    if len(url) > MAX_URL_BYTES // 4 and len(url.encode("utf-8", "surrogatepass")) > MAX_URL_BYTES:
        raise ValueError(f"is longer than {MAX_URL_BYTES // 1024} KB")
    _require_visible(url)


def _require_visible(text: str) -> None:
    # The first question answers for nearly all, and faster.
    if not (text.isascii() and text.isprintable()) and invisible(text):
        raise ValueError("must not hold control or invisible characters")


def _scheme(url: str) -> str | None:
    found = _SCHEME.match(url)
    return found[1].lower() if found else None


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is not a URL") from None
    return parts


def _is_local(url: str) -> bool:
    host = _split(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_plain(key: str) -> None:
    if not key:
        raise ValueError("names no object")
    if len(key) > MAX_KEY_BYTES // 4 and len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        raise ValueError(f"has a key of more than {MAX_KEY_BYTES} bytes")
    _require_visible(key)
    # Whoever fetches a URL may resolve these, and would arrive at another object.
    if _DOTS.search(key):
        raise ValueError('must not hold "." or ".." as a part of its path')


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
