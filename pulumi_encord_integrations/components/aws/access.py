"""The role that reads buckets for one integration."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import (
    AGAIN,
    cors_document,
    document,
    require_buckets,
)
from pulumi_encord_integrations.components.aws.buckets import AwsBucketArgs, BucketMaker
from pulumi_encord_integrations.components.aws.sdk import (
    Role,
    RolePolicy,
    get_caller_identity_output,
    get_partition_output,
)
from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS
from pulumi_encord_integrations.model.policies.aws import (
    read_policy,
    session_duration,
    trust_policy,
)
from pulumi_encord_integrations.model.policies.cors import cors_rules


class AwsBucketAccessArgs(TypedDict):
    """What `AwsBucketAccess` takes."""

    role_name: pulumi.Input[str]
    """Name of the role that is made; an integration names it by its ARN before it exists."""
    principal_arn: pulumi.Input[str | None]
    """Who assumes the role: the output `principal_arn` of the integration."""
    external_id: pulumi.Input[str]
    """What they must give: the output `external_id` of the integration."""
    buckets: Sequence[AwsBucketArgs]
    """The buckets that the role reads, at most 100."""
    origins: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Browser origins of the app: the output `origins` of the integration. Required where rules are made."""
    writable: NotRequired[pulumi.Input[bool]]
    """Let the role write objects as well. Default False."""
    role_path: NotRequired[pulumi.Input[str]]
    """IAM path of the role, such as `/encord/`. Default `/`."""
    max_session_duration: NotRequired[pulumi.Input[int]]
    """Seconds that a session lasts at most, and a URL signed with it: 3,600 to 43,200. Default 43,200."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """ARN of a policy that bounds what the role may do. Default: none."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Tags of all that is made. Default: none."""


class AwsBucketAccess(pulumi.ComponentResource):
    """A role that reads S3 buckets for one integration, and for nobody else.

    Its trust policy demands the integration's external id; its inline policy opens exactly the given buckets
    and prefixes. Buckets that exist keep their own settings, CORS rules included. Changes to a child are
    made through `opts.transforms`. Changes in place: buckets, prefixes, max_session_duration, tags.
    """

    role_arn: pulumi.Output[str]
    """ARN of the role."""
    trust_policy: pulumi.Output[str]
    """The role's trust policy, as JSON."""
    read_policy: pulumi.Output[str]
    """The role's inline policy, as JSON."""
    cors_rules: pulumi.Output[str]
    """The CORS rules that each bucket needs, as JSON; null if no origins are given."""

    def __init__(
        self, name: str, args: AwsBucketAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares the role, and the buckets that are to be made.

        Args:
            name: its name in this program; the children's names begin with it.
            args: the role, whom it trusts, and the buckets.
            opts: Pulumi's resource options; an AWS provider in `providers` makes all of it.

        """
        super().__init__("encord:index:AwsBucketAccess", name, {}, opts)
        self._label = f'AwsBucketAccess "{name}"'
        require_buckets(self._label, AwsBucketAccessArgs, AwsBucketArgs, args)
        child = pulumi.ResourceOptions(parent=self)
        self.trust_policy = document(
            self._label, _trust_policy, principal_arn=args["principal_arn"], external_id=args["external_id"]
        )
        self.read_policy = document(
            self._label,
            _read_policy,
            buckets=args["buckets"],
            writable=args.get("writable"),
            partition=partition(self),
        )
        self.cors_rules = cors_document(self._label, cors_rules, args.get("origins"))
        maker = BucketMaker(self._label, name, child, args.get("origins"), args.get("tags"))
        for bucket in args["buckets"]:
            maker.make(bucket)
        role = Role(
            f"{name}-role",
            name=args["role_name"],
            path=args.get("role_path"),
            description="Assumed by Encord to read for one integration, which its external id names",
            assume_role_policy=self.trust_policy,
            max_session_duration=args.get("max_session_duration") or session_duration(DEFAULT_SECONDS),
            permissions_boundary=args.get("permissions_boundary_arn"),
            tags=args.get("tags"),
            opts=child,
        )
        policy = RolePolicy(f"{name}-read", name="read", role=role.name, policy=self.read_policy, opts=child)
        # Whoever waits for the ARN may use the role at once.
        self.role_arn = pulumi.Output.all(role.arn, policy.id).apply(lambda known: str(known[0]))
        self.register_outputs(
            {
                "role_arn": self.role_arn,
                "trust_policy": self.trust_policy,
                "read_policy": self.read_policy,
                "cors_rules": self.cors_rules,
            }
        )


def partition(resource: pulumi.Resource) -> pulumi.Output[str]:
    """The AWS partition that a resource's provider acts in."""
    return get_partition_output(opts=pulumi.InvokeOptions(parent=resource)).partition


def account_id(resource: pulumi.Resource) -> pulumi.Output[str]:
    """The AWS account that a resource's provider acts in."""
    return get_caller_identity_output(opts=pulumi.InvokeOptions(parent=resource)).account_id


def _trust_policy(principal_arn: str | None, external_id: str) -> Any:
    if principal_arn is None:
        raise ValueError(f"the API has no AWS principal; set encord:awsPrincipalArn where it runs, {AGAIN}")
    return trust_policy(principal_arn, external_id)


def _read_policy(buckets: Sequence[Mapping[str, Any]], writable: bool | None, partition: str) -> Any:
    opened = [{key: one[key] for key in ("name", "prefixes") if one.get(key) is not None} for one in buckets]
    keys = sorted({one["kms_key_arn"] for one in buckets if one.get("kms_key_arn")})
    return read_policy(opened, writable=bool(writable), kms_key_arns=keys, partition=partition)
