"""Buckets that a role reads: those that are made, and what is owned of those that exist."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import Origins, allowed_origins
from pulumi_encord_integrations.components.aws.sdk import (
    Bucket,
    BucketCorsConfiguration,
    BucketCorsConfigurationCorsRuleArgs,
    BucketPublicAccessBlock,
    BucketServerSideEncryptionConfiguration,
    BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs,
    BucketServerSideEncryptionConfigurationRuleArgs,
)
from pulumi_encord_integrations.model.policies.cors import (
    EXPOSED_HEADERS,
    MAX_AGE_SECONDS,
    METHODS,
    REQUEST_HEADERS,
)
from pulumi_encord_integrations.resources import _run


class AwsBucketArgs(TypedDict):
    """A bucket that is read, whole or only what lies under some prefixes."""

    name: pulumi.Input[str]
    """The bucket's name. Plain text where `create` or `manage_cors` is given."""
    prefixes: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Key prefixes such as `videos/2026/`. Default: the whole bucket."""
    create: NotRequired[bool]
    """Make it: private, with CORS rules for the app. Default: it exists, and nothing of it is changed."""
    manage_cors: NotRequired[bool]
    """Own all its CORS rules; a bucket that exists loses those it has. Default: only if it is made."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """The key that the objects are encrypted with, which the role may then decrypt with."""


@dataclass(frozen=True)
class BucketMaker:
    """Makes the children of a component that are about buckets."""

    label: str
    """What an error is about."""
    prefix: str
    """Of the children's names."""
    opts: pulumi.ResourceOptions
    origins: Origins
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None

    def make(self, bucket: AwsBucketArgs) -> None:
        """Makes a bucket, or what of it is to be owned."""
        create, asked = bool(bucket.get("create")), bucket.get("manage_cors")
        own_cors = create if asked is None else asked
        if not create and not own_cors:
            return
        given = bucket["name"]
        if not isinstance(given, str):
            raise pulumi.RunError(
                f"{self.label}: the name of a bucket that is made or whose CORS rules are owned must be "
                "plain text: its resources are named after it"
            )
        name = f"{self.prefix}-{given}"
        if create:
            _run.current().claim(self.label, f"makes the bucket {given}")
        origins = self._owned(given, "manage_cors" if asked else "create") if own_cors else None
        made = self._bucket(name, given, bucket) if create else None
        if origins is not None:
            self._cors(name, made.bucket if made else given, origins)

    def _owned(self, bucket: str, needed_by: str) -> pulumi.Output[list[str]]:
        """The origins of the CORS rules of a bucket, of which S3 keeps one list."""
        _run.current().claim(self.label, f"owns the CORS rules of {bucket}")
        return allowed_origins(self.label, self.origins, needed_by)

    def _bucket(self, name: str, bucket: str, args: AwsBucketArgs) -> Bucket:
        made = Bucket(f"{name}-bucket", bucket=bucket, tags=self.tags, opts=self.opts)
        BucketPublicAccessBlock(
            f"{name}-private",
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.opts,
        )
        if key := args.get("kms_key_arn"):
            self._encryption(name, made, key)
        return made

    def _encryption(self, name: str, bucket: Bucket, key: pulumi.Input[str]) -> None:
        by_key = BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key
        )
        rule = BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=by_key, bucket_key_enabled=True
        )
        BucketServerSideEncryptionConfiguration(
            f"{name}-encryption", bucket=bucket.bucket, rules=[rule], opts=self.opts
        )

    def _cors(self, name: str, bucket: pulumi.Input[str], origins: pulumi.Output[list[str]]) -> None:
        # All but the origins is known in every preview.
        rule = BucketCorsConfigurationCorsRuleArgs(
            allowed_origins=origins,
            allowed_methods=METHODS,
            allowed_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age_seconds=MAX_AGE_SECONDS,
        )
        BucketCorsConfiguration(f"{name}-cors", bucket=bucket, cors_rules=[rule], opts=self.opts)
