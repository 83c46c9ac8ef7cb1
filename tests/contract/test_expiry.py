"""How long signed URLs live, over the wire."""

from typing import Any

import pytest

from pulumi_encord_integrations.model.expiry import advice
from tests.support.api import INTEGRATIONS, Api
from tests.support.types import CASES, EXPIRING

WEEK = 604_800
PAGE = "custom signed URL expiration times are only available for AWS, GCP, and OTC integrations"
EVERY = pytest.mark.parametrize("provider", EXPIRING)


def made(api: Api, provider: str, **more: Any) -> str:
    answer = api.send(method="POST", body=CASES[provider].body(**more))
    assert answer.status == 200, answer.body
    return f"{INTEGRATIONS}/{answer.body['integration']['integrationUuid']}"


def asked(api: Api, path: str, method: str = "GET", body: Any = None) -> Any:
    return api.send(method=method, path=f"{path}/signed-url-expiry", body=body)


@EVERY
def test_the_default_is_a_week_and_what_is_set_is_the_integrations(local: Api, provider: str) -> None:
    path = made(local, provider)
    effective = None if provider == "AWS" else WEEK
    expected = {
        "integrationUuid": path.rpartition("/")[2],
        "seconds": WEEK,
        "custom": False,
        "effectiveSeconds": effective,
        "limitedBy": None,
    }
    assert asked(local, path).body == expected
    changed = asked(local, path, "PUT", {"duration": "12h"})
    assert (changed.body["seconds"], changed.body["custom"]) == (43_200, True)
    view = local.send(path=path).body
    assert (view["signedUrlExpiry"], view["settingsRevision"]) == (43_200, 1)
    assert asked(local, path, "PUT", {"duration": 43_200}).status == 200
    assert local.send(path=path).body["settingsRevision"] == 1
    restored = asked(local, path, "DELETE")
    assert (restored.body["seconds"], restored.body["custom"]) == (WEEK, False)
    assert local.send(path=path).body["signedUrlExpiry"] is None


@EVERY
@pytest.mark.parametrize("duration", [0, -1, WEEK + 1, "8d", "P1M", "4:13", "soon", None, 1.5, True, []])
def test_what_is_no_lifetime_is_refused(local: Api, provider: str, duration: Any) -> None:
    path = made(local, provider)
    answer = asked(local, path, "PUT", {"duration": duration})
    assert answer.status == 400
    assert answer.body["message"].startswith("duration: must be ")
    assert asked(local, path).body["custom"] is False


@pytest.mark.parametrize("provider", [name for name in CASES if name not in EXPIRING])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_types_have_none_in_the_pages_words(local: Api, provider: str, method: str) -> None:
    answer = asked(local, made(local, provider), method, {"duration": "1h"} if method == "PUT" else None)
    assert answer.status == 400
    assert PAGE in answer.body["message"]


def test_a_create_that_comes_again_leaves_alone_what_somebody_set(local: Api) -> None:
    declared = {
        "stackId": "11111111-2222-4333-8444-555555555555",
        "path": "a::b",
        "project": "p",
        "stack": "s",
    }
    path = made(local, "AWS", declaredAs=declared)
    asked(local, path, "PUT", {"duration": "12h"})
    assert made(local, "AWS", declaredAs=declared) == path
    assert asked(local, path).body["seconds"] == 43_200
    assert made(local, "AWS", declaredAs=declared, signedUrlExpiry="1h") == path
    assert asked(local, path).body["seconds"] == 3_600


@pytest.mark.parametrize(
    ("seconds", "by_role", "expected", "words"),
    [
        (WEEK, False, None, []),
        (43_200, True, None, []),
        (43_201, True, None, ["URLs will live at most 12 hours, not 43201 seconds"]),
        (WEEK, True, 86_400, ["at most 12 hours, not 1 week", "annotating takes 1 day, but signed"]),
        (3_600, False, 3_600, []),
        (3_600, False, 5_400, ["annotating takes 90 minutes, but signed URLs live 1 hour"]),
    ],
)  # fmt: skip
def test_only_what_somebody_chose_is_worth_a_word(
    seconds: int, by_role: bool, expected: int | None, words: list[str]
) -> None:
    found = list(advice(seconds, by_role=by_role, expected=expected))
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))
