"""What the command prints, word for word; `pytest --snapshot-update` records it anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, PRINCIPALS, Api, served
from tests.support.command import key_file, run, scrubbed
from tests.support.types import CASES, EXPIRING

DECLARED = {
    "stackId": "11111111-2222-4333-8444-555555555555",
    "path": "encord:AwsIntegration::prod",
    "project": "data-platform",
    "stack": "live",
}


@pytest.fixture
def people(on_sqlite: Api) -> Iterator[Api]:
    """An organization with integrations of every kind that a table can show."""
    bucket = {"name": "acme-videos", "prefixes": ["2025/", "2026/"]}
    on_sqlite.create(title="prod-images", buckets=["acme-images", bucket], declaredAs=DECLARED)
    on_sqlite.add_member(
        on_sqlite.create(title="訓練データ", strictClientOnly=True)["integrationUuid"], MEMBER
    )
    for vpn in (False, True):
        on_sqlite.create(BOSS, title="twice", strictClientOnly=vpn, overVpn=vpn)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


@pytest.fixture
def types(on_sqlite: Api) -> Iterator[Api]:
    """One integration of each type; those that can have a custom expiry."""
    for case in CASES.values():
        more = {"signed_url_expiry": 43_200} if case.provider in EXPIRING else {}
        on_sqlite.send(method="POST", body=case.body(**more))
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def said(api: Api, who: str | None, *arguments: str) -> str:
    """What the command printed, without what differs from run to run."""
    folder = api.path.parent
    key = key_file(folder, api.keys[who] if who else None)
    ran = run(folder, *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)
    return scrubbed(ran, folder)


@pytest.mark.parametrize(
    ("who", "arguments"),
    [
        (CREATOR, ["list"]),
        (MEMBER, ["list"]),
        (FOREIGNER, ["list"]),
        (BOSS, ["list", "--mine"]),
        (BOSS, ["list", "--owner", CREATOR, "--title", "prod-images", "--provider", "aws"]),
        (CREATOR, ["list", "--json", "--title", "prod-images"]),
        (CREATOR, ["list", "--wide"]),
        (CREATOR, ["list", "--provider", "GPC"]),
        (CREATOR, ["show", "prod-images"]),
        (CREATOR, ["show", "PROD"]),
        (BOSS, ["show", "訓練データ"]),
        (CREATOR, ["show", "prod-images", "--json"]),
        (CREATOR, ["show", "Prod-image"]),
        (CREATOR, ["show", "quite something else"]),
        (BOSS, ["show", "twice"]),
        (CREATOR, ["show", "11111111-2222-4333-8444-555555555555"]),
        (None, ["list"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value).partition("@")[0],
)
def test_the_words_are_as_recorded(
    people: Api, snapshot: SnapshotAssertion, who: str | None, arguments: list[str]
) -> None:
    assert said(people, who, *arguments) == snapshot


def test_a_list_of_all_types_is_as_recorded(types: Api, snapshot: SnapshotAssertion) -> None:
    assert said(types, CREATOR, "list") == snapshot


@pytest.mark.parametrize("provider", CASES)
def test_each_type_is_shown_as_recorded(types: Api, snapshot: SnapshotAssertion, provider: str) -> None:
    title = CASES[provider].declared()["title"]
    assert said(types, CREATOR, "show", title) == snapshot(name=provider)
    assert said(types, CREATOR, "show", title, "--json") == snapshot(name=f"{provider} json")


def test_a_uuid_shows_the_same_as_its_title(people: Api) -> None:
    uuid = people.create(title="only")["integrationUuid"]
    assert said(people, CREATOR, "show", uuid.upper()) == said(people, CREATOR, "show", "only")


def test_the_principals_of_the_deployment_are_shown_to_paste(people: Api) -> None:
    shown = said(people, CREATOR, "show", "prod-images")
    assert f"principal ARN           {PRINCIPALS.principal_arn}\n" in shown
    assert f"origins                 {PRINCIPALS.origins[0]}\n" in shown


@pytest.mark.parametrize("verb", [["list"], ["list", "--json"], ["show", "prod-images"]], ids=" ".join)
def test_before_there_is_an_embedded_database_the_words_are_as_recorded(
    tmp_path: Path, snapshot: SnapshotAssertion, verb: list[str]
) -> None:
    ran = run(tmp_path, *verb, ENCORD_ENDPOINT="embedded", ENCORD_USER=CREATOR)
    assert scrubbed(ran, tmp_path) == snapshot
    assert list(tmp_path.iterdir()) == []


def test_where_a_database_is_missing_is_told_without_detours(tmp_path: Path) -> None:
    detour = str(tmp_path / "no" / ".." / "x.sqlite")
    ran = run(tmp_path, "list", ENCORD_ENDPOINT="embedded", ENCORD_USER=CREATOR, ENCORD_DATABASE=detour)
    assert f"there is no database {tmp_path.resolve() / 'x.sqlite'} yet" in ran.err


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("nothing", {}),
        ("no-key", {"ENCORD_ENDPOINT": "http://127.0.0.1:1"}),
        ("missing-key", {"ENCORD_ENDPOINT": "http://127.0.0.1:1", "ENCORD_SSH_KEY_FILE": "none.key"}),
        ("in-clear", {"ENCORD_ENDPOINT": "http://api.test"}),
        ("no-user", {"ENCORD_ENDPOINT": "embedded"}),
    ],
)
def test_what_is_not_set_is_told_as_recorded(
    tmp_path: Path, snapshot: SnapshotAssertion, name: str, variables: dict[str, Any]
) -> None:
    assert scrubbed(run(tmp_path, "list", **variables), tmp_path) == snapshot
