"""Nothing is signed for a bucket that whoever declared it was not seen to control (the confused deputy)."""

import json
from datetime import timedelta

import pytest

from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, FOREIGNER, MEMBER, OUTSIDER, PRINCIPALS, Api
from tests.support.control import (
    BUCKET,
    OTHER,
    Cloud,
    Denied,
    Down,
    aged,
    made,
    path_of,
    reached,
    sign,
    verified,
    verify,
)

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def cloud(local: Api, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    local.app.state.deployment = Deployment(local.vault, PRINCIPALS)
    return reached(monkeypatch)


@pytest.mark.parametrize("who", [CREATOR, OUTSIDER, FOREIGNER])
def test_another_s_bucket_gives_nothing_to_whoever_declares_it(local: Api, cloud: Cloud, who: str) -> None:
    cloud.challenge(made(local), BUCKET)
    thief = made(local, who, title="mine")
    cloud.asked.clear()
    answer = sign(local, thief, who=who)
    assert answer.refusal == (409, "control_unproven")
    key = f".encord/{thief['integrationUuid']}"
    assert f"gs://{BUCKET}/{key} does not exist" in answer.body["message"]
    assert f"to {BUCKET}/{key}" in answer.body["hint"]
    checked = local.send(who=who, method="POST", path=f"{path_of(thief)}/access-check").body
    assert [(one["name"], one["success"]) for one in checked["checks"]] == [("control", False)]
    assert set(cloud.asked) == {BUCKET}


def test_the_challenge_of_one_integration_does_not_serve_another(local: Api, cloud: Cloud) -> None:
    first, second = made(local), made(local, title="second")
    cloud.challenge(first, BUCKET)
    (value,) = cloud.objects.values()
    cloud.objects[BUCKET, f".encord/{second['integrationUuid']}"] = value
    assert sign(local, first).status == 200
    answer = sign(local, second)
    assert answer.refusal == (409, "control_unproven")
    assert "holds another value" in answer.body["message"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\x00", b"x" * 1024])
def test_nothing_but_the_value_is_a_proof(local: Api, cloud: Cloud, content: bytes) -> None:
    one = made(local)
    cloud.objects[BUCKET, f".encord/{one['integrationUuid']}"] = content
    assert sign(local, one).refusal == (409, "control_unproven")


def test_a_proof_serves_for_a_day_and_is_then_asked_for_anew(local: Api, cloud: Cloud) -> None:
    one = made(local)
    assert (verified(local, one), sign(local, one).status) == (False, 409)
    cloud.challenge(one, BUCKET)
    assert (sign(local, one).status, verified(local, one)) == (200, True)
    cloud.objects.clear()
    assert sign(local, one).status == 200
    aged(local, one, DAY - timedelta(minutes=5))
    assert sign(local, one).status == 200
    aged(local, one, timedelta(minutes=6))
    assert sign(local, one).refusal == (409, "control_unproven")
    assert not verified(local, one)
    cloud.failure = Down()
    assert sign(local, one).status == 409


def test_the_cloud_is_asked_once_a_day_and_the_audit_trail_tells(local: Api, cloud: Cloud) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    local.add_member(one["integrationUuid"], MEMBER)
    for who in (CREATOR, MEMBER, CREATOR):
        assert sign(local, one, who=who).status == 200
    assert cloud.asked == [BUCKET]
    (row,) = [row for row in local.rows("audit") if row.action == "integration.control"]
    assert (row.object, json.loads(row.detail)) == (one["integrationUuid"], {"controlled": {BUCKET: True}})


@pytest.mark.parametrize(("age", "status"), [(DAY, 200), (WEEK - DAY, 200), (WEEK, 409), (-DAY, 409)])
def test_an_outage_of_the_cloud_keeps_a_proof_for_seven_days(
    local: Api, cloud: Cloud, age: timedelta, status: int
) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    assert sign(local, one).status == 200
    cloud.failure = Down()
    aged(local, one, age)
    assert sign(local, one).status == status
    assert verify(local, one) == {"control": None}
    assert verified(local, one) is (status == 200)
    cloud.failure = None
    assert sign(local, one).status == 200


@pytest.mark.parametrize("failure", [None, Denied()])
def test_absence_ends_a_proof_at_once_in_a_check(local: Api, cloud: Cloud, failure: Exception | None) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    assert sign(local, one).status == 200
    cloud.objects.clear()
    cloud.failure = failure
    assert verify(local, one) == {"control": False}
    refused = sign(local, one)
    assert (verified(local, one), refused.code) == (False, "control_unproven")
    assert f"to {BUCKET}/.encord/" in refused.body["hint"]


def test_an_outage_never_makes_a_first_proof(local: Api, cloud: Cloud) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    cloud.failure = Down()
    assert sign(local, one).refusal == (409, "control_unproven")
    assert not [row for row in local.rows("audit") if row.action == "integration.control"]


def test_each_bucket_needs_its_own(local: Api, cloud: Cloud) -> None:
    one = made(local, CREATOR, BUCKET, OTHER)
    cloud.challenge(one, BUCKET)
    assert sign(local, one, BUCKET).status == 200
    answer = sign(local, one, BUCKET, OTHER)
    assert answer.refusal == (409, "control_unproven")
    assert f"gs://{OTHER}/" in answer.body["message"]
    assert f"gs://{BUCKET}/" not in answer.body["message"]
    assert not verified(local, one)
    assert verify(local, one)["control"] is False
    cloud.challenge(one, OTHER)
    assert sign(local, one, BUCKET, OTHER).status == 200
    assert verified(local, one)


def test_of_a_bucket_without_control_nothing_else_is_asked(local: Api, cloud: Cloud) -> None:
    one = made(local, CREATOR, BUCKET, OTHER)
    cloud.challenge(one, BUCKET)
    assert set(verify(local, one)) == {"control", "list", "read", "sign", "write", "preflight"} | {
        "preflight_elsewhere"
    }
    assert {asked for asked in cloud.asked if OTHER in asked} == {OTHER}


def test_strict_client_only_reads_the_challenge_and_nothing_else(local: Api, cloud: Cloud) -> None:
    one = made(local, strictClientOnly=True)
    cloud.challenge(one, BUCKET)
    assert sign(local, one).status == 200
    assert {"control", "sign"} <= verify(local, one).keys()
    assert set(cloud.asked) == {BUCKET}


PREFIXES = [(["a/"], ["a/", "b/"]), (["a/", "b/"], ["a/"]), (["a/"], []), ([], ["a/"])]


@pytest.mark.parametrize(("before", "after"), PREFIXES)
def test_other_prefixes_need_another_consent(
    local: Api, cloud: Cloud, before: list[str], after: list[str]
) -> None:
    one = made(local, buckets=[{"name": BUCKET, "prefixes": before}])
    cloud.challenge(one, BUCKET, prefixes=tuple(before))
    assert sign(local, one, key="a/x").status == 200
    change = {"buckets": [{"name": BUCKET, "prefixes": after}]}
    assert local.send(method="PATCH", path=path_of(one), body=change).status == 200
    assert (verified(local, one), sign(local, one, key="a/x").code) == (False, "control_unproven")
    cloud.challenge(one, BUCKET, prefixes=tuple(after))
    assert (sign(local, one, key="a/x").status, verified(local, one)) == (200, True)


@pytest.mark.parametrize(("before", "after"), PREFIXES)
def test_a_proof_of_earlier_prefixes_does_not_come_back_with_them(
    local: Api, cloud: Cloud, before: list[str], after: list[str]
) -> None:
    one = made(local, buckets=[{"name": BUCKET, "prefixes": before}])
    cloud.challenge(one, BUCKET, prefixes=tuple(before))
    assert sign(local, one, key="a/x").status == 200
    for prefixes in (after, before):
        cloud.objects.clear()
        change = {"buckets": [{"name": BUCKET, "prefixes": prefixes}]}
        assert local.send(method="PATCH", path=path_of(one), body=change).status == 200
    assert sign(local, one, key="a/x").code == "control_unproven"


def test_a_new_title_or_expiry_changes_no_proof(local: Api, cloud: Cloud) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    sign(local, one)
    change = {"title": "other", "signedUrlExpiry": "2h"}
    assert local.send(method="PATCH", path=path_of(one), body=change).body["verified"] is True
    assert cloud.asked == [BUCKET]


def test_an_integration_made_anew_needs_another_object(local: Api, cloud: Cloud) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)
    assert sign(local, one).status == 200
    assert local.send(method="DELETE", path=path_of(one)).status == 200
    again = made(local)
    assert again["challenge"] != one["challenge"]
    assert sign(local, again).status == 409


def test_an_answer_to_an_earlier_question_does_not_restore_what_a_later_one_refuted(
    local: Api, cloud: Cloud
) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)

    def gone() -> None:
        cloud.meanwhile = lambda: None
        cloud.objects.clear()
        assert verify(local, one) == {"control": False}

    cloud.meanwhile = gone
    assert sign(local, one).status == 200, "what was seen was true when it was asked for"
    assert not verified(local, one)
    assert sign(local, one).status == 409


def test_an_answer_about_other_prefixes_is_not_kept(local: Api, cloud: Cloud) -> None:
    one = made(local)
    cloud.challenge(one, BUCKET)

    def narrowed() -> None:
        change = {"buckets": [{"name": BUCKET, "prefixes": ["a/"]}]}
        assert local.send(method="PATCH", path=path_of(one), body=change).status == 200

    cloud.meanwhile = narrowed
    sign(local, one)
    cloud.meanwhile = lambda: None
    assert not verified(local, one)
