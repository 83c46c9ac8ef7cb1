"""An integration with Amazon S3 together with its AWS side."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import require_buckets, valid
from pulumi_encord_integrations.components._composite import access_check, child_options, refuse_import
from pulumi_encord_integrations.components.aws.access import (
    AwsBucketAccess,
    AwsBucketAccessArgs,
    account_id,
    partition,
)
from pulumi_encord_integrations.components.aws.buckets import AwsBucketArgs
from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS, seconds_of
from pulumi_encord_integrations.model.policies.aws import role_arn, session_duration
from pulumi_encord_integrations.resources.integration_types.aws import AwsIntegration


class AwsEncordIntegrationArgs(TypedDict):
    """What `AwsEncordIntegration` takes."""

    title: pulumi.Input[str]
    """The title shown in the app, at most 255 characters."""
    buckets: Sequence[AwsBucketArgs]
    """The buckets, at most 100."""
    role_name: pulumi.Input[str]
    """Name of the role that is made."""
    role_path: NotRequired[pulumi.Input[str]]
    """IAM path of the role, such as `/encord/`. Default `/`."""
    account_id: NotRequired[pulumi.Input[str]]
    """The AWS account of the role. Default: that of the AWS provider, which is asked."""
    region: NotRequired[pulumi.Input[str]]
    """The AWS region of the buckets. Default: found out when they are read."""
    signed_url_expiry: NotRequired[pulumi.Input[str]]
    """How long signed URLs live: "90m", "12h", ISO 8601; the role's sessions last as long. Default 1 week."""
    strict_client_only: NotRequired[pulumi.Input[bool]]
    """Keep data out of Encord's servers. Default False."""
    over_vpn: NotRequired[pulumi.Input[bool]]
    """Reach the data over a VPN; needs strict_client_only. Default False."""
    force_destroy: NotRequired[pulumi.Input[bool]]
    """Let a later deletion or replacement destroy the registrations, too. Default False."""
    writable: NotRequired[pulumi.Input[bool]]
    """Let the role write objects as well. Default False."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """ARN of a policy that bounds what the role may do. Default: none."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Tags of all that is made in AWS. Default: none."""
    require_access: NotRequired[bool]
    """Whether a failed access check fails the update, and memberships wait for it. Default True."""
    retry_for: NotRequired[pulumi.Input[str]]
    """How long the access check asks again while AWS settles. Default "2m"."""


class AwsEncordIntegration(pulumi.ComponentResource):
    """An integration with Amazon S3, the role that it reads with, and the check that it can.

    One `pulumi up` does all of it, in this order: the integration, whose external id the role's trust policy
    demands; the role; the check. Memberships of `integration` wait for the check.
    """

    integration_id: pulumi.Output[str]
    """uuid of the integration; what depends on it waits for the access check."""
    external_id: pulumi.Output[str]
    """The id that the role's trust policy demands."""
    role_arn: pulumi.Output[str]
    """ARN of the role."""
    valid: pulumi.Output[bool]
    """Whether the access check passed."""

    def __init__(
        self, name: str, args: AwsEncordIntegrationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares the integration, its role and its check.

        Args:
            name: its name in this program; the children's names begin with it.
            args: the integration's title, the buckets, the role.
            opts: Pulumi's resource options; an AWS provider in `providers` makes the AWS side.

        """
        super().__init__("encord:index:AwsEncordIntegration", name, {}, opts)
        self._label = f'AwsEncordIntegration "{name}"'
        require_buckets(self._label, AwsEncordIntegrationArgs, AwsBucketArgs, args)
        refuse_import(self._label, opts, "an AwsIntegration", "an AwsBucketAccess")
        child = child_options(self, opts)
        self._integration = AwsIntegration(
            name,
            title=args["title"],
            role_arn=self._future_role_arn(args),
            buckets=[_opened(bucket) for bucket in args["buckets"]],
            region=args.get("region"),
            signed_url_expiry=args.get("signed_url_expiry"),
            strict_client_only=args.get("strict_client_only"),
            over_vpn=args.get("over_vpn"),
            force_destroy=args.get("force_destroy"),
            opts=child,
        )
        access = AwsBucketAccess(f"{name}-access", self._access(args), child)
        boundary = args.get("permissions_boundary_arn")
        check = access_check(
            name,
            args,
            integration=self._integration,
            deciding=[access.trust_policy, access.read_policy, access.cors_rules, access.role_arn, boundary],
            after=[access],
            opts=child,
        )
        # Of the check, so that whoever takes it waits for that.
        self.integration_id = check.integration
        self.external_id, self.role_arn = self._integration.external_id, access.role_arn
        self.valid = check.valid.apply(bool)
        self.register_outputs(
            {
                "integration_id": self.integration_id,
                "external_id": self.external_id,
                "role_arn": self.role_arn,
                "valid": self.valid,
            }
        )

    @property
    def integration(self) -> AwsIntegration:
        """The integration, as memberships and expiry policies take it."""
        return self._integration

    def _access(self, args: AwsEncordIntegrationArgs) -> AwsBucketAccessArgs:
        made = self._integration
        given: dict[str, Any] = {
            name: args[name]
            for name in ("role_path", "writable", "permissions_boundary_arn", "tags")
            if name in args
        }
        lives = pulumi.Output.from_input(args.get("signed_url_expiry"))
        return {
            "role_name": args["role_name"],
            "principal_arn": made.principal_arn,
            "external_id": made.external_id,
            "buckets": args["buckets"],
            "origins": made.origins,
            "max_session_duration": lives.apply(_session_duration),
            **given,  # type: ignore[typeddict-item]
        }

    def _future_role_arn(self, args: AwsEncordIntegrationArgs) -> pulumi.Output[str]:
        """The ARN that the role will have: the integration comes before it."""
        account = args.get("account_id") or account_id(self)
        parts = pulumi.Output.all(partition(self), account, args.get("role_path"), args["role_name"])
        return parts.apply(self._role_arn)

    def _role_arn(self, parts: Sequence[str | None]) -> str:
        given, account, path, name = parts
        return valid(
            self._label,
            lambda: role_arn(str(name), str(account), path=path or "/", partition=str(given)),
        )


def _opened(bucket: AwsBucketArgs) -> Any:
    return {key: bucket[key] for key in ("name", "prefixes") if key in bucket}


def _session_duration(expiry: str | None) -> int:
    try:
        seconds = DEFAULT_SECONDS if expiry is None else seconds_of(expiry)
    except ValueError:
        # The integration's own check says what is wrong.
        seconds = DEFAULT_SECONDS
    return session_duration(seconds)
