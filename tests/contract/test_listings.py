"""The paged listing."""

import base64
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, INTEGRATIONS, OUTSIDER, Api

SEARCH = f"{INTEGRATIONS}/search"


def _many(api: Api, count: int) -> None:
    """Copies of one integration, all of the same moment."""
    api.create()
    row, member = (api.rows(table)[0]._asdict() for table in ("integrations", "members"))
    ids = [str(uuid4()) for _ in range(1, count)]
    # SQLite answers a bare query with a text.
    row["created_at"] = datetime.fromisoformat(str(row["created_at"]))
    with api.database.write() as connection:
        connection.execute(insert(t.integrations), [{**row, "uuid": i, "external_id": i} for i in ids])
        connection.execute(insert(t.members), [{**member, "integration": i} for i in ids])


def _pages(api: Api, **query: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    token = None
    while token or not pages:
        page = api.send(path=SEARCH, query={**query, "pageToken": token}).body
        pages.append([item["integrationUuid"] for item in page["results"]])
        token = page["nextPageToken"]
    return pages


def test_twenty_five_hundred_rows_come_in_three_pages_each_once(api: Api) -> None:
    _many(api, 2500)
    seen = [view.uuid for view in integrations.search(api.client())]
    assert len(seen) == len(set(seen)) == 2500
    assert [len(page) for page in _pages(api, pageSize=1000)] == [1000, 1000, 500]


@pytest.mark.parametrize(
    ("size", "pages"), [(1, [1, 1, 1, 1]), (2, [2, 2]), (3, [3, 1]), (4, [4]), (1000, [4])]
)
def test_no_page_is_empty_or_too_long(local: Api, size: int, pages: list[int]) -> None:
    _many(local, 4)
    assert [len(page) for page in _pages(local, pageSize=size)] == pages


def test_what_is_made_between_two_pages_comes_last(local: Api) -> None:
    _many(local, 2)
    first = local.send(path=SEARCH, query={"pageSize": 1}).body
    new = local.create()["integrationUuid"]
    rest = local.send(path=SEARCH, query={"pageToken": first["nextPageToken"]}).body["results"]
    assert rest[-1]["integrationUuid"] == new


@pytest.mark.parametrize("size", [0, -1, 1001, "many"])
def test_a_page_size_out_of_bounds_is_refused(local: Api, size: Any) -> None:
    answer = local.send(path=SEARCH, query={"pageSize": size})
    assert answer.refusal == (400, "invalid_request")
    assert "pageSize" in answer.body["message"]


def _forged(token: str) -> list[str]:
    raw = base64.urlsafe_b64decode(token)
    other = base64.urlsafe_b64encode(b"0" * 32 + raw[32:]).decode()
    longer = base64.urlsafe_b64encode(raw + b"0").decode()
    unsigned = base64.urlsafe_b64encode(raw[32:]).decode()
    return [other, longer, unsigned, token[:-4], token + "\n", "x", "é", "=", "A" * 200, "A" * 300, "%00"]


def test_a_forged_page_token_is_refused(local: Api) -> None:
    _many(local, 2)
    token = local.send(path=SEARCH, query={"pageSize": 1}).body["nextPageToken"]
    for forged in _forged(token):
        assert local.send(path=SEARCH, query={"pageToken": forged}).refusal == (400, "invalid_request"), (
            forged
        )


def test_filters_narrow_the_listing(api: Api) -> None:
    one, two = api.create(title="One"), api.create(OUTSIDER, title="Two")
    api.add_member(two["integrationUuid"], CREATOR)
    queries: list[tuple[dict[str, Any], int]] = [
        ({}, 2), ({"owner": OUTSIDER.upper()}, 1), ({"owner": "x@example.com"}, 0), ({"title": "One"}, 1),
        ({"title": "one"}, 0), ({"provider": "AWS"}, 2), ({"provider": "GCP"}, 0), ({"mine": True}, 2),
    ]  # fmt: skip
    assert [len(_pages(api, **query)[0]) for query, _ in queries] == [count for _, count in queries]
    assert _pages(api, title="One") == [[one["integrationUuid"]]]


def test_a_title_is_found_however_its_letters_are_composed(local: Api) -> None:
    local.create(title="Zu\u0308rich")
    assert len(_pages(local, title="Z\u00fcrich")[0]) == len(_pages(local, title="Zu\u0308rich")[0]) == 1
