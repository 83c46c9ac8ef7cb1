"""Registrations are counted, looked at by list and URL, and taken back."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import event

from pulumi_encord_integrations.client import integrations, registrations
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.model.registration_filters import TYPES, RegistrationFilters
from pulumi_encord_integrations.model.registration_items import LISTS
from pulumi_encord_integrations.server.services import registrations as service
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, Api
from tests.support.people import everything, refused
from tests.support.types import CASES

DEV, PROD = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
GROUP = {
    "title": "g",
    "objectUrl_0": "s3://acme-training/g/0.png",
    "objectUrl_1": "s3://acme-training/g/1.png",
}
BODY: dict[str, Any] = {
    "videos": [{"objectUrl": "s3://acme-training/videos/a.mp4"}, {"objectUrl": "videos/a.mp4.bak"}],
    "images": [{"objectUrl": "https://acme-training.s3.amazonaws.com/images/sch%C3%B6n+1.png"}],
    "image_groups": [GROUP, {**GROUP, "title": "sequence", "createVideo": True}],
}
BATCH = sha256(b"one").hexdigest()


def declared(stack: str = DEV) -> dict[str, Any]:
    return {
        "declaredAs": {"stackId": stack, "path": "encord:AwsIntegration::prod", "project": "p", "stack": "s"}
    }


@pytest.fixture
def uuid(local: Api) -> str:
    """An integration with five registrations."""
    made = str(local.create()["integrationUuid"])
    registered(local, made, BODY)
    return made


def registered(api: Api, uuid: str, body: Any) -> None:
    answer = api.send(method="POST", path=f"{INTEGRATIONS}/{uuid}/registrations", body=body)
    assert answer.status == 200, answer.body


def listed(api: Api, uuid: str, **query: Any) -> list[str]:
    answer = api.send(path=f"{INTEGRATIONS}/{uuid}/registrations", query=query)
    assert answer.status == 200, answer.body
    return sorted(f"{row['dataType']} {row['objectUrls'][0]}" for row in answer.body["results"])


def removed(api: Api, uuid: str, who: str = CREATOR, **query: Any) -> int:
    answer = api.send(who=who, method="DELETE", path=f"{INTEGRATIONS}/{uuid}/registrations", query=query)
    assert answer.status == 200, answer.body
    return int(answer.body["removed"])


def delete(api: Api, uuid: str, **query: Any) -> Any:
    return api.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}", query=query)


def test_every_view_tells_how_many_are_registered(local: Api, uuid: str) -> None:
    empty = local.create(title="empty")
    assert empty["registrations"] == 0
    local.add_member(uuid, MEMBER)
    for who, count in ((CREATOR, 5), (MEMBER, 5), (BOSS, None)):
        assert local.send(who=who, path=f"{INTEGRATIONS}/{uuid}").body["registrations"] == count
    rows = local.send(path=f"{INTEGRATIONS}/search").body["results"]
    assert [row["registrations"] for row in rows] == [5, 0]
    renamed = local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "x"})
    assert renamed.body["registrations"] == 5


def test_a_listing_reads_no_registrations_to_count_them(on_sqlite: Api) -> None:
    for number in range(30):
        on_sqlite.create(title=str(number))
    statements: list[str] = []
    engine = on_sqlite.database._engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(list(integrations.search(on_sqlite.client()))) == 30
    assert not [text for text in statements if "FROM registrations" in text]


def test_an_empty_one_is_deleted_and_one_with_data_refused(local: Api, uuid: str) -> None:
    before = everything(local)
    answer = delete(local, uuid, ifEmpty="true")
    assert refused(local, answer, before) == (409, "holds_registrations")
    assert answer.body["message"] == (
        f'"Prod images" ({uuid}) holds 5 registrations, which would be deleted with it'
    )
    removed(local, uuid)
    assert delete(local, uuid, ifEmpty="true").body == {"outcome": "deleted"}


def test_without_if_empty_data_goes_too(local: Api, uuid: str) -> None:
    assert delete(local, uuid, ifEmpty="false").body == {"outcome": "deleted"}
    assert not local.rows("registrations")


@pytest.mark.parametrize(("by", "outcome"), [(DEV, "released"), (PROD, "kept")])
def test_what_lives_on_may_hold_data(local: Api, uuid: str, by: str, outcome: str) -> None:
    local.create(adopt=uuid, **declared())
    assert delete(local, uuid, ifEmpty="true", declaredBy=by).body == {"outcome": outcome}
    assert len(local.rows("registrations")) == 5


def test_the_client_asks_for_an_empty_one_only_if_told_to(local: Api, uuid: str) -> None:
    with pytest.raises(Refused) as refusal:
        integrations.delete(local.client(), uuid, None, if_empty=True)
    assert refusal.value.code == "holds_registrations"
    assert integrations.delete(local.client(), uuid, None).outcome == "deleted"


VIDEO, BACKUP = "VIDEO s3://acme-training/videos/a.mp4", "VIDEO videos/a.mp4.bak"
IMAGE = f"IMAGE {BODY['images'][0]['objectUrl']}"
GROUPS = [f"{kind} {GROUP['objectUrl_0']}" for kind in ("IMAGE_GROUP", "IMAGE_SEQUENCE")]
FILTERS: list[tuple[dict[str, str], Sequence[str]]] = [
    ({}, [IMAGE, *GROUPS, VIDEO, BACKUP]),
    ({"dataType": "videos"}, [VIDEO, BACKUP]),
    ({"dataType": "images"}, [IMAGE]),
    ({"dataType": "image_groups"}, GROUPS),
    ({"dataType": "nifti"}, []),
    ({"url": "s3://acme-training/videos/a.mp4"}, [VIDEO]),
    ({"url": "videos/a.mp4"}, [VIDEO]),
    ({"url": "https://s3.amazonaws.com/acme-training/videos/a.mp4"}, [VIDEO]),
    ({"url": "s3://acme-training/Videos/a.mp4"}, []),
    ({"url": "s3://acme-training/videos/a.mp"}, []),
    ({"url": "s3://acme-training/videos/"}, [VIDEO, BACKUP]),
    ({"url": "s3://acme-training/videos/a.mp4*"}, [VIDEO, BACKUP]),
    ({"url": "https://acme-training.s3.amazonaws.com/"}, [IMAGE, *GROUPS, VIDEO, BACKUP]),
    ({"url": "images/schön 1.png"}, [IMAGE]),
    ({"url": "https://acme-training.s3.amazonaws.com/images/sch%C3%B6n+*"}, [IMAGE]),
    ({"url": "s3://acme-training/g/1.png"}, GROUPS),
    ({"url": "s3://other/videos/a.mp4"}, []),
    ({"url": "*"}, [IMAGE, *GROUPS, VIDEO, BACKUP]),
    ({"url": "s3://acme-training/*", "dataType": "images"}, [IMAGE]),
]


@pytest.mark.parametrize(("query", "found"), FILTERS, ids=str)
def test_filters_find_and_remove_the_same(
    local: Api, uuid: str, query: dict[str, str], found: Sequence[str]
) -> None:
    rest = sorted({IMAGE, *GROUPS, VIDEO, BACKUP} - set(found))
    assert listed(local, uuid, **query) == sorted(found)
    assert removed(local, uuid, **query) == len(found)
    assert listed(local, uuid) == rest


def test_what_lies_outside_todays_prefixes_is_found(local: Api, uuid: str) -> None:
    narrowed = {"buckets": [{"name": "acme-training", "prefixes": ["other/"]}]}
    assert local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body=narrowed).status == 200
    assert removed(local, uuid, url="videos/") == 2


def test_whole_urls_of_direct_access_are_compared_as_they_are(local: Api) -> None:
    body = CASES["DIRECT_ACCESS"].body()
    made = local.send(method="POST", body=body).body["integration"]["integrationUuid"]
    url = "https://data.example.com/a%20b.mp4"
    registered(local, made, {"videos": [{"objectUrl": url}]})
    assert listed(local, made, url="https://data.example.com/a b.mp4") == []
    assert listed(local, made, url="https://data.example.com/") == [f"VIDEO {url}"]
    assert removed(local, made, url=url) == 1


@pytest.mark.parametrize(
    "query", [{"dataType": "VIDEO"}, {"dataType": ""}, {"url": ""}, {"url": "x" * 20_000}]
)
def test_a_filter_that_means_nothing_is_refused(local: Api, uuid: str, query: dict[str, str]) -> None:
    path = f"{INTEGRATIONS}/{uuid}/registrations"
    for method in ("GET", "DELETE"):
        assert local.send(method=method, path=path, query=query).refusal == (400, "invalid_request")
    assert len(local.rows("registrations")) == 5


def test_a_removal_forgets_batches_so_that_the_same_file_registers_again(local: Api, uuid: str) -> None:
    registered(local, uuid, {**BODY, "batch": BATCH})
    assert removed(local, uuid, url="s3://other/x") == 0
    assert len(local.rows("registration_batches")) == 1
    assert removed(local, uuid, url="videos/a.mp4") == 1
    answer = local.send(
        method="POST", path=f"{INTEGRATIONS}/{uuid}/registrations", body={**BODY, "batch": BATCH}
    )
    assert (answer.body["created"], answer.body["unchanged"], answer.body["again"]) == (1, 4, False)


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 5), ({"dataType": "videos"}, 2), ({"url": "videos/*"}, 2), ({"url": "*"}, 5)],
    ids=str,
)
def test_a_removal_may_say_how_many_it_means(
    local: Api, uuid: str, query: dict[str, str], count: int
) -> None:
    before = everything(local)
    for other in (0, count - 1, count + 1):
        path = f"{INTEGRATIONS}/{uuid}/registrations"
        answer = local.send(method="DELETE", path=path, query={**query, "ifCount": other})
        assert refused(local, answer, before) == (409, "changed")
        assert f"{count} match, not {other}" in answer.body["message"]
    assert removed(local, uuid, **query, ifCount=count) == count


def test_the_client_hands_on_how_many_it_means(local: Api, uuid: str) -> None:
    with pytest.raises(Refused) as refusal:
        registrations.remove(local.client(), uuid, count=4)
    assert refusal.value.code == "changed"
    assert registrations.remove(local.client(), uuid, count=5) == 5


def test_a_url_is_looked_for_without_the_write_lock(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = str(on_sqlite.create()["integrationUuid"])
    registered(on_sqlite, made, BODY)
    monkeypatch.setattr(service, "_LOOKED_AT", 2)
    statements: list[str] = []
    begun = on_sqlite.database._engine
    event.listen(begun, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert removed(on_sqlite, made, url="videos/*") == 2
    locked = statements[statements.index("BEGIN IMMEDIATE") :]
    assert not [text for text in locked if "SELECT" in text and "object_urls" in text]
    assert len([text for text in statements if "SELECT" in text and "object_urls" in text]) == 3
    assert not [text for text in statements if "object_urls" in text and "client_metadata" in text]


def test_what_went_between_search_and_removal_is_gone_and_counts(
    local: Api, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{INTEGRATIONS}/{uuid}/registrations"
    search = service.search

    def overtaken(*given: Any) -> Any:
        found = search(*given)
        monkeypatch.setattr(service, "search", search)
        removed(local, uuid, url="videos/a.mp4")
        return found

    monkeypatch.setattr(service, "search", overtaken)
    answer = local.send(method="DELETE", path=path, query={"url": "videos/*", "ifCount": 2})
    assert answer.refusal == (409, "changed")
    assert listed(local, uuid, dataType="videos") == [BACKUP]
    assert removed(local, uuid, url="videos/*") == 1


def test_a_repeated_removal_is_answered_as_the_first(local: Api, uuid: str) -> None:
    path = f"{INTEGRATIONS}/{uuid}/registrations"
    request = local.request(method="DELETE", path=path, query={"url": "videos/*", "ifCount": 2})
    assert [local.send(request).body for _ in range(2)] == [{"removed": 2}] * 2
    delete(local, uuid)
    assert local.send(request).body == {"removed": 2}


def test_the_audit_trail_counts_and_holds_no_url(local: Api, uuid: str) -> None:
    removed(local, uuid, url="videos/*", dataType="videos")
    row = local.rows("audit")[-1]
    assert (row.actor, row.action, row.object) == (CREATOR, "registrations.delete", uuid)
    assert json.loads(row.detail) == {"byUrl": True, "list": "videos", "removed": 2}


def test_only_this_integrations_registrations_go(local: Api, uuid: str) -> None:
    other = local.create(title="other")["integrationUuid"]
    registered(local, other, BODY)
    assert removed(local, uuid) == 5
    assert len(listed(local, other)) == 5


def test_pages_that_look_for_a_url_end_early_and_lose_nothing(
    local: Api, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(local, uuid, {"videos": [{"objectUrl": f"many/{number}"} for number in range(50)]})
    monkeypatch.setattr(service, "_LOOKED_AT", 7)
    monkeypatch.setattr(service, "_AT_ONCE", 3)
    for url, count in (("many/*", 50), ("videos/*", 2), ("many/1", 1), ("nowhere/*", 0)):
        rows = registrations.listing(local.client(), uuid, RegistrationFilters(url=url))
        assert len({row.uuid for row in rows}) == count
    assert registrations.remove(local.client(), uuid, RegistrationFilters("videos", "many/*")) == 50


def test_every_list_of_the_json_has_its_types() -> None:
    assert TYPES.keys() == LISTS.keys()
