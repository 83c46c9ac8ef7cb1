"""What a create may adopt, and what of an adopted object it changes."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import AWS, BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, Answer, Api
from tests.support.people import GROUPS, everything, post, refused
from tests.support.types import CASES, TENANT

DEV, PROD = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
AZURE = CASES["AZURE"]
AWS_PATH, GROUP_PATH = "encord:AwsIntegration::prod", "encord:UserGroup::team"
KINDS = pytest.mark.parametrize("noun", ["integration", "user group"])


def at(stack: str = DEV, path: str = AWS_PATH, project: str = "shop", name: str = "live") -> dict[str, Any]:
    return {"declaredAs": {"stackId": stack, "path": path, "project": project, "stack": name}}


def create(api: Api, noun: str, who: str = CREATOR, **more: Any) -> Answer:
    body = AWS if noun == "integration" else {"name": "Team"}
    return post(api, INTEGRATIONS if noun == "integration" else GROUPS, {**body, **more}, who)


def made(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return answer.body.get("integration", answer.body)


def uuid(answer: Answer) -> str:
    found = made(answer)
    return str(found.get("integrationUuid") or found["groupHash"])


def adopt(api: Api, who: str = CREATOR, adopt: Any = True, **more: Any) -> Answer:
    return create(api, "integration", who, adopt=adopt, **at(), **more)


@KINDS
def test_an_object_is_adopted_by_its_uuid_whatever_its_title(api: Api, noun: str) -> None:
    first, second = (uuid(create(api, noun)) for _ in range(2))
    key = "title" if noun == "integration" else "name"
    answer = create(api, noun, adopt=second.upper(), **{key: "New"}, **at())
    assert (uuid(answer), made(answer)[key], made(answer)["adopted"]) == (second, "New", True)
    assert first != second


@KINDS
def test_an_object_that_is_not_there_is_not_adopted(api: Api, noun: str) -> None:
    create(api, noun)
    before, wanted = everything(api), str(uuid4())
    answer = create(api, noun, adopt=wanted, **at())
    assert refused(api, answer, before) == (409, "nothing_to_adopt")
    assert answer.body["message"] == f"there is no {noun} {wanted}"


def test_an_object_of_another_type_is_not_adopted(api: Api) -> None:
    other = uuid(post(api, INTEGRATIONS, CASES["GCP"].body()))
    answer = adopt(api, adopt=other)
    assert answer.refusal == (409, "another_type")
    assert answer.body["message"] == f'"GCP data" ({other}) is of type GCP, not AWS'
    assert answer.body["hint"] == "Use GcpIntegration"


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (MEMBER, "not_an_admin"),
        (BOSS, "not_an_admin"),
        (OUTSIDER, "nothing_to_adopt"),
        (FOREIGNER, "nothing_to_adopt"),
    ],
)
def test_adoption_by_uuid_needs_an_admin(api: Api, integration: Any, who: str, code: str) -> None:
    assert adopt(api, who, adopt=integration["integrationUuid"]).code == code


@KINDS
@pytest.mark.parametrize("value", ["yes", "true", 1, None, "", 0])
def test_what_is_neither_true_nor_false_nor_a_uuid_is_refused(local: Api, noun: str, value: Any) -> None:
    answer = create(local, noun, adopt=value, **at())
    assert answer.refusal == (400, "invalid_request")
    assert "adopt: must be true, false or the uuid of the object" in answer.body["message"]


@KINDS
def test_a_known_declaration_is_not_another_object_that_adopt_names(api: Api, noun: str) -> None:
    known, other = uuid(create(api, noun, **at())), uuid(create(api, noun))
    answer = create(api, noun, adopt=other, **at())
    assert answer.refusal == (409, "declaration_taken")
    assert known in answer.body["message"]
    assert uuid(create(api, noun, adopt=known, **at())) == known


@KINDS
@pytest.mark.parametrize("by_uuid", [False, True])
def test_what_another_stack_declares_is_refused_with_its_place_and_last_write(
    api: Api, noun: str, by_uuid: bool
) -> None:
    path = AWS_PATH if noun == "integration" else GROUP_PATH
    theirs = uuid(create(api, noun, **at(PROD, path, "infra", "prod")))
    before = everything(api)
    answer = create(api, noun, adopt=theirs if by_uuid else True, **at(DEV, path))
    assert refused(api, answer, before) == (409, "declared_elsewhere")
    place = f"({theirs}) is declared by another stack, infra/prod, {path.removeprefix('encord:')}"
    assert f"{place}; last written by {CREATOR} at 20" in answer.body["message"]
    assert " UTC (" in answer.body["message"]
    assert answer.body["hint"] == (
        'If that stack no longer declares it: adopt_from="infra/prod", '
        f"or encord-integrations release {theirs}"
    )


@KINDS
@pytest.mark.parametrize("adopt_from", ["infra/prod", PROD, PROD.upper()])
def test_a_stack_that_is_named_as_left_is_adopted_from(api: Api, noun: str, adopt_from: str) -> None:
    theirs = uuid(create(api, noun, **at(PROD, project="infra", name="prod")))
    assert uuid(create(api, noun, adopt=True, adoptFrom=adopt_from, **at())) == theirs


@KINDS
@pytest.mark.parametrize("adopt_from", ["infra/dev", "INFRA/prod", DEV])
def test_naming_yet_another_stack_does_not_help(api: Api, noun: str, adopt_from: str) -> None:
    create(api, noun, **at(PROD, project="infra", name="prod"))
    answer = create(api, noun, adopt=True, adoptFrom=adopt_from, **at())
    assert answer.refusal == (409, "declared_elsewhere")


@KINDS
def test_the_same_stack_that_lost_its_state_adopts(api: Api, noun: str) -> None:
    theirs = uuid(create(api, noun, **at(PROD)))
    assert uuid(create(api, noun, adopt=True, **at(DEV, "encord:moved::too"))) == theirs


def test_stacks_without_names_are_not_the_same(api: Api) -> None:
    create(api, "integration", **at(PROD, project="", name=""))
    answer = create(api, "integration", adopt=True, **at(DEV, project="", name=""))
    assert answer.refusal == (409, "declared_elsewhere")
    assert answer.body["hint"].startswith("If that stack no longer declares it: encord-integrations release ")
    assert PROD not in str(answer.body)


@KINDS
def test_adopt_from_alone_says_nothing_and_is_refused(local: Api, noun: str) -> None:
    answer = create(local, noun, adoptFrom="infra/prod", **at())
    assert answer.refusal == (400, "invalid_request")
    assert answer.body["message"].startswith("adoptFrom: says nothing without adopt")


@KINDS
@pytest.mark.parametrize("adopt_from", ["prod", "/prod", "infra/", ""])
def test_adopt_from_is_a_stack(local: Api, noun: str, adopt_from: str) -> None:
    answer = create(local, noun, adopt=True, adoptFrom=adopt_from, **at())
    assert answer.refusal == (400, "invalid_request")
    assert "adoptFrom: must be a stack as project/stack" in answer.body["message"]


@KINDS
def test_adopt_from_may_stay_when_nothing_is_declared_there(local: Api, noun: str) -> None:
    there = uuid(create(local, noun))
    for _ in range(2):
        assert uuid(create(local, noun, adopt=True, adoptFrom="infra/prod", **at())) == there


SETTINGS: dict[str, Any] = {
    "strictClientOnly": True,
    "overVpn": True,
    "region": "eu-west-1",
    "signedUrlExpiry": 7200,
}


def settings(answer: Answer) -> dict[str, Any]:
    return {name: made(answer)[name] for name in SETTINGS}


def test_what_an_adoption_leaves_out_stays_as_it_is(api: Api) -> None:
    api.create(**SETTINGS)
    before = settings(create(api, "integration", title="other", **SETTINGS))
    adopted = adopt(api)
    assert (settings(adopted), made(adopted)["settingsRevision"]) == (before, 1)
    assert settings(adopt(api)) == before, "a create that is repeated leaves it too"


def test_what_an_adoption_names_is_changed_and_null_clears(api: Api) -> None:
    api.create(**SETTINGS)
    assert settings(adopt(api, region=None, signedUrlExpiry=3600))["region"] is None
    assert made(adopt(api))["signedUrlExpiry"] == 3600


def test_an_immutable_setting_that_is_named_must_be_equal(api: Api) -> None:
    api.create(**SETTINGS)
    assert adopt(api, strictClientOnly=False).refusal == (409, "immutable")
    # Not valid beside the default of what is left out, but beside what it is.
    assert adopt(api, overVpn=True).status == 200


def test_the_declaration_is_known_again_by_the_settings_that_stayed(api: Api) -> None:
    there = api.create(strictClientOnly=True)["integrationUuid"]
    adopt(api)
    assert uuid(create(api, "integration", title="Renamed", strictClientOnly=True, **at())) == there
    assert uuid(create(api, "integration", title="Renamed", **at())) != there, "another declaration"


def test_an_object_that_was_made_here_goes_back_to_defaults(api: Api) -> None:
    create(api, "integration", region="eu-west-1", **at())
    assert made(adopt(api))["region"] is None


def test_rules_hold_for_an_object_that_was_made_here_though_adopt_is_set(api: Api) -> None:
    create(api, "integration", **at())
    answer = adopt(api, roleArn="arn:aws-cn:iam::123456789012:role/x", region="eu-west-1")
    assert answer.refusal == (400, "invalid_request")


def test_a_secret_that_an_adoption_leaves_out_stays(api: Api) -> None:
    there = made(post(api, INTEGRATIONS, AZURE.body()))
    body = {**AZURE.body(sas_token=None), "adopt": True, **at()}
    adopted = made(post(api, INTEGRATIONS, body))
    assert adopted["integrationUuid"] == there["integrationUuid"]
    assert adopted["credentialFingerprint"] == there["credentialFingerprint"]


def test_what_stays_must_fit_what_is_named(api: Api) -> None:
    post(api, INTEGRATIONS, AZURE.body(sas_token=None, tenant_id=TENANT))
    before = everything(api)
    answer = post(api, INTEGRATIONS, {**AZURE.body(), "adopt": True, **at()})
    assert refused(api, answer, before) == (409, "adopted_differently")
    assert "tenantId: is given beside sasToken" in answer.body["message"]


@pytest.mark.parametrize(("given", "after"), [({}, "old"), ({"description": ""}, "")])
def test_a_description_that_an_adoption_leaves_out_stays(api: Api, given: Any, after: str) -> None:
    create(api, "user group", description="old")
    for _ in range(2):
        assert made(create(api, "user group", adopt=True, **at(), **given))["description"] == after
