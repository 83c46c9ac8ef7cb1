"""What the AWS components register: names, parents, policies; and what they refuse."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import AwsIntegration, IntegrationMember
from pulumi_encord_integrations.components import AwsBucketAccess, AwsEncordIntegration
from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from tests.unit.resources.mocked import Recorded, deploy, unknown

PRINCIPAL = "arn:aws:iam::111122223333:user/encord"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
ACCESS: dict[str, Any] = {
    "role_name": "encord-train",
    "principal_arn": PRINCIPAL,
    "external_id": "e-1",
    "buckets": [{"name": "acme-train"}],
}
NEW = {"name": "acme-new", "create": True}
INTEGRATION: dict[str, Any] = {
    "title": "Training",
    "role_name": "encord-train",
    "buckets": [{"name": "acme-train"}],
}


def access(preview: bool = False, **more: Any) -> Recorded:
    return deploy(lambda: AwsBucketAccess("train", {**ACCESS, **more}), preview=preview)  # type: ignore[typeddict-item]


def integration(preview: bool = False, **more: Any) -> Recorded:
    return deploy(
        lambda: AwsEncordIntegration("train", {**INTEGRATION, **more}),  # type: ignore[typeddict-item]
        preview=preview,
    )


def children(recorded: Recorded) -> dict[str, str]:
    """Name -> type of all that was registered, the stack and its identity apart."""
    apart = {"pulumi:pulumi:Stack", "pulumi-python:dynamic/encord:StackIdentity"}
    return {request.name: request.type for request in recorded.requests if request.type not in apart}


def test_a_role_over_an_existing_bucket_makes_nothing_else() -> None:
    made = access()
    assert children(made) == {
        "train": "encord:index:AwsBucketAccess",
        "train-role": "aws:iam/role:Role",
        "train-read": "aws:iam/rolePolicy:RolePolicy",
    }
    parent = made.named("train-role").parent
    assert parent == made.named("train-read").parent
    assert parent.endswith("::train")


def test_the_role_has_exactly_the_documents_of_the_pure_functions() -> None:
    made = access(writable=True, buckets=[{"name": "acme-train", "prefixes": ["a/"], "kms_key_arn": KEY}])
    role, policy = made.inputs("train-role"), made.inputs("train-read")
    assert json.loads(role["assumeRolePolicy"]) == trust_policy(PRINCIPAL, "e-1")
    expected = read_policy([{"name": "acme-train", "prefixes": ["a/"]}], writable=True, kms_key_arns=[KEY])
    assert json.loads(policy["policy"]) == expected
    assert (role["name"], role["maxSessionDuration"]) == ("encord-train", 43_200)


def test_options_of_the_role_reach_it() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    given: dict[str, Any] = {
        "role_path": "/encord/",
        "permissions_boundary_arn": boundary,
        "tags": {"team": "vision"},
    }
    role = access(**given, max_session_duration=7_200).inputs("train-role")
    assert (role["path"], role["permissionsBoundary"], role["tags"]) == tuple(given.values())
    assert role["maxSessionDuration"] == 7_200


def test_a_new_bucket_is_private_encrypted_and_has_the_rules_of_the_app() -> None:
    made = access(buckets=[{**NEW, "kms_key_arn": KEY}], origins=["https://app.test"])
    names = set(children(made)) - {"train", "train-role", "train-read"}
    assert names == {f"train-acme-new-{x}" for x in ("bucket", "private", "encryption", "cors")}
    private = made.inputs("train-acme-new-private")
    assert {value for name, value in private.items() if name != "bucket"} == {True}
    (rule,) = made.inputs("train-acme-new-cors")["corsRules"]
    assert (rule["allowedOrigins"], rule["allowedMethods"]) == (["https://app.test"], ["GET", "HEAD"])


def test_the_rules_of_an_existing_bucket_are_owned_on_request_alone() -> None:
    owned = access(buckets=[{"name": "acme-train", "manage_cors": True}], origins=["https://app.test"])
    assert "train-acme-train-cors" in children(owned)
    assert "train-acme-train-bucket" not in children(owned)
    kept = access(buckets=[{**NEW, "manage_cors": False}])
    assert "train-acme-new-cors" not in children(kept)


Sabotage = tuple[Mapping[str, Any], str]
REFUSED: dict[str, Sabotage] = {
    "a principal that is a wildcard": ({"principal_arn": "*"}, "principal_arn: must be the ARN"),
    "a flag in words": ({"buckets": [{"name": "acme", "create": "false"}]}, "create must be True or False"),
    "a flag that is known later": (
        {"buckets": [{"name": "acme", "manage_cors": pulumi.Output.from_input(False)}]},
        "buckets\\[0\\].manage_cors must be True or False in the program itself",
    ),
    "a key that is spelled wrong": (
        {"buckets": [{"name": "acme", "prefix": ["a/"]}]},
        'buckets\\[0\\].prefix: unknown key "prefix"; did you mean "prefixes"',
    ),
    "an argument that is spelled wrong": (
        {"permission_boundary_arn": "x"},
        'permission_boundary_arn: unknown key .* did you mean "permissions_boundary_arn"',
    ),
    "a role without a name": ({"role_name": None}, "role_name is required"),
    "buckets that are no list": ({"buckets": "acme"}, "buckets must be a list"),
    "a bucket that is no mapping": ({"buckets": ["acme"]}, "buckets\\[0\\] must be a mapping"),
    "an API without a principal": ({"principal_arn": None}, "set encord:awsPrincipalArn where it runs"),
    "no buckets": ({"buckets": []}, "buckets: must name 1 to 100 buckets"),
    "a bucket that is none": ({"buckets": [{"name": "A!"}]}, "buckets\\[0\\].name: must be an S3 bucket"),
    "a prefix with a wildcard": (
        {"buckets": [{"name": "acme", "prefixes": ["a*"]}]},
        "buckets\\[0\\].prefixes\\[0\\]: must not hold",
    ),
    "a bucket twice": ({"buckets": [{"name": "acme"}, {"name": "acme"}]}, "more than once"),
    "a new bucket without origins": (
        {"buckets": [NEW]},
        "origins is required with create: the output origins of the integration",
    ),
    "owned rules without origins": (
        {"buckets": [{"name": "acme", "manage_cors": True}]},
        "origins is required with manage_cors: the output origins of the integration",
    ),
    "a new bucket with empty origins": (
        {"buckets": [NEW], "origins": []},
        "the API knows no origin of the app; set encord:appOrigins",
    ),
    "origins that are numbers": ({"buckets": [NEW], "origins": [7]}, "origins: must be a list of texts"),
    "any origin": ({"buckets": [NEW], "origins": ["*"]}, 'origins: "\\*" is no origin'),
    "an alias of a key": (
        {"buckets": [{"name": "acme", "kms_key_arn": "alias/acme"}]},
        "must be the ARN of a KMS key",
    ),
    "a new bucket whose name is known later": (
        {"buckets": [{"name": pulumi.Output.from_input("acme"), "create": True}]},
        "must be plain text",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("preview", [True, False])
def test_it_refuses(what: str, preview: bool) -> None:
    given, words = REFUSED[what]
    with pytest.raises(pulumi.RunError, match=words) as error:
        access(preview=preview, **given)
    assert 'AwsBucketAccess "train"' in str(error.value)


def test_all_of_it_previews_while_nothing_is_known() -> None:
    made = access(
        preview=True, external_id=unknown(), principal_arn=unknown(), origins=unknown(), buckets=[NEW]
    )
    assert len(children(made)) == 6
    assert json.loads(made.inputs("train-read")["policy"])


def test_one_resource_declares_integration_role_and_check() -> None:
    made = integration(signed_url_expiry="2h", force_destroy=True)
    assert children(made) == {
        "train": "pulumi-python:dynamic/encord:AwsIntegration",
        "train-access": "encord:index:AwsBucketAccess",
        "train-access-role": "aws:iam/role:Role",
        "train-access-read": "aws:iam/rolePolicy:RolePolicy",
        "train-check": "pulumi-python:dynamic/encord:AccessCheck",
    } | {"train": "pulumi-python:dynamic/encord:AwsIntegration"}
    declared = next(r for r in made.requests if r.type.endswith(":AwsIntegration"))
    assert declared.object["role_arn"] == "arn:aws:iam::123456789012:role/encord-train"
    assert declared.object["force_destroy"] is True
    trust = json.loads(made.inputs("train-access-role")["assumeRolePolicy"])
    assert trust == trust_policy(PRINCIPAL, "e-1")
    assert made.inputs("train-access-role")["maxSessionDuration"] == 3 * 3_600


def test_the_role_is_predicted_where_it_will_be() -> None:
    made = integration(role_path="/teams/vision/", account_id="999988887777")
    declared = next(r for r in made.requests if r.type.endswith(":AwsIntegration"))
    assert declared.object["role_arn"] == "arn:aws:iam::999988887777:role/teams/vision/encord-train"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"require_access": "no"}, "require_access must be True or False"),
        ({"role_path": "encord"}, "role_path: must begin and end with a slash"),
        ({"role_path": "/encord"}, "role_path: must begin and end with a slash"),
        ({"account_id": "12"}, "account_id: must be the 12 digits"),
        ({"role_name": "a b"}, "role_name: must be 1 to 64"),
        ({"titel": "x"}, 'titel: unknown key "titel"; did you mean "title"'),
    ],
)
def test_one_resource_refuses(given: dict[str, Any], words: str) -> None:
    with pytest.raises(pulumi.RunError, match=words) as error:
        integration(preview=True, **given)
    assert 'AwsEncordIntegration "train"' in str(error.value)


def test_two_components_do_not_own_the_rules_of_one_bucket() -> None:
    def program() -> None:
        owned: Any = {
            **ACCESS,
            "buckets": [{**NEW, "create": None, "manage_cors": True}],
            "origins": ["https://a.test"],
        }
        AwsBucketAccess("one", owned)
        AwsBucketAccess("two", owned)

    with pytest.raises(
        pulumi.RunError, match='AwsBucketAccess "one" owns the CORS rules of acme-new already'
    ):
        deploy(program)


def test_two_components_do_not_make_the_same_bucket() -> None:
    def program() -> None:
        args: Any = {**ACCESS, "buckets": [{**NEW, "manage_cors": False}]}
        AwsBucketAccess("one", args)
        AwsBucketAccess("two", args)

    with pytest.raises(
        pulumi.RunError, match='"two": AwsBucketAccess "one" makes the bucket acme-new already'
    ):
        deploy(program)


def test_an_import_is_refused_with_the_way_that_works() -> None:
    args: Any = {**INTEGRATION}
    opts = pulumi.ResourceOptions(import_="3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11")
    with pytest.raises(pulumi.RunError, match="adopt=True"):
        deploy(lambda: AwsEncordIntegration("train", args, opts))


def test_an_integration_that_is_retained_is_not_taken_for_one_that_ends_all_access() -> None:
    def program() -> None:
        args: Any = {**INTEGRATION}
        opts = pulumi.ResourceOptions(retain_on_delete=True)
        training = AwsEncordIntegration("train", args, opts)
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    assert not deploy(program).named("mia").deletedWith


def dependencies(recorded: Recorded, name: str) -> set[str]:
    return {urn.rpartition("::")[2] for urn in recorded.named(name).dependencies}


def test_the_check_comes_after_the_role_and_members_after_the_check() -> None:
    def program() -> None:
        training = AwsEncordIntegration("train", {**INTEGRATION})  # type: ignore[typeddict-item]
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    made = deploy(program)
    assert {"train-access-role", "train-access-read"} <= dependencies(made, "train-check")
    assert "train-check" in dependencies(made, "mia")


def test_a_check_that_is_not_required_holds_nobody_up() -> None:
    def program() -> None:
        args: Any = {**INTEGRATION, "require_access": False}
        training = AwsEncordIntegration("train", args)
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    assert "train-check" not in dependencies(deploy(program), "mia")


def test_its_integration_is_what_memberships_take() -> None:
    seen: list[Any] = []
    deploy(lambda: seen.append(AwsEncordIntegration("train", {**INTEGRATION}).integration))  # type: ignore[typeddict-item]
    assert isinstance(seen[0], AwsIntegration)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: IntegrationMember(
            "mia",
            integration=AwsEncordIntegration("train", {**INTEGRATION}),  # type: ignore[arg-type, typeddict-item]
            user="mia@example.com",
            role="user",
        ),
        "integration: takes an integration or its uuid, not AwsEncordIntegration",
    ),
]


@pytest.mark.parametrize(("program", "words"), ERRORS)
def test_what_is_meant_otherwise_is_said(program: Callable[[], Any], words: str) -> None:
    with pytest.raises(pulumi.RunError, match=words):
        deploy(program)
