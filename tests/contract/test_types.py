"""What every type of integration is answered with, changed to and refused."""

from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationSpec
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from tests.support.api import INTEGRATIONS, PRINCIPALS, Answer, Api
from tests.support.lifecycles import Managed
from tests.support.types import (
    CANARY,
    CASES,
    EXPIRING,
    OTHER_TENANT,
    TENANT,
    Case,
    Replacing,
    sas_token,
)

PAGE = "custom signed URL expiration times are only available for AWS, GCP, and OTC integrations"
AZURE = CASES["AZURE"]
DECLARED_AS = {"stackId": "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "path": "p"}
every_type = pytest.mark.parametrize("case", CASES.values(), ids=str)
every_replacing = pytest.mark.parametrize(
    ("case", "by"), [(case, by) for case in CASES.values() for by in case.replacing], ids=str
)


def create(api: Api, case: Case, **more: Any) -> Any:
    answer = api.send(method="POST", body=case.body(**more))
    assert answer.status == 200, answer.body
    return answer.body["integration"]


def patch(api: Api, made: Any, **changes: Any) -> Answer:
    body = {to_camel(name): value for name, value in changes.items()}
    return api.send(method="PATCH", path=f"{INTEGRATIONS}/{made['integrationUuid']}", body=body)


def spec_of(case: Case) -> IntegrationSpec:
    kind = integration_type(case.provider)
    assert kind
    return kind.spec.model_validate(case.declared())


@every_type
def test_what_was_created_is_answered_as_its_own_type(api: Api, case: Case) -> None:
    made, answer = integrations.create(api.client(), spec_of(case), Placement())
    kind = integration_type(case.provider)
    assert kind
    assert type(made) is kind.view
    assert answer.created
    told = {name: value for name, value in case.declared().items() if name not in case.secrets}
    assert made.model_dump(mode="json").items() >= told.items()


@every_type
def test_what_was_created_is_read_and_found_again(api: Api, case: Case) -> None:
    made, _ = integrations.create(api.client(), spec_of(case), Placement())
    assert integrations.read(api.client(), made.uuid) == made
    assert list(integrations.search(api.client())) == [made]


def test_all_types_are_found_in_one_listing_and_each_by_its_name(api: Api) -> None:
    uuids = {create(api, case)["integrationUuid"]: provider for provider, case in CASES.items()}
    assert {view.uuid: view.provider for view in integrations.search(api.client())} == uuids
    for uuid, provider in uuids.items():
        [found] = api.send(path=f"{INTEGRATIONS}/search", query={"provider": provider}).body["results"]
        assert found["integrationUuid"] == uuid


@every_type
def test_a_change_in_place_is_made_and_counted(local: Api, case: Case) -> None:
    made = create(local, case)
    name, value = case.change
    changed = patch(local, made, **{name: value}).body
    assert changed == {
        **made,
        to_camel(name): value,
        "settingsRevision": made["settingsRevision"] + int(name != "title"),
    }
    assert patch(local, made, **{name: value}).body == changed


@every_replacing
def test_what_cannot_change_is_refused_by_its_name(local: Api, case: Case, by: Replacing) -> None:
    made = create(local, case, **by.beside)
    refused = patch(local, made, **{by.name: by.value})
    assert refused.refusal == (409, "immutable")
    assert refused.body["message"].startswith(f"{by.name} cannot change")
    assert local.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body == made


@every_replacing
def test_another_value_of_what_cannot_change_is_another_object(local: Api, case: Case, by: Replacing) -> None:
    bodies = [
        {"provider": case.provider, **{to_camel(k): v for k, v in inputs.items()}, "declaredAs": DECLARED_AS}
        for inputs in case.replaced(by)
    ]
    answers = [local.send(method="POST", body=body).body for body in (*bodies, *bodies)]
    assert [answer["created"] for answer in answers] == [True, True, False, False]
    first, second, *again = (answer["integration"]["integrationUuid"] for answer in answers)
    assert again == [first, second]


@every_type
@pytest.mark.parametrize("other", CASES)
def test_one_type_never_becomes_another(local: Api, case: Case, other: str) -> None:
    made = create(local, case)
    answer = patch(local, made, provider=other)
    assert answer.status == (200 if other == case.provider else 400)


@pytest.mark.parametrize("provider", EXPIRING)
def test_an_expiry_is_set_at_creation_changed_and_cleared(local: Api, provider: str) -> None:
    made = create(local, CASES[provider], signed_url_expiry="12h")
    changes = [patch(local, made, signed_url_expiry=value).body for value in (43_200, "1h", None)]
    expiries = [body["signedUrlExpiry"] for body in (made, *changes)]
    assert expiries == [43_200, 43_200, 3_600, None]
    assert [body["settingsRevision"] for body in changes] == [1, 2, 3]


@pytest.mark.parametrize("provider", [name for name in CASES if name not in EXPIRING])
def test_an_expiry_elsewhere_is_refused_with_the_page_s_words(local: Api, provider: str) -> None:
    made = create(local, CASES[provider])
    body = CASES[provider].body(signed_url_expiry="12h")
    for answer in (local.send(method="POST", body=body), patch(local, made, signed_url_expiry="12h")):
        assert answer.refusal == (400, "invalid_request")
        assert f"signedUrlExpiry: {PAGE}" in answer.body["message"]
        assert ("expired SAS tokens must be updated regularly" in str(answer.body)) is (provider == "AZURE")


def test_the_end_of_a_sas_token_is_told_and_moves_with_it(api: Api) -> None:
    made = create(api, AZURE)
    renewed = patch(api, made, sas_token=sas_token(CANARY, "2031-06-30T12:00:00%2B02:00")).body
    assert made["sasEndsAt"] == "2030-12-31T23:59:59Z"
    assert renewed["sasEndsAt"] == "2031-06-30T10:00:00Z"
    assert made["credentialFingerprint"] != renewed["credentialFingerprint"]


def test_a_tenant_is_answered_with_whom_to_grant_access(local: Api) -> None:
    made = create(local, AZURE, sas_token=None, tenant_id=TENANT)
    assert (made["sasEndsAt"], made["credentialFingerprint"]) == (None, None)
    assert made["applicationId"] == PRINCIPALS.application_id is not None
    assert create(local, AZURE)["applicationId"] is None


@pytest.mark.parametrize(
    "changes", [{"sas_token": None}, {"tenant_id": OTHER_TENANT}, {"sas_token": None, "tenant_id": TENANT}]
)
def test_the_way_into_azure_never_changes(local: Api, changes: dict[str, Any]) -> None:
    made = create(local, AZURE)
    assert patch(local, made, **changes).status in {400, 409}
    assert local.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body == made


def test_gcp_is_answered_with_who_reads_the_buckets(local: Api) -> None:
    assert create(local, CASES["GCP"])["serviceAccountEmail"] == PRINCIPALS.service_account_email is not None


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
def test_the_name_of_a_key_pair_is_no_secret(local: Api, provider: str) -> None:
    made = create(local, CASES[provider])
    assert made["accessKeyId"] == CASES[provider].inputs["access_key_id"]
    assert "secretAccessKey" not in made


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
def test_an_access_key_id_does_not_change_without_its_secret(local: Api, provider: str) -> None:
    case = CASES[provider]
    made = create(local, case)
    refused = patch(local, made, title="New", access_key_id="AKEXAMPLE7654321")
    assert refused.refusal == (400, "invalid_request")
    assert refused.body["message"] == (
        "accessKeyId: differs from the one in use, and secretAccessKey is left out; give both"
    )
    assert local.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body == made
    assert patch(local, made, title="New", access_key_id=made["accessKeyId"]).status == 200
    changed = patch(local, made, access_key_id="AKEXAMPLE7654321", **case.renewed).body
    assert changed["accessKeyId"] == "AKEXAMPLE7654321"
    assert changed["credentialFingerprint"] != made["credentialFingerprint"]


def adopt(api: Api, inputs: dict[str, Any]) -> Answer:
    body = {to_camel(name): value for name, value in inputs.items()}
    return api.send(method="POST", body={**body, "adopt": True, "declaredAs": DECLARED_AS})


@every_type
def test_an_integration_of_any_type_is_adopted_with_what_is_declared(local: Api, case: Case) -> None:
    made = create(local, case)
    answer = adopt(local, {"provider": case.provider, **case.declared(**case.renewed)})
    adopted = answer.body["integration"]
    assert (answer.body["created"], adopted["adopted"]) == (False, True)
    assert adopted["integrationUuid"] == made["integrationUuid"]
    changed = adopted.get("credentialFingerprint") != made.get("credentialFingerprint")
    assert changed is bool(case.secrets)


@every_replacing
def test_what_differs_in_what_cannot_change_is_not_adopted(local: Api, case: Case, by: Replacing) -> None:
    before, after = case.replaced(by)
    made = create(local, case, **by.beside)
    answer = adopt(local, {"provider": case.provider, **after})
    assert answer.refusal == (409, "immutable")
    assert answer.body["message"].startswith(f'"{before["title"]}" differs in what cannot change: {by.name}')
    assert local.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body == made


@every_type
def test_a_create_that_is_repeated_sets_what_it_says(local: Api, case: Case) -> None:
    name, value = case.change
    first, second = (
        local.send(method="POST", body={**case.body(**more), "declaredAs": DECLARED_AS}).body["integration"]
        for more in ({}, {**case.renewed, name: value})
    )
    assert second["integrationUuid"] == first["integrationUuid"]
    assert second[to_camel(name)] == value
    changed = second.get("credentialFingerprint") != first.get("credentialFingerprint")
    assert changed is bool(case.secrets)


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.secrets], ids=str)
def test_a_refresh_tells_that_somebody_else_set_another_secret(local: Api, case: Case) -> None:
    kind = integration_type(case.provider)
    assert kind
    managed = Managed(IntegrationReconciler(kind))
    made = managed.create(Session(local.client()), case.declared())
    unchanged = managed.read(Session(local.client()), made.id, made.outputs)
    patch(local, {"integrationUuid": made.id}, **case.renewed)
    refreshed = managed.read(Session(local.client()), made.id, made.outputs)
    assert unchanged
    assert refreshed
    assert unchanged.outputs == made.outputs
    assert made.outputs.keys() - refreshed.outputs.keys() == set(case.secrets)
    assert refreshed.outputs["credential_fingerprint"] != made.outputs["credential_fingerprint"]
