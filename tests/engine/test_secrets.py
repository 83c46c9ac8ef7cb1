"""A secret passed as a plain string is in clear nowhere that the engine writes or says anything."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client import integrations
from tests.support.engine import Project, operations
from tests.support.types import CANARY, CASES, RENEWED

SECRET = {case.provider: case for case in CASES.values() if case.secrets}
FIELDS = [(provider, name) for provider, case in SECRET.items() for name in case.secrets]
FIRST = 'every("prod")'
ROTATED = 'every("prod", own=lambda case: case.renewed)'
ROTATED_AND_RENAMED = 'every("prod", own=lambda case: {**case.renewed, "title": f"renamed {case}"})'
IGNORING_SECRETS = (
    'every("prod", own=lambda case: {"opts": pulumi.ResourceOptions(ignore_changes=[*case.secrets])})'
)
IGNORING = IGNORING_SECRETS.replace("case.secrets", 'case.secrets, *({"access_key_id"} & {*case.inputs})')
OTHER_ID = "AKEXAMPLE7654321"
LEAK = re.compile("|".join([re.escape(CANARY), re.escape(RENEWED), "srt=co"]))
"""Of the SAS token no other part is shown either."""


def _written(folder: Path) -> str:
    """Everything in the project's folder but the program itself."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc"}]
    return b"".join(file.read_bytes() for file in files).decode("latin-1")


def _resources(project: Project) -> dict[str, dict[str, Any]]:
    """Those with secrets, by type."""
    exported = {r["urn"].rpartition("::")[2]: r for r in project.export()}
    return {provider: exported[f"prod-{provider}"] for provider in SECRET}


def _set_behind_the_engine_s_back(project: Project) -> None:
    for view in project.living().values():
        renewed = CASES[view.provider].body(**CASES[view.provider].renewed)
        wire = {name: value for name, value in renewed.items() if name in {"sasToken", "secretAccessKey"}}
        if "accessKeyId" in renewed:
            wire["accessKeyId"] = OTHER_ID
        if wire:
            integrations.update(project.api(), view.uuid, wire)


def test_the_search_finds_what_is_in_clear() -> None:
    assert all(LEAK.search(CASES[provider].inputs[name]) for provider, name in FIELDS)
    assert all(LEAK.search(CASES[provider].renewed[name]) for provider, name in FIELDS)
    assert {name for _, name in FIELDS} == {"sas_token", "secret_access_key"}


def test_a_plain_secret_stays_out_of_words_state_and_database(project: Project) -> None:
    project.declare(FIRST)
    said = [project.preview(), project.up(), project.preview(), project.up("--diff")]
    said.append(project.succeed("stack", "export", "--stack", "dev"))
    project.declare(ROTATED_AND_RENAMED)
    said += [project.preview(), project.up("--diff"), project.refresh(), project.preview()]
    assert not LEAK.search(_written(project.folder))
    said.append(project.destroy())
    assert not [text for text in said if LEAK.search(text)]
    assert not LEAK.search(_written(project.folder))


@pytest.mark.parametrize(("provider", "name"), FIELDS)
def test_a_refused_secret_is_not_quoted(project: Project, provider: str, name: str) -> None:
    project.declare(f'one(CASES["{provider}"], "bad", {name}=["{CANARY}"])')
    said = project.fail("preview", "--diff")
    assert name in said
    assert "must be a string" in said
    assert not LEAK.search(said)


def test_a_rotated_secret_is_an_update_in_place_that_leaves_nothing_to_do(project: Project) -> None:
    project.declare(FIRST)
    project.up()
    before = _resources(project)
    project.declare(ROTATED)
    assert operations(project.up("--diff")) == {"updated": len(SECRET)}
    project.unchanged()
    after = _resources(project)
    for provider in SECRET:
        assert after[provider]["id"] == before[provider]["id"]
        assert _fingerprint(after[provider]) != _fingerprint(before[provider])


def test_a_secret_set_behind_the_engine_s_back_is_shown_and_repaired(project: Project) -> None:
    project.declare(FIRST)
    project.up()
    before = project.state()
    _set_behind_the_engine_s_back(project)
    refreshed = project.refresh()
    assert operations(refreshed) == {"updated": len(SECRET)}
    repaired = project.up("--diff")
    assert operations(repaired) == {"updated": len(SECRET)}
    assert not LEAK.search(refreshed + repaired)
    project.unchanged()
    assert project.state() == before


def _lose_secrets(project: Project) -> None:
    with closing(sqlite3.connect(project.folder / "encord.sqlite")) as connection, connection:
        connection.execute("UPDATE integration_secrets SET sealed = x'00'")


def test_a_lost_secret_is_shown_by_a_refresh_and_set_anew(project: Project) -> None:
    project.declare(FIRST)
    project.up()
    before, fingerprints = project.state(), _fingerprints(project)
    _lose_secrets(project)
    assert operations(project.refresh()) == {"updated": len(SECRET)}
    assert _fingerprints(project) == {"lost", None}
    repaired = project.up("--diff")
    assert operations(repaired) == {"updated": len(SECRET)}
    assert not LEAK.search(repaired)
    project.unchanged()
    assert (project.state(), _fingerprints(project)) == (before, fingerprints)


def test_an_update_of_anything_else_sets_a_lost_secret_anew(project: Project) -> None:
    project.declare(FIRST)
    project.up()
    fingerprints = _fingerprints(project)
    _lose_secrets(project)
    project.declare(FIRST.replace('"prod"', '"prod", own=lambda case: {"title": f"renamed {case}"}'))
    project.up()
    assert _fingerprints(project) == fingerprints
    project.unchanged()


def test_a_secret_that_is_ignored_and_set_behind_the_engine_s_back_locks_nothing(project: Project) -> None:
    project.declare(IGNORING)
    project.up()
    _set_behind_the_engine_s_back(project)
    outside = _fingerprints(project)
    project.refresh()
    assert not [
        one for one in _resources(project).values() if {"sas_token", "secret_access_key"} & {*one["inputs"]}
    ]
    project.declare(IGNORING_SECRETS)
    said = project.fail("preview")
    assert said.count("differs from the one in use, and secret_access_key is left out") == 2
    project.declare(IGNORING.replace("own=", 'title="Renamed", own='))
    assert operations(project.up("--diff")) == {"updated": len(CASES)}
    assert _fingerprints(project) == outside
    project.unchanged()
    project.declare(IGNORING.replace("own=", "strict_client_only=True, own="))
    assert operations(project.up("--diff"))["replaced"] == len(CASES)
    project.unchanged()


def test_state_keeps_a_secret_as_ciphertext(project: Project) -> None:
    project.declare(FIRST)
    project.up()
    found = _resources(project)
    for provider, name in FIELDS:
        assert "ciphertext" in found[provider]["inputs"][name]
        assert "ciphertext" in found[provider]["outputs"][name]


def _fingerprints(project: Project) -> set[object]:
    """Those of the API."""
    return {getattr(view, "credential_fingerprint", None) for view in project.living().values()}


def _fingerprint(resource: dict[str, Any]) -> object:
    return resource["outputs"]["credential_fingerprint"]
