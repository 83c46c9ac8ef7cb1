"""A secret that cannot be decrypted: what needs it says so, the rest works, and it can be set anew."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.marks import SECRET
from tests.support.api import INTEGRATIONS, Api
from tests.support.types import CASES, EXPIRING, Case

SECRETIVE = [case for case in CASES.values() if case.secrets]
every_secretive = pytest.mark.parametrize("case", SECRETIVE, ids=str)
DATA = {
    "AZURE": "https://acmestorage.blob.core.windows.net/training/videos/a.mp4",
    "OTC": "https://obs.eu-de.otc.t-systems.com/acme-training/videos/a.mp4",
    "S3_COMPATIBLE": "https://minio.example.com:9000/acme-training/videos/a.mp4",
}
STACK = str(uuid4())
Lose = Callable[[Api], None]


def altered(api: Api) -> None:
    with api.database.write() as connection:
        connection.exec_driver_sql("UPDATE integration_secrets SET sealed = x'00'")


def missing(api: Api) -> None:
    with api.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM integration_secrets")


every_loss = pytest.mark.parametrize("lose", [altered, missing])


def declared(case: Case) -> dict[str, Any]:
    place = {"project": "p", "stack": "s", "path": "r", "stackId": STACK}
    return {**case.body(), "declaredAs": place}


def made(api: Api, case: Case, **more: Any) -> Any:
    answer = api.send(method="POST", body={**case.body(), **more})
    assert answer.status == 200, answer.body
    return answer.body["integration"]


def given(case: Case) -> dict[str, Any]:
    return {to_camel(name): case.inputs[name] for name in case.secrets}


def test_the_cases_are_all_types_with_secrets() -> None:
    kinds = [integration_type(case.provider) for case in CASES.values()]
    assert [kind.provider for kind in kinds if kind and kind.spec.marked(SECRET)] == [
        case.provider for case in SECRETIVE
    ]


@every_loss
@every_secretive
def test_what_needs_a_lost_secret_names_it_and_what_to_do(on_sqlite: Api, case: Case, lose: Lose) -> None:
    view = made(on_sqlite, case)
    path = f"{INTEGRATIONS}/{view['integrationUuid']}"
    lose(on_sqlite)
    answers = [
        on_sqlite.send(method="PATCH", path=path, body={"title": "New", "strictClientOnly": False}),
        on_sqlite.send(method="POST", path=f"{path}/signed-urls", body={"objectUrls": [DATA[case.provider]]}),
        on_sqlite.send(method="POST", path=f"{path}/access-check", body={}),
    ]
    assert [answer.refusal for answer in answers] == [(409, "secret_lost")] * 3
    field = to_camel(case.secrets[0])
    for answer in answers:
        assert f'"{view["title"]}" ({view["integrationUuid"]}) has lost its {field}' in answer.body["message"]
        assert answer.body["hint"].startswith(f"Set {field} anew: with pulumi refresh and pulumi up")


@every_loss
@every_secretive
def test_a_title_and_a_declaration_change_without_a_lost_secret(
    on_sqlite: Api, case: Case, lose: Lose
) -> None:
    view = made(on_sqlite, case, **declared(case))
    path = f"{INTEGRATIONS}/{view['integrationUuid']}"
    lose(on_sqlite)
    secrets, (before,) = on_sqlite.rows("integration_secrets"), on_sqlite.rows("integrations")
    place = {"project": "q", "stack": "s", "path": "r", "stackId": str(uuid4())}
    for change in ({"title": "New"}, {"declaredAs": None}, {"declaredAs": place}, {}):
        answer = on_sqlite.send(method="PATCH", path=path, body=change)
        assert answer.status == 200, answer.body
        assert answer.body["credentialFingerprint"] == "lost"
    assert on_sqlite.rows("integration_secrets") == secrets
    (after,) = on_sqlite.rows("integrations")
    changed = {name for name in before._fields if getattr(before, name) != getattr(after, name)}
    assert {"title", "project"} <= changed
    assert changed <= {"title", "project", "stack_id", "ownership_key"}
    wrong = on_sqlite.send(method="PATCH", path=path, body={"title": " New"})
    assert wrong.refusal == (400, "invalid_request")
    assert on_sqlite.send(method="PATCH", path=path, body=given(case)).status == 200


@every_loss
@every_secretive
def test_a_lost_secret_is_set_anew_by_a_change(on_sqlite: Api, case: Case, lose: Lose) -> None:
    view = made(on_sqlite, case)
    path = f"{INTEGRATIONS}/{view['integrationUuid']}"
    lose(on_sqlite)
    assert on_sqlite.send(path=path).body["credentialFingerprint"] == "lost"
    answer = on_sqlite.send(method="PATCH", path=path, body=given(case))
    assert answer.status == 200, answer.body
    assert answer.body["credentialFingerprint"] == view["credentialFingerprint"]
    assert answer.body["settingsRevision"] == view["settingsRevision"] + 1
    assert on_sqlite.rows("audit")[-1].detail.count(case.secrets[0]) == 1
    assert on_sqlite.send(method="PATCH", path=path, body={"title": "New"}).status == 200
    assert on_sqlite.rows("integration_secrets")[0].key_id == on_sqlite.vault.key_id


@every_secretive
def test_what_is_set_anew_is_judged_like_any_new_secret(on_sqlite: Api, case: Case) -> None:
    path = f"{INTEGRATIONS}/{made(on_sqlite, case)['integrationUuid']}"
    altered(on_sqlite)
    values = {
        "sas_token": [7, None, "no token", case.inputs.get("sas_token", "").replace("2030", "2020")],
        "secret_access_key": [7, None, "", f'"{case.inputs.get("secret_access_key")}"'],
    }
    for value in values[case.secrets[0]]:
        answer = on_sqlite.send(method="PATCH", path=path, body={to_camel(case.secrets[0]): value})
        assert answer.refusal == (400, "invalid_request"), value
    assert on_sqlite.send(path=path).body["credentialFingerprint"] == "lost"


@every_loss
@every_secretive
def test_the_same_declaration_sets_a_lost_secret_anew(on_sqlite: Api, case: Case, lose: Lose) -> None:
    view = made(on_sqlite, case, **declared(case))
    lose(on_sqlite)
    again = made(on_sqlite, case, **declared(case))
    assert again["integrationUuid"] == view["integrationUuid"]
    assert again["credentialFingerprint"] == view["credentialFingerprint"]


@every_secretive
def test_an_adoption_sets_a_lost_secret_anew_or_names_it(on_sqlite: Api, case: Case) -> None:
    view = made(on_sqlite, case)
    altered(on_sqlite)
    body = {**declared(case), "adopt": view["integrationUuid"]}
    without = {key: value for key, value in body.items() if key not in given(case)}
    answer = on_sqlite.send(method="POST", body=without)
    assert answer.refusal in {(409, "secret_lost"), (400, "invalid_request")}
    assert made(on_sqlite, case, **body)["credentialFingerprint"] == view["credentialFingerprint"]


@every_secretive
def test_what_needs_no_secret_works(on_sqlite: Api, case: Case) -> None:
    uuid = made(on_sqlite, case)["integrationUuid"]
    path = f"{INTEGRATIONS}/{uuid}"
    altered(on_sqlite)
    answers = [
        on_sqlite.send(path=path),
        on_sqlite.send(path=f"{INTEGRATIONS}/search"),
        on_sqlite.send(),
        on_sqlite.send(path=f"{path}/users"),
        on_sqlite.send(path=f"{path}/registrations"),
    ]
    if case.provider in EXPIRING:
        answers += [on_sqlite.send(method="PUT", path=f"{path}/signed-url-expiry", body={"duration": "2h"})]
    answers += [on_sqlite.send(method="DELETE", path=path)]
    assert [answer.status for answer in answers] == [200] * len(answers), [a.body for a in answers]
