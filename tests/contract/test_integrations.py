"""What every transport answers: the life of an integration."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from pulumi_encord_integrations.client import integrations, organizations
from pulumi_encord_integrations.client.errors import NotFound, Refused
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from tests.support.api import AWS, BOSS, INTEGRATIONS, MEMBER, OUTSIDER, PRINCIPALS, Api
from tests.support.types import CASES

SPEC = AwsSpec.model_validate(AWS)


def test_the_creator_becomes_owner_and_admin(api: Api) -> None:
    made, answer = integrations.create(api.client(OUTSIDER), SPEC, Placement())
    assert (made.owner, made.role, answer.created) == (OUTSIDER, "admin", True)


def test_what_was_created_is_read_back(api: Api) -> None:
    made, _ = integrations.create(api.client(), SPEC, Placement())
    assert integrations.read(api.client(), made.uuid) == made
    assert list(integrations.search(api.client())) == [made]


def test_the_external_id_is_a_uuid_of_the_servers(api: Api) -> None:
    first, second = api.create(), api.create()
    assert UUID(first["externalId"]) != UUID(second["externalId"])


def test_the_external_id_survives_a_change(api: Api) -> None:
    made = api.create()
    answer = api.send(method="PATCH", path=f"{INTEGRATIONS}/{made['integrationUuid']}", body={"title": "New"})
    assert answer.body["externalId"] == made["externalId"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_no_request_may_choose_an_external_id(api: Api, method: str) -> None:
    made = api.create()
    path = INTEGRATIONS if method == "POST" else f"{INTEGRATIONS}/{made['integrationUuid']}"
    answer = api.send(method=method, path=path, body={**AWS, "externalId": str(uuid4())})
    assert answer.status == 400
    assert 'unknown key "externalId"' in answer.body["message"]


def test_a_deleted_integration_is_gone(api: Api) -> None:
    made, _ = integrations.create(api.client(), SPEC, Placement())
    assert integrations.delete(api.client(), made.uuid, None).outcome == "deleted"
    with pytest.raises(NotFound):
        integrations.read(api.client(), made.uuid)


def test_a_change_counts_up_the_revision_and_a_title_does_not(api: Api) -> None:
    path = f"{INTEGRATIONS}/{api.create()['integrationUuid']}"
    changes: list[dict[str, Any]] = [{"title": "B"}, {"region": "eu-west-1"}, {"region": "eu-west-1"}]
    revisions = [api.send(method="PATCH", path=path, body=b).body["settingsRevision"] for b in changes]
    assert revisions == [1, 2, 2]


def test_null_clears_and_what_is_absent_stays(api: Api) -> None:
    made = api.create(region="eu-west-1")
    path = f"{INTEGRATIONS}/{made['integrationUuid']}"
    assert api.send(method="PATCH", path=path, body={"title": "B"}).body["region"] == "eu-west-1"
    assert api.send(method="PATCH", path=path, body={"region": None}).body["region"] is None


@pytest.mark.parametrize("body", [{"strictClientOnly": True}, {"strictClientOnly": True, "overVpn": True}])
def test_what_is_immutable_stays(api: Api, body: Any) -> None:
    path = f"{INTEGRATIONS}/{api.create()['integrationUuid']}"
    answer = api.send(method="PATCH", path=path, body=body)
    assert answer.refusal == (409, "immutable")
    assert "strict_client_only" in answer.body["message"]


BAD = [
    ({"title": None}, "title: must be a string"),
    ({"title": 7}, "title: must be a string"),
    ({"titel": "x"}, 'unknown key "titel"; did you mean "title"?'),
    ({"strictClientOnly": "yes"}, "strictClientOnly: must be true or false"),
    ({"buckets": "acme"}, "buckets: must be a list"),
    ({"buckets": [{"name": "acme", "prefix": "x"}]}, 'unknown key "prefix"'),
    ({"overVpn": True}, "must be strict client-only"),
    ({"roleArn": "nonsense"}, "must be the ARN of an IAM role"),
    ({"declaredAs": {"stackId": "x", "path": "p"}}, "must be a UUID"),
    ({"declaredAs": []}, "must be a mapping"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_bad_values_are_named_in_our_words(local: Api, method: str, body: Any, words: str) -> None:
    path = f"{INTEGRATIONS}/{local.create()['integrationUuid']}" if method == "PATCH" else INTEGRATIONS
    answer = local.send(method=method, path=path, body={**(AWS if method == "POST" else {}), **body})
    assert answer.refusal == (400, "invalid_request")
    assert words in answer.body["message"]


def test_all_problems_of_a_body_are_told_at_once(api: Api) -> None:
    answer = api.send(method="POST", body={"provider": "AWS", "titel": "x", "adopt": "yes"})
    for part in ("titel", "title: is required", "roleArn: is required", "buckets", "adopt: must be true"):
        assert part in answer.body["message"]


def test_a_refused_value_is_not_quoted(api: Api) -> None:
    answer = api.send(
        method="POST", body={**AWS, "provider": "canary", "nonce": "canary", "region": "canary"}
    )
    assert answer.status == 400
    assert "canary" not in str(answer.body)


def test_principals_are_those_of_the_deployment(api: Api) -> None:
    answer = api.send(path="/v2/public/integration-principals")
    assert answer.body == PRINCIPALS.model_dump(by_alias=True)
    assert api.create()["principalArn"] == PRINCIPALS.principal_arn


def test_the_caller_learns_the_own_organization(api: Api) -> None:
    current = organizations.current(api.client(BOSS))
    assert (current.name, current.user_email, current.role) == ("Acme", BOSS, "ADMIN")


def test_health_and_schema_need_no_credentials(api: Api) -> None:
    http = api.http()
    health, schema = http.get("/healthz").json(), http.get("/openapi.json").json()
    assert health["status"] == "ok"
    assert f"{INTEGRATIONS}/{{uuid}}" in schema["paths"]


def test_the_schema_documents_what_a_change_may_hold(local: Api) -> None:
    change, aws, *others = documented(local, "patch", f"{INTEGRATIONS}/{{uuid}}")
    assert {"title", "roleArn", "buckets", "region", "declaredAs"} <= set(aws["properties"])
    assert not any("required" in schema for schema in (aws, *others))
    assert len(others) == len(CASES) - 1
    assert "422" not in change["responses"]


def documented(api: Api, method: str, path: str) -> list[Any]:
    """A route as the schema describes it, and the body that it takes for each type."""
    schema = api.app.openapi()
    route = schema["paths"][path][method]
    body = route["requestBody"]["content"]["application/json"]["schema"]
    names = [one["$ref"].rpartition("/")[2] for one in body.get("oneOf") or body["anyOf"]]
    return [route, *(schema["components"]["schemas"][name] for name in names)]


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "/v2/public/nothing", (404, "no_such_route")),
        ("GET", "/", (404, "no_such_route")),
        ("GET", f"{INTEGRATIONS}/", (404, "no_such_route")),
        ("PUT", INTEGRATIONS, (405, "method_not_allowed")),
        ("GET", f"{INTEGRATIONS}/no-uuid", (404, "no_such_route")),
    ],
)
def test_unknown_routes_and_methods_are_refused_in_our_form(
    api: Api, method: str, path: str, refusal: tuple[int, str]
) -> None:
    request = api.request(method=method)
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = api.send(request if "no-uuid" not in path else None, path=path)
    assert answer.refusal == refusal


@pytest.mark.parametrize("body", [b"{", b'"text"', b"[]", b"", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(local: Api, body: bytes) -> None:
    request = local.request(method="POST", body={})
    headers = local.client()._credentials.headers("POST", INTEGRATIONS, request.headers["Host"], body)
    http = local.http()
    unsigned = http.build_request("POST", INTEGRATIONS, content=body)
    unsigned.headers.update({**headers, "Content-Type": "application/json"})
    assert local.send(unsigned).refusal == (400, "invalid_request")


def test_a_body_over_one_mebibyte_is_refused(api: Api) -> None:
    answer = api.send(method="POST", body={**AWS, "title": "x" * 1024 * 1024})
    assert answer.refusal == (413, "payload_too_large")


def test_a_refused_create_leaves_nothing(local: Api) -> None:
    with pytest.raises(Refused):
        integrations.create(local.client(MEMBER), SPEC, Placement(adopt=True))
    tables = ("integrations", "members", "answers", "creates")
    assert [len(local.rows(table)) for table in tables] == [0, 0, 0, 0]


def test_a_create_names_its_provider(local: Api) -> None:
    body = {key: value for key, value in AWS.items() if key != "provider"}
    assert "provider: must be one of AWS" in local.send(method="POST", body=body).body["message"]
    _, *schemas = documented(local, "post", INTEGRATIONS)
    assert [schema["properties"]["provider"]["const"] for schema in schemas] == list(CASES)
    assert all("provider" in schema["required"] for schema in schemas)


def test_a_create_knows_the_keys_of_its_placement_at_the_top_alone(on_sqlite: Api) -> None:
    body = {**AWS, "declaredAS": {}, "buckets": [{"name": "acme", "nonces": []}]}
    said = on_sqlite.send(method="POST", path=INTEGRATIONS, body=body).body["message"].split("; ")
    assert 'declaredAS: unknown key "declaredAS"' in said
    assert said.count('did you mean "declaredAs"?') == 1
    assert not [words for words in said if '"nonce"' in words]
