"""Every verb that takes an integration takes its uuid, title or declared name."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.cli import app
from pulumi_encord_integrations.client.settings import VARIABLES
from tests.support.api import AWS, BOSS, CREATOR, Api, served
from tests.support.command import key_file
from tests.support.people import granted

TITLE, NAME = "Production Bilder", "prod-images"
VERBS = {
    "show": ["show", "INTEGRATION"],
    "members": ["members", "INTEGRATION"],
    "join": ["join", "INTEGRATION"],
    "cloud-policy": ["cloud-policy", "INTEGRATION"],
    "register": ["register", "INTEGRATION", "data.json", "--check"],
    "registrations": ["registrations", "INTEGRATION"],
    "release": ["release", "INTEGRATION", "--yes"],
    "remove-admin": ["remove-admin", "--database", "api.sqlite", "INTEGRATION", BOSS, "--yes"],
}
FORMS: dict[str, Callable[[str], str]] = {
    "uuid": str.upper,
    "title": lambda _: TITLE,
    "title-in-other-letters": lambda _: "production BILDER",
    "declared-name": lambda _: NAME,
    "declared-name-in-other-letters": lambda _: NAME.upper(),
}


@pytest.fixture
def uuid(on_sqlite: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An integration with two Admins beside another one, and the command as its creator."""
    declared = {"stackId": "11111111-2222-4333-8444-555555555555", "path": f"encord:AwsIntegration::{NAME}"}
    made = str(on_sqlite.create(title=TITLE, declaredAs=declared)["integrationUuid"])
    granted(on_sqlite, made, {BOSS: "admin"})
    on_sqlite.create(title="other")
    for variable, _ in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    item = {"objectUrl": f"s3://{AWS['buckets'][0]['name']}/a.jpg"}  # type: ignore[index]
    (tmp_path / "data.json").write_text(json.dumps({"images": [item]}))
    monkeypatch.chdir(tmp_path)
    with served(on_sqlite.app) as address:
        monkeypatch.setenv("ENCORD_ENDPOINT", address)
        monkeypatch.setenv("ENCORD_SSH_KEY_FILE", key_file(tmp_path, on_sqlite.keys[CREATOR]))
        yield made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_finds_an_integration_by(
    uuid: str, capsys: pytest.CaptureFixture[str], verb: str, form: str
) -> None:
    given = FORMS[form](uuid)
    arguments = [given if word == "INTEGRATION" else word for word in VERBS[verb]]
    code = app.run([*arguments, "--json"])
    ran = capsys.readouterr()
    assert code == 0, ran.err
    answer = json.loads(ran.out)
    assert answer.get("integration", answer)["integrationUuid"] == uuid


@pytest.mark.parametrize("form", FORMS)
def test_verify_finds_an_integration_by(
    uuid: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    asked: list[str] = []

    def check_access(_client: object, named: str, _request: object) -> None:
        asked.append(named)
        raise KeyboardInterrupt

    monkeypatch.setattr("pulumi_encord_integrations.client.integrations.check_access", check_access)
    assert app.run(["verify", FORMS[form](uuid)]) == 8
    assert asked == [uuid]


@pytest.mark.parametrize("verb", [*VERBS, "verify"])
def test_each_verb_says_what_it_does_not_find_and_what_is_near(
    uuid: str, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    arguments = VERBS.get(verb, ["verify", "INTEGRATION"])
    assert app.run(["prod-image" if word == "INTEGRATION" else word for word in arguments]) == 1
    said = capsys.readouterr().err
    assert 'there is no integration "prod-image"' in said
    assert f'hint: did you mean "{NAME}"?' in said


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_chooses_between_two_of_a_name(
    uuid: str, on_sqlite: Api, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    other = on_sqlite.create(title=NAME)["integrationUuid"]
    assert app.run([NAME if word == "INTEGRATION" else word for word in VERBS[verb]]) == 1
    said = capsys.readouterr().err
    assert f'error: 2 integrations are called "{NAME}"\nhint: name it by its uuid\n' in said
    assert f'hint: {uuid} "{TITLE}"' in said
    assert f'hint: {other} "{NAME}"' in said


@pytest.mark.parametrize("given", ["PRODUCTION bilder", "Prod-Images"])
def test_a_list_is_narrowed_by_title_and_declared_name(
    uuid: str, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    assert app.run(["list", "--title", given, "--json"]) == 0
    assert [one["integrationUuid"] for one in json.loads(capsys.readouterr().out)["integrations"]] == [uuid]


def test_a_wide_list_shows_declared_names_and_uuids(uuid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "--wide"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[-2:] == ["NAME", "UUID"]
    assert first.split()[-2:] == [NAME, uuid]
    assert second.split()[-2] == "-"
