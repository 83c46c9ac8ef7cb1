"""Amazon S3: a role, what it may do, and CORS rules."""

import shlex
from collections.abc import Iterator, Sequence

from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS
from pulumi_encord_integrations.model.integration_types.aws import AwsView
from pulumi_encord_integrations.model.policies.aws import read_policy, session_duration, trust_policy
from pulumi_encord_integrations.model.policies.setup.steps import (
    READ_POLICY,
    SetupRefused,
    Step,
    UnfitKey,
    Wanted,
    cors_step,
    file,
)

TRUST_POLICY = "trust-policy.json"
POLICY_NAME = "read"
_ANY_BUCKET = "any-bucket"


class _Role:
    """The parts of a role's ARN."""

    def __init__(self, arn: str) -> None:
        _, self.partition, _, _, self.account, resource = arn.split(":", 5)
        path, _, self.name = resource.removeprefix("role").rpartition("/")
        self.path = f"{path}/"


def aws_steps(view: AwsView, wanted: Wanted) -> Iterator[Step]:
    """Makes the role, lets it read, and lets browsers read."""
    role = _Role(view.role_arn)
    region = ["--region", view.region] if view.region else []
    # IAM is one for all regions of a partition, and the region tells which partition is meant.
    partition = region if role.partition != "aws" else []
    _require_keys(wanted, role.partition)
    yield _trusting(view, role, partition)
    yield _permitting(view, role, partition, wanted)
    yield cors_step(view, view.buckets, *region)


def _require_keys(wanted: Wanted, partition: str) -> None:
    try:
        read_policy([_ANY_BUCKET], kms_key_arns=wanted.kms_key_arns, partition=partition)
    except ValueError as error:
        raise UnfitKey(str(error)) from None


def _trusting(view: AwsView, role: _Role, options: Sequence[str]) -> Step:
    if view.principal_arn is None:
        raise SetupRefused(
            "the API has no AWS principal that a role could trust", "set encord:awsPrincipalArn where it runs"
        )
    path = [] if role.path == "/" else ["--path", role.path]
    session = ["--max-session-duration", str(session_duration(view.signed_url_expiry or DEFAULT_SECONDS))]

    def line(verb: str, *more: str) -> str:
        return shlex.join(["aws", "iam", verb, *options, "--role-name", role.name, *more])

    return Step(
        f"The role that the API assumes, in account {role.account}",
        {TRUST_POLICY: trust_policy(view.principal_arn, view.external_id)},
        [line("create-role", *path, "--assume-role-policy-document", file(TRUST_POLICY), *session)],
        [
            "If the role is there already, in place of create-role:",
            f"  {line('update-assume-role-policy', '--policy-document', file(TRUST_POLICY))}",
            f"  {line('update-role', *session)}",
        ],
    )


def _permitting(view: AwsView, role: _Role, options: Sequence[str], wanted: Wanted) -> Step:
    document = read_policy(
        view.buckets,
        writable=wanted.writable,
        kms_key_arns=wanted.kms_key_arns,
        partition=role.partition,
    )
    named = ["--role-name", role.name, "--policy-name", POLICY_NAME]
    put = ["aws", "iam", "put-role-policy", *options, *named, "--policy-document", file(READ_POLICY)]
    return Step(
        f"What the role may do: {'read and write' if wanted.writable else 'read'} what is declared",
        {READ_POLICY: document},
        [shlex.join(put)],
    )
