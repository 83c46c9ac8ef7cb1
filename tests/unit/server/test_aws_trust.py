"""What the probes of a role conclude from what AWS answers."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from pulumi_encord_integrations.server.clouds.adapter import Trust
from pulumi_encord_integrations.server.clouds.aws_sessions import Role
from pulumi_encord_integrations.server.clouds.aws_trust import probe, wrong_id

ROLE = Role("arn:aws:iam::123456789012:role/encord", "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11")
USER = "arn:aws:iam::111122223333:user/encord"
ASSUMED = "arn:aws:sts::111122223333:assumed-role/api/i-0"

Policy = Callable[[str | None], bool]


def failed(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "canary"}}, "AssumeRole")


class Sts:
    """AWS as it answers to a trust policy, a longest session and who asks."""

    def __init__(self, policy: Policy, longest: int = 43_200, caller: str = USER) -> None:
        self.policy, self.longest, self.caller = policy, longest, caller
        self.asked: list[tuple[str | None, int]] = []

    def assume_role(self, **given: Any) -> Mapping[str, Any]:
        self.asked.append((given.get("ExternalId"), given["DurationSeconds"]))
        if not self.policy(given.get("ExternalId")):
            raise failed("AccessDenied")
        if given["DurationSeconds"] > self.longest:
            raise failed("ValidationError")
        return {}

    def get_caller_identity(self) -> Mapping[str, Any]:
        return {"Arn": self.caller}


class Failing:
    """AWS out of reach, or an answer that says nothing about trust."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def assume_role(self, **_given: Any) -> Any:
        raise self.error

    get_caller_identity = assume_role


def found(sts: Any) -> Any:
    return probe(ROLE, lambda: cast(Any, sts))


POLICIES: dict[str, tuple[Policy, list[bool]]] = {
    "StringEquals": (lambda given: given == ROLE.external_id, [True, True, True]),
    "another id": (lambda given: given == "another", [False, True, True]),
    "no condition": (lambda _given: True, [True, False, False]),
    "any id, but one": (lambda given: given is not None, [True, True, False]),
    "a wildcard": (lambda given: (given or "").startswith(ROLE.external_id[:8]), [True, True, False]),
    "StringEqualsIfExists": (lambda given: given in {None, ROLE.external_id}, [True, False, True]),
    "no trust at all": (lambda _given: False, [False, True, True]),
}  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
def test_only_a_role_that_demands_exactly_this_id_is_proven(policy: str) -> None:
    allows, expected = POLICIES[policy]
    finding = found(Sts(allows))
    assert [check.success for check in finding.checks] == expected
    assert finding.trust.proven is all(expected)
    assert all(ROLE.external_id in check.remedy for check in finding.checks if not check.success)


@pytest.mark.parametrize(
    "error",
    [
        failed("ExpiredToken"),
        failed("InvalidClientTokenId"),
        failed("Throttling"),
        failed("RegionDisabledException"),
        failed("InternalFailure"),
        NoCredentialsError(),
        ConnectTimeoutError(endpoint_url="https://sts.amazonaws.com"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_is_no_refusal_proves_and_refutes_nothing(error: Exception) -> None:
    finding = found(Failing(error))
    assert {check.success for check in finding.checks} == {None}
    assert finding.trust == Trust(None)
    assert "canary" not in str(finding)


UNTOLD = [
    (failed("Throttling"), "AWS answered Throttling", "its way to AWS"),
    (NoCredentialsError(), "the API has no usable AWS credentials", "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
    (ProfileNotFound(profile="canary"), "the API has no usable AWS credentials", "Set AWS_PROFILE"),
    (UnauthorizedSSOTokenError(), "the API has no usable AWS credentials", "Set AWS_PROFILE"),
    (ConnectTimeoutError(endpoint_url="canary"), "the API cannot reach AWS", "its way to AWS"),
    (EndpointConnectionError(endpoint_url="canary"), "the API cannot reach AWS", "its way to AWS"),
    (KeyError("canary"), "the AWS library failed with KeyError", "its way to AWS"),
]


@pytest.mark.parametrize(("error", "message", "remedy"), UNTOLD, ids=lambda value: type(value).__name__)
def test_why_aws_did_not_tell_is_said_with_what_to_do(error: Exception, message: str, remedy: str) -> None:
    checks = found(Failing(error)).checks
    assert {check.message for check in checks} == {message}
    assert all(remedy in check.remedy and "canary" not in check.remedy for check in checks)


def test_a_connection_that_cannot_be_made_is_no_refusal() -> None:
    def connect() -> Any:
        raise NoCredentialsError

    finding = probe(ROLE, connect)
    assert finding.trust == Trust(None)
    assert {check.message for check in finding.checks} == {"the API has no usable AWS credentials"}


@pytest.mark.parametrize("hours", [1, 2, 3, 5, 8, 11, 12])
def test_the_longest_session_is_found_in_whole_hours(hours: int) -> None:
    sts = Sts(POLICIES["StringEquals"][0], hours * 3600 + 1799 * (hours < 12))
    assert found(sts).trust == Trust(True, hours * 3600, "role_session")
    assert len(sts.asked) <= 3 + 4


def test_under_a_role_of_its_own_the_api_gets_an_hour() -> None:
    finding = found(Sts(POLICIES["StringEquals"][0], caller=ASSUMED))
    assert finding.trust == Trust(True, 3_600, "role_chaining")


def test_a_role_that_is_not_proven_is_asked_nothing_more() -> None:
    sts = Sts(POLICIES["no condition"][0])
    assert found(sts).trust == Trust(False)
    assert [given for given, _ in sts.asked] == [ROLE.external_id, None, wrong_id(ROLE.external_id)]


@pytest.mark.parametrize("last", "0123456789abcdef")
def test_the_wrong_id_differs_and_is_one_all_the_same(last: str) -> None:
    right = ROLE.external_id[:-1] + last
    assert wrong_id(right) != right
    assert wrong_id(right)[:-1] == right[:-1]
