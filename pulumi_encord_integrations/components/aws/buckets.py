"""Buckets that a role reads: those that are made, and what is owned of those that exist."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import AGAIN, require_arguments, valid
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
    cors_rules,
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


def require_buckets(label: str, kind: Any, args: Any) -> None:
    """Raises `RunError` for what the arguments of a component, and its buckets, may not hold."""
    require_arguments(label, kind, args)
    if not isinstance(args["buckets"], (list, tuple)):
        raise pulumi.RunError(f"{label}: buckets must be a list of mappings")
    for index, bucket in enumerate(args["buckets"]):
        require_arguments(label, AwsBucketArgs, bucket, f"buckets[{index}]")


@dataclass(frozen=True)
class BucketMaker:
    """Makes the children of a component that are about buckets."""

    label: str
    """What an error is about."""
    prefix: str
    """Of the children's names."""
    opts: pulumi.ResourceOptions
    origins: pulumi.Input[Sequence[pulumi.Input[str]]] | None
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
        if own_cors:
            self._claim_cors(given)
        made = self._bucket(name, given, bucket) if create else None
        if own_cors:
            self._cors(name, made.bucket if made else given)

    def _claim_cors(self, bucket: str) -> None:
        """S3 keeps one list: of two owners each would undo what the other did."""
        owner = _run.current().cors_owners.setdefault(bucket, self.label)
        if owner != self.label:
            raise pulumi.RunError(f"{self.label}: {owner} owns the CORS rules of {bucket} already")

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

    def _cors(self, name: str, bucket: pulumi.Input[str]) -> None:
        # All but the origins is known in every preview.
        rule = BucketCorsConfigurationCorsRuleArgs(
            allowed_origins=pulumi.Output.all(origins=self.origins).apply(self._allowed_origins),
            allowed_methods=METHODS,
            allowed_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age_seconds=MAX_AGE_SECONDS,
        )
        BucketCorsConfiguration(f"{name}-cors", bucket=bucket, cors_rules=[rule], opts=self.opts)

    def _allowed_origins(self, known: Mapping[str, Any]) -> list[str]:
        if not known["origins"]:
            said = "the API knows no origin of the app; set encord:appOrigins where it runs"
            raise pulumi.RunError(f"{self.label}: {said}, {AGAIN}")
        rules = valid(self.label, lambda: cors_rules(known["origins"]))
        return list(rules[0]["AllowedOrigins"])
