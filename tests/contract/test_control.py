"""Nothing is signed for a bucket that whoever declared it was not seen to control (the confused deputy)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.server.clouds.adapter import SignedObjects, ends_in
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import Target, Written
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.gcp import Gcp, ServiceAccount
from pulumi_encord_integrations.server.clouds.outbound import Outbound
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, PRINCIPALS, Answer, Api
from tests.support.command import Ran, run

BUCKET, OTHER = "acme-training", "acme-raw"
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Down(Exception):
    """The cloud does not answer."""


class Denied(Exception):
    """The cloud refuses."""


@dataclass
class Cloud:
    """Buckets that one service account reads, whoever asks for them: the deputy that must not be confused."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What happens while the cloud is asked."""

    browser = Browser(Outbound(), [])
    probe, scheme = "probe", "gs://"

    def content(self, bucket: str, key: str) -> bytes | None:
        self.asked.append(bucket)
        failure, found = self.failure, self.objects.get((bucket, key))
        self.meanwhile()
        if failure:
            raise failure
        return found

    def keys(self, target: Target, limit: int) -> list[str]:
        self.asked.append(f"list {target}")
        return []

    def read(self, target: Target, key: str) -> None:
        self.asked.append(f"read {target}")

    def write(self, target: Target, key: str, *, wanted: bool) -> Written:
        return Written(wanted)

    def sign(self, objects: Any) -> list[str]:
        return [f"https://signed.test/{one.bucket}/{one.key}" for one in objects]

    def explained(self, name: CheckName, target: Target, error: Exception) -> Finding:
        return Finding(name, None if isinstance(error, Down) else False, type(error).__name__, "Ask again")

    def is_denied(self, error: Exception) -> bool:
        return isinstance(error, Denied)

    def challenge_line(self, bucket: str, challenge: Any) -> str:
        return f"write {challenge.value} to {bucket}/{challenge.key}"

    def to_read(self, target: Target) -> str:
        return ""

    def to_take_back(self, target: Target) -> str:
        return ""

    def challenge(self, made: Any, *buckets: str, prefixes: tuple[str, ...] = ()) -> None:
        """Does what the component does."""
        for bucket in buckets:
            one = challenge_object(made["integrationUuid"], made["challenge"], bucket, prefixes)
            self.objects[bucket, one.key] = one.value.encode()


@pytest.fixture
def cloud(local: Api, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    found = Cloud()
    monkeypatch.setattr(ServiceAccount, "key", lambda _self: {"client_email": "x"})
    monkeypatch.setattr(Gcp, "_storage", lambda _self, _integration: found)
    monkeypatch.setattr(
        Gcp, "sign", lambda _self, _one, objects, _session: SignedObjects(found.sign(objects), ends_in(60))
    )
    local.app.state.deployment = Deployment(local.vault, PRINCIPALS)
    return found


def made(api: Api, who: str = CREATOR, *buckets: str, **more: Any) -> Any:
    body = {"provider": "GCP", "title": "t", "buckets": [{"name": name} for name in buckets or [BUCKET]]}
    answer = api.send(who=who, method="POST", body={**body, **more})
    assert answer.status == 200, answer.body
    return answer.body["integration"]


def path_of(made: Any) -> str:
    return f"{INTEGRATIONS}/{made['integrationUuid']}"


def sign(api: Api, made: Any, *buckets: str, who: str = CREATOR, key: str = "a.mp4") -> Answer:
    urls = [f"gs://{bucket}/{key}" for bucket in buckets or [BUCKET]]
    return api.send(who=who, method="POST", path=f"{path_of(made)}/signed-urls", body={"objectUrls": urls})


def verify(api: Api, made: Any) -> dict[str, Any]:
    answer = api.send(method="POST", path=f"{path_of(made)}/access-check")
    assert answer.status == 200, answer.body
    return {check["name"]: check["success"] for check in answer.body["checks"]}


def verified(api: Api, made: Any) -> bool:
    return bool(api.send(path=path_of(made)).body["verified"])


def aged(api: Api, made: Any, age: timedelta) -> None:
    """Makes what was seen of the integration that much older."""
    (row,) = [one for one in api.rows("integrations") if one.uuid == made["integrationUuid"]]
    kept = json.loads(row.trust)
    for one in kept["buckets"].values():
        one["asked_at"] = (datetime.fromisoformat(one["asked_at"]) - age).isoformat()
    c = t.integrations.c
    with api.database.write() as connection:
        connection.execute(update(t.integrations).where(c.uuid == row.uuid), {"trust": json.dumps(kept)})


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


def operate(api: Api, *arguments: str) -> Ran:
    return run(api.path.parent, "approve", "--database", str(api.path), *arguments)


@pytest.fixture
def over_vpn(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(ServiceAccount, "key", lambda _self: {"client_email": "x"})
    monkeypatch.setattr(
        Gcp, "sign", lambda _self, _one, objects, _session: SignedObjects(Cloud().sign(objects), ends_in(60))
    )
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
    assert f"{OTHER}: the whole of it" in ran.err
    assert json.loads(ran.out)["approved"] is True
    assert (sign(on_sqlite, over_vpn, key="a/x").status, verified(on_sqlite, over_vpn)) == (200, True)
    assert verify(on_sqlite, over_vpn)["control"] is True
    aged(on_sqlite, over_vpn, timedelta(days=400))
    assert sign(on_sqlite, over_vpn, key="a/x").status == 200
    row = next(row for row in on_sqlite.rows("audit") if row.action == "integration.approve")
    assert (row.actor, row.object) == ("operator", over_vpn["integrationUuid"])
    assert json.loads(row.detail) == {"buckets": {BUCKET: ["a/", "b/"], OTHER: []}}


def test_an_approval_is_of_the_prefixes_that_were_seen(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    wider = {"buckets": [{"name": BUCKET, "prefixes": ["a/", "b/", "c/"]}, {"name": OTHER}]}
    assert on_sqlite.send(method="PATCH", path=path_of(over_vpn), body=wider).status == 200
    assert sign(on_sqlite, over_vpn, key="a/x").refusal == (409, "control_unproven")
    assert sign(on_sqlite, over_vpn, OTHER).status == 200


def test_an_approval_is_taken_back(on_sqlite: Api, over_vpn: Any) -> None:
    operate(on_sqlite, "vpn", "--yes")
    ran = operate(on_sqlite, "vpn", "--revoke", "--yes")
    assert ran.code == 0, ran.err
    assert sign(on_sqlite, over_vpn, OTHER).refusal == (409, "control_unproven")
    assert [row.action for row in on_sqlite.rows("audit")].count("integration.revoke-approval") == 1


NOT_APPROVED: list[tuple[dict[str, Any], str]] = [
    ({"provider": "GCP", "buckets": [{"name": BUCKET}]}, "is not reached over VPN"),
    ({}, "proves by itself"),
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
