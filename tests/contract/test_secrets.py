"""A secret goes in and never comes out: a canary is looked for wherever anything is kept or said."""

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.model.integrations import Placement, integration_types
from pulumi_encord_integrations.server import bootstrap
from pulumi_encord_integrations.server.faults import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import encryption_key_file
from tests.support.api import INTEGRATIONS, PRINCIPALS, Api
from tests.support.probe import ProbeSpec, ProbeView, registered
from tests.support.types import CANARY, CASES

BODY = {
    "provider": "PROBE",
    "title": "Probe",
    "host": "probe.example.com",
    "buckets": ["acme"],
    "accessKey": CANARY,
    "sessionKey": f"second-{CANARY}",
}


@pytest.fixture
def probes(tmp_path: Path) -> Iterator[Api]:
    with registered():
        api = Api(tmp_path)
        yield api
        api.database.close()


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
    return [form for form in _forms(CANARY) if form in said]


def _create(api: Api, **more: Any) -> Any:
    answer = api.send(method="POST", body={**BODY, **more})
    assert answer.status == 200, answer.body
    return answer.body["integration"]


def test_the_search_for_a_canary_finds_one() -> None:
    assert len(_shown(f"...{CANARY}...")) == 1
    assert _shown(base64.b64encode(b"ab" + CANARY.encode()), CANARY.encode().hex())


def test_a_new_type_costs_one_file_of_facts(probes: Api) -> None:
    assert [kind.provider for kind in integration_types()] == [*CASES, "PROBE"]
    view, _ = integrations.create(probes.client(), ProbeSpec.model_validate(BODY), Placement())
    assert isinstance(view, ProbeView)
    assert {i.provider for i in integrations.search(probes.client())} == {"PROBE"}
    schema = json.dumps(probes.app.openapi())
    assert '"discriminator"' in schema
    assert "ProbeIntegrationChange" in schema or "accessKey" in schema


def test_no_answer_holds_a_secret(probes: Api) -> None:
    path = f"{INTEGRATIONS}/{_create(probes)['integrationUuid']}"
    change = {"accessKey": f"new-{CANARY}"}
    answers = [
        probes.send(path=path), probes.send(path=f"{INTEGRATIONS}/search"), probes.send(),
        probes.send(method="PATCH", path=path, body=change), probes.send(method="POST", body=BODY),
        probes.send(method="DELETE", path=path),
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {200}
    assert not _shown(*(answer.body for answer in answers))


BAD: list[dict[str, Any]] = [
    {"accessKey": [CANARY]},
    {"accessKey": {"a": CANARY}},
    {"title": [CANARY]},
    {"host": CANARY, "x": CANARY},
    {"buckets": [{"name": CANARY, "more": CANARY}]},
    {"declaredAs": CANARY},
    {"nonce": CANARY, "provider": CANARY},
]


@pytest.mark.parametrize("bad", BAD)
def test_no_refusal_and_no_log_quotes_a_secret(
    probes: Api, caplog: pytest.LogCaptureFixture, bad: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"{INTEGRATIONS}/{_create(probes)['integrationUuid']}"
    answers = [
        probes.send(method="POST", body={**BODY, **bad}),
        probes.send(method="PATCH", path=path, body=bad),
    ]
    assert all(answer.status in {400, 409} for answer in answers)
    assert not _shown(*(answer.body for answer in answers), caplog.text)


def test_a_bug_quotes_no_secret(
    probes: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError(f"while at {CANARY}")

    monkeypatch.setattr("pulumi_encord_integrations.server.actions.bodies.read_create", broken)
    monkeypatch.setattr("pulumi_encord_integrations.server.actions.integrations.read_create", broken)
    answer = probes.send(method="POST", body=BODY)
    assert answer.refusal == (500, "internal_error")
    assert "RuntimeError in test_secrets.py" in caplog.text
    assert not _shown(answer.body, caplog.text)


def test_no_file_holds_a_secret_in_clear(probes: Api) -> None:
    path = f"{INTEGRATIONS}/{_create(probes)['integrationUuid']}"
    held: list[bytes] = []
    with probes.database.write() as connection:
        connection.exec_driver_sql("UPDATE integrations SET title = 'x'")
        held += [file.read_bytes() for file in probes.path.parent.iterdir()]
        connection.exec_driver_sql("UPDATE integrations SET title = 'Probe'")
    probes.send(method="PATCH", path=path, body={"accessKey": f"new-{CANARY}"})
    held += [file.read_bytes() for file in probes.path.parent.iterdir()]
    assert any(b"probe.example.com" in content for content in held)
    assert not _shown(*held)


def test_no_audit_row_and_no_kept_answer_holds_a_secret(probes: Api) -> None:
    path = f"{INTEGRATIONS}/{_create(probes)['integrationUuid']}"
    probes.send(method="PATCH", path=path, body={"accessKey": f"new-{CANARY}"})
    rows = [*probes.rows("audit"), *probes.rows("answers"), *probes.rows("integrations")]
    assert "access_key" in str(rows)
    assert not _shown(rows)


def test_a_spec_shows_no_secret() -> None:
    spec = ProbeSpec.model_validate(BODY)
    assert not _shown(repr(spec), str(spec), spec.model_dump(), vars(spec))


def test_the_same_keys_have_one_fingerprint_in_one_integration_only(probes: Api) -> None:
    one, two = _create(probes), _create(probes)
    path = f"{INTEGRATIONS}/{one['integrationUuid']}"
    again = probes.send(method="PATCH", path=path, body={"accessKey": CANARY, "title": "New"}).body
    other = probes.send(method="PATCH", path=path, body={"accessKey": "other"}).body
    prints = [item["credentialFingerprint"] for item in (one, again, two, other)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


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
    answer = probes.send(method="PATCH", path=f"{INTEGRATIONS}/{first.integration}", body={"title": "New"})
    assert answer.refusal == (500, "internal_error")


def test_an_altered_ciphertext_does_not_open(probes: Api) -> None:
    uuid = _create(probes)["integrationUuid"]
    with probes.database.write() as connection:
        connection.exec_driver_sql("UPDATE integration_secrets SET sealed = x'00'")
    answer = probes.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "New"})
    assert answer.refusal == (500, "internal_error")


def _opening(api: Api) -> str:
    with pytest.raises(DatabaseUnusable) as refusal:
        bootstrap.open_embedded(api.path, "ada@example.com", PRINCIPALS, create=True, read_only=False)
    return f"{refusal.value.message} {refusal.value.hint}"


def test_without_its_encryption_key_nothing_starts(local: Api) -> None:
    encryption_key_file(local.path).unlink()
    assert "is missing" in _opening(local)
    assert not encryption_key_file(local.path).exists()


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "ab" * 33, "\xff\xfe"])
def test_a_malformed_encryption_key_starts_nothing_and_is_not_quoted(local: Api, text: str) -> None:
    encryption_key_file(local.path).write_text(text, "latin-1")
    said = _opening(local)
    assert "holds no encryption key" in said
    assert not text or text not in said


def test_another_databases_encryption_key_starts_nothing(local: Api) -> None:
    encryption_key_file(local.path).write_text("ab" * 32)
    assert "is not the key of" in _opening(local)


def test_key_files_are_their_owners_alone(local: Api, tmp_path: Path) -> None:
    bootstrap.open_embedded(tmp_path / "new", "ada@example.com", PRINCIPALS, create=True, read_only=False)
    names = ("new", "new.encryption-key", "new.ada@example.com.key")
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in names] == ["0o600"] * 3
    assert not list(tmp_path.glob(".new*"))
    assert Database(tmp_path / "new").path == tmp_path / "new"


def test_types_without_secrets_have_no_fingerprint(local: Api) -> None:
    assert "credentialFingerprint" not in local.create()
