"""Over VPN the API cannot look for a challenge object: the operator of the deployment approves instead."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import FOREIGNER, Api
from tests.support.command import Ran, run
from tests.support.control import BUCKET, OTHER, Down, aged, made, path_of, reached, sign, verified, verify
from tests.support.types import TENANT


def operate(api: Api, *arguments: str) -> Ran:
    return run(api.path.parent, "approve", "--database", str(api.path), *arguments)


@pytest.fixture
def over_vpn(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    reached(monkeypatch).failure = Down()
    buckets = [{"name": BUCKET, "prefixes": ["a/", "b/"]}, {"name": OTHER}]
    return made(on_sqlite, title="vpn", strictClientOnly=True, overVpn=True, buckets=buckets)


def test_over_vpn_an_operator_approves_buckets_and_prefixes(on_sqlite: Api, over_vpn: Any) -> None:
    refused = sign(on_sqlite, over_vpn, key="a/x")
    assert refused.refusal == (409, "control_unproven")
    assert f"encord-integrations approve {over_vpn['integrationUuid']}" in refused.body["hint"]
    assert verify(on_sqlite, over_vpn)["control"] is False
    ran = operate(on_sqlite, "vpn", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert f"{BUCKET}: a/, b/" in ran.err
    assert "ada@example.com of Acme (" in ran.err
    assert f"{OTHER}: the whole of it" in ran.err
    assert json.loads(ran.out)["approved"] is True
    assert (sign(on_sqlite, over_vpn, key="a/x").status, verified(on_sqlite, over_vpn)) == (200, True)
    assert verify(on_sqlite, over_vpn)["control"] is True
    aged(on_sqlite, over_vpn, timedelta(days=400))
    assert sign(on_sqlite, over_vpn, key="a/x").status == 200
    row = next(row for row in on_sqlite.rows("audit") if row.action == "integration.approve")
    assert (row.actor, row.object) == ("operator", over_vpn["integrationUuid"])
    detail = json.loads(row.detail)
    assert (detail["places"], detail["tenant"]) == ({BUCKET: 2, OTHER: 0}, None)
    assert detail["proofs"].keys() == {BUCKET, OTHER}


def test_an_approval_is_of_the_prefixes_that_were_seen(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    wider = {"buckets": [{"name": BUCKET, "prefixes": ["a/", "b/", "c/"]}, {"name": OTHER}]}
    assert on_sqlite.send(method="PATCH", path=path_of(over_vpn), body=wider).status == 200
    assert sign(on_sqlite, over_vpn, key="a/x").refusal == (409, "control_unproven")
    assert sign(on_sqlite, over_vpn, OTHER).status == 200


def test_an_operator_sees_whose_container_it_is(on_sqlite: Api) -> None:
    azure = {"provider": "AZURE", "storageAccount": "acmewards", "container": "videos", "tenantId": TENANT}
    body = {**azure, "title": "wards", "strictClientOnly": True, "overVpn": True}
    assert on_sqlite.send(who=FOREIGNER, method="POST", body=body).status == 200
    ran = operate(on_sqlite, "wards", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert "acmewards/videos: the whole of it" in ran.err
    assert "fay@example.org of Other (" in ran.err
    assert f"AZURE, tenant {TENANT}" in ran.err
    assert json.loads(ran.out)["places"] == [{"name": "acmewards/videos", "prefixes": []}]


def test_an_approval_does_not_come_back_with_earlier_prefixes(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    for prefixes in (["c/"], ["a/", "b/"]):
        change = {"buckets": [{"name": BUCKET, "prefixes": prefixes}, {"name": OTHER}]}
        assert on_sqlite.send(method="PATCH", path=path_of(over_vpn), body=change).status == 200
    assert sign(on_sqlite, over_vpn, key="a/x").refusal == (409, "control_unproven")


def test_an_approval_is_taken_back_whatever_the_clock_says(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    aged(on_sqlite, over_vpn, -timedelta(hours=1))
    operate(on_sqlite, "vpn", "--revoke", "--yes")
    assert sign(on_sqlite, over_vpn, OTHER).refusal == (409, "control_unproven")


def test_an_approval_is_taken_back(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    ran = operate(on_sqlite, "vpn", "--revoke", "--yes")
    assert ran.code == 0, ran.err
    assert sign(on_sqlite, over_vpn, OTHER).refusal == (409, "control_unproven")
    assert [row.action for row in on_sqlite.rows("audit")].count("integration.revoke-approval") == 1


NOT_APPROVED: list[tuple[dict[str, Any], str]] = [
    ({"provider": "GCP", "buckets": [{"name": BUCKET}]}, "is not reached over VPN"),
    ({}, "needs no approval"),
]


@pytest.mark.parametrize(("more", "words"), NOT_APPROVED)
def test_what_needs_no_approval_gets_none(on_sqlite: Api, more: dict[str, Any], words: str) -> None:
    body = {"title": "x", **more} if more else {}
    on_sqlite.send(method="POST", body=body) if more else on_sqlite.create(title="x")
    ran = operate(on_sqlite, "x", "--yes")
    assert (ran.code, words in ran.err) == (1, True), ran.err


def test_the_operator_is_asked_first(on_sqlite: Api, over_vpn: Any) -> None:
    ran = operate(on_sqlite, "vpn")
    assert (ran.code, "--yes" in ran.err) == (2, True), ran.err
    assert operate(on_sqlite, "none", "--yes").code == 1
    assert sign(on_sqlite, over_vpn, OTHER).status == 409
