"""Amazon S3: whom a role trusts, and what it may do."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from pulumi_encord_integrations.model.base import Sent, rule
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED
from pulumi_encord_integrations.model.expiry import CHAINED_SESSION, LONGEST_SESSION
from pulumi_encord_integrations.model.integration_types.aws import AwsBucket
from pulumi_encord_integrations.model.policies.grants import (
    Document,
    GrantedBucket,
    allow,
    checked,
    compact,
    objects_of,
    plain,
)
from pulumi_encord_integrations.model.problems import Problem

VERSION = "2012-10-17"
MAX_INLINE_CHARACTERS = 10_240
"""Length of all inline policies of a role together, blanks not counted."""
SESSION_SLACK = 300
"""Seconds of its life that a session may have lost when it signs again."""
READ_ACTIONS = ("s3:GetObject",)
WRITE_ACTIONS = ("s3:PutObject", "s3:AbortMultipartUpload")

_PARTITION = re.compile(r"aws(?:-[a-z]+)*")
_PRINCIPAL = re.compile(
    r"arn:aws(?:-[a-z]+)*:(?:iam::\d{12}:(?:root|(?:user|role)/[!-~]+)|sts::\d{12}:assumed-role/[!-~]+)",
    re.ASCII,
)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_KMS_KEY = re.compile(r"arn:aws(?:-[a-z]+)*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+", re.ASCII)


def _principal(value: str) -> str:
    if not _PRINCIPAL.fullmatch(value) or "*" in value or "?" in value:
        raise ValueError(
            "must be the ARN of the user, role or account that assumes the role, "
            "such as arn:aws:iam::123456789012:user/encord-reader"
        )
    return value


def _external_id(value: str) -> str:
    if not _EXTERNAL_ID.fullmatch(value):
        raise ValueError("must be the external id that the integration outputs")
    return value


def _kms_key(value: str) -> str:
    if not _KMS_KEY.fullmatch(value):
        raise ValueError(
            "must be the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-...; "
            "policies take no alias"
        )
    return value


def _partition(value: str) -> str:
    if not _PARTITION.fullmatch(value):
        raise ValueError("must be an AWS partition, such as aws or aws-us-gov")
    return value


class _Trust(Sent):
    principal_arn: Annotated[str, AfterValidator(_principal)]
    external_id: Annotated[str, AfterValidator(_external_id)]


class _Permissions(Sent):
    buckets: Annotated[list[Annotated[AwsBucket, NAMED]], FEW, DISTINCT]
    kms_key_arns: list[Annotated[str, AfterValidator(_kms_key)]] = Field(default_factory=list)
    partition: Annotated[str, AfterValidator(_partition)] = "aws"

    @rule("kms_key_arns", "partition")
    def one_partition(self) -> Iterator[Problem]:
        """The keys lie where the buckets lie."""
        for index, arn in enumerate(self.kms_key_arns):
            if not arn.startswith(f"arn:{self.partition}:"):
                yield Problem(("kms_key_arns", index), f"must be a key in partition {self.partition}")


def trust_policy(principal_arn: str, external_id: str) -> Document:
    """Whom a role trusts: one principal, and only while it gives the external id of the integration.

    Args:
        principal_arn: who assumes the role, the output `principal_arn` of the integration.
        external_id: the output `external_id` of the integration. Without it anybody who names the role in an
            integration of their own would read its buckets (the confused deputy).

    Raises:
        ValueError: one of them is none, or is a wildcard.

    """
    given = checked(_Trust, principal_arn=principal_arn, external_id=external_id)
    statement = {
        "Sid": "AssumedForOneIntegration",
        "Effect": "Allow",
        "Principal": {"AWS": given.principal_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": given.external_id}},
    }
    return {"Version": VERSION, "Statement": [statement]}


def read_policy(
    buckets: Sequence[GrantedBucket],
    *,
    writable: bool = False,
    kms_key_arns: Sequence[str] = (),
    partition: str = "aws",
) -> Document:
    """What a role may do: list and read exactly the given buckets and prefixes.

    Args:
        buckets: names, or `{"name": ..., "prefixes": [...]}`.
        writable: let it write objects there as well. Default False.
        kms_key_arns: keys that the objects are encrypted with; the role may decrypt what S3 reads with them.
            The policies of the keys must let the account's own policies decide, as those of new keys do.
        partition: of the buckets' ARNs: aws, aws-cn, aws-us-gov, ...

    Raises:
        ValueError: a bucket, prefix or key is none, or the policy is too long for a role's inline policies.

    """
    given = checked(
        _Permissions, buckets=plain(buckets), kms_key_arns=plain(kms_key_arns), partition=partition
    )
    arn = f"arn:{given.partition}:s3:::"
    objects = [f"{arn}{name}" for bucket in given.buckets for name in objects_of(bucket)]
    statements = _listing(arn, given.buckets)
    statements.append(allow(READ_ACTIONS, objects, Sid="ReadObjects"))
    if writable:
        statements.append(allow(WRITE_ACTIONS, objects, Sid="WriteObjects"))
    if given.kms_key_arns:
        statements.append(_decryption(given.kms_key_arns, writable=writable))
    return _fitting({"Version": VERSION, "Statement": statements})


def role_arn(name: str, account_id: str, *, path: str = "/", partition: str = "aws") -> str:
    """The ARN that a role will have, by which an integration names it before it exists.

    Raises:
        ValueError: the name, account or path is none; a path begins and ends with a slash.

    """
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII):
        raise ValueError("role_name: must be 1 to 64 letters, digits and any of +=,.@_-")
    if not re.fullmatch(r"\d{12}", account_id, re.ASCII):
        raise ValueError("account_id: must be the 12 digits of an AWS account")
    if not re.fullmatch(r"/(?:[!-~]{1,510}/)?", path):
        raise ValueError('role_path: must begin and end with a slash, such as "/encord/"')
    return f"arn:{partition}:iam::{account_id}:role{path}{name}"


def session_duration(expiry_seconds: int) -> int:
    """The `MaxSessionDuration` of a role by which URLs can live as long as declared: whole hours, 1 to 12.

    Args:
        expiry_seconds: how long signed URLs live; they end with the session that signed them.

    """
    hours = -(-(expiry_seconds + SESSION_SLACK) // 3_600)
    return min(LONGEST_SESSION, max(CHAINED_SESSION, hours * 3_600))


def _listing(arn: str, buckets: Sequence[AwsBucket]) -> list[Document]:
    """A bucket with prefixes has a statement of its own: a condition holds for all of a statement."""
    whole = [f"{arn}{bucket.name}" for bucket in buckets if not bucket.prefixes]
    found = [allow(["s3:ListBucket"], whole, Sid="ListBuckets")] if whole else []
    for number, bucket in enumerate(one for one in buckets if one.prefixes):
        under = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in bucket.prefixes]}}
        sid, resource = f"ListPrefixes{number + 1}", [f"{arn}{bucket.name}"]
        found.append(allow(["s3:ListBucket"], resource, Sid=sid, Condition=under))
    return found


def _decryption(keys: Sequence[str], *, writable: bool) -> Document:
    actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if writable else [])]
    # `s3.REGION.` and a domain that differs by partition.
    through_s3 = {"StringLike": {"kms:ViaService": "s3.*"}}
    return allow(actions, sorted(set(keys)), Sid="DecryptObjects", Condition=through_s3)


def _fitting(document: Document) -> Document:
    length = len(compact(document))
    if length > MAX_INLINE_CHARACTERS:
        raise ValueError(
            f"buckets: the policy takes {length:,} characters, a role's inline policies may take "
            f"{MAX_INLINE_CHARACTERS:,}; use shorter or fewer prefixes, or a role for some of the buckets"
        )
    return document
