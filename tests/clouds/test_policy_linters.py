"""Our policies are well formed, and name nothing but real actions that read: judged by three linters."""

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.grants import Document, GrantedBucket
from tests.support.clouds.iam_simulate import Simulator

EXTERNAL_ID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/encord-prod"
PREFIXED: GrantedBucket = {"name": "acme-raw", "prefixes": ["videos/", "\u52d5\u753b/", "a+b $/"]}
TRUSTS = {
    "of a user": trust_policy("arn:aws:iam::999988887777:user/encord-reader", EXTERNAL_ID),
    "of a role": trust_policy("arn:aws:iam::999988887777:role/encord/reader", EXTERNAL_ID),
    "of an account": trust_policy("arn:aws:iam::999988887777:root", EXTERNAL_ID),
    "of a session": trust_policy("arn:aws:sts::999988887777:assumed-role/reader/s", EXTERNAL_ID),
}
POLICIES = {
    "a bucket": read_policy(["acme-train"]),
    "prefixes": read_policy([PREFIXED]),
    "all there is": read_policy(["acme-train", PREFIXED], writable=True, kms_key_arns=[KEY]),
    "China": read_policy([PREFIXED], kms_key_arns=[KEY.replace("aws", "aws-cn", 1)], partition="aws-cn"),
    "government": read_policy(["acme-train"], writable=True, partition="aws-us-gov"),
}
GOOD = TRUSTS | POLICIES


@pytest.fixture(scope="module")
def analyze() -> Any:
    """Parliament's own function."""
    with warnings.catch_warnings():
        # It leaves files open when it is imported, and imports what is deprecated.
        warnings.simplefilter("ignore")
        from parliament import analyze_policy_string  # type: ignore[import-untyped]
    return analyze_policy_string


@pytest.fixture
def parliament(analyze: Any) -> Callable[[Document], list[str]]:
    """What parliament finds in a document."""

    def found(document: Document) -> list[str]:
        # It asks every statement for a resource, and its auditors call every sts:AssumeRole an exposure.
        trust = "Resource" not in document["Statement"][0]
        given = changed(document, Resource=ROLE) if trust else document
        findings = analyze(json.dumps(given), include_community_auditors=not trust).findings
        return [str(one) for one in findings]

    return found


def changed(document: Document, **more: Any) -> Document:
    """The document with its first statement alone, changed."""
    return {**document, "Statement": [{**document["Statement"][0], **more}]}


# AWS lets sessions be principals, parliament does not know them.
@pytest.mark.parametrize("name", [name for name in GOOD if name != "of a session"])
def test_parliament_finds_nothing(parliament: Callable[[Document], list[str]], name: str) -> None:
    assert parliament(GOOD[name]) == []


MISTAKES: dict[str, dict[str, Any]] = {
    "UNKNOWN_ACTION": {"Action": "s3:ListBuckets"},
    "UNKNOWN_CONDITION_FOR_ACTION": {"Condition": {"StringLike": {"s3:acme": "a"}}},
    "RESOURCE_MISMATCH": {"Resource": "arn:aws:s3:::acme/*"},
    "INVALID_ARN": {"Resource": "acme"},
}


@pytest.mark.parametrize("issue", MISTAKES)
def test_parliament_finds_mistakes(parliament: Callable[[Document], list[str]], issue: str) -> None:
    assert any(issue in one for one in parliament(changed(POLICIES["a bucket"], **MISTAKES[issue])))


@pytest.mark.parametrize(("kind", "documents"), [("trust", TRUSTS), ("identity", POLICIES)])
def test_every_document_is_well_formed(
    simulator: Simulator, kind: str, documents: dict[str, Document]
) -> None:
    found = simulator.faults(kind, list(documents.values()))
    assert dict(zip(documents, found, strict=True)) == {name: [] for name in documents}


def test_malformed_documents_are_seen(simulator: Simulator) -> None:
    wrong = [changed(POLICIES["a bucket"], Effect="Alow"), TRUSTS["of a user"]]
    assert all(simulator.faults("identity", wrong))
    assert simulator.faults("trust", [POLICIES["a bucket"]]) != [[]]


def levels(document: Document) -> dict[str, str]:
    """The access level of each action, by the database of policy_sentry."""
    found: dict[str, str] = {}
    for action in {action for one in document["Statement"] for action in one["Action"]}:
        service, _, name = action.partition(":")
        data = get_action_data(service, name)
        assert data, f"there is no action {action}"
        [found[action]] = {row["access_level"] for row in data[service]}
    return found


def test_a_policy_that_reads_names_actions_that_read() -> None:
    assert levels(read_policy(["acme-train", PREFIXED])) == {"s3:ListBucket": "List", "s3:GetObject": "Read"}


def test_a_policy_that_writes_names_two_actions_that_write() -> None:
    assert levels(read_policy(["acme-train", PREFIXED], writable=True)) == {
        "s3:ListBucket": "List",
        "s3:GetObject": "Read",
        "s3:PutObject": "Write",
        "s3:AbortMultipartUpload": "Write",
    }


# AWS calls every use of a key a write. These two change nothing, and are let in by name.
@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (False, {"kms:Decrypt": "Write"}),
        (True, {"kms:Decrypt": "Write", "kms:GenerateDataKey": "Write"}),
    ],
)
def test_keys_are_used_and_not_administered(write: bool, expected: dict[str, str]) -> None:
    found = levels(read_policy(["acme-train"], writable=write, kms_key_arns=[KEY]))
    assert {action: level for action, level in found.items() if action.startswith("kms:")} == expected


@pytest.mark.parametrize(
    ("action", "level"),
    [("s3:PutBucketPolicy", "Permissions management"), ("s3:PutObjectTagging", "Tagging")],
)
def test_other_levels_are_told_apart(action: str, level: str) -> None:
    assert levels(changed(POLICIES["a bucket"], Action=[action])) == {action: level}
