"""Encord's own SDK, unchanged, against the served API."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast

import pytest
from encord.http.constants import RequestsSettings
from encord.http.v2 import request_signer
from encord.orm.base_dto import BaseDTO

from tests.support.api import AWS, BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, REMOVED, Api, served
from tests.support.sdk import sdk
from tests.support.types import CASES
from tests.support.unreliable import Unreliable

TITLE = "Ü & = +?"
PROMPT = RequestsSettings(backoff_factor=0)


class Listed(NamedTuple):
    """What was made, and the API that lists it."""

    api: Api
    made: dict[str, str]
    """Titles by uuid, oldest first."""


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    """One integration of each type and one with a hard title; `MEMBER` is in the first two."""
    api = Api(tmp_path_factory.mktemp("sdk"))
    bodies = [*(case.body() for case in CASES.values()), {**AWS, "title": TITLE}]
    answers = [api.send(method="POST", body=body).body["integration"] for body in bodies]
    made = {answer["integrationUuid"]: answer["title"] for answer in answers}
    for uuid in list(made)[:2]:
        api.add_member(uuid, MEMBER)
    with served(api.app) as api.endpoint:
        api.transport = None
        yield Listed(api, made)
    api.close()


def _seen(listed: Listed, who: str = CREATOR, **filters: Any) -> list[tuple[str, str]]:
    return [(found.id, found.title) for found in sdk(listed.api, who).get_cloud_integrations(**filters)]


def test_integrations_of_every_type_are_listed(listed: Listed) -> None:
    assert _seen(listed) == list(listed.made.items())
    assert len(listed.made) == len(CASES) + 1


@pytest.mark.parametrize("org_access", [False, True])
def test_everyone_sees_their_own(listed: Listed, org_access: bool) -> None:
    every, none = list(listed.made.items()), list[tuple[str, str]]()
    expected = {
        CREATOR: every,
        MEMBER: every[:2],
        OUTSIDER: none,
        BOSS: every if org_access else none,
        FOREIGNER: none,
    }
    assert {who: _seen(listed, who, include_org_access=org_access) for who in expected} == expected


def test_the_filters_narrow_and_both_must_match(listed: Listed) -> None:
    first, second, *_, last = listed.made.items()
    assert _seen(listed, filter_integration_titles=[TITLE, "no such"]) == [last]
    assert _seen(listed, filter_integration_uuids=[first[0], second[0]]) == [first, second]
    both: dict[str, Any] = {
        "filter_integration_uuids": [first[0], last[0]],
        "filter_integration_titles": [TITLE],
    }
    assert _seen(listed, **both) == [last]
    assert _seen(listed, **{**both, "filter_integration_uuids": [first[0]]}) == []


def test_filters_do_not_widen_what_one_may_see(listed: Listed) -> None:
    assert _seen(listed, MEMBER, filter_integration_titles=[TITLE]) == []
    assert _seen(listed, FOREIGNER, filter_integration_uuids=list(listed.made), include_org_access=True) == []


def test_a_refusal_reaches_the_user_of_the_sdk(listed: Listed) -> None:
    with pytest.raises(Exception, match="only users that are part of an organization"):
        _seen(listed, REMOVED)


class Create(BaseDTO):
    """The SDK makes no integrations; its HTTP client sends this as its own models are sent."""

    provider: str
    title: str
    role_arn: str
    buckets: list[dict[str, Any]]


def _create(api: Api) -> None:
    client = sdk(api, requests_settings=PROMPT)._api_client
    client.post("cloud-integrations", params=None, payload=Create.from_dict(AWS), result_type=None)


@pytest.mark.parametrize("fault", ["busy", "cut"])
def test_what_the_sdk_retries_acts_once(local: Api, fault: str) -> None:
    server = Unreliable(local.app, fault)
    with served(cast(Any, server)) as local.endpoint:
        _create(local)
    first, again = server.seen
    assert first == again
    assert len(local.rows("integrations")) == 1


def test_two_equal_calls_in_one_second_both_act(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now()  # noqa: DTZ005  as the SDK asks

    class Standing(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now

    monkeypatch.setattr(request_signer, "datetime", Standing)
    server = Unreliable(local.app)
    with served(cast(Any, server)) as local.endpoint:
        _create(local)
        _create(local)
    first, second = server.seen
    assert first["signature"] == second["signature"]
    assert len(local.rows("integrations")) == 2
