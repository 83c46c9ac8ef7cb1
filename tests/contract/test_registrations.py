"""Registering data over the wire: all of a request or nothing, and again safely."""

import json
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import update

from pulumi_encord_integrations.cli.rendering.registrations import _wire_form
from pulumi_encord_integrations.client import registrations
from pulumi_encord_integrations.model.registrations import RegistrationView
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import INTEGRATIONS, Answer, Api
from tests.unit.model.test_registrations import IMAGE, METADATA, PAGE

BATCH = sha256(b"one").hexdigest()


@pytest.fixture
def path(local: Api) -> str:
    return f"{INTEGRATIONS}/{local.create()['integrationUuid']}/registrations"


def post(api: Api, path: str, body: Any) -> Answer:
    return api.send(method="POST", path=path, body=body)


def counts(answer: Answer) -> tuple[int, int, int]:
    assert answer.status == 200, answer.body
    return answer.body["created"], answer.body["updated"], answer.body["unchanged"]


def videos(*names: str, **more: Any) -> dict[str, Any]:
    return {"videos": [{"objectUrl": name, **more} for name in names]}


def registered(api: Api, path: str) -> dict[str, Any]:
    rows = registrations.listing(api.client(), path.split("/")[-2])
    return {row.object_urls[0]: row for row in rows}


def test_the_pages_example_comes_back_as_it_was_given(local: Api, path: str) -> None:
    assert counts(post(local, path, PAGE)) == (1, 0, 0)
    (row,) = registered(local, path).values()
    assert (row.data_type, row.object_urls, row.title) == ("VIDEO", ["video_file.mp4"], None)
    assert row.video_metadata == METADATA
    assert row.client_metadata == {}


def test_registering_again_replaces_what_differs_and_doubles_nothing(local: Api, path: str) -> None:
    assert counts(post(local, path, videos("a", "b", "c"))) == (3, 0, 0)
    assert counts(post(local, path, videos("a", "b", "c"))) == (0, 0, 3)
    again = videos("b", "d", clientMetadata={"site": "Lyon", "n": [1, {"x": None}]})
    assert counts(post(local, path, again)) == (1, 1, 0)
    found = registered(local, path)
    assert sorted(found) == ["a", "b", "c", "d"]
    assert found["b"].client_metadata == {"site": "Lyon", "n": [1, {"x": None}]}
    assert counts(post(local, path, videos("s3://acme-training/a"))) == (0, 0, 1)


def test_one_wrong_item_stops_all_and_is_named(local: Api, path: str) -> None:
    body = {
        "videos": [{"objectUrl": "a"}, {"objectUrl": "s3://other/x"}],
        "nifti": [{}],
        "audio": [{"objectUrl": "a"}],
    }
    answer = post(local, path, body)
    assert answer.status == 400
    places = {row["member"] for row in answer.body["errors"]}
    assert places == {"videos[1].objectUrl", "nifti[0].objectUrl", "audio"}
    assert registered(local, path) == {}


def test_of_two_thousand_problems_the_first_hundred_are_told(local: Api, path: str) -> None:
    answer = post(local, path, videos(*(f"s3://other/{n}" for n in range(2000))))
    assert answer.status == 400
    assert len(answer.body["errors"]) == 100
    assert "; and more than 90 more" in answer.body["message"]
    assert answer.body["message"].count("videos[") < 30


def test_more_than_a_request_may_hold_is_refused(local: Api, path: str) -> None:
    answer = post(local, path, videos(*map(str, range(10_001))))
    assert answer.refusal == (400, "invalid_request")
    assert "holds 10001 items; at most 10000" in answer.body["message"]


def test_thousands_are_registered_at_once_and_listed_in_pages(local: Api, path: str) -> None:
    names = [f"videos/{n:05}.mp4" for n in range(2500)]
    assert counts(post(local, path, videos(*names))) == (2500, 0, 0)
    assert sorted(registered(local, path)) == names


def test_a_batch_is_done_once_until_something_else_changes_it(local: Api, path: str) -> None:
    body = {**videos("a", "b"), "batch": BATCH}
    assert counts(post(local, path, body)) == (2, 0, 0)
    again = post(local, path, body)
    assert again.body["again"] is True
    asked = {"batches": [BATCH, sha256(b"other").hexdigest()]}
    assert post(local, f"{path}/known-batches", asked).body == {"known": [BATCH]}
    assert counts(post(local, path, videos("a", title="changed"))) == (0, 1, 0)
    assert post(local, f"{path}/known-batches", asked).body == {"known": []}
    assert counts(post(local, path, body)) == (0, 1, 1)


def test_a_refused_batch_is_not_done(local: Api, path: str) -> None:
    assert post(local, path, {**videos("s3://other/a"), "batch": BATCH}).status == 400
    assert post(local, f"{path}/known-batches", {"batches": [BATCH]}).body == {"known": []}


SKIP, UPSERT = "skip_duplicate_urls", "upsert_metadata"


@pytest.mark.parametrize("skip", [SKIP, "skipDuplicateUrls"])
def test_where_duplicates_are_skipped_what_is_registered_stays(local: Api, path: str, skip: str) -> None:
    post(local, path, videos("a", title="first", clientMetadata={"n": 1}))
    again = videos("a", "s3://acme-training/b", "b", title="second", clientMetadata={"n": 2})
    answer = post(local, path, {**again, skip: True})
    assert (counts(answer), answer.body["skipped"]) == ((1, 0, 0), 2)
    titles = {url: (row.title, row.client_metadata) for url, row in registered(local, path).items()}
    assert titles == {"a": ("first", {"n": 1}), "s3://acme-training/b": ("second", {"n": 2})}


def test_with_both_flags_the_metadata_of_what_is_registered_is_written(local: Api, path: str) -> None:
    before = {"title": "first", "clientMetadata": {"n": 1}}
    items = [{**PAGE["videos"][0], "objectUrl": name, **before} for name in "abc"]
    post(local, path, {"videos": items})
    metadata = {**METADATA, "fps": 25}
    again = [
        {"objectUrl": "a", "title": "second", "clientMetadata": {"n": 2}},
        {"objectUrl": "b", "videoMetadata": metadata, "clientMetadata": {}},
        {"objectUrl": "c"},
        {"objectUrl": "d"},
    ]
    answer = post(local, path, {"videos": again, SKIP: True, UPSERT: True})
    assert (counts(answer), answer.body["skipped"], answer.body["notes"]) == ((1, 2, 1), 0, [])
    found = registered(local, path)
    assert {row.title for row in found.values()} == {"first", None}
    assert (found["a"].client_metadata, found["a"].video_metadata) == ({"n": 2}, METADATA)
    assert (found["b"].client_metadata, found["b"].video_metadata) == ({"n": 1}, metadata)
    assert (found["c"].client_metadata, found["c"].video_metadata) == ({"n": 1}, METADATA)


def test_writing_metadata_without_skipping_has_no_effect_and_says_so(local: Api, path: str) -> None:
    post(local, path, videos("a", title="first"))
    answer = post(local, path, {**videos("a", title="second"), UPSERT: True})
    assert counts(answer) == (0, 1, 0)
    assert answer.body["notes"] == ["upsert_metadata has no effect without skip_duplicate_urls"]


def test_an_images_metadata_comes_back_as_it_was_given(local: Api, path: str) -> None:
    answer = post(local, path, {"images": [{"objectUrl": "a.jpg", "imageMetadata": IMAGE}]})
    assert counts(answer) == (1, 0, 0)
    row = registered(local, path)["a.jpg"]
    assert (row.image_metadata, row.video_metadata) == (IMAGE, None)


def test_what_is_not_kept_is_told(local: Api, path: str) -> None:
    answer = post(local, path, videos("a", "b", placeholderItemUuid="x"))
    assert answer.body["notes"] == ["ignored: placeholderItemUuid"]


@pytest.mark.parametrize("batch", ["", "x" * 64, "0" * 63, 5, ["0" * 64]])
def test_a_batch_is_named_by_a_digest(local: Api, path: str, batch: Any) -> None:
    assert post(local, path, {**videos("a"), "batch": batch}).status == 400
    assert registered(local, path) == {}


def test_registrations_go_with_their_integration_and_belong_to_it_alone(local: Api, path: str) -> None:
    other = f"{INTEGRATIONS}/{local.create(title='other')['integrationUuid']}/registrations"
    post(local, path, videos("a"))
    post(local, other, videos("a", "b"))
    assert len(registered(local, path)) == 1
    local.send(method="DELETE", path=path.removesuffix("/registrations"))
    assert len(local.rows("registrations")) == 2
    assert local.rows("registration_batches") == []


def nested(levels: int) -> dict[str, Any]:
    """A mapping that many levels deep."""
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


DEEP = '{"a":' * 899 + "{}" + "}" * 899
"""As earlier releases took it."""


@pytest.fixture
def deep(local: Api, path: str) -> str:
    """The path of two registrations, of which one has metadata that is nested 900 deep."""
    assert counts(post(local, path, videos("a", "b", clientMetadata={"n": 1}))) == (2, 0, 0)
    with local.database.write() as connection:
        rows = t.registrations
        first = update(rows).where(rows.c.object_urls == '["a"]')
        connection.execute(first.values(client_metadata=DEEP, media_metadata=json.dumps(METADATA)))
    return path


@pytest.mark.parametrize("query", [None, {"dataType": "videos"}, {"url": "a"}, {"pageSize": 1}])
def test_metadata_nested_900_deep_is_listed_as_it_is_stored(local: Api, deep: str, query: Any) -> None:
    answer = local.send(path=deep, query=query)
    assert answer.status == 200
    assert set(answer.body) == {"results", "nextPageToken"}
    found = registered(local, deep)
    assert (found["a"].client_metadata, found["b"].client_metadata) == (json.loads(DEEP), {"n": 1})
    assert found["a"].video_metadata == METADATA
    assert json.loads(json.dumps(_wire_form(found["a"])))["clientMetadata"] == json.loads(DEEP)


def test_metadata_nested_900_deep_can_be_replaced_kept_and_taken_back(local: Api, deep: str) -> None:
    kept = post(local, deep, {**videos("a", clientMetadata={"n": 2}), SKIP: True})
    assert (kept.status, kept.body["skipped"]) == (200, 1)
    assert counts(post(local, deep, {**videos("a"), SKIP: True, UPSERT: True})) == (0, 0, 1)
    assert counts(post(local, deep, videos("a"))) == (0, 1, 0)
    assert local.send(method="DELETE", path=deep, query={"url": "a"}).body == {"removed": 1}


def test_an_answered_item_has_the_fields_that_are_documented(local: Api, deep: str) -> None:
    fields = {field.alias for field in RegistrationView.model_fields.values()}
    assert [set(row) for row in local.send(path=deep).body["results"]] == [fields, fields]


@pytest.mark.parametrize(("levels", "status"), [(40, 200), (41, 400)])
def test_metadata_is_at_most_forty_levels_deep(local: Api, path: str, levels: int, status: int) -> None:
    answer = post(local, path, videos("a", clientMetadata=nested(levels)))
    assert answer.status == status
    if status == 400:
        assert answer.body["message"] == "videos[0].clientMetadata: is nested deeper than 40 levels"


def test_whatever_an_item_may_hold_fits_into_a_request(local: Api, path: str) -> None:
    one = {"url": "a", "dicomMetadata": nested(40), "placeholderItemUuid": nested(40)}
    body = {"dicom_series": [{"title": "t", "dicomFiles": [one], "clientMetadata": nested(40)}]}
    assert counts(post(local, path, body)) == (1, 0, 0)
