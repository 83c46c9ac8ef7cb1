"""A secret goes in and never comes out: a canary is looked for wherever anything is kept or said."""

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.server import initialization
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.revision import encryption_key_file
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import INTEGRATIONS, PRINCIPALS, Api
from tests.support.probe import ProbeSpec, ProbeView, registered
from tests.support.types import CANARY, CASES, RENEWED, Case

PROBE = Case(
    "PROBE",
    "ProbeIntegration",
    {
        "host": "probe.example.com",
        "buckets": ["acme"],
        "access_key": CANARY,
        "session_key": f"second-{CANARY}",
    },
    change=("title", "Renamed"),
    replacing=(),
    renewed={"access_key": RENEWED},
)
SECRETIVE = {case.provider: case for case in (PROBE, *CASES.values()) if case.secrets}
every_secretive = pytest.mark.parametrize("case", SECRETIVE.values(), ids=str)


@pytest.fixture
def probes(tmp_path: Path) -> Iterator[Api]:
    with registered():
        api = Api(tmp_path)
        yield api
        api.close()


def _forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * n + raw)[4:-4] for n in range(3)]
    return [
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        raw[::-1],
        raw.decode().encode("utf-16-le"),
        *shifted,
    ]


def _shown(*places: object) -> list[bytes]:
    said = b"".join(p if isinstance(p, bytes) else str(p).encode() for p in places)
    return [form for secret in (CANARY, RENEWED) for form in _forms(secret) if form in said]


def _create(api: Api, case: Case = PROBE, **more: Any) -> Any:
    answer = api.send(method="POST", body={**case.body(), **more})
    assert answer.status == 200, answer.body
    return answer.body["integration"]


def _renewed(case: Case) -> dict[str, str]:
    return {to_camel(name): value for name, value in case.renewed.items()}


def test_the_search_for_a_canary_finds_one() -> None:
    assert len(_shown(f"...{CANARY}...")) == len(_shown(RENEWED)) == 1
    assert _shown(base64.b64encode(b"ab" + CANARY.encode()), CANARY.encode().hex())


def test_a_new_type_costs_one_file_of_facts(probes: Api) -> None:
    assert [kind.provider for kind in integration_types()] == [*CASES, "PROBE"]
    view, _ = integrations.create(probes.client(), ProbeSpec.model_validate(PROBE.body()), Placement())
    assert isinstance(view, ProbeView)
    assert {i.provider for i in integrations.search(probes.client())} == {"PROBE"}
    schema = json.dumps(probes.app.openapi())
    assert '"discriminator"' in schema
    assert "ProbeIntegrationChange" in schema or "accessKey" in schema


@every_secretive
def test_no_answer_holds_a_secret(probes: Api, case: Case) -> None:
    path = f"{INTEGRATIONS}/{_create(probes, case)['integrationUuid']}"
    answers = [
        probes.send(path=path), probes.send(path=f"{INTEGRATIONS}/search"), probes.send(),
        probes.send(method="PATCH", path=path, body=_renewed(case)),
        probes.send(method="POST", body=case.body()),
        probes.send(method="DELETE", path=path),
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {200}
    assert not _shown(*(answer.body for answer in answers))


BAD: list[dict[str, Any]] = [
    {"title": [CANARY]},
    {"host": CANARY, "endpoint": CANARY, "storageAccount": CANARY, "x": CANARY},
    {"buckets": [{"name": CANARY, "more": CANARY}]},
    {"declaredAs": CANARY},
    {"nonce": CANARY, "provider": CANARY},
]


@every_secretive
def test_no_refusal_and_no_log_quotes_a_secret(
    probes: Api, caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"{INTEGRATIONS}/{_create(probes, case)['integrationUuid']}"
    shapes: list[Any] = [[CANARY], {"a": CANARY}, 7]
    wrong = [{to_camel(name): shape, "x": 1} for name in case.secrets for shape in shapes]
    for bad in (*BAD, *wrong):
        answers = [
            probes.send(method="POST", body={**case.body(), **bad}),
            probes.send(method="PATCH", path=path, body=bad),
        ]
        assert {answer.status for answer in answers} == {400}
        assert not _shown(*(answer.body for answer in answers), caplog.text)


@pytest.mark.parametrize("case", [case for case in SECRETIVE.values() if case.replacing], ids=str)
def test_a_refused_change_leaves_the_secret_as_it_was(probes: Api, case: Case) -> None:
    made = _create(probes, case)
    path = f"{INTEGRATIONS}/{made['integrationUuid']}"
    change = {**_renewed(case), "strictClientOnly": True}
    answers = [probes.send(method="PATCH", path=path, body=change), probes.send(path=path)]
    assert answers[0].refusal == (409, "immutable")
    assert answers[1].body == made


def test_a_bug_quotes_no_secret(
    probes: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError(f"while at {CANARY}")

    monkeypatch.setattr("pulumi_encord_integrations.server.services.bodies.read_create", broken)
    monkeypatch.setattr("pulumi_encord_integrations.server.services.integrations.read_create", broken)
    answer = probes.send(method="POST", body=PROBE.body())
    assert answer.refusal == (500, "internal_error")
    assert "RuntimeError in test_secrets.py" in caplog.text
    assert not _shown(answer.body, caplog.text)


@every_secretive
def test_no_file_holds_a_secret_in_clear(probes: Api, case: Case) -> None:
    path = f"{INTEGRATIONS}/{_create(probes, case)['integrationUuid']}"
    held: list[bytes] = []
    with probes.database.write() as connection:
        connection.exec_driver_sql("UPDATE integrations SET title = 'x'")
        held += [file.read_bytes() for file in probes.path.parent.iterdir()]
        connection.exec_driver_sql("UPDATE integrations SET title = 'Findable'")
    probes.send(method="PATCH", path=path, body=_renewed(case))
    held += [file.read_bytes() for file in probes.path.parent.iterdir()]
    assert any(b"Findable" in content for content in held)
    assert not _shown(*held)


@every_secretive
def test_no_audit_row_and_no_kept_answer_holds_a_secret(probes: Api, case: Case) -> None:
    path = f"{INTEGRATIONS}/{_create(probes, case)['integrationUuid']}"
    probes.send(method="PATCH", path=path, body=_renewed(case))
    rows = [*probes.rows("audit"), *probes.rows("answers"), *probes.rows("integrations")]
    assert f'"{case.secrets[0]}"' in str(rows)
    assert not _shown(rows)


def test_a_spec_shows_no_secret() -> None:
    spec = ProbeSpec.model_validate(PROBE.body())
    assert not _shown(repr(spec), str(spec), spec.model_dump(), vars(spec))


@every_secretive
def test_the_same_keys_have_one_fingerprint_in_one_integration_only(probes: Api, case: Case) -> None:
    one, two = _create(probes, case), _create(probes, case)
    path = f"{INTEGRATIONS}/{one['integrationUuid']}"
    same = {to_camel(name): case.inputs[name] for name in case.secrets}
    again = probes.send(method="PATCH", path=path, body={**same, "title": "New"}).body
    other = probes.send(method="PATCH", path=path, body=_renewed(case)).body
    prints = [item["credentialFingerprint"] for item in (one, again, two, other)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert (one["settingsRevision"], again["settingsRevision"], other["settingsRevision"]) == (1, 1, 2)


@every_secretive
def test_a_renewed_secret_takes_the_place_of_the_first(probes: Api, case: Case) -> None:
    path = f"{INTEGRATIONS}/{_create(probes, case)['integrationUuid']}"
    first = {to_camel(name): case.inputs[name] for name in case.renewed}
    bodies = [_renewed(case), _renewed(case), first, first]
    answers = [probes.send(method="PATCH", path=path, body=body).body for body in bodies]
    assert [answer["settingsRevision"] for answer in answers] == [2, 2, 3, 3]


@every_secretive
def test_a_change_of_anything_else_keeps_the_fingerprint(probes: Api, case: Case) -> None:
    made = _create(probes, case)
    name, value = case.change
    path = f"{INTEGRATIONS}/{made['integrationUuid']}"
    changed = probes.send(method="PATCH", path=path, body={to_camel(name): value}).body
    assert changed["credentialFingerprint"] == made["credentialFingerprint"]


def test_a_secret_that_is_cleared_is_gone(probes: Api) -> None:
    path = f"{INTEGRATIONS}/{_create(probes)['integrationUuid']}"
    probes.send(method="PATCH", path=path, body={"sessionKey": None})
    assert [row.field for row in probes.rows("integration_secrets")] == ["access_key"]
    assert {row.key_id for row in probes.rows("integration_secrets")} == {probes.vault.key_id}


def _swap(api: Api, one: Any, other: Any) -> None:
    put = "UPDATE integration_secrets SET sealed = ? WHERE integration = ? AND field = ?"
    with api.database.write() as connection:
        connection.exec_driver_sql(put, (one.sealed, other.integration, other.field))
        connection.exec_driver_sql(put, (other.sealed, one.integration, one.field))


@pytest.mark.parametrize("place", ["integration", "field"])
def test_ciphertexts_that_changed_places_do_not_open(probes: Api, place: str) -> None:
    _create(probes)
    _create(probes)
    first, *others = probes.rows("integration_secrets")
    other = next(o for o in others if (o.integration == first.integration) == (place == "field"))
    _swap(probes, first, other)
    answer = probes.send(method="PATCH", path=f"{INTEGRATIONS}/{first.integration}", body={"overVpn": False})
    assert answer.refusal == (409, "secret_lost")


def _opening(api: Api) -> str:
    with pytest.raises(DatabaseUnusable) as refusal:
        initialization.open_embedded(api.path, "ada@example.com", PRINCIPALS, create=True, read_only=False)
    return f"{refusal.value.message} {refusal.value.hint}"


def test_without_its_encryption_key_nothing_starts(on_sqlite: Api) -> None:
    encryption_key_file(on_sqlite.path).unlink()
    assert "is missing" in _opening(on_sqlite)
    assert not encryption_key_file(on_sqlite.path).exists()


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "ab" * 33, "\xff\xfe"])
def test_a_malformed_encryption_key_starts_nothing_and_is_not_quoted(on_sqlite: Api, text: str) -> None:
    encryption_key_file(on_sqlite.path).write_text(text, "latin-1")
    said = _opening(on_sqlite)
    assert "holds no encryption key" in said
    assert not text or text not in said


def test_another_databases_encryption_key_starts_nothing(on_sqlite: Api) -> None:
    encryption_key_file(on_sqlite.path).write_text("ab" * 32)
    assert "is not the key of" in _opening(on_sqlite)


def test_key_files_are_their_owners_alone(local: Api, tmp_path: Path) -> None:
    initialization.open_embedded(
        tmp_path / "new", "ada@example.com", PRINCIPALS, create=True, read_only=False
    )
    names = ("new", "new.encryption-key", "new.ada@example.com.key")
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in names] == ["0o600"] * 3
    assert not list(tmp_path.glob(".new*"))
    assert SqliteDatabase(tmp_path / "new").path == tmp_path / "new"


@pytest.mark.parametrize("case", [case for case in CASES.values() if not case.secrets], ids=str)
def test_types_without_secrets_have_no_fingerprint(local: Api, case: Case) -> None:
    assert "credentialFingerprint" not in _create(local, case)
