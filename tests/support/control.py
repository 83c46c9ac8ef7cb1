"""Buckets that one service account reads for everybody, and integrations that declare them."""

import json
from collections.abc import Callable
from contextlib import nullcontext
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
from pulumi_encord_integrations.server.clouds.gcp import Gcp, GoogleAccount
from pulumi_encord_integrations.server.clouds.outbound import Outbound
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, INTEGRATIONS, Answer, Api

BUCKET, OTHER = "acme-training", "acme-raw"


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


def reached(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Puts such a cloud where the API reaches Google."""
    found = Cloud()
    monkeypatch.setattr(GoogleAccount, "key", lambda _self: {"client_email": "x"})
    monkeypatch.setattr(Gcp, "_storage", lambda _self, _integration: nullcontext(found))
    monkeypatch.setattr(
        Gcp, "sign", lambda _self, _one, objects, _session: SignedObjects(found.sign(objects), ends_in(60))
    )
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
