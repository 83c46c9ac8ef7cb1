"""A new encryption key while the API serves: nothing is lost, whenever the rotation is killed."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.errors import Conflict, DatabaseUnusable
from pulumi_encord_integrations.server.services import audit_verification, rotation
from pulumi_encord_integrations.server.store import integrations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.vault import Vault, read_keyring
from tests.support.answering import answering
from tests.support.api import CREATOR, INTEGRATIONS, Api, application
from tests.support.command import run
from tests.support.size import sample

SECRET = "canary-1"
MINIO = {
    "provider": "S3_COMPATIBLE",
    "preset": "MINIO",
    "endpoint": "https://minio.example.com",
    "buckets": [{"name": "acme-training"}],
    "accessKeyId": "ACMEKEY",
}
COUNT = 5


def made(api: Api, number: int) -> Any:
    body = {**MINIO, "title": f"MinIO {number}", "secretAccessKey": f"{SECRET}{number}"}
    answer = api.send(method="POST", body=body)
    assert answer.status == 200, answer.body
    return answer.body["integration"]


@pytest.fixture
def views(local: Api) -> list[Any]:
    """Integrations with secrets."""
    return [made(local, number) for number in range(COUNT)]


def listed(api: Api) -> list[Any]:
    answer = api.send(path=f"{INTEGRATIONS}/search")
    assert answer.status == 200, answer.body
    found: list[Any] = answer.body["results"]
    assert found
    return found


def key_ids(api: Api) -> set[str]:
    return {row.key_id for row in api.rows("integration_secrets")}


def opened(api: Api, vault: Vault) -> dict[str, str]:
    """What a vault opens, by the place."""
    with api.database.read() as connection:
        rows = [integrations.find_anywhere(connection, row.uuid) for row in api.rows("integrations")]
        found = integrations._opened(connection, vault, [row for row in rows if row])
    return {uuid: plain["secret_access_key"] for uuid, (plain, lost) in found.items() if not lost}


def require_chained(api: Api) -> None:
    """The audit trail of each organization is whole under the key that the file holds now."""
    anew = api.restarted().database
    for organization, _ in audit_verification.all_organizations(anew):
        found = audit_verification.stretches(anew, organization)
        assert [one.problem for one in found if not one.valid] == []


def rotate(api: Api) -> rotation.Rotation:
    rotation.prepare(api.database)
    return rotation.complete(api.database)


def test_every_secret_opens_with_the_new_key_alone(local: Api, views: list[Any]) -> None:
    before, sealed = Vault(read_keyring(local.database.key_file)), local.rows("integration_secrets")
    done = rotate(local)
    assert (done.resealed, done.lost, done.complete, done.before) == (COUNT, 0, True, before.key_id)
    assert key_ids(local) == {done.key_id} != {before.key_id}
    assert {row.encryption_key_id for row in local.rows("organizations")} == {done.key_id}
    assert not {row.sealed for row in sealed} & {row.sealed for row in local.rows("integration_secrets")}
    now = Vault(read_keyring(local.database.key_file))
    assert sorted(opened(local, now).values()) == [f"{SECRET}{number}" for number in range(COUNT)]
    assert not before.holds(done.key_id)
    assert not now.holds(before.key_id)


def test_pulumi_sees_no_change_and_the_audit_trail_holds(local: Api, views: list[Any]) -> None:
    before = listed(local)
    for _ in range(2):
        rotate(local)
        assert listed(local) == before
        require_chained(local)
    assert {view["credentialFingerprint"] for view in views} == {
        view["credentialFingerprint"] for view in listed(local.restarted())
    }
    assert "LOST" not in str(before).upper()


def test_it_is_audited(local: Api, views: list[Any]) -> None:
    before = local.vault.key_id
    done = rotate(local)
    rows = [row for row in local.rows("audit") if row.action.startswith("encryption-key.")]
    organizations = local.rows("organizations")
    assert len(rows) == 2 * len(organizations)
    assert {row.actor for row in rows} == {"operator"}
    assert json.loads(rows[0].detail) == {"from": [before], "to": done.key_id}
    assert json.loads(rows[-1].detail) == {"to": done.key_id, "resealed": COUNT, "lost": 0}


def test_a_server_that_runs_seals_with_the_key_that_the_database_names(local: Api, views: list[Any]) -> None:
    before = local.vault.key_id
    waiting = rotation.prepare(local.database)
    made(local, 10)
    assert key_ids(local) == {before}
    rotation._use(local.database, read_keyring(local.database.key_file))
    made(local, 11)
    assert key_ids(local) == {before, waiting.key_id}
    rotation.complete(local.database)
    made(local, 12)
    assert key_ids(local) == {waiting.key_id}
    assert len(opened(local, local.vault)) == COUNT + 3


def test_bearer_tokens_of_before_end_with_the_rotation(local: Api) -> None:
    token = auth.issue_token(local.public_key(CREATOR), local.vault)

    def status() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return local.http().get("/v2/public/user/current-organisation", headers=headers).status_code

    assert status() == 200
    rotation.prepare(local.database)
    assert status() == 200
    rotation.complete(local.database)
    assert status() == 401
    token = auth.issue_token(local.public_key(CREATOR), local.vault)
    assert status() == 200


def test_a_file_that_cannot_be_replaced_is_told_and_nothing_is_changed(
    local: Api, views: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mounted(*_: Any) -> None:
        raise OSError(30, "Read-only file system")

    before = local.vault.key_id
    monkeypatch.setattr(rotation, "replace_private", mounted)
    with pytest.raises(DatabaseUnusable, match=r"cannot write the encryption key .*: Read-only file system"):
        rotation.prepare(local.database)
    assert (key_ids(local), local.vault.key_id) == ({before}, before)


def test_a_secret_that_did_not_open_before_stays_as_it_is(local: Api, views: list[Any]) -> None:
    gone = views[0]["integrationUuid"]
    secrets = t.integration_secrets
    with local.database.write() as connection:
        connection.execute(update(secrets).where(secrets.c.integration == gone).values(sealed=b"x"))
    before = local.vault.key_id
    done = rotate(local)
    assert (done.resealed, done.lost) == (COUNT - 1, 1)
    assert {row.key_id for row in local.rows("integration_secrets") if row.integration == gone} == {before}
    assert rotate(local).lost == 1


def test_a_key_that_waits_is_used_and_not_replaced(local: Api, views: list[Any]) -> None:
    waiting = rotation.prepare(local.database)
    assert not waiting.complete
    assert rotation.prepare(local.database) == waiting
    assert rotation.complete(local.database).key_id == waiting.key_id


def test_one_rotation_at_a_time(local: Api) -> None:
    with rotation.exclusive(local.database), pytest.raises(Conflict, match="another rotation"):  # noqa: SIM117
        with rotation.exclusive(local.database):
            pass
    with rotation.exclusive(local.database):
        pass


def test_the_key_of_another_database_is_refused(local: Api) -> None:
    before = local.database.key_file.read_bytes()
    local.database.key_file.write_text("ab" * 32)
    with pytest.raises(DatabaseUnusable, match="is not the key of"):
        rotation.prepare(local.database)
    assert local.database.key_file.read_text() == "ab" * 32
    local.database.key_file.write_bytes(before)


def _elsewhere(api: Api, folder: Path) -> tuple[Api, Path]:
    """A server of the same database on another machine, whose key file is a copy."""
    file = folder / "copied-key"
    shutil.copy(api.database.key_file, file)
    other = api.restarted()
    other.vault = Vault.read(file)
    other.app = application(other.vault, other.database)
    other.transport, other._http = in_process(other.app), {}
    return other, file


def test_a_server_without_the_new_key_refuses_until_it_has_it(
    local: Api, views: list[Any], tmp_path: Path
) -> None:
    other, file = _elsewhere(local, tmp_path)
    rotate(local)
    path = f"{INTEGRATIONS}/{views[0]['integrationUuid']}"
    answers = [
        other.send(path=path),
        other.send(path=f"{INTEGRATIONS}/search"),
        other.send(method="PATCH", path=path, body={"title": "New", "strictClientOnly": False}),
        other.send(method="POST", body={**MINIO, "title": "x", "secretAccessKey": SECRET}),
    ]
    assert {answer.refusal for answer in answers} == {(503, "encryption_key_missing")}
    assert "Retry-After" in answers[0].headers
    assert "read without a restart" in answers[0].body["hint"]
    shutil.copy(local.database.key_file, tmp_path / "new")
    (tmp_path / "new").replace(file)
    assert other.send(path=path).body["credentialFingerprint"] == views[0]["credentialFingerprint"]
    made(other, 20)
    assert len(key_ids(local)) == 1


def test_a_server_that_was_prepared_first_never_refuses(local: Api, views: list[Any], tmp_path: Path) -> None:
    other, file = _elsewhere(local, tmp_path)
    rotation.prepare(local.database)
    shutil.copy(local.database.key_file, file)
    done = rotation.complete(local.database)
    assert listed(other) == listed(local)
    made(other, 20)
    assert key_ids(local) == {done.key_id}


def test_what_began_before_the_end_reads_on(local: Api, views: list[Any]) -> None:
    rotation.prepare(local.database)
    rotation._use(local.database, read_keyring(local.database.key_file))
    with local.database.read() as connection:
        rows = [integrations.find_anywhere(connection, view["integrationUuid"]) for view in views]
        assert len(rows) == COUNT
        held = [row for row in rows if row]
        if connection.dialect.name == "postgresql":
            rotation.complete(local.database)
        else:
            # SQLite's journal lets nobody commit while another reads.
            keyring = read_keyring(local.database.key_file)
            rotation._write(local.database.key_file, keyring.completed())
        assert integrations.lost_secrets(connection, local.vault, held) == frozenset()


@pytest.fixture
def kill() -> Iterator[Callable[[Api, int], str]]:
    """Begins to rotate in another process, and is killed at a step."""
    with answering("tests.support.killed_rotation") as ask:
        yield lambda api, step: ask(f"{api._address or api.path} {api.database.key_file} {step}")


@contextmanager
def _writing(api: Api, views: list[Any]) -> Iterator[list[Any]]:
    """Secrets are set and read meanwhile; answers what went wrong."""
    ended, wrong = threading.Event(), list[Any]()

    def work() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            view = views[number % COUNT]
            path = f"{INTEGRATIONS}/{view['integrationUuid']}"
            body = {"accessKeyId": "ACMEKEY", "secretAccessKey": f"{SECRET}{number % COUNT}"}
            for answer in (api.send(method="PATCH", path=path, body=body), api.send(path=path)):
                fingerprint = answer.body.get("credentialFingerprint")
                if answer.status != 200 or fingerprint != view["credentialFingerprint"]:
                    wrong.append(answer.body)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield wrong
    finally:
        ended.set()
        thread.join()


def test_killed_at_any_step_it_loses_nothing_and_goes_on(
    local: Api, views: list[Any], kill: Callable[[Api, int], str]
) -> None:
    steps = int(kill(local, 10_000))
    assert steps > 15
    for step in sample(range(steps), 6):
        with _writing(local, views) as wrong:
            assert kill(local, step) == "killed"
            held = {key.id for key in read_keyring(local.database.key_file).keys}
            assert key_ids(local) <= held
            assert kill(local, 10_000).isdigit()
        assert wrong == []
        (alone,) = read_keyring(local.database.key_file).keys
        assert key_ids(local) == {alone.id} == {row.encryption_key_id for row in local.rows("organizations")}
        assert sorted(opened(local, local.vault).values()) == [f"{SECRET}{n}" for n in range(COUNT)]
        require_chained(local)
        assert {view["credentialFingerprint"] for view in listed(local)} == {
            view["credentialFingerprint"] for view in views
        }


def test_a_rotation_that_fails_in_the_other_process_is_told(
    local: Api, kill: Callable[[Api, int], str]
) -> None:
    local.database.key_file.rename(local.database.key_file.with_name("away"))
    assert kill(local, 10_000) == "failed"


def test_the_command_asks_and_tells(on_sqlite: Api) -> None:
    made(on_sqlite, 0)
    place = ("--database", str(on_sqlite.path))
    ran = run(on_sqlite.path.parent, "rotate-encryption-key", *place)
    assert (ran.code, "say --yes" in ran.err) == (2, True)
    ran = run(on_sqlite.path.parent, "rotate-encryption-key", *place, "--prepare", "--yes", "--json")
    assert json.loads(ran.out)["complete"] is False
    assert "Copy it to the other servers" in ran.err
    waiting = json.loads(ran.out)["keyId"]
    ran = run(on_sqlite.path.parent, "rotate-encryption-key", *place, "--yes", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["keyId"], told["resealed"], told["complete"]) == (waiting, 1, True)
    assert f"holds the new key {waiting} already" in ran.err
    assert "earlier copies of it open no secret" in ran.err
    for line in read_keyring(on_sqlite.database.key_file).content().decode().split():
        assert len(line) < 32 or line not in ran.out + ran.err


def test_a_draft_of_a_killed_rotation_is_removed(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = on_sqlite.database.key_file.parent
    before = set(folder.iterdir())

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        # A killed process cleans nothing up.
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            rotation.prepare(on_sqlite.database)
    assert set(folder.iterdir()) > before
    rotation.prepare(on_sqlite.database)
    assert set(folder.iterdir()) == before


def test_the_file_keeps_its_mode_and_its_link(on_sqlite: Api, tmp_path: Path) -> None:
    file, kept = on_sqlite.database.key_file, tmp_path / "mounted" / "key"
    kept.parent.mkdir()
    file.rename(kept)
    file.symlink_to(kept)
    rotate(on_sqlite)
    assert file.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["key"]
