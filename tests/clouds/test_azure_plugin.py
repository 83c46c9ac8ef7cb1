"""The stand-in for the azure-native plugin does what the real one does, with the real engine and classes."""

import json
from typing import Any

import pytest

from tests.support.clouds.azure_roles import CONTRIBUTOR, DELEGATOR, READER
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.fetching import fetched
from tests.support.engine import UP, operations
from tests.support.size import at_full_size

ORIGIN = "https://app.encord.com"
HEADER = """
import json
import pulumi
from pulumi_azure_native import Provider, authorization, resources, storage

given = json.load(open("given.json"))
rule = {
    "allowed_headers": ["*"],
    "allowed_methods": ["GET", "HEAD"],
    "allowed_origins": given["origins"],
    "exposed_headers": ["Content-Length"],
    "max_age_in_seconds": 3600,
}
roles = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
group_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
account = f"{group_id}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
here = {"resource_group_name": GROUP, "account_name": ACCOUNT}

def assign(name, scope, role, **more):
    given = {"scope": scope, "role_definition_id": roles + role, "principal_id": PRINCIPAL, **more}
    return authorization.RoleAssignment(name, **{"principal_type": "ServicePrincipal", **given})
"""
PROGRAM = f"""{HEADER}
container = storage.BlobContainer("data", container_name=CONTAINER, metadata=given["metadata"], **here)
blob = storage.Blob(
    "control",
    container_name=container.name,
    blob_name=".encord/a b",
    content_type=given["type"],
    source=pulumi.Output.secret(given["text"]).apply(pulumi.StringAsset),
    **here,
)
assign("read", container.id, "{READER}", description=given["words"])
assign("delegate", account, "{DELEGATOR}", role_assignment_name="a6b4f3a8-4d6e-4d3f-9f3c-0a8b8a1c2d3e")
storage.BlobServiceProperties("cors", blob_services_name="default", cors={{"cors_rules": [rule]}}, **here)
config = authorization.get_client_config_output()
pulumi.export("config", [config.subscription_id, config.tenant_id])
pulumi.export("id", container.id)
pulumi.export("url", blob.url)
"""
NEW_ACCOUNT = f"""{HEADER}
group = resources.ResourceGroup("group", location="northeurope")
made = storage.StorageAccount(
    "account",
    account_name=SPARE,
    resource_group_name=group.name,
    kind="StorageV2",
    sku={{"name": "Standard_LRS"}},
    minimum_tls_version="TLS1_2",
    tags=given["metadata"],
)
there = {{"resource_group_name": group.name, "account_name": made.name}}
container = storage.BlobContainer("data", public_access="None", **there)
storage.Blob("one", container_name=container.name, source=pulumi.StringAsset("1"), **there)
parameters = {{
    "services": "b",
    "resource_types": "co",
    "permissions": "rl",
    "protocols": storage.HttpProtocol.HTTPS,
    "shared_access_expiry_time": "2999-01-01T00:00:00Z",
}}

def token(key):
    return storage.list_storage_account_sas_output(key_to_sign=key, **parameters, **there).account_sas_token

keys = storage.list_storage_account_keys_output(**there)
pulumi.export("tokens", [token(key) for key in given["keys"]])
pulumi.export("keys", keys.keys.apply(lambda keys: [key.value for key in keys]))
pulumi.export("endpoint", made.primary_endpoints.blob)
"""
GIVEN: dict[str, Any] = {
    "keys": ["key1", "key1", "key2"],
    "metadata": {"team": "vision"},
    "origins": [ORIGIN],
    "text": "never-in-the-open",
    "type": "text/plain",
    "words": "Encord reads",
}
ALL = 6
"""The resources of the program, the stack's own among them."""
RULE = {
    "allowedHeaders": [],
    "allowedMethods": ["GET"],
    "allowedOrigins": ["https://own.test"],
    "exposedHeaders": [],
    "maxAgeInSeconds": 60,
}


def declare(subscription: Subscription, program: str = PROGRAM, **given: Any) -> None:
    subscription.declare(program)
    (subscription.project.folder / "given.json").write_text(json.dumps({**GIVEN, **given}))


def origins(subscription: Subscription) -> list[str]:
    return [origin for rule in subscription.cors() for origin in rule["allowedOrigins"]]


@at_full_size
def test_drift_is_found_and_repaired_and_destroy_leaves_nothing(subscription: Subscription) -> None:
    project = subscription.project
    declare(subscription)
    assert operations(project.preview()) == {"to create": ALL}
    assert subscription.left() == set()
    assert operations(project.up()) == {"created": ALL}
    project.unchanged()
    assert operations(project.refresh()) == {"unchanged": ALL}
    assert subscription.blobs() == {".encord/a b": b"never-in-the-open"}
    assert project.outputs()["config"] == [subscription.subscription_id, subscription.tenant_id]
    assert "never-in-the-open" not in json.dumps(project.export())

    subscription.put(".encord/a b", b"changed")
    subscription.set_cors(RULE)
    subscription.remove_role_assignments()
    assert operations(project.refresh()) == {"updated": 2, "deleted": 2}
    assert operations(project.up()) == {"updated": 1, "replaced": 1, "created": 2}
    project.unchanged()
    assert subscription.blobs() == {".encord/a b": b"never-in-the-open"}
    assert origins(subscription) == [ORIGIN]
    assert len(subscription.role_assignments()) == 2

    subscription.remove()
    assert operations(project.refresh()) == {"deleted": 2}
    assert operations(project.up()) == {"created": 2}
    project.destroy()
    assert (subscription.left(), subscription.cors()) == (set(), [])


@at_full_size
def test_changes_are_made_in_place_where_they_can_be(subscription: Subscription) -> None:
    project = subscription.project
    declare(subscription)
    project.up()
    other: dict[str, Any] = {
        "origins": [ORIGIN, "https://app.test"],
        "metadata": {"team": "sound"},
        "words": "Reads",
    }
    declare(subscription, **other, type="text/markdown")
    assert operations(project.up()) == {"updated": 4}
    project.unchanged()
    assert sorted(origins(subscription)) == [ORIGIN, "https://app.test"]
    assert {one["description"] for one in subscription.role_assignments()} == {"Reads", None}

    declare(subscription, PROGRAM.replace(READER, CONTRIBUTOR), **other, text="new")
    assert operations(project.up()) == {"updated": 1, "replaced": 1}
    assert subscription.blobs() == {".encord/a b": b"new"}
    project.unchanged()
    project.destroy()


def test_a_group_and_an_account_can_be_made_and_a_sas_token_of_it_reads(subscription: Subscription) -> None:
    project, spare = subscription.project, subscription.spare
    declare(subscription, NEW_ACCOUNT)
    project.up()
    project.unchanged()
    told = project.outputs()
    assert told["keys"] == list(spare.keys)
    assert told["endpoint"] == f"https://{spare.name}.blob.core.windows.net/"
    first, again, other = told["tokens"]
    assert first == again != other
    url = f"{subscription.blob_endpoint.replace('{account}', spare.name)}/data/one"
    for token in (first, other):
        assert fetched(f"{url}?{token}", certificate=subscription.certificate) == (200, b"1")
        assert fetched(f"{url}?{token}", "DELETE", certificate=subscription.certificate)[0] == 403
    declare(subscription, NEW_ACCOUNT, metadata={})
    assert operations(project.up()) == {"updated": 1}
    project.destroy()
    assert subscription.left() == set()


@at_full_size
def test_what_is_there_can_be_imported(subscription: Subscription) -> None:
    subscription.put("a")
    options = f"pulumi.ResourceOptions(import_={subscription.container_id!r})"
    declare(
        subscription, f"{HEADER}storage.BlobContainer('c', container_name=CONTAINER, opts={options}, **here)"
    )
    made = operations(subscription.project.up())
    assert (made["created"], made["imported"]) == (1, 1)
    subscription.project.unchanged()


CONTAINER_PROGRAM = f"{HEADER}storage.BlobContainer('c', container_name=CONTAINER, **here)"
CORS_PROGRAM = f"""{HEADER}
storage.BlobServiceProperties("p", blob_services_name="default", cors={{"cors_rules": [rule]}}, **here)
"""


def test_what_is_there_is_not_taken_over(subscription: Subscription) -> None:
    subscription.put("a")
    declare(subscription, CONTAINER_PROGRAM)
    assert "cannot create already existing resource" in subscription.project.fail(*UP)
    assert subscription.blobs() == {"a": b"data"}


def test_cors_rules_are_taken_over_whosever_they_are(subscription: Subscription) -> None:
    subscription.set_cors(RULE)
    declare(subscription, CORS_PROGRAM)
    subscription.project.up()
    assert origins(subscription) == [ORIGIN]
    subscription.project.destroy()
    assert subscription.cors() == []


@pytest.mark.parametrize(
    ("program", "refused"),
    [
        ("assign('r', account, READER, principal_id=SUBSCRIPTION)", "PrincipalNotFound: Principal"),
        ("[assign(name, account, READER) for name in 'ab']", "RoleAssignmentExists: The role assignment"),
        ("assign('r', account + '9', READER)", "ResourceNotFound: The Resource"),
        ("assign('r', '/subscriptions/' + TENANT, READER)", "SubscriptionNotFound: The subscription"),
        (
            "storage.BlobContainer('c', account_name=ACCOUNT, resource_group_name='other')",
            "ResourceGroupNotFound: Resource group 'other'",
        ),
        (
            "storage.BlobContainer('c', container_name='A', account_name=ACCOUNT, resource_group_name=GROUP)",
            "OutOfRangeInput",
        ),
    ],
)
@at_full_size
def test_what_azure_refuses_is_told(subscription: Subscription, program: str, refused: str) -> None:
    declare(subscription, f"{HEADER}READER = {READER!r}\n{program}")
    assert refused in subscription.project.fail(*UP)


def test_a_type_that_it_does_not_know_is_refused(subscription: Subscription) -> None:
    declare(subscription, f"{HEADER}storage.Queue('q', **here)")
    refusal = "azure-native:storage:Queue is no type of the tests' stand-in for the azure-native plugin"
    assert refusal in subscription.project.fail("preview")
