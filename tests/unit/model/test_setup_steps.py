"""What is printed for a cloud that is set up by hand, for each type and preset."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pulumi_encord_integrations.cli.rendering.script import script
from pulumi_encord_integrations.model.integration_registry import view_of
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.policies.otc import otc_read_policy
from pulumi_encord_integrations.model.policies.setup.registry import steps_of
from pulumi_encord_integrations.model.policies.setup.steps import SetupRefused, Step, UnfitKey, Wanted
from tests.support.types import CASES

UUID = "7c9f2b52-8a5e-4a53-9a70-0d4c0d1f6d10"
PRINCIPAL = "arn:aws:iam::111122223333:user/encord"
ORIGINS = ["https://app.test", "https://other.test"]
BUCKETS: list[Any] = [{"name": "acme-training", "prefixes": ["videos/"]}]
TWO = [*BUCKETS, {"name": "acme-validation", "prefixes": []}]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANSWERED: dict[str, Any] = {
    "integrationUuid": UUID,
    "organizationUuid": "b6c1e0c8-59a9-4a44-8f6e-3a9f6f9c3c11",
    "strictClientOnly": False,
    "overVpn": False,
    "owner": "ada@example.com",
    "createdAt": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "scenario": "Standard",
    "secure": True,
    "dataTypes": ["IMAGE"],
    "features": [],
    "origins": ORIGINS,
    "settingsRevision": 1,
    "adopted": False,
    "declaredAs": None,
    "role": "admin",
    "externalId": "external",
    "principalArn": PRINCIPAL,
    "serviceAccountEmail": None,
    "sasEndsAt": None,
    "applicationId": None,
    "credentialFingerprint": "print",
}


def view(provider: str, **more: Any) -> IntegrationView:
    """An integration as it is answered; secrets are not."""
    case = CASES[provider]
    body = case.body(**dict.fromkeys(case.secrets), **more)
    found = view_of({**ANSWERED, **body})
    assert type(found) is not IntegrationView
    return found


def steps(provider: str, wanted: Wanted | None = None, **more: Any) -> list[Step]:
    return steps_of(view(provider, **more), wanted or Wanted())


def at(preset: str, wanted: Wanted | None = None, **more: Any) -> list[Step]:
    return steps("S3_COMPATIBLE", wanted, preset=preset, **more)


def commands(found: list[Step]) -> list[str]:
    return [command for step in found for command in step.commands]


def words(found: list[Step]) -> str:
    return "\n".join(note for step in found for note in step.notes)


def documents(found: list[Step]) -> dict[str, Any]:
    return {name: content for step in found for name, content in step.documents.items()}


def test_a_role_is_made_let_read_and_browsers_are() -> None:
    found = steps("AWS", buckets=TWO)
    assert documents(found) == {
        "trust-policy.json": trust_policy(PRINCIPAL, "external"),
        "read-policy.json": read_policy(TWO),
        "cors.json": {"CORSRules": cors_rules(ORIGINS)},
    }
    named = "--role-name encord-prod"
    assert commands(found) == [
        (
            f"aws iam create-role {named} --assume-role-policy-document file://trust-policy.json "
            "--max-session-duration 43200"
        ),
        f"aws iam put-role-policy {named} --policy-name read --policy-document file://read-policy.json",
        putting("--bucket acme-training"),
        putting("--bucket acme-validation"),
    ]


def putting(where: str) -> str:
    """The line that gives a bucket its CORS rules, unless it has some."""
    said = f"'{where.rpartition(' ')[2]} has CORS rules of its own: add those of cors.json to them'"
    put = f"aws s3api put-bucket-cors {where} --cors-configuration file://cors.json"
    return f"if aws s3api get-bucket-cors {where} >/dev/null 2>&1; then echo {said} >&2; else {put}; fi"


def test_a_role_that_is_there_is_changed_instead() -> None:
    found = steps("AWS")
    named = "--role-name encord-prod"
    assert found[0].notes[1:] == [
        f"  aws iam update-assume-role-policy {named} --policy-document file://trust-policy.json",
        f"  aws iam update-role {named} --max-session-duration 43200",
    ]


def test_a_path_a_region_and_an_expiry_are_those_of_the_integration() -> None:
    arn = "arn:aws:iam::123456789012:role/teams/vision/encord"
    made, put, cors = commands(steps("AWS", role_arn=arn, region="eu-west-1", signed_url_expiry=3_600))
    assert "--role-name encord --path /teams/vision/ " in made
    assert made.endswith("--max-session-duration 7200")
    assert put.startswith("aws iam put-role-policy --role-name encord ")
    assert "aws s3api put-bucket-cors --region eu-west-1 --bucket" in cors


def test_the_partition_is_that_of_the_role() -> None:
    arn, region = "arn:aws-us-gov:iam::123456789012:role/encord", "us-gov-west-1"
    found = steps("AWS", role_arn=arn, region=region, buckets=["acme"])
    assert all(f" --region {region} " in command for command in commands(found))
    assert documents(found)["read-policy.json"] == read_policy(["acme"], partition="aws-us-gov")


def test_writing_and_keys_are_let_in_where_they_are_asked_for() -> None:
    found = steps("AWS", Wanted(writable=True, kms_key_arns=[KEY]))
    expected = read_policy(BUCKETS, writable=True, kms_key_arns=[KEY])
    assert documents(found)["read-policy.json"] == expected


@pytest.mark.parametrize("key", ["alias/x", KEY.replace("aws", "aws-cn", 1)])
def test_a_key_that_no_policy_can_name_is_refused(key: str) -> None:
    with pytest.raises(UnfitKey, match=r"kms_key_arns\[0\]: must be"):
        steps("AWS", Wanted(kms_key_arns=[key]))


def test_other_types_take_no_kms_keys() -> None:
    with pytest.raises(UnfitKey, match="only AWS"):
        steps("OTC", Wanted(kms_key_arns=[KEY]))


def test_without_a_principal_no_role_can_trust_anybody() -> None:
    integration = view_of({**ANSWERED, **CASES["AWS"].body(), "principalArn": None})
    with pytest.raises(SetupRefused, match="no AWS principal") as refused:
        steps_of(integration, Wanted())
    assert refused.value.remedy == "set encord:awsPrincipalArn where it runs"


def test_a_policy_that_is_too_long_is_refused() -> None:
    many = [{"name": "acme", "prefixes": [f"prefix-of-a-folder-{number}/" for number in range(300)]}]
    with pytest.raises(ValueError, match="a role's inline policies may take"):
        steps("AWS", buckets=many)


def test_what_a_newer_api_answers_is_refused() -> None:
    with pytest.raises(SetupRefused, match="prints nothing for NEW"):
        steps_of(view_of({**ANSWERED, "provider": "NEW", "title": "x"}), Wanted())


PRESETS = ("MINIO", "WASABI", "CLOUDFLARE_R2", "COREWEAVE", "OTHER")


@pytest.mark.parametrize("name", ["AWS", "OTC", "DIRECT_ACCESS", *PRESETS])
def test_without_origins_only_the_cors_rules_are_left_out(name: str) -> None:
    provider, more = (name, {}) if name in CASES else ("S3_COMPATIBLE", {"preset": name})
    with_origins = steps_of(view(provider, **more), Wanted())
    found = steps_of(view_of({**view(provider, **more).model_dump(by_alias=True), "origins": []}), Wanted())
    assert found[:-1] == with_origins[:-1]
    assert (found[-1].documents, list(found[-1].commands)) == ({}, [])
    assert "set encord:appOrigins where the API runs" in found[-1].notes[-1]


def test_direct_access_has_cors_rules_alone() -> None:
    (found,) = steps("DIRECT_ACCESS")
    assert found.documents == {"cors.json": {"CORSRules": cors_rules(ORIGINS)}}
    assert "there is nothing to allow but the origins" in found.notes[0]
    assert list(found.commands) == []


def test_the_policy_of_the_open_telekom_cloud_is_pasted_by_hand() -> None:
    found = steps("OTC", Wanted(writable=True))
    assert documents(found)["read-policy.json"] == otc_read_policy(BUCKETS, writable=True)
    where = "--endpoint-url https://obs.eu-de.otc.t-systems.com --region eu-de --bucket acme-training"
    assert commands(found) == [putting(where)]
    assert "Create Custom Policy" in words(found)
    assert "at most 8 statements" not in words(found)


def test_more_statements_than_a_custom_policy_holds_are_told() -> None:
    many = [f"acme-{number}" for number in range(8)]
    assert "at most 8 statements, and these are 9" in words(steps("OTC", buckets=many))


def test_minio_is_set_up_by_its_own_client() -> None:
    found = at("MINIO")
    _, create, attach, origins = commands(found)
    assert create == f'mc admin policy create "$MINIO_ALIAS" encord-read-{UUID} read-policy.json'
    assert attach == f'mc admin policy attach "$MINIO_ALIAS" encord-read-{UUID} --user "$MINIO_USER"'
    listed = "cors_allow_origin=https://app.test,https://other.test"
    assert origins == f'mc admin config set "$MINIO_ALIAS" api {listed}'
    assert documents(found) == {"read-policy.json": read_policy(BUCKETS)}
    assert "whole server" in words(found)
    assert "2,048" not in words(found)


def test_a_policy_that_minio_may_find_too_long_is_told() -> None:
    many = [{"name": "acme", "prefixes": [f"folder-{number}/" for number in range(50)]}]
    assert "at most 2,048 characters" in words(at("MINIO", buckets=many))


def test_wasabi_takes_a_policy_of_its_user_and_cors_rules_by_hand() -> None:
    found = at("WASABI", buckets=TWO)
    _, put = commands(found)
    assert put.startswith("aws iam put-user-policy --endpoint-url https://iam.wasabisys.com ")
    assert put.endswith(f"--policy-name encord-read-{UUID} --policy-document file://read-policy.json")
    assert documents(found)["cors.json"] == cors_rules(ORIGINS)
    assert "Buckets: acme-training, acme-validation" in words(found)


@pytest.mark.parametrize(
    ("writable", "permission"), [(False, "Object Read only"), (True, "Object Read & Write")]
)
def test_r2_takes_a_token_and_cors_rules(writable: bool, permission: str) -> None:
    found = at("CLOUDFLARE_R2", Wanted(writable=writable))
    (cors,) = commands(found)
    assert "--region auto --bucket acme-training" in cors
    assert set(documents(found)) == {"cors.json"}
    assert f"the permission {permission}, for these buckets alone: acme-training" in words(found)
    assert "Tokens know no prefixes" in words(found)


def test_coreweave_takes_a_policy_of_the_organization_and_cors_rules() -> None:
    found = at("COREWEAVE", region="us-east-04a")
    (cors,) = commands(found)
    assert " --region us-east-04a --bucket acme-training " in cors
    assert documents(found)["read-policy.json"] == read_policy(BUCKETS)
    assert "Organization Access Policies" in words(found)


@pytest.mark.parametrize("writable", [False, True])
def test_oracle_takes_statements_and_no_cors_rules(writable: bool) -> None:
    found = at("ORACLE", Wanted(writable=writable))
    here = "target.bucket.name='acme-training'"
    group = "Allow group GROUP to"
    expected = [
        f"{group} read buckets in compartment COMPARTMENT where {here}",
        f"{group} read objects in compartment COMPARTMENT where {here}",
        (
            f"{group} manage objects in compartment COMPARTMENT where all {{{here}, any "
            "{request.permission='OBJECT_CREATE', request.permission='OBJECT_INSPECT'}}"
        ),
    ]
    assert documents(found) == {"statements.json": expected[: 3 if writable else 2]}
    assert commands(found) == []
    assert "no API for CORS rules" in words(found)


def test_other_storage_gets_a_starting_point() -> None:
    found = at("OTHER")
    assert "a starting point" in words(found)
    assert documents(found)["read-policy.json"] == read_policy(BUCKETS)
    assert len(commands(found)) == 1


def test_what_others_wrote_stays_in_its_comment_and_a_document_in_its_own() -> None:
    wild = Step("a\nrm -rf x", {"a.json": {"é": "EOF\nEOF"}}, ["true"], ["b\n\x1b[2Jrm -rf y"])
    lines = script('"x\nrm z"', [wild]).splitlines()
    assert [line for line in lines if "rm" in line and not line.startswith("# ")] == []
    start, end = lines.index("cat > a.json <<'EOF'"), lines.index("EOF")
    assert json.loads("\n".join(lines[start + 1 : end])) == {"é": "EOF\nEOF"}
    assert "".join(lines).isprintable()
    assert lines[end + 1 :] == ["true"]
