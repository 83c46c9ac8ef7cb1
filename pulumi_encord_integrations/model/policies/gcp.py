"""Google Cloud Storage: bindings of roles whose conditions open buckets and prefixes, and CORS.

A condition is a CEL expression. Conditions need uniform bucket-level access on the bucket.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED
from pulumi_encord_integrations.model.integration_types.gcp import GcpBucket
from pulumi_encord_integrations.model.members import IntegrationId
from pulumi_encord_integrations.model.policies.cel import literal
from pulumi_encord_integrations.model.policies.control import ChallengeObject, challenge_key
from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.policies.grants import Document, GrantedBucket, checked, plain

READER, WRITER = "roles/storage.objectViewer", "roles/storage.objectCreator"
MAX_CLAUSES = 13
"""Clauses of an expression: IAM takes 12 logical operators."""
PREFIXES_OF_A_BINDING = 6
"""Listing and reading are a clause each."""
MAX_EXPRESSION = 2_048
"""Characters of an expression."""
MAX_READ_BINDINGS = 9
"""IAM takes 20 of one role and one principal on a bucket that differ in their condition. A change of prefixes
needs the old and the new ones at once, with one more of each for the challenge: 2 * (9 + 1)."""
TITLE_CHARACTERS = 100
"""Of a condition, as IAM takes it."""
_ROOM = len(" challenge")
"""What the titles of an integration's bindings differ in."""
_DIGEST = 8
_SERVICE_ACCOUNT = re.compile(
    r"[a-z0-9][a-z0-9.-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.gserviceaccount\.com", re.ASCII
)
_KMS_KEY = re.compile(
    r"projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}", re.ASCII
)


def _title(value: str) -> str:
    longest = TITLE_CHARACTERS - _ROOM
    if not 1 <= len(value) <= longest or not value.isprintable():
        raise ValueError(f"must be 1 to {longest} printable characters, such as gcp_title makes of a text")
    return value


@dataclass(frozen=True)
class GcpBinding:
    """A role that one principal has on a bucket, as far as a condition holds."""

    role: str
    title: str
    """Of the condition: tells the bindings of several integrations on one bucket apart."""
    expression: str
    """The condition, in CEL."""

    @property
    def condition(self) -> Document:
        """The condition as IAM takes it."""
        return {"title": self.title, "expression": self.expression}


class _Buckets(Sent):
    buckets: Annotated[list[Annotated[GcpBucket, NAMED]], FEW, DISTINCT]


class _Granted(Sent):
    bucket: Annotated[GcpBucket, NAMED]
    title: Annotated[str, AfterValidator(_title)]


class _Challenged(_Granted):
    integration_id: IntegrationId


def gcp_buckets(buckets: Sequence[GrantedBucket]) -> list[GcpBucket]:
    """Buckets by the rules of Cloud Storage, in the order of their names.

    Raises:
        ValueError: a bucket or prefix is none, or a bucket is named twice.

    """
    found: list[GcpBucket] = checked(_Buckets, buckets=plain(buckets)).buckets
    return found


def gcp_member(service_account_email: str) -> str:
    """A service account as bindings name it.

    Raises:
        ValueError: it is no service account; nobody else is ever let in.

    """
    if not _matches(_SERVICE_ACCOUNT, service_account_email):
        raise ValueError(
            "service_account_email: must be the email of a service account, "
            "such as encord-reader@acme-project.iam.gserviceaccount.com"
        )
    return f"serviceAccount:{service_account_email}"


def gcp_kms_key(name: str) -> str:
    """The name of a key of Cloud KMS that a bucket's objects are encrypted with.

    Raises:
        ValueError: it is none.

    """
    if not _matches(_KMS_KEY, name):
        raise ValueError(
            "kms_key_name: must be the name of a Cloud KMS key, "
            "such as projects/acme/locations/europe-west1/keyRings/media/cryptoKeys/videos"
        )
    return name


def gcp_title(text: str) -> str:
    """A text as the title of bindings; a long one is cut, and ends with its digest."""
    longest = TITLE_CHARACTERS - _ROOM
    if len(text) <= longest:
        return text
    return f"{text[: longest - _DIGEST - 1]} {sha256(text.encode()).hexdigest()[:_DIGEST]}"


def gcp_bindings(bucket: GrantedBucket, *, title: str, writable: bool = False) -> list[GcpBinding]:
    """The bindings by which a service account lists and reads a bucket, or some prefixes of it.

    Args:
        bucket: its name, or `{"name": ..., "prefixes": [...]}`.
        title: of the conditions; that of no other integration, or one would take the other's bindings away.
        writable: let it make objects there as well. Default False.

    Raises:
        ValueError: the bucket, a prefix or the title is none, or IAM takes fewer prefixes.

    """
    given: _Granted = checked(_Granted, bucket=plain([bucket])[0], title=title)
    spec = given.bucket
    found = [GcpBinding(READER, numbered, text) for numbered, text in _numbered(title, _reading(spec))]
    if len(found) > MAX_READ_BINDINGS:
        raise ValueError(
            f"bucket: the {len(spec.prefixes)} prefixes of {spec.name} take {len(found)} bindings; they may "
            f"take {MAX_READ_BINDINGS}, at most {MAX_READ_BINDINGS * PREFIXES_OF_A_BINDING} short prefixes, "
            "since IAM takes 20, and a change needs the old and the new ones at once; "
            "use fewer or shorter prefixes, or open the whole bucket"
        )
    if writable:
        written = _numbered(f"{title} write", _packed(_objects(spec), MAX_CLAUSES))
        found += [GcpBinding(WRITER, numbered, text) for numbered, text in written]
    return found


def gcp_challenge_binding(bucket_name: str, integration_id: str, *, title: str) -> GcpBinding:
    """The binding by which a service account reads the challenge object of one integration.

    Where a whole bucket is open, it is not needed.

    Args:
        bucket_name: the bucket.
        integration_id: uuid of the integration.
        title: as of `gcp_bindings`.

    Raises:
        ValueError: one of them is none.

    """
    given: _Challenged = checked(_Challenged, bucket=bucket_name, title=title, integration_id=integration_id)
    name = literal(f"{_objects_of(bucket_name)}{challenge_key(given.integration_id)}")
    return GcpBinding(READER, gcp_challenge_title(title), f"resource.name == {name}")


def gcp_challenge_title(title: str) -> str:
    """The title of a challenge's binding, which is known before its integration is."""
    return f"{title} challenge"


def gcp_challenge_line(bucket: str, object: ChallengeObject) -> str:
    """The line of a shell that writes a challenge object."""
    written, place = shlex.quote(object.value), shlex.quote(f"gs://{bucket}/{object.key}")
    return f"printf %s {written} | gcloud storage cp - {place}"


def gcp_cors(origins: Sequence[str]) -> list[Document]:
    """The rule that lets browsers of the app read objects, as Cloud Storage takes it.

    Args:
        origins: browser origins of the app: the output `origins` of an integration.

    Raises:
        ValueError: there is no origin, or one is no origin; `*` is refused.

    """
    return [
        {
            "origin": rule["AllowedOrigins"],
            "method": rule["AllowedMethods"],
            "responseHeader": rule["ExposeHeaders"],
            "maxAgeSeconds": rule["MaxAgeSeconds"],
        }
        for rule in cors_rules(origins)
    ]


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and bool(pattern.fullmatch(value))


def _objects_of(bucket_name: str) -> str:
    """How the resource names of a bucket's objects begin."""
    return f"projects/_/buckets/{bucket_name}/objects/"


def _reading(bucket: GcpBucket) -> Iterator[str]:
    if not bucket.prefixes:
        objects = _objects_of(bucket.name)
        here = literal(objects.removesuffix("/objects/"))
        yield f"resource.name == {here} || resource.name.startsWith({literal(objects)})"
        return
    listed = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
    pairs = (
        clause
        for objects, prefix in zip(_objects(bucket), bucket.prefixes, strict=True)
        for clause in (objects, f"{listed}.startsWith({literal(prefix)})")
    )
    yield from _packed(pairs, 2 * PREFIXES_OF_A_BINDING)


def _objects(bucket: GcpBucket) -> Iterator[str]:
    """A clause for the objects under each prefix."""
    for prefix in bucket.prefixes or [""]:
        yield f"resource.name.startsWith({literal(_objects_of(bucket.name) + prefix)})"


def _packed(clauses: Iterable[str], most: int) -> Iterator[str]:
    """Expressions of at most so many clauses, each of which opens something."""
    packed: list[str] = []
    for clause in clauses:
        if len(clause) > MAX_EXPRESSION:
            raise ValueError(
                f"bucket: a prefix takes {len(clause):,} characters in a condition, which may take "
                f"{MAX_EXPRESSION:,}; use a shorter prefix"
            )
        if packed and (len(packed) == most or len(" || ".join([*packed, clause])) > MAX_EXPRESSION):
            yield " || ".join(packed)
            packed = []
        packed.append(clause)
    yield " || ".join(packed)


def _numbered(title: str, expressions: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, expression in enumerate(expressions, 1):
        yield title if number == 1 else f"{title} {number}", expression
